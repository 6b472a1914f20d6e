"""How large an expression is; without torch, so that a child process starts quickly."""

import math
from collections.abc import Iterable
from functools import lru_cache

from sympy import Expr, Float, preorder_traversal

from workbench.errors import InputError

MOST_PARTS = 3000
"""Of a formula, all its outputs together: whatever is done with them takes less than a second."""

_MOST_NODES, _MOST_TERMS = 80, 500
_REMEMBERED = 10_000


@lru_cache(_REMEMBERED)  # a choice asks for the size of the same few formulas hundreds of times
def complexity(expression: Expr) -> int:
    """Size of an expression: one for every symbol and operation, one more for a function.

    A whole number or a constant such as π counts one, another exact number two, however it is written,
    and a measured one three: data had to say its digits.
    """
    if expression.is_Symbol:
        return 1
    if expression.is_number:
        return _number(expression)
    if expression.is_Add or expression.is_Mul:
        numbers = [part for part in expression.args if part.is_number]
        parts = [complexity(part) for part in expression.args if not part.is_number]
        if numbers:
            parts.append(_number(expression.func(*numbers)))
        return sum(parts) + len(parts) - 1
    parts = [complexity(part) for part in expression.args]
    return sum(parts) + (1 if expression.is_Pow else 2)


def require_short(expressions: Iterable[Expr]) -> None:
    """An ``InputError`` where a formula is too long to be shown, saved and read again."""
    parts = sum(1 for expression in expressions for _ in preorder_traversal(expression))
    if parts > MOST_PARTS:
        raise InputError(
            f"a formula has at most {MOST_PARTS} parts, this one has {parts}: a network with fewer "
            "edges says it more shortly"
        )


def _number(expression: Expr) -> int:
    if expression.has(Float):
        return 3
    return 1 if expression.is_Integer or expression.is_NumberSymbol else 2


def moderate(expression: Expr) -> bool:
    """Whether it is short, and stays so when it is multiplied out: ``(a + b)**300`` does not."""
    return complexity(expression) <= _MOST_NODES and _terms(expression) <= _MOST_TERMS


def _terms(expression: Expr) -> int:
    """Bound on the terms of an expression that is multiplied out at every depth; a larger one is cut."""
    inside = [_terms(part) for part in expression.args] or [1]
    many = _MOST_TERMS + 1
    if expression.is_Mul:
        return min(math.prod(inside), many)
    if expression.is_Pow and expression.exp.is_Integer:
        times = min(abs(int(expression.exp)), many)
        return min(math.comb(times + inside[0] - 1, times), many)
    return min(sum(inside), many)
