"""Other forms of an expression: with fewer numbers to fit, with one for every term, shorter."""

import math

import sympy
from sympy import Expr, expand_mul, expand_multinomial

from workbench.formulas.parametric import Parametric, parametrize
from workbench.formulas.size import complexity, moderate

_MOST_TERMS = 21


def opened(expressions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Multiplied out where that leaves fewer numbers to fit, as in a·x + b·(x + c)·(y + d)."""
    return tuple(
        min(e, expand_mul(expand_multinomial(e)), key=_measured) if moderate(e) else e
        for e in expressions
    )


def multiplied_out(parametric: Parametric) -> Parametric | None:
    """A polynomial with a number for every term; None where that is no news, or long.

    A product of sums cannot lose the terms that the law lacks one by one.
    """
    before = parametric.substituted()
    if any(_most_terms(e) > _MOST_TERMS for e in before):
        return None
    after = tuple(e.as_poly(*parametric.inputs).as_expr() for e in before)
    names = [symbol.name for symbol in parametric.inputs]
    return parametrize(after, names) if after != before else None


def rewritten(expression: Expr) -> Expr:
    """The shortest of a few quick rewritings; a long expression itself."""
    if not moderate(expression):
        return expression
    forms = [expression, sympy.expand(expression), sympy.factor_terms(expression)]
    forms += [sympy.powsimp(sympy.expand_log(forms[0])), sympy.expand_power_base(forms[0])]
    forms += [sympy.factor_terms(sympy.expand(expression)), sympy.together(forms[1])]
    return min(forms, key=complexity)


def _most_terms(expression: Expr) -> float:
    """Bound on the terms of a polynomial that is multiplied out; infinite for other expressions."""
    degree = _degree(expression)
    symbols = len(expression.free_symbols)
    return degree if math.isinf(degree) else math.comb(symbols + int(degree), symbols)


def _degree(expression: Expr) -> float:
    if expression.is_number:
        return 0
    if expression.is_Symbol:
        return 1
    degrees = [_degree(part) for part in expression.args]
    if expression.is_Add:
        return max(degrees)
    if expression.is_Mul:
        return sum(degrees)
    whole = expression.is_Pow and expression.exp.is_Integer and expression.exp > 0
    return int(expression.exp) * degrees[0] if whole else math.inf


def _measured(expression: Expr) -> int:
    """How many numbers of an expression are free to be fitted."""
    return sum(part.is_Float for part in sympy.preorder_traversal(expression))
