"""How large an expression is; without torch, so that a child process starts quickly."""

from sympy import Expr


def complexity(expression: Expr) -> int:
    """Size of an expression: one for every symbol, number and operation, one more for a function."""
    if expression.is_Symbol or expression.is_NumberSymbol:
        return 1
    if expression.is_Number:
        return 1 if expression.is_Integer or expression.is_Float else 2
    parts = sum(complexity(part) for part in expression.args)
    if expression.is_Add or expression.is_Mul:
        return parts + len(expression.args) - 1
    return parts + (1 if expression.is_Pow else 2)
