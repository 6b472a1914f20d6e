"""How large an expression is; without torch, so that a child process starts quickly."""

from sympy import Expr, Float


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


def _number(expression: Expr) -> int:
    if expression.has(Float):
        return 3
    return 1 if expression.is_Integer or expression.is_NumberSymbol else 2
