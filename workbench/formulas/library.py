"""The table of functions that edges can become: how SymPy writes them, what they cost, where they live.

The torch side, with values and slopes, is ``workbench.kan.functions``; both tables have the same
names, and a test compares them entry by entry. ``register`` adds a function to both.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import sympy
import torch
from sympy import Expr, Rational
from torch import Tensor

from workbench.errors import InputError
from workbench.formulas.evaluation import compiled
from workbench.formulas.size import complexity as complexity
from workbench.formulas.srepr import OPAQUE
from workbench.kan.functions import FUNCTIONS, add_function, lookup, remove_function

Symmetry = Literal["none", "homogeneous", "logarithmic", "exponential", "even", "odd", "periodic"]
_WHOLE_LINE = (-math.inf, math.inf)


@dataclass(frozen=True)
class Entry:
    """A function in SymPy.

    Attributes:
        build: argument to expression.
        complexity: what choosing it costs, in bits against accuracy.
        domain: least and largest argument.
        singular: arguments at which it, or a derivative, has no finite value.
        symmetry: what makes parameters of c·f(a·x + b) + d redundant: "homogeneous" is
            f(kx) = k^degree f(x) for k > 0, "logarithmic" f(kx) = f(x) + const, "exponential"
            f(x + k) = const·f(x), "periodic" f(x + π) = -f(x) together with odd.
        degree: of a homogeneous function.
        odd: for homogeneous ones, whether f(-x) = -f(x); None where negative numbers have no value.
        period: of ``singular`` and ``domain``, 0 where they do not repeat.
        code: of a function that SymPy does not know, templates with ``{0}`` by language of export.
    """

    build: Callable[[Expr], Expr]
    complexity: int
    domain: tuple[float, float] = _WHOLE_LINE
    singular: tuple[float, ...] = ()
    symmetry: Symmetry = "none"
    degree: float = 0.0
    odd: bool | None = None
    period: float = 0.0
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


def _power(n: int, cost: int) -> Entry:
    poles = (0.0,) if n < 0 else ()
    return Entry(
        lambda x: x**n, cost, singular=poles, symmetry="homogeneous", degree=n, odd=n % 2 == 1
    )


def _root(p: Rational, cost: int) -> Entry:
    return Entry(
        lambda x: x**p, cost, (0.0, math.inf), (0.0,), "homogeneous", degree=float(p), odd=None
    )


SYMPY: dict[str, Entry] = {
    "zero": Entry(lambda x: sympy.Integer(0), 0, symmetry="even"),
    "constant": Entry(lambda x: sympy.Integer(1), 1, symmetry="even"),
    "linear": _power(1, 1),
    "square": _power(2, 2),
    "cube": _power(3, 3),
    "power_4": _power(4, 4),
    "power_5": _power(5, 5),
    "reciprocal": _power(-1, 2),
    "reciprocal_square": _power(-2, 3),
    "reciprocal_cube": _power(-3, 4),
    "reciprocal_power_4": _power(-4, 5),
    "reciprocal_power_5": _power(-5, 6),
    "sqrt": _root(Rational(1, 2), 2),
    "inverse_sqrt": _root(Rational(-1, 2), 3),
    "power_3_2": _root(Rational(3, 2), 4),
    "exp": Entry(sympy.exp, 2, symmetry="exponential"),
    "log": Entry(sympy.log, 2, (0.0, math.inf), (0.0,), "logarithmic"),
    "abs": Entry(sympy.Abs, 3, singular=(0.0,), symmetry="homogeneous", degree=1, odd=False),
    "sign": Entry(sympy.sign, 4, singular=(0.0,), symmetry="homogeneous", odd=True),
    "step": Entry(lambda x: sympy.Heaviside(x), 4, singular=(0.0,)),
    "sin": Entry(sympy.sin, 3, symmetry="periodic"),
    "cos": Entry(sympy.cos, 3, symmetry="even"),
    "tan": Entry(
        sympy.tan,
        4,
        (-math.pi / 2, math.pi / 2),
        (-math.pi / 2, math.pi / 2),
        "odd",
        period=math.pi,
    ),
    "tanh": Entry(sympy.tanh, 3, symmetry="odd"),
    "sinh": Entry(sympy.sinh, 4, symmetry="odd"),
    "cosh": Entry(sympy.cosh, 4, symmetry="even"),
    "arcsin": Entry(sympy.asin, 4, (-1.0, 1.0), (-1.0, 1.0), "odd"),
    "arccos": Entry(sympy.acos, 4, (-1.0, 1.0), (-1.0, 1.0)),
    "arctan": Entry(sympy.atan, 4, symmetry="odd"),
    "artanh": Entry(sympy.atanh, 4, (-1.0, 1.0), (-1.0, 1.0), "odd"),
    "gaussian": Entry(lambda x: sympy.exp(-(x**2)), 3, symmetry="even"),
    "sigmoid": Entry(lambda x: 1 / (1 + sympy.exp(-x)), 3),
    "softplus": Entry(lambda x: sympy.log(1 + sympy.exp(x)), 4),
    "erf": Entry(sympy.erf, 5, symmetry="odd"),
    "sinc": Entry(sympy.sinc, 5, symmetry="even"),
    "bessel_j0": Entry(lambda x: sympy.besselj(0, x), 6, symmetry="even"),
    "bessel_j1": Entry(lambda x: sympy.besselj(1, x), 6, symmetry="odd"),
}
"""Every function that an edge can be fixed to, by name."""

_REGISTERED: list[str] = []


def register(
    name: str,
    value: Callable[[Tensor], Tensor],
    *,
    sympy: Callable[[Expr], Expr] | None = None,
    slope: Callable[[Tensor], Tensor] | None = None,
    complexity: int = 4,
    domain: tuple[float, float] = _WHOLE_LINE,
    singular: tuple[float, ...] = (),
    symmetry: Symmetry = "none",
    latex: str = "",
    code: Mapping[str, str] | None = None,
) -> None:
    """Add a function of your own to what edges may become.

    It is then proposed for edges, written in formulas, exported, saved and loaded like any other.

    Args:
        name: a new identifier.
        value: maps a float tensor elementwise.
        sympy: the same function of a SymPy argument, from functions that SymPy knows. Without it the
            formula shows ``name(x)``, other languages get a Chebyshev series of it on the range that
            the data need, and a file that was saved with it can be loaded once it is registered again.
        slope: the derivative; by autograd if None.
        complexity: what choosing it costs, in bits; ``sin`` costs 3.
        domain, singular, symmetry: see ``Entry``; only "none", "even" and "odd" can be given.
        latex: how its name is set, where SymPy does not know it; upright by default.
        code: how languages of export call it, where they know it and SymPy does not:
            ``{"c": "lgamma({0})"}``.

    Raises:
        InputError: the name is taken, the function does not map tensors elementwise, or both sides
            disagree.
    """
    if symmetry not in ("none", "even", "odd"):
        raise InputError(f"symmetry must be 'none', 'even' or 'odd', got {symmetry!r}")
    if complexity < 0:
        raise InputError(f"complexity must be 0 or more bits, got {complexity}")
    if name in _MEANINGS and name not in FUNCTIONS:
        raise InputError(f"{name!r} means something else in SymPy: choose another name")
    try:
        add_function(name, value, slope)
    except ValueError as error:
        raise InputError(str(error)) from error
    build = sympy or _opaque(name, latex)
    try:
        _compare_sides(name, build, domain)
    except InputError:
        unregister(name)
        raise
    SYMPY[name] = Entry(build, complexity, domain, tuple(singular), symmetry, code=dict(code or {}))
    _REGISTERED.append(name)


_MEANINGS = frozenset(n for n in dir(sympy) if not n.startswith("_"))


def unregister(name: str) -> None:
    """Forget a function that ``register`` added; the built-in ones stay."""
    if name in _REGISTERED or name not in SYMPY:
        remove_function(name)
        SYMPY.pop(name, None)
        OPAQUE.pop(name, None)
        if name in _REGISTERED:
            _REGISTERED.remove(name)


def registered() -> tuple[str, ...]:
    """Names of the functions that users added."""
    return tuple(_REGISTERED)


def opaque_functions() -> dict[str, type[sympy.Function]]:
    """Registered functions that SymPy knows by name only."""
    return dict(OPAQUE)


def _opaque(name: str, latex: str) -> Callable[[Expr], Expr]:
    """A SymPy function with a numerical value and derivative taken from the torch side."""
    function = lookup(name)
    # ``_imp_`` is where SymPy looks for the numbers of a function that it cannot print.
    slope = type(
        f"{name}_slope",
        (sympy.Function,),
        {"nargs": 1, "is_real": True, "_imp_": staticmethod(_numeric(function.slope))},
    )
    head = latex or rf"\operatorname{{{name}}}".replace("_", r"\_")

    def typeset(self: Expr, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else rf"^{{{exp}}}"
        return rf"{head}{power}{{\left({printer._print(self.args[0])} \right)}}"

    whole = type(
        name,
        (sympy.Function,),
        {
            "nargs": 1,
            "is_real": True,
            "_imp_": staticmethod(_numeric(function.value)),
            "_latex": typeset,
            "fdiff": lambda self, argindex=1: slope(self.args[0]),
        },
    )
    OPAQUE[name] = whole
    return whole


def _numeric(function: Callable[[Tensor], Tensor]) -> Callable[[Any], np.ndarray]:
    def values(x: Any) -> np.ndarray:
        given = torch.as_tensor(np.asarray(x, dtype=float))
        with torch.no_grad():
            found: np.ndarray = function(given.reshape(-1)).reshape(given.shape).numpy()
        return found

    return values


def _compare_sides(name: str, build: Callable[[Expr], Expr], domain: tuple[float, float]) -> None:
    symbol = sympy.Symbol("x", real=True)
    low, high = max(domain[0], -3.0), min(domain[1], 3.0)
    if not low < high:
        raise InputError(
            f"the domain of {name!r} must be an interval that meets -3 … 3, got {domain}"
        )
    points = np.linspace(low, high, 23)[1:-1]
    try:
        expression = sympy.sympify(build(symbol), strict=True)
        theirs = compiled(expression, [symbol])(points)
    except (TypeError, ValueError, AttributeError, NameError) as error:
        raise InputError(f"the SymPy side of {name!r} has no values: {error}") from error
    theirs = np.broadcast_to(np.asarray(theirs, dtype=complex), len(points))
    ours = FUNCTIONS[name].value(torch.from_numpy(points)).detach().numpy()
    known = np.isfinite(ours) & np.isfinite(theirs)
    if not known.any():
        raise InputError(f"{name!r} has no value between {low:g} and {high:g}")
    gap = np.abs(ours - theirs)[known].max()
    if gap > 1e-6 * max(1.0, np.abs(ours[known]).max()):
        raise InputError(f"the torch and the SymPy side of {name!r} differ by {gap:.2g}")
