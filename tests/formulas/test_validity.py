"""Where a formula stops, and what it does just outside its range."""

import pytest
import sympy

from workbench.formulas.formula import Formula
from workbench.formulas.validity import limits

A, B = sympy.symbols("a b", real=True)


@pytest.mark.parametrize(
    ("expression", "sentences"),
    [
        (1 / (A - 1), ("a pole inside the fitted range: a = 1",)),
        (1 / (A**2 - 1), ("a pole inside the fitted range: a = -1 and a = 1",)),
        (1 / (A - 2.25), ("a pole near the fitted range: a = 2.25",)),
        (1 / (A - 5) + 1 / (A + 7), ()),  # too far away
        (1 / (A**2 + 1), ()),
        (sympy.log(A - 1), ("a logarithmic singularity inside the fitted range: a = 1",)),
        (1 / (A - B), ("a pole inside the fitted range: where a - b = 0",)),
    ],
)
def test_places_are_told_inside_and_near_the_range(expression, sentences) -> None:
    assert limits([expression], {"a": (-2, 2), "b": (0, 1)}) == sentences


def test_what_runs_away_outside_the_range_is_said_and_nothing_without_a_range() -> None:
    steep = Formula((sympy.exp(200 * A),), ("a",), domain={"a": (0, 1)})
    assert "explodes" in steep.explosion
    assert Formula((A**2,), ("a",), domain={"a": (0, 1)}).explosion == ""
    assert Formula((1 / A,), ("a",)).explosion == ""
    assert Formula((sympy.Float(2.0),), ("a",), domain={"a": (0, 1)}).explosion == ""


def test_a_hundred_places_are_looked_for_and_the_others_are_counted() -> None:
    poles = sum(1 / (A - 100 - k) for k in range(103))
    assert limits([poles], {"a": (0, 1)}) == ("perhaps 3 more places that were not looked for",)
