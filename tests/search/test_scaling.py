"""Columns and targets of any size are searched in powers of ten, and come back in their own units."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import sympy
import torch

from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.automatic import discover
from workbench.search.polish import polished
from workbench.search.scaling import Scaling
from workbench.search.symbolic import symbolify

A, B = sympy.symbols("a b", real=True)
Law = Callable[[np.ndarray, np.ndarray], np.ndarray]


def table(law: Law, sizes: tuple[float, float, float], noise: float = 0.0) -> Dataset:
    """120 rows of y = law(a, b) with a and b from 0.5 to 2, in units of these sizes."""
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 2, (120, 2))
    y = law(*x.T) + noise * random.standard_normal(120)
    return Dataset.from_arrays(x * sizes[:2], y * sizes[2], names=["a", "b"])


@pytest.mark.parametrize("size", [1e-300, 1e-34, 1e-7, 1e7, 1e19, 1e200, 1e300])
def test_units_are_powers_of_a_million_near_the_typical_size(size: float) -> None:
    scaling = Scaling.of(table(lambda a, b: a * b, (size, 1.0, 1 / size)))
    assert set(scaling.exponents) == {"a", "y"}
    assert all(power % 6 == 0 for power in scaling.exponents.values())
    for values in (scaling.scaled.inputs[:, 0], scaling.scaled.targets):
        assert 1e-4 < float(values.abs().median()) < 1e4
    assert not Scaling.of(scaling.scaled).exponents


@pytest.mark.parametrize("size", [1e3, 1e9])
def test_a_factor_of_all_terms_stands_before_them(size: float) -> None:
    scaling = Scaling.of(table(lambda a, b: (a + b) / (a * b + 1), (1.0, 1.0, size)))
    found = polished([(900.0 * (A + B) / (A * B + 1),)], scaling.scaled)
    shown = {str(f).replace("1.0e+9", "1000000000") for f in scaling.formulas(found)}
    assert f"y = {int(size)}*(a + b)/(a*b + 1)" in shown


@pytest.mark.parametrize("size", [1e-5, 1.0, 1e5])
def test_columns_of_ordinary_size_stay(size: float) -> None:
    assert not Scaling.of(table(lambda a, b: a * b, (size, 1.0, size))).exponents


def test_class_numbers_have_no_unit_and_zeros_no_say() -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
    classes = Dataset.from_arrays(x * (1e200, 1), np.where(x[:, 0] > x[:, 1], "p", "q"))
    assert set(Scaling.of(classes).exponents) == {"x1"}
    sparse = np.where(np.arange(60) % 4 == 0, 1e-12 * x[:, 0], 0.0)
    assert Scaling.of(Dataset.from_arrays(x, sparse)).exponents == {"y": -12}


@pytest.mark.parametrize(
    ("law", "scaled"),
    [
        (lambda a, b: 3 * a * b, 2.5 * A * B + 0.5),
        (lambda a, b: a, sympy.exp(-0.3 * A) * B + 1.25 * B),
        (lambda a, b: b, sympy.sqrt(A / (B + 0.7)) * 1.5),
        (lambda a, b: b, sympy.log(0.3 * A) + sympy.Rational(3, 4) * B),
    ],
)
def test_a_formula_and_its_constants_come_back_in_the_units_of_the_table(
    law: Law, scaled: sympy.Expr
) -> None:
    data = table(law, (1e200, 1e-50, 1e150))
    scaling = Scaling.of(data)
    numbers = sorted(float(n) for n in scaled.atoms(sympy.Float))
    found = Formula(
        (scaled,),
        ("a", "b"),
        constants=tuple(Constant(n, abs(n) / 8, interval=(n - 1, n + 1)) for n in numbers),
        domain={"a": (1.0, 2.0), "b": (0.5, 3.0)},
        scores={"test_loss": 0.5, "test_r2": 0.9},
    )
    whole = scaling.formula(found)
    expected = found(scaling.scaled.inputs) * 1e150
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(whole(data.inputs), expected, rtol=1e-12)
    assert whole.domain["a"] == (10.0 ** scaling.exponents["a"], 2e198)
    assert whole.scores == {"test_loss": 0.5e150, "test_r2": 0.9}
    present = {abs(float(n)) for n in whole.expression.atoms(sympy.Float)}
    for constant in whole.constants:
        assert abs(constant.value) in present
        assert constant.sigma == pytest.approx(abs(constant.value) / 8, rel=1e-12)


def test_a_snapped_number_stays_exact() -> None:
    data = table(lambda a, b: 3 * a * b, (1e198, 1e-48, 1e102))
    scaling = Scaling.of(data)
    found = polished([(2.9 * A * B,)], scaling.scaled)
    formula = scaling.formulas(found).best
    assert formula.expression == sympy.Float(3e-48) * A * B
    assert [(c.value, c.snapped) for c in formula.constants] == [(3e-48, "3e-48")]
    assert formula.scores["test_r2"] == 1.0


def test_formulas_that_no_float_holds_are_left_out_and_rivals_are_told_in_the_same_units() -> None:
    data = table(lambda a, b: a**2, (1e200, 1.0, 1.0))
    scaling = Scaling.of(data)
    names, power = ("a", "b"), 10.0 ** (200 - scaling.exponents["a"])
    square = Formula((A**2 / power**2,), names, scores={"validation_loss": 0.0})
    line = Formula((2.0 * A / power,), names, scores={"validation_loss": 0.5})
    plane = Formula((2.0 * A / power + B,), names, scores={"validation_loss": 0.6})
    line = Formula(line.expressions, names, scores=line.scores, rivals=(str(plane), str(square)))
    left = scaling.formulas(FormulaSet([square, line, plane]))
    assert [f.used for f in left] == [("a",), ("a", "b")]
    assert left[0].rivals == (str(left[1]),)
    assert "e-200" in str(left[0])


def test_a_network_is_the_same_function_of_the_table_itself() -> None:
    data = table(lambda a, b: a * b, (1e200, 1e-50, 1e150))
    scaling = Scaling.of(data)
    model = KAN((2, 2, 1), seed=1)
    model.layer(0).fixed[0, 0] = "sin"
    whole = scaling.network(model)
    with torch.no_grad():
        expected = model(scaling.scaled.inputs)
        torch.testing.assert_close(whole(data.inputs) / 1e150, expected, rtol=1e-9, atol=1e-9)
        back = scaling.scaled_network(whole)
        torch.testing.assert_close(back(scaling.scaled.inputs), expected, rtol=1e-9, atol=1e-9)


def test_symbols_of_a_huge_column_are_those_of_the_scaled_one() -> None:
    data = table(lambda a, b: np.exp(-a), (1e200, 1.0, 1e-200))
    scaling = Scaling.of(data)
    model = KAN((2, 1), seed=0)
    layer = model.layer(0)
    layer.fixed[0, 0], layer.fixed[0, 1] = "exp", "linear"
    unit, size = 10.0 ** (scaling.exponents["a"] - 200), 10.0 ** (-200 - scaling.exponents["y"])
    with torch.no_grad():
        layer.affine[0, 0] = torch.tensor([-0.9 * unit, 0.0, 1.1 * size, 0.0])
        layer.affine[0, 1] = torch.tensor([0.0, 0.0, 0.0, 0.0])
    found = symbolify(scaling.network(model), data, floor=1e-203)
    assert found.best.scores["test_r2"] == pytest.approx(1)
    assert found.best.domain["a"][0] > 1e199


@pytest.mark.parametrize(
    ("law", "sizes", "expected"),
    [
        (lambda a, b: 3 * a * b, (1e200, 1e-50, 1e150), 3.0 * A * B),
        (lambda a, b: 3 * a * b, (1e200, 1.0, 1e150), sympy.Float(3e-50) * A * B),
        (lambda a, b: a / b, (1.0, 1.0, 1e-200), sympy.Float(1e-200) * A / B),
    ],
)
def test_a_law_of_any_size_ends_a_discovery_exactly(
    law: Law, sizes: tuple[float, float, float], expected: sympy.Expr
) -> None:
    data = table(law, sizes)
    found = discover(data, effort="quick", hidden=())
    assert found.data is data
    assert found.shapes == ()
    assert float(sympy.nsimplify(found.formula.expression / expected)) == pytest.approx(1)
    assert found.formula.scores["test_r2"] == pytest.approx(1)
    assert all(s.sentence.endswith(")") for s in found.suggestions)


def test_noise_of_any_size_has_figures_in_its_own_units() -> None:
    random = np.random.default_rng(0)
    data = Dataset.from_arrays(
        random.uniform(size=(60, 2)), 1e-200 * random.standard_normal(60), names=["a", "b"]
    )
    found = discover(
        data, effort="quick", structure=False, ratio=False, widths=((2, 1),), grids=(3,)
    )
    spread = 1e-200 * float((data.targets / 1e-200).std())
    assert 0.3 * spread < found.fit.validation_loss < 3 * spread
    assert 0.3 * spread < (found.formula.scores["test_loss"] or 0.0) < 3 * spread
    assert found.baselines
    for peer in found.baselines:
        assert peer.rmse is not None
        assert 0.3 * spread < peer.rmse < 10 * spread
        assert math.isfinite(peer.r2 or math.nan)
    for shape in found.shapes:
        assert 0.1 * spread < shape.loss < 10 * spread
        assert all(r.train_loss < 10 * spread for r in shape.fit.history)
