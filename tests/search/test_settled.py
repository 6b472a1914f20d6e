"""A search ends by itself where nothing is left but noise, and not before."""

import math

import numpy as np
import pytest

from workbench import KAN, discover, fit
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.search.course import Course
from workbench.search.polish import polished
from workbench.search.settled import settled
from workbench.search.structure.leftover import is_noise
from workbench.search.structure.problem import Problem

RANDOM = np.random.default_rng(4)
X = RANDOM.uniform(0.5, 3, (400, 2))
LAW = X[:, 0] * np.exp(-X[:, 1])
NOISE = 0.01 * RANDOM.standard_normal(400)


def table(y: np.ndarray) -> Dataset:
    return Dataset.from_arrays(X, y, names=["a", "b"])


def test_what_a_law_leaves_is_noise_and_what_a_plane_leaves_is_not() -> None:
    problem = Problem.of(table(LAW + NOISE))
    law = problem.x[:, 0] * np.exp(-problem.x[:, 1])
    assert is_noise(problem, law)
    assert not is_noise(problem, law + 0.02 * np.sin(4 * problem.x[:, 1]))
    columns = np.column_stack((problem.x, np.ones(len(law))))
    assert not is_noise(problem, columns @ np.linalg.lstsq(columns, problem.y, rcond=None)[0])


def test_a_network_that_knows_better_keeps_a_search_going() -> None:
    import sympy

    a, b = sympy.symbols("a b", real=True)
    data = table(LAW + NOISE)
    law, plane = (
        polished([(shape,)], data).best
        for shape in (0.9 * a * sympy.exp(-1.1 * b), 0.1 * a - 0.1 * b + 0.1)
    )
    network = fit(KAN((2, 3, 1)), data, grids=(5,)).model
    assert settled(law, [network], data)
    assert not settled(plane, [network], data)


def test_a_search_ends_once_its_law_leaves_noise() -> None:
    told: list[str] = []
    found = discover(
        table(LAW + NOISE), hidden=(), report=lambda what, share: bool(told.append(what))
    )
    assert str(found.formula.expression) == "a*exp(-b)"
    assert found.complete
    assert any(what.startswith("training") for what in told)
    assert not any(what.startswith("symbols") for what in told)


def test_a_search_ends_when_its_time_is_over() -> None:
    hidden = np.sin(3 * X[:, 0] * X[:, 1]) / (1 + np.exp(X[:, 0] ** 2 - 3 * X[:, 1])) + 3 * NOISE
    told: list[str] = []
    found = discover(
        table(hidden),
        hidden=(),
        seconds=1e-3,
        report=lambda what, share: bool(told.append(what)),
    )
    assert found.complete
    assert math.isfinite(found.formula.scores["validation_loss"])
    assert not any(what.startswith("symbols") for what in told)


def test_a_search_that_begins_again_has_the_time_that_is_left() -> None:
    course = Course(table(LAW), "quick", None, (3,), (), 0, 100.0, None, None)
    course.begun -= 70
    assert 0 < course.left <= 30
    course.begun -= 1000
    assert course.left > 0


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_there_must_be_time(seconds: float) -> None:
    with pytest.raises(InputError, match="seconds"):
        discover(table(LAW), seconds=seconds)


def test_rows_far_off_make_a_search_begin_again_with_a_loss_that_counts_them_less() -> None:
    wild = LAW + NOISE
    wild[RANDOM.permutation(400)[:16]] += RANDOM.uniform(20, 50, 16)
    found = discover(table(wild), hidden=())
    assert found.data.loss == "huber"
    assert "Huber's loss was taken" in found.formula.provenance["outliers"]
    np.testing.assert_allclose(found.formula(X), LAW, atol=0.02)
    asked = discover(table(wild).judged_by("squared"), hidden=(), seconds=1.0)
    assert asked.data.loss == "squared"
