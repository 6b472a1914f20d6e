r"""Univariate functions that an edge can be fixed to, as :math:`c\,f(a x + b) + d`.

One table for the whole house: an entry has the value and the analytic derivative, how the function is
written in a formula, what it costs and where it lives. Values and slopes are safe in the sense that
arguments outside the natural domain are answered by a finite value with zero slope, so that a solver
can walk back in. What SymPy makes of an entry is in ``workbench.formulas.library``, whose ``register``
adds a user's own.
"""

import keyword
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.special import (
    BRANCH_POINT,
    j0,
    j1,
    j1_slope,
    lambertw,
    lambertw_slope,
    sinc,
    sinc_slope,
)

Symmetry = Literal["none", "homogeneous", "logarithmic", "exponential", "even", "odd", "periodic"]
Group = Literal[
    "Powers",
    "Roots",
    "Reciprocals",
    "Growth and decay",
    "Waves and angles",
    "Bends, steps and bumps",
]
"""Headings of the menu of building blocks, in their order."""
Use = Literal["usual", "rare", "on request"]
WHOLE_LINE = (-math.inf, math.inf)
_TINY = 1e-8


@dataclass(frozen=True)
class Function:
    """A function of one variable, and what a search and a formula have to know of it.

    Attributes:
        name: of the entry.
        value, slope: map tensors elementwise.
        written: the function of ``x`` as it is typed in a formula: ``erf(x)`` by SymPy's name, or
            composed of others, as in ``exp(-x^2)``. Empty for a user's own.
        complexity: what choosing it costs, in bits against accuracy.
        domain: least and largest argument.
        singular: arguments at which it, or a derivative, has no finite value.
        symmetry: what makes parameters of c·f(a·x + b) + d redundant: "homogeneous" is
            f(kx) = k^degree f(x) for k > 0, "logarithmic" f(kx) = f(x) + const, "exponential"
            f(x + k) = const·f(x), "periodic" f(x + π) = -f(x) together with odd.
        degree: of a homogeneous function.
        odd: for homogeneous ones, whether f(-x) = -f(x); None where negative numbers have no value.
        period: of ``singular`` and ``domain``, 0 where they do not repeat.
        group: where it stands in the menu of building blocks; empty where another entry is the same
            function up to a, b, c and d, or a user's own.
        use: "usual" blocks are proposed for every edge, "rare" ones where one curve is the whole law, all
            others where they are asked for.
        waves: whether it oscillates without end, so that many frequencies have to be tried.
        symbol: the sign that it is printed with, where that is not its name.
        code: templates with ``{0}`` by language of export, for languages that know it by a name of
            their own; all others get a series, see ``workbench.formulas.export.series``.
    """

    name: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    written: str = ""
    complexity: int = 4
    domain: tuple[float, float] = WHOLE_LINE
    singular: tuple[float, ...] = ()
    symmetry: Symmetry = "none"
    degree: float = 0.0
    odd: bool | None = None
    period: float = 0.0
    group: Group | Literal[""] = ""
    use: Use = "usual"
    waves: bool = False
    symbol: str = ""
    code: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Where the argument may lie, for people."""
        low, high = self.domain
        if self.period:
            return "not an odd multiple of π/2"
        if math.isinf(low) and math.isinf(high):
            return "not 0" if self.degree < 0 else "all numbers"
        if math.isinf(high):
            return (
                f"above {low:g}"
                if low in self.singular and self.degree <= 0
                else f"{low:g} and above"
            )
        return f"between {low:g} and {high:g}"


def _away_from_zero(x: Tensor, tiny: float = _TINY) -> Tensor:
    return torch.where(x.abs() < tiny, torch.full_like(x, tiny).copysign(x), x)


def _inside(x: Tensor, low: float, high: float) -> Tensor:
    return ((x > low) & (x < high)).to(x.dtype)


def _arc(x: Tensor) -> Tensor:
    return x.clamp(-1 + 1e-12, 1 - 1e-12)


def _power(name: str, n: int, use: Use = "usual") -> Function:
    return Function(
        name,
        lambda x: x**n,
        lambda x: n * x ** (n - 1),
        f"x^{n}",
        n,
        symmetry="homogeneous",
        degree=n,
        odd=n % 2 == 1,
        group="Powers",
        use=use,
    )


def _inverse_power(name: str, n: int, use: Use = "usual", tiny: float = _TINY) -> Function:
    """1/x^n; ``tiny`` keeps the slope within single precision."""
    return Function(
        name,
        lambda x: _away_from_zero(x, tiny) ** -n,
        lambda x: -n * _away_from_zero(x, tiny) ** (-n - 1),
        f"x^(-{n})",
        n + 1,
        singular=(0.0,),
        symmetry="homogeneous",
        degree=-n,
        odd=n % 2 == 1,
        group="Reciprocals",
        use=use,
    )


def _root(
    name: str,
    value: Callable[[Tensor], Tensor],
    slope: Callable[[Tensor], Tensor],
    written: str,
    complexity: int,
    degree: float,
) -> Function:
    return Function(
        name,
        value,
        slope,
        written,
        complexity,
        domain=(0.0, math.inf),
        singular=(0.0,),
        symmetry="homogeneous",
        degree=degree,
        group="Roots",
    )


_EXP_LIMIT = 200.0

FUNCTIONS: dict[str, Function] = {
    entry.name: entry
    for entry in (
        Function("zero", torch.zeros_like, torch.zeros_like, "0", 0, symmetry="even"),
        Function("constant", torch.ones_like, torch.zeros_like, "1", 1, symmetry="even"),
        Function(
            "linear",
            lambda x: x,
            torch.ones_like,
            "x",
            1,
            symmetry="homogeneous",
            degree=1,
            odd=True,
            group="Powers",
        ),
        Function(
            "square",
            torch.square,
            lambda x: 2 * x,
            "x^2",
            2,
            symmetry="homogeneous",
            degree=2,
            odd=False,
            group="Powers",
        ),
        _power("cube", 3),
        Function(
            "abs",
            torch.abs,
            torch.sign,
            "abs(x)",
            3,
            singular=(0.0,),
            symmetry="homogeneous",
            degree=1,
            odd=False,
            group="Bends, steps and bumps",
        ),
        _power("power_4", 4, "rare"),
        _power("power_5", 5, "rare"),
        Function(
            "sign",
            torch.sign,
            torch.zeros_like,
            "sign(x)",
            4,
            singular=(0.0,),
            symmetry="homogeneous",
            odd=True,
            group="Bends, steps and bumps",
            use="rare",
        ),
        _inverse_power("reciprocal", 1),
        _inverse_power("reciprocal_square", 2),
        _root(
            "sqrt",
            lambda x: x.clamp(min=0).sqrt(),
            lambda x: 0.5 / x.clamp(min=_TINY).sqrt() * (x > 0),
            "sqrt(x)",
            2,
            0.5,
        ),
        _root(
            "inverse_sqrt",
            lambda x: x.clamp(min=_TINY) ** -0.5,
            lambda x: -0.5 * x.clamp(min=_TINY) ** -1.5 * (x > _TINY),
            "x^(-1/2)",
            3,
            -0.5,
        ),
        _root(
            "power_3_2",
            lambda x: x.clamp(min=0) ** 1.5,
            lambda x: 1.5 * x.clamp(min=0).sqrt(),
            "x^(3/2)",
            4,
            1.5,
        ),
        Function(
            "log",
            lambda x: x.clamp(min=_TINY).log(),
            lambda x: 1 / x.clamp(min=_TINY) * (x > _TINY),
            "log(x)",
            2,
            domain=(0.0, math.inf),
            singular=(0.0,),
            symmetry="logarithmic",
            group="Growth and decay",
        ),
        _inverse_power("reciprocal_cube", 3, "rare"),
        _inverse_power("reciprocal_power_4", 4, "rare", 1e-6),
        _inverse_power("reciprocal_power_5", 5, "rare", 1e-6),
        Function(
            "exp",
            lambda x: x.clamp(max=_EXP_LIMIT).exp(),
            lambda x: x.clamp(max=_EXP_LIMIT).exp() * (x < _EXP_LIMIT),
            "exp(x)",
            2,
            symmetry="exponential",
            group="Growth and decay",
        ),
        Function(
            "sin",
            torch.sin,
            torch.cos,
            "sin(x)",
            3,
            symmetry="periodic",
            group="Waves and angles",
        ),
        Function(
            "tanh",
            torch.tanh,
            lambda x: 1 - torch.tanh(x) ** 2,
            "tanh(x)",
            3,
            symmetry="odd",
            group="Bends, steps and bumps",
        ),
        Function(
            "arctan",
            torch.atan,
            lambda x: 1 / (1 + x**2),
            "atan(x)",
            4,
            symmetry="odd",
            group="Waves and angles",
        ),
        Function(
            "gaussian",
            lambda x: (-(x**2)).exp(),
            lambda x: -2 * x * (-(x**2)).exp(),
            "exp(-x^2)",
            3,
            symmetry="even",
            group="Bends, steps and bumps",
        ),
        Function(
            "erf",
            torch.erf,
            lambda x: 2 / torch.pi**0.5 * (-(x**2)).exp(),
            "erf(x)",
            5,
            symmetry="odd",
            group="Bends, steps and bumps",
        ),
        Function(
            "cosh",
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).cosh(),
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).sinh() * _inside(x, -_EXP_LIMIT, _EXP_LIMIT),
            "cosh(x)",
            4,
            symmetry="even",
            group="Growth and decay",
        ),
        Function(
            "sinh",
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).sinh(),
            lambda x: x.clamp(-_EXP_LIMIT, _EXP_LIMIT).cosh() * _inside(x, -_EXP_LIMIT, _EXP_LIMIT),
            "sinh(x)",
            4,
            symmetry="odd",
            group="Growth and decay",
        ),
        Function(
            "arcsin",
            lambda x: torch.asin(_arc(x)),
            lambda x: (1 - _arc(x) ** 2) ** -0.5 * _inside(x, -1, 1),
            "asin(x)",
            4,
            domain=(-1.0, 1.0),
            singular=(-1.0, 1.0),
            symmetry="odd",
            group="Waves and angles",
        ),
        Function(
            "artanh",
            lambda x: torch.atanh(_arc(x)),
            lambda x: 1 / (1 - _arc(x) ** 2) * _inside(x, -1, 1),
            "atanh(x)",
            4,
            domain=(-1.0, 1.0),
            singular=(-1.0, 1.0),
            symmetry="odd",
            group="Waves and angles",
        ),
        Function(
            "tan",
            torch.tan,
            lambda x: 1 + torch.tan(x) ** 2,
            "tan(x)",
            4,
            domain=(-math.pi / 2, math.pi / 2),
            singular=(-math.pi / 2, math.pi / 2),
            symmetry="odd",
            period=math.pi,
            group="Waves and angles",
        ),
        Function(
            "sinc",
            sinc,
            sinc_slope,
            "sinc(x)",
            5,
            symmetry="even",
            group="Waves and angles",
            use="rare",
            waves=True,
        ),
        Function(
            "bessel_j0",
            j0,
            lambda x: -j1(x),
            "J0(x)",
            6,
            symmetry="even",
            group="Waves and angles",
            use="rare",
            waves=True,
        ),
        Function(
            "bessel_j1",
            j1,
            j1_slope,
            "J1(x)",
            6,
            symmetry="odd",
            group="Waves and angles",
            use="rare",
            waves=True,
        ),
        Function(
            "softplus",
            lambda x: torch.logaddexp(x, torch.zeros_like(x)),
            torch.sigmoid,
            "log(1 + exp(x))",
            4,
            group="Growth and decay",
            use="rare",
        ),
        Function(
            "lambertw",
            lambertw,
            lambertw_slope,
            "LambertW(x)",
            6,
            domain=(BRANCH_POINT, math.inf),
            singular=(BRANCH_POINT,),
            group="Growth and decay",
            use="on request",
            symbol="W",
            code={"mathematica": "ProductLog[{0}]", "python": "scipy.special.lambertw({0}).real"},
        ),
        # The same as others up to a, b, c and d, for networks that are written by hand or compiled.
        Function("cos", torch.cos, lambda x: -torch.sin(x), "cos(x)", 3, symmetry="even"),
        Function(
            "arccos",
            lambda x: torch.acos(_arc(x)),
            lambda x: -((1 - _arc(x) ** 2) ** -0.5) * _inside(x, -1, 1),
            "acos(x)",
            4,
            domain=(-1.0, 1.0),
            singular=(-1.0, 1.0),
        ),
        Function(
            "sigmoid",
            torch.sigmoid,
            lambda x: torch.sigmoid(x) * torch.sigmoid(-x),
            "1/(1 + exp(-x))",
            3,
        ),
        Function(
            "step",
            lambda x: (1 + torch.sign(x)) / 2,
            torch.zeros_like,
            "step(x)",
            4,
            singular=(0.0,),
        ),
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
    **facts: Any,
) -> Function:
    """Put a user's function into the table; ``workbench.formulas.library.register`` is the way in.

    Args:
        name: a new identifier.
        value: maps a tensor elementwise. slope: its derivative; by autograd if None.
        facts: further attributes of ``Function``.

    Raises:
        InputError: the name is taken or no identifier, or the function, tried at some points, changes
            shape or type, has no value anywhere, or has a slope that is not its derivative's shape.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise InputError(f"a function's name must be an identifier such as 'airy', got {name!r}")
    if name in FUNCTIONS:
        raise InputError(f"there is already a function {name!r}: choose another name")
    added = Function(name, value, slope or _by_autograd(value), **facts)
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
