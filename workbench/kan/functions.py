r"""Univariate functions that an edge can be fixed to, as :math:`c\,f(a x + b) + d`.

Each entry has the value and the analytic derivative, both safe in the sense that arguments outside
the natural domain are answered by a finite value with zero slope, so that a solver can walk back in.
The SymPy side of the same table is ``workbench.discovery.library``; a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-8


@dataclass(frozen=True)
class Function:
    """A function of one variable: ``value`` and ``slope`` map tensors elementwise."""

    name: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def _away_from_zero(x: Tensor) -> Tensor:
    return torch.where(x.abs() < _TINY, torch.where(x < 0, -_TINY, _TINY), x)


def _inside(x: Tensor, low: float, high: float) -> Tensor:
    return ((x > low) & (x < high)).to(x.dtype)


def _arc(x: Tensor) -> Tensor:
    return x.clamp(-1 + 1e-12, 1 - 1e-12)


_EXP_LIMIT = 200.0

FUNCTIONS: dict[str, Function] = {
    entry.name: entry
    for entry in (
        Function("zero", torch.zeros_like, torch.zeros_like),
        Function("constant", torch.ones_like, torch.zeros_like),
        Function("linear", lambda x: x, torch.ones_like),
        Function("square", torch.square, lambda x: 2 * x),
        Function("cube", lambda x: x**3, lambda x: 3 * x**2),
        Function(
            "reciprocal", lambda x: 1 / _away_from_zero(x), lambda x: -1 / _away_from_zero(x) ** 2
        ),
        Function(
            "reciprocal_square",
            lambda x: 1 / _away_from_zero(x) ** 2,
            lambda x: -2 / _away_from_zero(x) ** 3,
        ),
        Function(
            "sqrt",
            lambda x: x.clamp(min=0).sqrt(),
            lambda x: 0.5 / x.clamp(min=_TINY).sqrt() * (x > 0),
        ),
        Function(
            "inverse_sqrt",
            lambda x: x.clamp(min=_TINY) ** -0.5,
            lambda x: -0.5 * x.clamp(min=_TINY) ** -1.5 * (x > _TINY),
        ),
        Function(
            "power_3_2", lambda x: x.clamp(min=0) ** 1.5, lambda x: 1.5 * x.clamp(min=0).sqrt()
        ),
        Function(
            "exp",
            lambda x: x.clamp(max=_EXP_LIMIT).exp(),
            lambda x: x.clamp(max=_EXP_LIMIT).exp() * (x < _EXP_LIMIT),
        ),
        Function(
            "log",
            lambda x: x.clamp(min=_TINY).log(),
            lambda x: 1 / x.clamp(min=_TINY) * (x > _TINY),
        ),
        Function("abs", torch.abs, torch.sign),
        Function("sin", torch.sin, torch.cos),
        Function("tan", torch.tan, lambda x: 1 + torch.tan(x) ** 2),
        Function("tanh", torch.tanh, lambda x: 1 - torch.tanh(x) ** 2),
        Function(
            "sinh",
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).sinh(),
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).cosh() * _inside(x, -_EXP_LIMIT, _EXP_LIMIT),
        ),
        Function(
            "cosh",
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).cosh(),
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).sinh() * _inside(x, -_EXP_LIMIT, _EXP_LIMIT),
        ),
        Function(
            "arcsin",
            lambda x: torch.asin(_arc(x)),
            lambda x: (1 - _arc(x) ** 2) ** -0.5 * _inside(x, -1, 1),
        ),
        Function("arctan", torch.atan, lambda x: 1 / (1 + x**2)),
        Function(
            "artanh",
            lambda x: torch.atanh(_arc(x)),
            lambda x: 1 / (1 - _arc(x) ** 2) * _inside(x, -1, 1),
        ),
        Function("gaussian", lambda x: (-(x**2)).exp(), lambda x: -2 * x * (-(x**2)).exp()),
        Function("sigmoid", torch.sigmoid, lambda x: torch.sigmoid(x) * torch.sigmoid(-x)),
        Function("erf", torch.erf, lambda x: 2 / torch.pi**0.5 * (-(x**2)).exp()),
    )
}
"""Every function that an edge can be fixed to, by name."""


def lookup(name: str) -> Function:
    """The function called ``name``; a ``ValueError`` lists the names that exist."""
    if name not in FUNCTIONS:
        raise ValueError(f"unknown function {name!r}: choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]
