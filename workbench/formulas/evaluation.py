"""Expressions as functions of arrays: the one place where an expression becomes code that runs."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import sympy
from sympy import Basic, Dummy, Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.numpy import SciPyPrinter

from workbench.errors import InputError

_LARGEST = 2**53
"""Whole numbers up to it are exact as floats."""


def compiled(
    expressions: Any, symbols: Sequence[Symbol], *, shared: bool = False
) -> Callable[..., Any]:
    """A function of arrays, one for every symbol, that gives the values in the same nesting.

    SymPy writes code and runs it, so names never reach it: every symbol is a placeholder there.

    Args:
        expressions: one, or lists of them. symbols: its arguments.
        shared: whether common parts are computed once.

    Raises:
        InputError: an expression holds another symbol, or a function that is not known.
    """
    every = list(_flat(expressions))
    for expression in every:
        require_symbols(expression, symbols)
    plain = sympy.symbols(f"x0:{len(symbols)}", real=True)
    names = {symbol: place.name for symbol, place in zip(symbols, plain, strict=True)}
    parts = {part: Dummy(f"part{i}") for i, part in enumerate(_repeated(every) if shared else ())}
    function: Callable[..., Any] = sympy.lambdify(
        plain,
        [expressions],  # of an expression alone SymPy would keep the symbols by name
        ["numpy", "scipy"],
        printer=_Code(names, parts),
        cse=lambda whole: ([(place, part) for part, place in parts.items()], whole),
        docstring_limit=0,
    )
    return lambda *columns: function(*columns)[0]


def _flat(expressions: Any) -> Iterator[Expr]:
    if isinstance(expressions, Sequence):
        for part in expressions:
            yield from _flat(part)
    else:
        yield expressions


def _repeated(expressions: Sequence[Expr]) -> list[Expr]:
    """Parts that occur more than once; what is inside another comes before it."""
    times: dict[Basic, int] = {}

    def look(part: Basic) -> None:
        if part in times:
            times[part] += 1
            return
        for argument in part.args:
            look(argument)
        times[part] = 1

    for expression in expressions:
        look(expression)
    return [p for p, n in times.items() if n > 1 and p.args and isinstance(p, Expr)]


class _Code(SciPyPrinter):
    """SymPy's code with placeholders for symbols, and for parts from where they have been written.

    Nothing is put in place of anything in the expression: SymPy would build it all anew.
    """

    def __init__(self, names: dict[Symbol, str], parts: dict[Expr, Dummy]) -> None:
        super().__init__(
            {
                "fully_qualified_modules": False,
                "inline": True,
                "allow_unknown_functions": True,
                "order": "none",
            }
        )
        self._written: dict[Basic, str] = {**names, **{d: d.name for d in parts.values()}}
        self._waiting = {part: place.name for part, place in parts.items()}

    def doprint(self, expr: Any, assign_to: Any = None) -> str:
        """What stands behind an equals sign; of a part, it is the place that others name from there on."""
        text = str(super().doprint(expr, assign_to))
        if isinstance(expr, Basic) and expr in self._waiting:
            self._written[expr] = self._waiting.pop(expr)
        return text

    def _print(self, expr: Any, **settings: Any) -> str:
        if isinstance(expr, Basic) and expr in self._written:
            return self._written[expr]
        return str(super()._print(expr, **settings))

    def _print_Symbol(self, symbol: Symbol) -> str:  # noqa: N802
        raise InputError(f"{symbol.name!r} is no argument of the formula")

    def _print_Integer(self, number: Any) -> str:  # noqa: N802
        # NumPy takes no square root of a number of more than 64 bits.
        if abs(number.p) <= _LARGEST:
            return str(number.p)
        try:
            return repr(float(number.p))
        except OverflowError:
            return "-1e999" if number.p < 0 else "1e999"

    def _print_Heaviside(self, step: Expr) -> str:  # noqa: N802
        # SymPy's code for a step repeats its argument three times, in each of those that are nested.
        return f"(0.5 + 0.5*{self._module_format('numpy.sign')}({self._print(step.args[0])}))"

    def _handle_UnevaluatedExpr(self, expr: Any) -> Any:  # noqa: N802
        return expr  # there are none, and SymPy would look for them everywhere


def require_symbols(expression: Expr, symbols: Sequence[Symbol]) -> None:
    """An ``InputError`` where an expression holds other symbols, or functions without a value."""
    strangers = {s.name for s in expression.free_symbols.difference(symbols)}
    strangers |= {part.func.__name__ for part in expression.atoms(AppliedUndef)}
    if strangers:
        raise InputError(
            f"a formula may hold {', '.join(s.name for s in symbols[:9]) or 'no names'} and known "
            f"functions, but it holds {min(strangers)!r}"
        )


def real(values: Any, rows: int) -> np.ndarray:
    """What a compiled expression gave as ``(rows,)`` numbers, NaN where it is not real."""
    table = np.broadcast_to(np.asarray(values), rows)
    if not np.iscomplexobj(table):
        return table.astype(float)
    return np.where(np.abs(table.imag) > 0, np.nan, table.real)
