"""Sums and products of functions of single columns, by curves that are fitted together."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy

from workbench.network.compiler import evaluate
from workbench.search.structure.finish import checked
from workbench.search.structure.links import LINKS
from workbench.search.structure.problem import Problem
from workbench.search.structure.separable import curve_design, separable

NAMES = ("a", "b", "c")
SYMBOLS = sympy.symbols(NAMES, real=True)


def test_curves_are_cubic_splines() -> None:
    x = np.random.default_rng(0).uniform(-2, 3, 200)
    design = curve_design(x, 5)
    assert design.shape == (200, 8)
    assert design.sum(1) == pytest.approx(np.ones(200))
    cubic = x**3 - 2 * x + 1
    numbers = np.linalg.lstsq(design, cubic, rcond=None)[0]
    assert design @ numbers == pytest.approx(cubic, abs=1e-6)


@pytest.mark.parametrize("kind", ["sum", "product"])
def test_functions_of_single_columns_are_told(kind: str) -> None:
    x = np.random.default_rng(0).uniform(0.3, 2, (300, 3))
    parts = np.stack((np.sin(3 * x[:, 0]), np.exp(x[:, 1]), x[:, 2] ** 2), 1)
    y = parts.sum(1) if kind == "sum" else parts.prod(1)
    problem = Problem(x, SYMBOLS, y, np.ones(300), float(y.std()), np.ones(300))
    (best,) = (g for g in separable([(LINKS[0], problem)]) if g.link == f"y, a {kind} of curves")
    values = evaluate(best.expression, NAMES, x)
    assert np.abs(values - y).max() < 1e-3 * y.std()


@pytest.mark.parametrize("seed", [3, 4])
def test_factors_that_change_their_sign_are_told(seed: int) -> None:
    """Alternating steps may end at curves that are no factors; others then have to be begun with."""
    x = np.random.default_rng(seed).uniform(0, 2, (300, 3))
    y = np.sin(5 * x[:, 0]) * np.sin(5 * x[:, 1]) * np.cos(4 * x[:, 2])
    problem = Problem(x, SYMBOLS, y, np.ones(300), float(y.std()), np.ones(300))
    (best,) = (g for g in separable([(LINKS[0], problem)]) if g.link == "y, a product of curves")
    assert np.abs(evaluate(best.expression, NAMES, x) - y).max() < 1e-2 * y.std()


@pytest.mark.parametrize(
    ("law", "low"), [(lambda x: np.sin(3 * x**2), -1.0), (lambda x: np.exp(-2 / x), 0.2)]
)
def test_curves_may_be_functions_of_a_power_of_their_column(
    law: Callable[[np.ndarray], np.ndarray], low: float
) -> None:
    """Neither sin(a x²) nor exp(a/x) is c·f(a·x + b) + d."""
    x = np.random.default_rng(0).uniform(low, low + 2, (300, 2))
    y = law(x[:, 0]) * np.cos(2 * x[:, 1])
    problem = Problem(x, SYMBOLS[:2], y, np.ones(300), float(y.std()), np.ones(300))
    (best,) = (g for g in separable([(LINKS[0], problem)]) if g.link == "y, a product of curves")
    assert checked(best, problem).error < 1e-9


def test_curves_of_many_waves_are_told_where_rows_pay_for_them() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (600, 2))
    y = np.sin(np.pi * x[:, 0]) * np.sin(4 * np.pi * x[:, 1])
    problem = Problem(x, SYMBOLS[:2], y, np.ones(600), float(y.std()), np.ones(600))
    (best,) = (g for g in separable([(LINKS[0], problem)]) if g.link == "y, a product of curves")
    assert np.abs(evaluate(best.expression, NAMES[:2], x) - y).max() < 0.02 * y.std()
