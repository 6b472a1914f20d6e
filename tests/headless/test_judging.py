"""A formula of a sample meets the other rows."""

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench.formulas.formula import Formula
from workbench.headless import judging
from workbench.headless.judging import judged
from workbench.kan.model import KAN
from workbench.report.loading import Results
from workbench.report.recipe import Recipe

X = sympy.Symbol("x", real=True)


def results(expression: sympy.Expr, **more: object) -> Results:
    formula = Formula((expression,), ("x",), target="y", **more)
    return Results(formula, KAN((1, 1)), Recipe(names=("x",), target="y"))


def test_numbers_are_judged_by_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(1, 2, 50)
    rest = pd.DataFrame({"x": x, "y": 2 * x + np.where(np.arange(50) % 2, 0.1, -0.1)})
    told = "On the 50 rows outside the sample: RMSE 0.1, R² 0.972"
    assert judged(results(2 * X), rest).startswith(told)
    monkeypatch.setattr(judging, "_CHUNK", 7)
    assert judged(results(2 * X), rest).startswith(told)


def test_rows_without_a_value_are_counted() -> None:
    rest = pd.DataFrame({"x": [-1.0, 1.0, 2.0, 3.0, np.nan], "y": [1, 0, 0.6931, 1.0986, 1]})
    told = judged(results(sympy.log(X)), rest)
    assert told.endswith("; 2 of them it gives no value.")


def test_classes_are_judged_by_their_labels() -> None:
    rest = pd.DataFrame({"x": [-1.0, 1.0, 2.0, 3.0], "y": ["down", "up", "up", "down"]})
    found = results(X, task="classification", classes=("down", "up"))
    assert judged(found, rest) == "On the 4 rows outside the sample: accuracy 75.0%."


def test_rows_without_a_target_judge_nothing() -> None:
    rest = pd.DataFrame({"x": [1.0, 2.0], "y": [None, None]})
    for found in (results(X), results(X, task="classification", classes=("down", "up"))):
        assert "it has no value where they have a target" in judged(found, rest)


def test_what_cannot_be_judged_is_said() -> None:
    rest = pd.DataFrame({"z": [1.0, 2.0], "y": [1.0, 2.0]})
    told = judged(results(X), rest)
    assert told.startswith("The formula is judged on the sample alone: ")
    dates = pd.DataFrame({"x": [1.0, 2.0], "y": pd.date_range("2020-01-01", periods=2)})
    assert "dates as a target" in judged(results(X), dates)
