"""Stated errors of the target: weights, intervals and χ², as SciPy's curve_fit has them."""

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy.optimize import curve_fit

from workbench.errors import InputError
from workbench.evidence.fitting import chi2_scores, refit
from workbench.evidence.sample import Sample
from workbench.formulas.card import against_errors, remarks
from workbench.formulas.formula import Formula
from workbench.formulas.parametric import parametrize
from workbench.kan.data import Dataset
from workbench.search.polish import polished
from workbench.search.scaling import Scaling

X = sympy.Symbol("x", real=True)


def law(scale: float = 1.0) -> sympy.Expr:
    return sympy.Float(scale) * sympy.exp(sympy.Float(-0.5) * X) + sympy.Float(0.3 * scale)


def table(scale: float = 1.0, rows: int = 80, stated: float = 1.0) -> pd.DataFrame:
    random = np.random.default_rng(0)
    x = random.uniform(0, 8, rows)
    error = 0.01 + 0.03 * random.uniform(size=rows)
    y = scale * (2 * np.exp(-0.6 * x) + 0.5 + error * random.standard_normal(rows))
    return pd.DataFrame({"x": x, "y": y, "y_err": scale * error * stated})


def formula(frame: pd.DataFrame) -> Formula:
    """With its constants as fitted."""
    found = polished([(law(),)], Dataset.from_frame(frame, "y", sigma="y_err"))
    return max(found, key=lambda f: sum(c.sigma is not None for c in f.constants))


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e9])
def test_intervals_are_those_of_absolute_errors(scale: float) -> None:
    data = Dataset.from_frame(table(scale), "y", sigma="y_err")
    assert data.names == ("x",)
    rows = data.train.numpy()
    sample = Sample.of(data)
    found = refit(parametrize((law(scale),), data.names), sample)
    assert data.sigma is not None

    def values(x: np.ndarray, *c: float) -> np.ndarray:
        return found.parametric.outputs(x[:, None], c)[:, 0]

    x, y = data.inputs.numpy()[rows, 0], data.targets.numpy()[rows, 0]
    best, covariance = curve_fit(
        values, x, y, found.parametric.values, data.sigma.numpy()[rows], absolute_sigma=True
    )
    assert found.parametric.values == pytest.approx(best, rel=1e-5)
    assert found.sigma == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)
    chi2 = np.square((y - values(x, *best)) / data.sigma.numpy()[rows]).sum()
    assert chi2_scores(found, sample)["chi2_per_degree"] == pytest.approx(chi2 / (len(x) - 3))


def test_they_do_not_follow_the_scatter_but_tell_of_it() -> None:
    right, small, large = (formula(table(stated=s)) for s in (1.0, 0.2, 5.0))
    (sigma,), (less,) = ([c.sigma for c in f.constants][:1] for f in (right, small))
    assert sigma is not None
    assert less == pytest.approx(0.2 * sigma, rel=0.02)
    assert 0.6 < (right.scores["chi2_per_degree"] or 0) < 1.5
    assert "which explain the scatter" in against_errors(right)[0]
    assert any("do not explain the scatter" in remark for remark in remarks(small))
    assert "scatter less than these say" in against_errors(large)[0]


def test_weights_of_a_column_leave_intervals_to_the_scatter() -> None:
    frame = table()
    frame["w"] = frame["y_err"] ** -2
    plain = frame.drop(columns="y_err")
    by_name = Dataset.from_frame(plain, "y", weights="w")
    by_hand = Dataset.from_frame(plain.drop(columns="w"), "y", weights=frame["w"].to_numpy())
    stated = Dataset.from_frame(frame.drop(columns="w"), "y", sigma="y_err")
    assert by_name.names == ("x",)
    assert by_name.sigma is None
    for other in (by_hand, stated):
        assert by_name.weights is not None
        assert other.weights is not None
        assert by_name.weights.numpy() == pytest.approx(other.weights.numpy())


def test_they_are_scaled_with_the_target() -> None:
    data = Dataset.from_frame(table(1e-12), "y", sigma="y_err")
    scaled = Scaling.of(data).scaled
    assert data.sigma is not None
    assert scaled.sigma is not None
    ratio = (scaled.targets[:, 0] / data.targets[:, 0]).numpy()
    assert (scaled.sigma / data.sigma).numpy() == pytest.approx(ratio)


def test_rows_without_one_are_left_out() -> None:
    frame = table()
    frame.loc[[1, 2], "y_err"] = np.nan
    data = Dataset.from_frame(frame, "y", sigma="y_err")
    assert len(data.inputs) == 78
    assert "2 of 80 rows were dropped" in data.notes[-1]
    assert "'standard error' 2" in data.notes[-1]


BAD = {
    "nothing": ({"sigma": "err"}, "column of standard errors must be a column.*'y_err'"),
    "text": (
        {"sigma": "name"},
        "standard errors must be numbers, but the column 'name' holds none",
    ),
    "the target": ({"sigma": "y"}, "is no input and no target"),
    "an input": ({"sigma": "y_err", "inputs": ["x", "y_err"]}, "is no input and no target"),
    "zero": ({"sigma": np.zeros(80)}, "finite and above 0, but row 1 says 0"),
    "too few": ({"sigma": np.ones(3)}, "for each of 80 rows, got 3"),
    "two": ({"sigma": "y_err", "weights": "x"}, "give one of them"),
    "classes": (
        {"sigma": "y_err", "task": "classification"},
        "standard errors are of numbers|labels",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_refused_in_a_sentence(case: str) -> None:
    options, message = BAD[case]
    with pytest.raises(InputError, match=message):
        Dataset.from_frame(table().assign(name="a"), "y", **options)
