r"""Families of basis functions that edges are made of, behind one interface.

Every family has ``K = grid_size + degree`` functions of one variable on a grid ``[low, high]``, so
that one schedule of grids serves all. A new family is one function of a unit coordinate and a line in
``BASES``: its values and derivatives on ``[0, 1]``, with the constant 1 first. Outside its grid every
family goes on as a straight line.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from workbench.errors import InputError
from workbench.kan import spline
from workbench.kan.functions import Function, lookup


class Basis(Protocol):
    """What a layer asks of a family of functions."""

    @property
    def name(self) -> str:
        """What ``KANConfig.basis`` calls it."""
        ...

    def values(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int, derivative: int = 0
    ) -> Tensor:
        """Functions at ``x (..., n)`` or their derivative by x: ``(..., n, K)``.

        ``low`` and ``high`` are the ends of the grids, broadcastable against ``x``.
        """
        ...

    def with_slopes(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> tuple[Tensor, Tensor]:
        """``values`` and their first derivative."""
        ...

    def continued(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> Tensor:
        """The functions where a grid is about to follow the data beyond its ends.

        A line would put a kink there that no data has asked for.
        """
        ...

    def constant(self, like: Tensor, count: int) -> Tensor:
        """Coefficients ``(count,)`` of the function that is 1 everywhere."""
        ...

    def roughness(self, like: Tensor, grid_size: int, degree: int, order: int) -> Tensor:
        """Matrix ``(K, K)`` of the mean squared derivative of a curve whose grid is [0, 1]."""
        ...


class BSplines:
    """Uniform B-splines in closed form, see ``workbench.kan.spline``; the default."""

    name = "bspline"

    def values(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int, derivative: int = 0
    ) -> Tensor:
        return spline.basis(x, low, high, grid_size, degree, derivative)

    def with_slopes(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> tuple[Tensor, Tensor]:
        return spline.basis_and_slopes(x, low, high, grid_size, degree)

    def continued(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> Tensor:
        """The end pieces go on as polynomials for one interval."""
        return spline.basis(x, low, high, grid_size, degree, reach=1.0)

    def constant(self, like: Tensor, count: int) -> Tensor:
        return like.new_ones(count)

    def roughness(self, like: Tensor, grid_size: int, degree: int, order: int) -> Tensor:
        """By differences of the coefficients (Eilers & Marx 1996, *Statistical Science* 11)."""
        count = grid_size + degree
        difference = torch.eye(count, dtype=like.dtype, device=like.device).diff(n=order, dim=0)
        return grid_size ** (2 * order) / count * difference.mT @ difference


@dataclass(frozen=True)
class Global:
    """A family given on the unit interval: ``unit(u (...), count, derivative) -> (..., count)``."""

    name: str
    unit: Callable[[Tensor, int, int], Tensor]

    def values(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int, derivative: int = 0
    ) -> Tensor:
        count, length = grid_size + degree, high - low
        u = (x - low) / length
        inside = u.clamp(0, 1)
        beyond = (u - inside).unsqueeze(-1)
        found = self.unit(inside, count, derivative)
        if derivative == 0:
            found = found + beyond * self.unit(inside, count, 1)
        elif derivative > 1:
            found = torch.where(beyond == 0, found, torch.zeros_like(found))
        return found / length.unsqueeze(-1) ** derivative

    def with_slopes(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> tuple[Tensor, Tensor]:
        return (
            self.values(x, low, high, grid_size, degree),
            self.values(x, low, high, grid_size, degree, 1),
        )

    def continued(
        self, x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
    ) -> Tensor:
        return self.values(x, low, high, grid_size, degree)

    def constant(self, like: Tensor, count: int) -> Tensor:
        return (torch.arange(count, device=like.device) == 0).to(like.dtype)

    def roughness(self, like: Tensor, grid_size: int, degree: int, order: int) -> Tensor:
        count = grid_size + degree
        points = torch.linspace(0, 1, 8 * count, dtype=like.dtype, device=like.device)
        bent = self.unit(points, count, order)
        return bent.mT @ bent / len(points)


def chebyshev(u: Tensor, count: int, derivative: int) -> Tensor:
    r"""Chebyshev polynomials :math:`T_k(2u - 1)`.

    Leibniz' rule on the recursion: :math:`T^{(m)}_{k+1} = 2zT^{(m)}_k + 2mT^{(m-1)}_k - T^{(m)}_{k-1}`.
    """
    z = 2 * u - 1
    below = [torch.zeros_like(z)] * count
    for order in range(derivative + 1):
        first, second = (torch.ones_like(z), z) if order == 0 else (torch.zeros_like(z), below[0])
        rows = [first, second]
        for k in range(1, count - 1):
            rows.append(2 * z * rows[k] + 2 * order * below[k] - rows[k - 1])
        below = rows
    return torch.stack(below[:count], -1) * 2**derivative


def gaussians(u: Tensor, count: int, derivative: int) -> Tensor:
    r"""1, and :math:`e^{-z^2/2}` around equidistant centres, :math:`z = (u - c) / h`, h their distance.

    Derivatives by Hermite polynomials: :math:`g^{(m)} = (-1/h)^m He_m(z)\,g`.
    """
    step = 1 / max(count - 2, 1)
    centres = torch.linspace(0, 1, count - 1, dtype=u.dtype, device=u.device)
    z = (u.unsqueeze(-1) - centres) / step
    hermite, before = torch.ones_like(z), torch.zeros_like(z)
    for order in range(derivative):
        hermite, before = z * hermite - order * before, hermite
    bells = (-1 / step) ** derivative * hermite * (-(z**2) / 2).exp()
    one = torch.full_like(u, 0.0 if derivative else 1.0).unsqueeze(-1)
    return torch.cat((one, bells), -1)


def fourier(u: Tensor, count: int, derivative: int) -> Tensor:
    r"""1, :math:`\sin \pi u, \cos \pi u, \sin 2\pi u, \dots`

    The period is twice the grid, so that a curve need not be periodic on its grid (Fourier
    extension; Huybrechs 2010, *SIAM Journal on Numerical Analysis* 47).
    """
    number = torch.arange(count, dtype=u.dtype, device=u.device)
    frequency = math.pi * ((number + 1) / 2).floor()
    quarter = math.pi / 2 * (derivative + (number % 2 == 0).to(u.dtype))
    return frequency**derivative * (u.unsqueeze(-1) * frequency + quarter).sin()


BASES: dict[str, Basis] = {
    family.name: family
    for family in (
        BSplines(),
        Global("chebyshev", chebyshev),
        Global("rbf", gaussians),
        Global("fourier", fourier),
    )
}
"""Every family, by the name that ``KANConfig.basis`` takes."""

SILU = Function("silu", functional.silu, lambda x: x.sigmoid() * (1 + x * (-x).sigmoid()))


def find_basis(name: str) -> Basis:
    """The family called ``name``; an ``InputError`` lists those that exist."""
    if name not in BASES:
        raise InputError(f"basis must be one of {', '.join(BASES)}, got {name!r}")
    return BASES[name]


def find_base(name: str) -> Function:
    """A base function: "silu", or any function that an edge can be fixed to."""
    if name == SILU.name:
        return SILU
    try:
        return lookup(name)
    except ValueError as error:
        raise InputError(f"base must be None, 'silu' or a known function: {error}") from error


def base_values(name: str, x: Tensor, derivative: int = 0) -> Tensor:
    """A base function at ``x``, or its derivative; from the second on by differentiating the slope."""
    function = find_base(name)
    if derivative == 0:
        return function.value(x)
    slope = function.slope
    for _ in range(derivative - 1):
        slope = _differentiated(slope)
    return slope(x)


def _differentiated(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return torch.func.grad(lambda x: function(x).sum())
