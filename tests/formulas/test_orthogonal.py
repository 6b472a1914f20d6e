"""Constants where inputs have errors, too, against textbook results."""

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy.stats import norm

from workbench.errors import InputError
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula

X, Z = sympy.symbols("x z", real=True)
# Pearson's points with York's weights: York (1966) and Reed (1989) give b = -0.4805, a = 5.4799.
PEARSON = pd.DataFrame(
    {
        "x": [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4],
        "y": [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5],
        "dx": np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1]) ** -0.5,
        "dy": np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]) ** -0.5,
    }
)


def line() -> Formula:
    slope, start = sympy.Float(-0.5), sympy.Float(5.0)
    return Formula(
        (slope * X + start,),
        ("x",),
        constants=(Constant(-0.5), Constant(5.0)),
        domain={"x": (0, 8)},
    )


def test_pearsons_points_with_yorks_weights() -> None:
    found = line().fitted_with_errors(PEARSON, "dy", {"x": "dx"})
    slope, start = (c.value for c in sorted(found.constants, key=lambda c: c.value))
    assert slope == pytest.approx(-0.480533407, abs=1e-8)
    assert start == pytest.approx(5.479910224, abs=1e-7)
    assert found.scores["chi2_per_degree"] == pytest.approx(11.866353 / 8, rel=1e-6)
    assert found.predict(pd.DataFrame({"x": [1.0]}))[0] == pytest.approx(slope + start)
    for constant in found.constants:  # stated errors are known, so 95 % lie within normal quantiles
        half = norm.ppf(0.975) * constant.sigma
        assert constant.interval == pytest.approx((constant.value - half, constant.value + half))


def test_inputs_without_errors_leave_weighted_least_squares() -> None:
    found = line().fitted_with_errors(PEARSON, "dy", {"x": 0.0})
    slope, start = np.polyfit(PEARSON["x"], PEARSON["y"], 1, w=1 / PEARSON["dy"])
    values = sorted(c.value for c in found.constants)
    assert values == pytest.approx(sorted([slope, start]), rel=1e-9)


def test_a_curve_is_not_flattened_by_noise_in_its_input() -> None:
    random, inside = np.random.default_rng(0), 0
    law = Formula(
        (sympy.Float(2.0) * sympy.exp(sympy.Float(-1.0) * X),),
        ("x", "z"),
        constants=(Constant(2.0), Constant(-1.0)),
    )
    for _ in range(40):
        x = np.linspace(0, 3, 60)
        rows = pd.DataFrame({"x": x + 0.1 * random.standard_normal(60)})
        rows["y"] = 3 * np.exp(-1.2 * x) + 0.02 * random.standard_normal(60)
        found = law.fitted_with_errors(rows, 0.02, {"x": 0.1})
        rate = min(found.constants, key=lambda c: c.value)
        assert rate.interval is not None
        inside += rate.interval[0] <= -1.2 <= rate.interval[1]
        assert found.predict_interval(np.array([[1.0, 0.0]])).shape == (1, 2)
    assert inside >= 34


BAD = {
    "no such input": (("dy", {"z": 0.1}), r"errors are of inputs of the formula, \['x'\]"),
    "none": (("dy", {}), "errors are of inputs of the formula"),
    "no such column": (("err", {"x": "dx"}), "errors of the target 'y' must be a column.*'err'"),
    "text": (("dy", {"x": [1, "a"]}), "must be a number, one for each row, or a column"),
    "zero": ((0.0, {"x": "dx"}), "standard errors must be above 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_refused_in_a_sentence(case: str) -> None:
    (sigma, inputs), message = BAD[case]
    with pytest.raises(InputError, match=message):
        line().fitted_with_errors(PEARSON, sigma, inputs)


def test_too_few_rows_and_no_constants_are_refused() -> None:
    with pytest.raises(InputError, match="2 constants need more complete rows"):
        line().fitted_with_errors(PEARSON[:2], "dy", {"x": "dx"})
    with pytest.raises(InputError, match="no constants to be fitted"):
        Formula((X,), ("x",)).fitted_with_errors(PEARSON, "dy", {"x": "dx"})
    with pytest.raises(InputError, match=r"\['y'\] lack"):
        line().fitted_with_errors(PEARSON[["x", "dx"]], 0.1, {"x": "dx"})
