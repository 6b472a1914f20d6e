r"""Univariate functions that an edge can be fixed to, as :math:`c\,f(a x + b) + d`.

Each entry has the value and the analytic derivative, both safe in the sense that arguments outside
the natural domain are answered by a finite value with zero slope, so that a solver can walk back in.
The SymPy side of the same table is ``workbench.formulas.library``; a test holds the two together, and
``workbench.formulas.library.register`` adds an entry to both.
"""

import keyword
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.errors import InputError

_TINY = 1e-8


@dataclass(frozen=True)
class Function:
    """A function of one variable: ``value`` and ``slope`` map tensors elementwise."""

    name: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def _away_from_zero(x: Tensor, tiny: float = _TINY) -> Tensor:
    return torch.where(x.abs() < tiny, torch.full_like(x, tiny).copysign(x), x)


def _inside(x: Tensor, low: float, high: float) -> Tensor:
    return ((x > low) & (x < high)).to(x.dtype)


def _arc(x: Tensor) -> Tensor:
    return x.clamp(-1 + 1e-12, 1 - 1e-12)


def _power(name: str, n: int) -> Function:
    return Function(name, lambda x: x**n, lambda x: n * x ** (n - 1))


def _inverse_power(name: str, n: int, tiny: float = _TINY) -> Function:
    """1/x^n; ``tiny`` keeps the slope within single precision."""
    return Function(
        name,
        lambda x: _away_from_zero(x, tiny) ** -n,
        lambda x: -n * _away_from_zero(x, tiny) ** (-n - 1),
    )


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


def _j0(x: Tensor) -> Tensor:
    return _bessel(x, 0, torch.cos)


def _j1(x: Tensor) -> Tensor:
    return _bessel(x, 1, torch.sin)


def _j1_slope(x: Tensor) -> Tensor:
    return _bessel(x, 2, torch.cos)


def _sinc(x: Tensor) -> Tensor:
    return torch.sinc(x / torch.pi)


def _sinc_slope(x: Tensor) -> Tensor:
    """(cos x - sin x / x) / x; its series where that cancels."""
    near = x.abs() < 1e-3
    safe = torch.where(near, torch.ones_like(x), x)
    return torch.where(near, x**3 / 30 - x / 3, (safe.cos() - safe.sin() / safe) / safe)


_EXP_LIMIT = 200.0

FUNCTIONS: dict[str, Function] = {
    entry.name: entry
    for entry in (
        Function("zero", torch.zeros_like, torch.zeros_like),
        Function("constant", torch.ones_like, torch.zeros_like),
        Function("linear", lambda x: x, torch.ones_like),
        Function("square", torch.square, lambda x: 2 * x),
        _power("cube", 3),
        _power("power_4", 4),
        _power("power_5", 5),
        _inverse_power("reciprocal", 1),
        _inverse_power("reciprocal_square", 2),
        _inverse_power("reciprocal_cube", 3),
        _inverse_power("reciprocal_power_4", 4, 1e-6),
        _inverse_power("reciprocal_power_5", 5, 1e-6),
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
        Function("sign", torch.sign, torch.zeros_like),
        Function("step", lambda x: (1 + torch.sign(x)) / 2, torch.zeros_like),
        Function("sin", torch.sin, torch.cos),
        Function("cos", torch.cos, lambda x: -torch.sin(x)),
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
        Function(
            "arccos",
            lambda x: torch.acos(_arc(x)),
            lambda x: -((1 - _arc(x) ** 2) ** -0.5) * _inside(x, -1, 1),
        ),
        Function("arctan", torch.atan, lambda x: 1 / (1 + x**2)),
        Function(
            "artanh",
            lambda x: torch.atanh(_arc(x)),
            lambda x: 1 / (1 - _arc(x) ** 2) * _inside(x, -1, 1),
        ),
        Function("gaussian", lambda x: (-(x**2)).exp(), lambda x: -2 * x * (-(x**2)).exp()),
        Function("sigmoid", torch.sigmoid, lambda x: torch.sigmoid(x) * torch.sigmoid(-x)),
        Function("softplus", lambda x: torch.logaddexp(x, torch.zeros_like(x)), torch.sigmoid),
        Function("erf", torch.erf, lambda x: 2 / torch.pi**0.5 * (-(x**2)).exp()),
        Function("sinc", _sinc, _sinc_slope),
        Function("bessel_j0", _j0, lambda x: -_j1(x)),
        Function("bessel_j1", _j1, _j1_slope),
    )
}
"""Every function that an edge can be fixed to, by name."""


def lookup(name: str) -> Function:
    """The function called ``name``; an ``InputError`` lists the names that exist."""
    if name not in FUNCTIONS:
        raise InputError(f"unknown function {name!r}: choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]


def add_function(
    name: str,
    value: Callable[[Tensor], Tensor],
    slope: Callable[[Tensor], Tensor] | None = None,
) -> Function:
    """Put a user's function into the table; ``workbench.formulas.library.register`` is the way in.

    Args:
        name: a new identifier.
        value: maps a tensor elementwise. slope: its derivative; by autograd if None.

    Raises:
        InputError: the name is taken or no identifier, or the function, tried at some points, changes
            shape or type, has no value anywhere, or has a slope that is not its derivative's shape.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise InputError(f"a function's name must be an identifier such as 'airy', got {name!r}")
    if name in FUNCTIONS:
        raise InputError(f"there is already a function {name!r}: choose another name")
    added = Function(name, value, slope or _by_autograd(value))
    for part, function in (("value", added.value), ("slope", added.slope)):
        _probe(name, part, function)
    FUNCTIONS[name] = added
    return added


def remove_function(name: str) -> None:
    """Take a user's function out of the table."""
    FUNCTIONS.pop(name, None)


def _by_autograd(value: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def slope(x: Tensor) -> Tensor:
        with torch.enable_grad():
            point = x.detach().requires_grad_()
            (found,) = torch.autograd.grad(value(point).sum(), point)
        return found

    return slope


def _probe(name: str, part: str, function: Callable[[Tensor], Tensor]) -> None:
    """Try a function on a table of both precisions: shape, type and some finite value are asked for."""
    for dtype in (torch.float64, torch.float32):
        points = torch.linspace(-3, 3, 60, dtype=dtype).reshape(20, 3)
        try:
            found = function(points)
        except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise InputError(f"the {part} of {name!r} fails on a tensor: {error}") from error
        if not isinstance(found, Tensor) or found.shape != points.shape or found.dtype != dtype:
            given = (
                f"{tuple(found.shape)} of {found.dtype}"
                if isinstance(found, Tensor)
                else type(found).__name__
            )
            raise InputError(
                f"the {part} of {name!r} must map a tensor elementwise: it made {given} of "
                f"{tuple(points.shape)} of {dtype}"
            )
        if not found.isfinite().any():
            raise InputError(f"the {part} of {name!r} is not finite anywhere between -3 and 3")
