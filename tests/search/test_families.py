"""Textbook laws with free exponents, rates, frequencies and places are found from a table."""

import numpy as np
import pytest

from workbench.evidence.sample import Sample
from workbench.kan.data import Dataset
from workbench.search.structure.families import FAMILIES, family_guesses
from workbench.search.structure.finish import checked
from workbench.search.structure.problem import Problem
from workbench.search.structure.projection import Projection
from workbench.search.structure.propose import propose
from workbench.search.structure.tones import tones_in

X = np.random.default_rng(0).uniform(0.4, 3, 300)


def table(x: np.ndarray, y: np.ndarray) -> Dataset:
    return Dataset.from_arrays(x.reshape(len(y), -1), y)


@pytest.mark.parametrize(
    ("low", "high", "law"),
    [
        (0.1, 3, lambda x: 0.4 - 1.7 * x**-0.35),
        (0.8, 3, lambda x: 1.3 / x**9 - 2.1 / x**4),
        (1.2, 4, lambda x: 900 * np.exp(-3.1 * x) - 12 / x**6),
        (0.1, 5, lambda x: 2.2 * x**1.6 / (x**1.6 + 1.9)),
        (0.0, 6, lambda x: 2 * np.exp(-0.4 * x) + 5 * np.exp(-1.7 * x) + 0.3),
        (280, 420, lambda x: np.exp(7.1 - 3100 / x)),
        (-4, 4, lambda x: 1.5 / (1 + np.exp(-(x - 0.7) / 0.3)) - 0.2),
        (-3, 3, lambda x: 2 * np.exp(-(((x - 0.4) / 0.35) ** 2)) + 0.1),
        (0, 4, lambda x: x * np.cos(47 * x)),
        (0, 9, lambda x: 2 * np.exp(-0.3 * x) * np.sin(6 * x + 0.4) - 1),
        (0, 8, lambda x: 3 - 0.7 * x + 0.2 * np.sin(11 * x)),
        (0, 6, lambda x: np.sin(15 * x + 1.5 * np.sin(2 * x))),
        (0, 6, lambda x: (1 + 0.6 * np.sin(2.5 * x)) * np.cos(31 * x)),
        (0, 3, lambda x: np.sin(5 * x + 3 * x**2)),
        (0, 7, lambda x: 1.4 * np.sin(21 * x - 1.3 * x**2 + 0.4)),
        (0, 9, lambda x: np.sin(2 * x) + 0.5 * np.cos(7 * x) + 0.3 * np.sin(17 * x)),
        (-2, 2, lambda x: 0.5 * x + 3 * np.maximum(0, x - 0.37)),
        (0, 2, lambda x: 1e-4 * np.maximum(0, x - 0.5) ** 2),
        (0, 40, lambda x: 21 * (1 - np.exp(-0.09 * x)) ** 2.3),
        (1, 60, lambda x: 0.1 + 0.3 / (1 + (x / 7) ** 1.6) ** 0.45),
        (0, 5, lambda x: 0.7 * x + 3 - np.sqrt((x - 2.2) ** 2 + 0.3)),
        (0.5, 4, lambda x: np.where(x < 1.7, 3 / x, 0.4 * x**0.25)),
    ],
)
def test_a_law_of_one_column_is_found(low, high, law) -> None:
    x = np.random.default_rng(1).uniform(low, high, 300)
    problem = Problem.of(table(x, law(x)))
    errors = [checked(guess, problem).error for guess in family_guesses(problem)]
    assert min(errors) < 1e-9


def test_a_wave_over_two_columns_is_found() -> None:
    x = np.random.default_rng(1).uniform(0, 3, (300, 2))
    for damping in (0.0, 0.6):
        y = 1.2 * np.exp(-damping * x[:, 0]) * np.cos(4.1 * x[:, 1] - 2.7 * x[:, 0]) + 0.4
        problem = Problem.of(table(x, y))
        errors = [checked(guess, problem).error for guess in family_guesses(problem)]
        assert min(errors) < 1e-9


def test_a_law_is_stated_as_it_is_known() -> None:
    x = np.random.default_rng(1).uniform(0, 6, 200)
    found = propose(table(x, (1 + 0.5 * np.cos(3 * x)) * np.cos(20 * x)))
    assert found.exact
    assert str(found.formulas.best) == "y = (cos(3*x1)/2 + 1)*cos(20*x1)"


def test_powers_of_several_columns_keep_exponents_that_are_no_halves() -> None:
    x = np.random.default_rng(2).uniform(0.5, 3, (60, 3))
    y = 2.3 * x[:, 0] ** 1.37 * x[:, 1] ** -0.61 * x[:, 2]
    best = propose(table(x, y), seconds=5.0).formulas.best
    np.testing.assert_allclose(best(x), y, rtol=1e-9)
    x, y = x[:, :2], 1 / (x[:, 0] ** 1.7 + x[:, 1] ** 0.4)
    np.testing.assert_allclose(propose(table(x, y)).formulas.best(x), y, rtol=1e-7)


def test_noise_has_no_tones_and_waves_have_theirs() -> None:
    random = np.random.default_rng(3)
    ones = np.ones(300)
    noisy = [tones_in(X, random.standard_normal(300), ones) for _ in range(30)]
    assert sum(map(len, noisy)) == 0
    y = 3 * np.sin(40 * X) + np.cos(71.3 * X + 1) + 5 * X + 0.1 * random.standard_normal(300)
    assert tones_in(X, y, ones) == pytest.approx([40, 71.3], rel=2e-3)
    assert len(tones_in(ones, y, ones)) == 0


def test_factors_are_projected_out_and_weighted_rows_count() -> None:
    weights = np.where(X < 2, 1.0, 1e-6)
    y = np.where(X < 2, 2.0 - 3.0 * X**1.7, 100.0)
    family = FAMILIES[0]
    projection = Projection(family.columns, (X,), y, weights)
    letters = projection.best([np.array([0.5, 2.5])])
    assert letters == pytest.approx([1.7], rel=1e-4)
    factors, values = projection.factors(letters)
    assert factors == pytest.approx([2.0, -3.0], rel=1e-3)
    np.testing.assert_allclose(values[X < 2], y[X < 2], rtol=1e-3)
    assert projection.best([np.array([])]) is None


def test_a_family_without_a_value_or_a_start_is_left_out() -> None:
    x = np.linspace(-1, 1, 60)
    data = table(x, x**2)
    problem = Problem.of(data)
    found = list(family_guesses(problem))
    assert 0 < len(found) <= 8
    assert all(np.isfinite(guess.error) for guess in found)
    assert min(guess.error for guess in found) < Sample.of(data).spread
