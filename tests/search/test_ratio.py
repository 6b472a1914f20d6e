"""Ratios of sums of products, exact where the table is."""

import numpy as np
import pytest
import sympy

from workbench.network.compiler import evaluate
from workbench.search.structure.links import LINKS
from workbench.search.structure.problem import Problem
from workbench.search.structure.ratio import ratios

A, B = sympy.symbols("a b", real=True)


@pytest.mark.parametrize(
    ("law", "terms"),
    [
        ((A + B) / (1 + A * B), 3),
        ((1 + A**2 * B**2) / (2 + A + B), 4),  # of the fourth degree, the highest for two columns
        ((A**4 - B) / (1 + A * B**3), 3),
    ],
)
def test_a_law_of_at_most_the_fourth_degree_is_found(law: sympy.Expr, terms: int) -> None:
    x = np.random.default_rng(0).uniform(0.2, 1.7, (150, 2))
    y = evaluate(law, ("a", "b"), x)
    problem = Problem(x, (A, B), y, np.ones(150), float(y.std()), np.ones(150))
    (guess,) = ratios(LINKS[0], problem, 0.0)
    np.testing.assert_allclose(evaluate(guess.expression, ("a", "b"), x), y, rtol=1e-6)
    assert guess.terms == terms  # beside the 1 below; all others were seen to be needless


def test_what_is_no_such_ratio_is_not_taken_for_one() -> None:
    x = np.random.default_rng(0).uniform(0.2, 1.7, (150, 2))
    y = np.sin(5 * x[:, 0] * x[:, 1])
    problem = Problem(x, (A, B), y, np.ones(150), float(y.std()), np.ones(150))
    assert list(ratios(LINKS[0], problem, 0.0)) == []


def test_terms_that_rounding_blurs_leave_before_those_of_the_law() -> None:
    """A number beside its own doubt decides: small terms of a law are sure, large needless ones are not."""
    random = np.random.default_rng(0)
    x = random.uniform(0.2, 1.7, (150, 2))
    y = 0.01 * x[:, 0] ** 3 / (1 + x[:, 1])
    rounded = y * (1 + 1e-9 * np.random.default_rng(1).standard_normal(150))
    problem = Problem(x, (A, B), rounded, np.ones(150), float(y.std()), np.ones(150))
    (guess,) = ratios(LINKS[0], problem, 1e-9)
    np.testing.assert_allclose(evaluate(guess.expression, ("a", "b"), x), y, rtol=1e-5)
    assert guess.terms < 10  # of 29
