r"""Floating-point operations of one prediction, counted by hand: no machine's speed is in them.

A multiplication and an addition are two. An activation counts as in Yu, Yu and Wang, "KAN or MLP: a fairer
comparison" (arXiv 2407.16674): tanh 6, ReLU 1, identity 0. A layer of a perceptron from :math:`n` nodes to
:math:`m` then takes :math:`2nm` operations, its bias included, and :math:`m` activations.

A cubic spline is the sum of four local polynomials, whichever grid it has: finding the interval takes 3
operations and the polynomials of degree :math:`d` take :math:`2d(d + 1)` by Horner's rule, once for every
*input* of a layer; every curve then takes :math:`2(d + 1)`. The count of that paper is larger, because its
KANs evaluate all basis functions by recursion.
"""

from itertools import pairwise

import numpy as np

from workbench.baselines.mlp import Architecture
from workbench.baselines.spline_mlp import SplineArchitecture
from workbench.kan.model import KAN

ACTIVATIONS = {"tanh": 6, "relu": 1, "identity": 0, "silu": 5}


def of_kan(model: KAN) -> int:
    """Operations of a network of splines at one row: only living edges are counted."""
    config = model.config
    alive = [model.layer(level).mask != 0 for level in range(config.depth)]
    bases = sum(int(mask.any(0).sum()) for mask in alive) * _basis(config.degree)
    curves = sum(int(mask.sum()) for mask in alive) * 2 * (config.degree + 1)
    arities = (config.arities(level) for level in range(1, config.depth + 1))
    return bases + curves + sum(arity - 1 for level in arities for arity in level)


def of_perceptron(architecture: Architecture) -> int:
    """Operations of a perceptron, with given or learned activations, at one row."""
    sizes = architecture.sizes
    each = ACTIVATIONS[architecture.activation]
    if isinstance(architecture, SplineArchitecture):
        each = _basis(architecture.degree) + 2 * (architecture.degree + 1)
    return of_layers(sizes, each)


def of_layers(sizes: tuple[int, ...], activation: int = 0) -> int:
    """Operations of layers of lines, with so many for the activation of a hidden node."""
    return sum(2 * a * b for a, b in pairwise(sizes)) + activation * sum(sizes[1:-1])


def of_trees(depths: np.ndarray) -> int:
    """Operations of boosted trees: a comparison a level, and one addition a tree; depths ``(T,)``."""
    return int(depths.sum() + len(depths))


def _basis(degree: int) -> int:
    return 3 + 2 * degree * (degree + 1)
