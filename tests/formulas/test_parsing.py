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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.03048098459839821^0.88493579620824434", 0.03048098459839821**0.88493579620824434),
        (
            "(0.03048098459839821*a)^(-1.88493579620824434)",
            (0.03048098459839821 * 1.5) ** -1.88493579620824434,
        ),
        (
            "(3*a*2.0589323043^0.5)^0.8849357962345678",
            (3 * 1.5 * 2.0589323043**0.5) ** 0.8849357962345678,
        ),
    ],
)
def test_a_power_of_a_long_number_is_not_computed_exactly(text: str, value: float) -> None:
    assert float(parse_expression(text).subs(A, 1.5)) == pytest.approx(value, rel=1e-14)
