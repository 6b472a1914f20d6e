"""Rows that are far off alone are named; heavy tails and a formula that misses something are not."""

import numpy as np
import pytest
import sympy

from workbench.evidence.outliers import advice, outliers
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset

A = sympy.Symbol("x1", real=True)
RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(0, 3, (400, 1))
LINE = Formula((2 * A,), ("x1",))


def said(y: np.ndarray, formula: Formula = LINE, **options: object) -> str:
    return outliers(formula, Dataset.from_arrays(X, y, **options))


def with_errors(rows: int) -> np.ndarray:
    y = 2 * X[:, 0] + 0.1 * RANDOM.standard_normal(400)
    y[:rows] = 999
    return y


def test_a_sign_for_missing_is_named() -> None:
    assert "y = 999, 999, 999, …" in said(with_errors(12))
    data = Dataset.from_arrays(X, with_errors(12))
    assert "count less" in advice(LINE, data)
    assert advice(LINE, Dataset.from_arrays(X, with_errors(0))) == ""


@pytest.mark.parametrize("rows", [0, 1, 200])
def test_none_a_single_one_and_half_of_all_are_none(rows: int) -> None:
    assert said(with_errors(rows)) == ""


def test_heavy_tails_are_none() -> None:
    assert said(2 * X[:, 0] + RANDOM.standard_cauchy(400)) == ""
    assert said(2 * X[:, 0] + np.exp(2 * RANDOM.standard_normal(400))) == ""


def test_what_a_formula_misses_is_none() -> None:
    y = 2 * X[:, 0] + np.where(X[:, 0] > 2.8, 40.0, 0.0) + 0.1 * RANDOM.standard_normal(400)
    assert said(y) == ""


def test_where_such_rows_count_less_already_nothing_is_said() -> None:
    data = Dataset.from_arrays(X, with_errors(12)).judged_by("huber")
    assert outliers(LINE, data) == ""
    labels = Dataset.from_arrays(X, X[:, 0] > 1.5, task="classification")
    assert outliers(LINE, labels) == ""
