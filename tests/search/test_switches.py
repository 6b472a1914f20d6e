"""Laws that change at a place of a column are found with that place; smooth laws have none."""

from collections.abc import Callable

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.network.compiler import evaluate
from workbench.search.structure.problem import Problem
from workbench.search.structure.switches import switches

LAWS = {
    "of one column": (lambda a, b: np.where(a < 2, np.log(a), 0.8 * a - 0.9), "log(a)", "2"),
    "of another column": (lambda a, b: np.where(a > 1.7, 2 * b, b**2), "b**2", "1.7"),
    "of both": (lambda a, b: np.where(b > 1.2, a * b, 3.0), "a*b", "1.2"),
}


def problem(law: Callable, noise: float = 0.0) -> Problem:
    random = np.random.default_rng(5)
    x = random.uniform(0.4, 3, (400, 2))
    y = law(*x.T)
    y = y + noise * y.std() * random.standard_normal(400)
    return Problem.of(Dataset.from_arrays(x, y, names=["a", "b"]))


@pytest.mark.parametrize("name", LAWS)
def test_both_sides_and_the_place_between_them_are_found(name: str) -> None:
    law, side, place = LAWS[name]
    best = min(switches(problem(law)), key=lambda guess: guess.error)
    assert best.error < 1e-9
    assert side in str(best.expression)
    x = np.random.default_rng(6).uniform(0.4, 3, (300, 2))
    x = x[np.abs(x - float(place)).min(1) > 0.02]
    np.testing.assert_allclose(evaluate(best.expression, ["a", "b"], x), law(*x.T), atol=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_noise_neither_moves_the_place_nor_adds_terms(name: str) -> None:
    law, side, _ = LAWS[name]
    whole = problem(law, noise=0.01)
    best = min(switches(whole), key=lambda guess: guess.bits(len(whole.y)))
    assert side in str(best.expression)
    assert best.terms <= 2
    assert best.error < 0.02


def test_a_smooth_law_has_no_such_place() -> None:
    whole = problem(lambda a, b: a**2 - a * b, noise=0.01)
    assert list(switches(whole)) == []
    few = problem(LAWS["of both"][0]).rows(slice(20))
    assert list(switches(few)) == []
