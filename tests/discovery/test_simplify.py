"""Shorter forms are found in a child, under the data's assumptions, and never later than allowed."""

import time

import numpy as np
import pytest
import sympy

from workbench.discovery.parametric import parametrize
from workbench.discovery.polish import simplified
from workbench.discovery.simplify import shorter, shortest

X, Y = sympy.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        (sympy.sqrt(X**2) * Y, X * Y),
        (sympy.exp(sympy.log(X) + 2 * sympy.log(Y)), X * Y**2),
        (sympy.sin(X) ** 2 + sympy.cos(X) ** 2 + Y, Y + 1),
        (X / (X * Y + X), 1 / (Y + 1)),
    ],
)
def test_known_identities(long: sympy.Expr, short: sympy.Expr) -> None:
    assert shortest(long, frozenset({"x", "y"})) == short


def test_signs_are_assumed_only_where_the_data_have_them() -> None:
    root = sympy.sqrt(X**2) * Y
    assert shortest(root, frozenset()) == sympy.Abs(X) * Y
    positive, mixed = np.linspace(0.5, 2, 40), np.linspace(-1, 2, 40)
    wave = sympy.exp(2 * sympy.log(sympy.Abs(X))) * Y
    for column in (positive, mixed):
        x = np.stack((column, positive), 1)
        found = simplified(parametrize([wave], ("x", "y")), x)
        assert found.expressions[0] == X**2 * Y
    assert simplified(parametrize([X * Y], ("x", "y")), x).expressions == (X * Y,)


def test_the_child_answers_and_is_ended_in_time() -> None:
    assert shorter([sympy.sin(X) ** 2 + sympy.cos(X) ** 2], frozenset(), seconds=60) == (1,)
    begun = time.perf_counter()
    slow = sympy.expand((sympy.sin(X) + sympy.exp(Y) + sympy.sqrt(X) + sympy.tan(Y)) ** 9)
    assert shorter([slow], frozenset(), seconds=0.5) == (slow,)
    assert time.perf_counter() - begun < 20
