"""What SymPy makes of the table of functions that edges can become.

The table itself, with all that is known of an entry, is ``workbench.kan.functions``; here the formula
that it is written as becomes a SymPy expression. ``register`` adds a function to both.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import torch
from sympy import Expr
from torch import Tensor

from workbench.errors import InputError
from workbench.formulas.evaluation import compiled
from workbench.formulas.parsing import parse_expression
from workbench.formulas.size import complexity as complexity
from workbench.formulas.srepr import OPAQUE, admit
from workbench.kan.functions import (
    FUNCTIONS,
    WHOLE_LINE,
    Function,
    Symmetry,
    add_function,
    lookup,
    remove_function,
)

_X = sympy.Symbol("x", real=True)


@dataclass(frozen=True, kw_only=True)
class Entry(Function):
    """A function of the table in SymPy.

    Attributes:
        build: argument to expression.
    """

    build: Callable[[Expr], Expr]

    @property
    def head(self) -> type[sympy.Function] | None:
        """SymPy's class of the function; None where it is composed of others."""
        return self.build if isinstance(self.build, type) else None


def _built(written: str) -> Callable[[Expr], Expr]:
    """The function of x that a text says, in SymPy."""
    whole = parse_expression(written, ["x"])
    return type(whole) if whole.args == (_X,) else lambda x: whole.xreplace({_X: x})


SYMPY: dict[str, Entry] = {
    name: Entry(**vars(function), build=_built(function.written))
    for name, function in FUNCTIONS.items()
}
"""Every function that an edge can be fixed to, by name."""
admit(entry.head.__name__ for entry in SYMPY.values() if entry.head)


def call(expression: Expr) -> tuple[Hashable, list[Expr]]:
    """What is called, and with which arguments: ``besselj(0, 2*x)`` is J0, called with ``2*x``.

    Arguments that are numbers belong to the function, as the order of a Bessel function does.
    """
    form = tuple(None if part.free_symbols else part for part in expression.args)
    return (expression.func, form), [part for part in expression.args if part.free_symbols]


def calls() -> dict[Hashable, str]:
    """Names of the functions of the table that are one call of SymPy's, by what is called."""
    found: dict[Hashable, str] = {}
    for name, entry in SYMPY.items():
        called, arguments = call(entry.build(_X))
        if arguments == [_X]:
            found.setdefault(called, name)
    return found


_REGISTERED: list[str] = []


def register(
    name: str,
    value: Callable[[Tensor], Tensor],
    *,
    sympy: Callable[[Expr], Expr] | None = None,
    slope: Callable[[Tensor], Tensor] | None = None,
    complexity: int = 4,
    domain: tuple[float, float] = WHOLE_LINE,
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
        domain, singular, symmetry: see ``Function``; only "none", "even" and "odd" can be given.
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
        added = add_function(
            name,
            value,
            slope,
            complexity=complexity,
            domain=domain,
            singular=tuple(singular),
            symmetry=symmetry,
            code=dict(code or {}),
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    build = sympy or _opaque(name, latex)
    try:
        _compare_sides(name, build, domain)
    except InputError:
        unregister(name)
        raise
    SYMPY[name] = Entry(**vars(added), build=build)
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
        {"nargs": 1, "is_real": True, "_imp_": staticmethod(numeric(function.slope))},
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
            "_imp_": staticmethod(numeric(function.value)),
            "_latex": typeset,
            "fdiff": lambda self, argindex=1: slope(self.args[0]),
        },
    )
    OPAQUE[name] = whole
    return whole


def numeric(function: Callable[[Tensor], Tensor]) -> Callable[[Any], np.ndarray]:
    """A function of tensors as one of numbers or arrays of any shape."""

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
