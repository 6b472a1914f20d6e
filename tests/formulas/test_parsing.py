"""What is printed can be typed."""

import pytest
import sympy
from sympy import Expr

from workbench.formulas.parsing import parse_expression
from workbench.formulas.typesetting import to_text

A, B = sympy.symbols("a b", real=True)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Max(0, A - 1.5) / 2,
        sympy.Min(A, B, 3) ** 2,
        sympy.Abs(A) * sympy.sign(B) - sympy.sqrt(B),
        sympy.exp(1) * sympy.atan(A) + sympy.pi,
    ],
)
def test_a_printed_expression_is_read_as_it_is(expression: Expr) -> None:
    found = parse_expression(to_text(expression), ["a", "b"])
    assert found.subs({A: 1.75, B: 0.5}).evalf() == pytest.approx(
        float(expression.subs({A: 1.75, B: 0.5}).evalf())
    )
