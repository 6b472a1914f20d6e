"""Choices of terms in normal equations."""

import itertools

import numpy as np
import pytest

from workbench.dynamics.choice import Quadratic, searched


def problem(groups=tuple((k,) for k in range(8))) -> Quadratic:
    random = np.random.default_rng(0)
    table = random.standard_normal((60, 8))
    table[:, 7] = table[:, 0] + 0.1 * table[:, 6]
    target = table[:, 1] - 2 * table[:, 4] + 0.1 * random.standard_normal(60)
    return Quadratic(table.T @ table, table.T @ target, float(target @ target), groups)


def test_squares_with_one_more_term_are_those_of_the_larger_set() -> None:
    for groups in (None, ((0, 1), (2,), (3, 4), (5,))):
        here = problem() if groups is None else problem(groups)
        every = here.left_with([1])
        for term in set(range(len(here.groups))) - {1}:
            assert every[term] == pytest.approx(here.left([1, term]))


def test_the_best_of_all_sets_is_found() -> None:
    here = problem()

    def score(left, terms):
        return 60 * np.log(left) + 8 * len(terms)

    sets = [s for k in range(5) for s in itertools.combinations(range(8), k)]
    best = min((score(here.left(s), s), s) for s in sets)
    found = searched(here, score, [(0, 7)])
    assert found[1] == best[1] == (1, 4)
    assert np.allclose(here.numbers(found[1]), [[1], [-2]], atol=0.1)


def test_terms_that_are_not_allowed_stay_out() -> None:
    found = searched(problem(), lambda left, terms: left + len(terms), allowed=[0, 1, 2])
    assert set(found[1]) <= {0, 1, 2}
