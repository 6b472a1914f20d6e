"""The smooth function through a table follows values and slopes, with as many rows as it takes."""

import numpy as np
import pytest
import sympy

from workbench.search.structure.problem import Problem
from workbench.search.structure.surrogate import glance, smooth

A, B = sympy.symbols("a b", real=True)


def problem(y: np.ndarray, x: np.ndarray) -> Problem:
    rows = np.ones(len(y))
    return Problem(x, (A, B), y, rows, float(y.std()), rows)


@pytest.mark.parametrize("level", [0.0, 5.0])  # with a zero of both signs, then by logarithms
def test_slopes_are_those_of_the_law(level: float) -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (150, 2))
    found = smooth(problem(np.exp(x[:, 0]) * np.cos(2 * x[:, 1]) + level, x))
    expected = np.stack(
        (
            np.exp(x[:, 0]) * np.cos(2 * x[:, 1]),
            -2 * np.exp(x[:, 0]) * np.sin(2 * x[:, 1]),
        ),
        1,
    )
    assert np.abs(found.slopes - expected).mean() < 1e-2 * np.abs(expected).mean()
    assert found.error < 1e-3


def test_more_rows_are_used_where_some_leave_much_to_explain() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(0, 2, (650, 2))
    clean = np.sin(6 * x[:, 0]) * np.sin(5 * x[:, 1])
    noisy = problem(clean + 0.1 * random.standard_normal(650), x)
    first, better = glance(noisy), smooth(noisy)
    assert better.error < first.error
    assert np.abs(better.values - clean).mean() < np.abs(first.values - clean).mean()
