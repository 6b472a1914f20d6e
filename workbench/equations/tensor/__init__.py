r"""Two coordinates: splines on a grid, which is the product network that leaves no pair of curves out.

A network of one layer of products, :math:`u(x, t) = \sum_r a_r(x)\, b_r(t)`, is any matrix of coefficients
:math:`C = A B^T` of tensor-product splines. All of C at once makes a linear equation a linear least-squares
problem whose matrix is banded, and a nonlinear one a few Gauss–Newton steps; the singular value decomposition
of C then gives the fewest products (Aubry 1991, *Theoretical and Computational Fluid Dynamics* 2, of modes in
space and time).
"""
