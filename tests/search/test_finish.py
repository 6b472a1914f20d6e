"""Guesses are judged by what their constants can do, not by what they began with."""

from typing import Any

import numpy as np
import pytest
from torch import Tensor

from workbench.kan.data import Dataset
from workbench.search.structure import finish
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


def test_a_table_of_several_columns_is_no_curve_of_its_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    known = finish.match

    def match(points: Tensor, *rest: Any) -> Any:
        asked.append(len(points))
        return known(points, *rest)

    monkeypatch.setattr(finish, "match", match)
    x = np.random.default_rng(0).uniform(1, 2, (200, 2))
    for width in (2, 1):
        data = Dataset.from_arrays(x[:, :width], np.sin(2 * x).prod(1))
        assert list(finish.quick_guesses(Problem.of(data), 1e-9))
        assert bool(asked) == (width == 1)
