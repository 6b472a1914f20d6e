"""What a formula leaves unexplained, row by row."""

import numpy as np
import pytest
import sympy

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.report.inspection import residuals

A = sympy.Symbol("a", real=True)
SPLIT = ["train"] * 20 + ["validation"] * 3 + ["test"] * 4


def test_residuals_are_true_minus_predicted_and_say_which_rows_are_held_out() -> None:
    x = np.linspace(1, 2, 27)
    data = Dataset.from_arrays(x[:, None], x**2 + 0.5, names=["a"], split=SPLIT)
    found = residuals(Formula((A**2 + 0.2,), ("a",)), data, "a")
    assert found.residual == pytest.approx(np.full(24, 0.3))
    assert found.x.tolist() == [*x[:20], *x[23:]]
    assert found.held_out.tolist() == [False] * 20 + [True] * 4
    by_value = residuals(Formula((A**2 + 0.2,), ("a",)), data)
    assert by_value.x == pytest.approx(found.x**2 + 0.2)


def test_rows_where_a_formula_has_no_value_are_left_out() -> None:
    x = np.linspace(-1, 1.6, 27)
    data = Dataset.from_arrays(x[:, None], x, names=["a"], split=SPLIT)
    found = residuals(Formula((sympy.log(A),), ("a",)), data, "a")
    assert found.x.min() > 0
    assert found.held_out.sum() == 4


def test_residuals_against_something_else_are_refused() -> None:
    x = np.linspace(1, 2, 27)
    with pytest.raises(InputError, match=r"one of \['a'\], got 'b'"):
        residuals(Formula((A,), ("a",)), Dataset.from_arrays(x[:, None], x, names=["a"]), "b")
    labels = Dataset.from_arrays(x[:, None], ["low"] * 13 + ["high"] * 14, names=["a"])
    with pytest.raises(InputError, match="for regression"):
        residuals(Formula((A,), ("a",)), labels)
