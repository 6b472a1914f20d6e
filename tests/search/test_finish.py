"""Guesses are judged by what their constants can do, not by what they began with."""

import numpy as np

from workbench.kan.data import Dataset
from workbench.search.structure.families import family_guesses
from workbench.search.structure.finish import checked
from workbench.search.structure.problem import Problem


def test_constants_that_some_rows_suggest_are_fitted_to_more() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(0.4, 3, 500)
    y = 2.2 * x**1.6 / (x**1.6 + 1.9) + 0.1 * random.standard_normal(500)
    problem = Problem.of(Dataset.from_arrays(x[:, None], y, split=["train"] * 500))
    gains = [
        guess.error - checked(guess, problem).error
        for guess in family_guesses(problem)
        if guess.link == "y"  # of others the error is known to first order alone
    ]
    assert len(gains) > 2
    assert min(gains) > 1e-6
