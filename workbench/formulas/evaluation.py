"""Expressions as functions of arrays: the one place where an expression becomes code that runs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from workbench.errors import InputError


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
    plain = sympy.symbols(f"x0:{len(symbols)}", real=True)
    table = dict(zip(symbols, plain, strict=True))

    def renamed(part: Any) -> Any:
        if isinstance(part, Sequence):
            return [renamed(p) for p in part]
        require_symbols(part, symbols)
        # SymPy's code for a step repeats its argument three times, in each of those that are nested.
        return part.xreplace(table).replace(sympy.Heaviside, lambda x, *at: (1 + sympy.sign(x)) / 2)

    function: Callable[..., Any] = sympy.lambdify(
        plain, renamed(expressions), ["numpy", "scipy"], cse=shared
    )
    return function


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
