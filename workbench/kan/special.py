"""Special functions that torch lacks, or has without derivatives, elementwise."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_NODES = 64
"""Of Bessel's integral over a quarter turn: exact to rounding for arguments up to 180."""


def _bessel(x: Tensor, power: int, wave: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean over t of sin(t)^power wave(x sin t): Bessel's integral (DLMF 10.9.2), midpoint rule.

    The rule converges geometrically, and autograd goes through it; torch's own ``bessel_j0`` has no
    derivative and is wrong in the seventh digit beyond 5.
    """
    steps = torch.arange(_NODES, dtype=x.dtype, device=x.device)
    sine = ((steps + 0.5) * (torch.pi / 2 / _NODES)).sin()
    return (sine**power * wave(x.unsqueeze(-1) * sine)).mean(-1)


def j0(x: Tensor) -> Tensor:
    """J0."""
    return _bessel(x, 0, torch.cos)


def j1(x: Tensor) -> Tensor:
    """J1, minus the slope of J0."""
    return _bessel(x, 1, torch.sin)


def j1_slope(x: Tensor) -> Tensor:
    """Slope of J1."""
    return _bessel(x, 2, torch.cos)


def sinc(x: Tensor) -> Tensor:
    """sin(x)/x."""
    return torch.sinc(x / torch.pi)


def sinc_slope(x: Tensor) -> Tensor:
    """(cos x - sin x / x) / x; its series where that cancels."""
    near = x.abs() < 1e-3
    safe = torch.where(near, torch.ones_like(x), x)
    return torch.where(near, x**3 / 30 - x / 3, (safe.cos() - safe.sin() / safe) / safe)


BRANCH_POINT = -math.exp(-1)
_HALLEY_STEPS = 4
"""The first guess is right in the first digit, and each step triples the digits."""


def lambertw(x: Tensor) -> Tensor:
    """The principal branch of w exp(w) = x, by Halley's iteration (Corless et al. 1996).

    Autograd goes through the steps, so that derivatives of every order are right, too.
    """
    x = x.clamp(min=BRANCH_POINT + 1e-12)
    w = _roughly_lambertw(x.detach())
    for _ in range(_HALLEY_STEPS):
        error = w - x * (-w).exp()
        w = w - error / (w + 1 - (w + 2) * error / (2 * w + 2))
    return w


def _roughly_lambertw(x: Tensor) -> Tensor:
    """The series about the branch point below 1/2, and Winitzki's approximation above."""
    p = (2 * (math.e * x + 1)).clamp(min=0).sqrt()
    logarithm = x.clamp(min=0).log1p()
    above = logarithm * (1 - logarithm.log1p() / (2 + logarithm))
    return torch.where(x < 0.5, -1 + p - p**2 / 3 + 11 / 72 * p**3, above)


def lambertw_slope(x: Tensor) -> Tensor:
    """W/(x(1 + W)), written without the division by 0 at x = 0."""
    w = lambertw(x)
    return (-w).exp() / (1 + w) * (x > BRANCH_POINT)
