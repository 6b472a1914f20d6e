"""Parts of an expression put in place of others, while a column that is counted from an origin stays so."""

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Expr, Function, Max, Min, Mul


def replaced(expression: Expr, table: Mapping[Expr, Expr], *, settled: bool = False) -> Expr:
    """``expression.xreplace(table)``, in which 6.3·(t - 2451545) is not multiplied out.

    SymPy multiplies a number into a sum; where that sum is a column and its origin, digits would be lost
    in print.

    Args:
        expression, table: what is to be replaced, and by what.
        settled: functions keep their form, see ``applied``.
    """
    if expression in table:
        return table[expression]
    if not expression.args:
        return expression
    parts = [replaced(part, table, settled=settled) for part in expression.args]
    if expression.is_Mul and keeps_apart(parts):
        return Mul(*parts, evaluate=False)
    if all(new is old for new, old in zip(parts, expression.args, strict=True)):
        return expression
    return applied(expression.func, parts) if settled else expression.func(*parts)


def applied(head: Any, arguments: Sequence[Any]) -> Any:
    """``head(*arguments)`` of an expression that SymPy has already brought into its form.

    SymPy would look for another form of every function again, which takes most of the time. Functions of
    numbers are evaluated all the same.
    """
    function = isinstance(head, type) and issubclass(head, Function | Max | Min)
    plain = all(isinstance(argument, Expr) for argument in arguments)
    if function and plain and not all(argument.is_number for argument in arguments):
        return head(*arguments, evaluate=False)
    return head(*arguments)


def keeps_apart(factors: Sequence[Expr]) -> bool:
    """Whether these are a number and a column counted from its origin, to be left as a product."""
    numbers = [factor for factor in factors if factor.is_Number]
    return len(factors) == 2 and len(numbers) == 1 and any(map(is_centred, factors))


def is_centred(expression: Expr) -> bool:
    """Whether it is a symbol less its origin: an exact number other than 0 and ±1, which laws have."""
    if not (expression.is_Add and len(expression.args) == 2):
        return False
    number, symbol = expression.as_two_terms()
    return bool(number.is_Rational and abs(number) > 1 and symbol.is_Symbol)
