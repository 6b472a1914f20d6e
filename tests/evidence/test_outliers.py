"""Rows that are far off alone are named; heavy tails and a formula that misses something are not."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy

from workbench.evidence.outliers import advice, outliers, slips
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


@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize(
    "law", [lambda a, b: a * b, lambda a, b: a / b, lambda a, b: np.exp(-a) + b]
)
def test_slips_are_told_before_there_is_a_formula(rows: int, law: Callable) -> None:
    random = np.random.default_rng(rows)
    x = random.uniform(0.5, 3, (400, 2))
    y = law(*x.T)
    y += 0.01 * y.std() * random.standard_normal(400)
    plain = Dataset.from_arrays(x, y)
    assert slips(plain) is None
    chosen = plain.validation.numpy()[:rows] if rows == 1 else plain.train.numpy()[:rows]
    y[chosen] += 1e6 * y.std() * random.choice([-1, 1], rows)
    data = Dataset.from_arrays(x, y)
    found = slips(data)
    assert found is not None
    assert found.rows.tolist() == chosen.tolist()
    assert f"{rows} of 340 rows lie off their neighbours" in found.told
    left = found.left_out(data)
    assert len(left.train) + len(left.validation) == 340 - rows
    assert slips(left) is None
    assert slips(data.judged_by("huber")) is None
    assert slips(data.judged_by("squared")) is None


@pytest.mark.parametrize(
    "law", [lambda x: x**-6, lambda x: x**-12 - x**-6, lambda x: np.exp(20 * x), np.tan]
)
def test_rows_near_a_pole_are_no_slips(law: Callable) -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(0, 1.5, (300, 1))
        assert slips(Dataset.from_arrays(x, law(x[:, 0]))) is None


def test_heavy_tails_and_classes_are_no_slips() -> None:
    for y in (RANDOM.standard_cauchy(400), np.exp(4 * RANDOM.standard_normal(400))):
        assert slips(Dataset.from_arrays(X, y)) is None
    assert slips(Dataset.from_arrays(X, X[:, 0] > 1.5, task="classification")) is None
