"""Sums in functions of one column whose coefficients are curves of another."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.search.structure.finish import checked
from workbench.search.structure.problem import Problem
from workbench.search.structure.varying import varying

RANDOM = np.random.default_rng(0)
X, Z = RANDOM.uniform(0.5, 3, (2, 250))


def least(y: np.ndarray, *columns: np.ndarray) -> float:
    problem = Problem.of(Dataset.from_arrays(np.stack(columns, 1), y))
    return min((checked(guess, problem).error for guess in varying(problem)), default=np.inf)


@pytest.mark.parametrize("turned", [False, True])
def test_both_curves_are_named(turned: bool) -> None:
    y = X / (Z + 0.37) - 1.9 / (np.sqrt(X) * Z**2.4)
    assert least(y, *((Z, X) if turned else (X, Z))) < 1e-8


def test_a_coefficient_may_be_a_number() -> None:
    assert least(X**2 * np.exp(-1.3 * Z) + 4.2, X, Z) < 1e-8


def test_what_is_no_such_sum_gives_none() -> None:
    assert least(np.sin(3 * X * Z), X, Z) == np.inf
    assert least(X * Z, X, Z, X + RANDOM.standard_normal(250)) == np.inf
