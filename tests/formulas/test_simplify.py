"""Shorter forms are found in a child, under the data's assumptions, and never later than allowed."""

import subprocess
import time

import numpy as np
import pytest
import sympy

from workbench.formulas.parametric import parametrize
from workbench.formulas.simplify import shorter, shortest
from workbench.search.shortening import simplified

X, Y = sympy.symbols("x y", real=True)
SLOW = (
    1 / (sympy.sin(X) + sympy.tan(Y) + sympy.sqrt(X) + sympy.exp(X * Y) + sympy.cos(X + Y) ** 3)
    + (sympy.sqrt(Y + sympy.sin(Y) ** 2) - sympy.tan(X * Y) / (sympy.exp(X) - sympy.cos(Y))) ** 4
)


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
        (found,) = simplified([parametrize([wave], ("x", "y"))], x)
        assert found.expressions[0] == X**2 * Y
    (same,) = simplified([parametrize([X * Y], ("x", "y"))], x)
    assert same.expressions == (X * Y,)
    assert simplified([], x) == []


def test_one_child_answers_for_all_and_no_job_takes_longer_than_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = []
    popen = subprocess.Popen

    def counted(*arguments, **options):
        started.append(1)
        return popen(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", counted)
    slow = SLOW
    easy = sympy.sin(X) ** 2 + sympy.cos(X) ** 2
    root = sympy.exp(2 * sympy.log(X)) * Y + 0 * X
    begun = time.perf_counter()
    jobs = [(easy, frozenset()), (slow, frozenset()), (root, frozenset({"x"})), (X, frozenset())]
    assert shorter(jobs, seconds=2) == (1, slow, X**2 * Y, X)
    assert time.perf_counter() - begun < 20
    assert len(started) == 1
