"""Columns far from zero are counted from a round number near them, inside the search and in print."""

import numpy as np
import pytest
import sympy
import torch

from workbench.formulas.dimensions import check_expressions
from workbench.formulas.formula import Formula
from workbench.formulas.rebuilding import replaced
from workbench.formulas.srepr import parse_srepr
from workbench.formulas.typesetting import rounded
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.automatic import discover
from workbench.search.centring import Centring
from workbench.search.polish import polished
from workbench.search.symbolic import symbolify

T, X = sympy.symbols("t x", real=True)


def table(start: float = 2451545.0, days: float = 10.0) -> Dataset:
    random = np.random.default_rng(0)
    t, x = start + random.uniform(0, days, 200), random.uniform(-1, 1, 200)
    y = 3 + 2 * np.sin(2 * np.pi * t + 0.7) + 0.01 * random.standard_normal(200)
    return Dataset.from_arrays(np.stack((t, x), 1), y, names=["t", "x"])


@pytest.mark.parametrize(
    ("low", "high"), [(2451545, 2451555), (1960, 2021), (1e9, 1.1e9 - 6e7), (-500, -490)]
)
def test_the_origin_is_round_and_within_reach(low: float, high: float) -> None:
    t = np.linspace(low, high, 40)
    data = Dataset.from_arrays(np.stack((t, t % 7), 1), t % 3, names=["t", "x"])
    around = Centring.of(data)
    assert set(around.origins) == {"t"}
    origin = float(around.origins["t"])
    assert abs(origin - np.median(t)) <= high - low
    assert (
        len(str(around.origins["t"]).strip("-0").rstrip("0")) <= len(str(int(origin))) - 1
        or origin < 3e6
    )
    assert float(around.centred.inputs[:, 0].abs().max()) <= 2 * (high - low)
    assert torch.equal(around.centred.inputs[:, 1], data.inputs[:, 1])


@pytest.mark.parametrize(("low", "high"), [(0, 1), (300, 400), (-5, 3), (1, 1000)])
def test_columns_near_zero_stay(low: float, high: float) -> None:
    t = np.linspace(low, high, 40)
    assert not Centring.of(Dataset.from_arrays(t[:, None], np.cos(t))).origins


def test_a_network_and_a_formula_are_the_same_functions_of_the_table_itself() -> None:
    around = Centring.of(table())
    model = KAN((2, 2, 1), seed=1)
    model.layer(0).fixed[0, 0] = "sin"
    moved = around.network(model)
    with torch.no_grad():
        expected = model(around.centred.inputs)
        torch.testing.assert_close(moved(around.data.inputs), expected, rtol=1e-7, atol=1e-7)
        back = around.centred_network(moved)
        torch.testing.assert_close(back(around.centred.inputs), expected, rtol=1e-7, atol=1e-7)
    law = Formula((2.5 * T + sympy.sin(6.3 * T + 0.2),), ("t", "x"), domain={"t": (0.0, 9.0)})
    whole = around.formula(law)
    np.testing.assert_allclose(whole(around.data.inputs), law(around.centred.inputs), atol=1e-7)
    assert whole.domain["t"][0] == float(around.origins["t"])


def test_a_number_times_a_centred_column_is_not_multiplied_out_again() -> None:
    law = replaced(sympy.sin(6.2832 * T + 0.25), {T: T - 2451545})
    for form in (law, parse_srepr(sympy.srepr(law)), rounded(law, 5), replaced(law, {T: X})):
        assert "245154" in str(form)
        assert "*(" in str(form)
        numbers = sorted(float(n) for n in form.atoms(sympy.Float))
        assert numbers == pytest.approx([0.25, 6.2832], rel=1e-5)
    assert replaced(2.0 * (X + 1), {X: T}) == 2.0 * T + 2.0


def test_an_origin_has_the_unit_of_its_column() -> None:
    law = 2.5 * sympy.Symbol("x", real=True) + 0.5
    centred = replaced(law, {X: X - 1990})
    assert check_expressions([centred], ["x"], {"x": "s", "y": "m"}, "y").problems == ()


def test_a_sine_of_julian_days_has_the_true_frequency_and_a_phase() -> None:
    around = Centring.of(table())
    found = polished([(2.9 + 1.9 * sympy.sin(6.2831 * T + 0.6),)], around.centred, floor=0.01)
    formula = around.formulas(found).best
    assert formula.scores["test_loss"] < 0.02
    rates = [abs(float(m.args[0])) for m in formula.expression.atoms(sympy.Mul) if m.has(T)]
    assert (
        any("2*pi" in str(e) for e in formula.expressions)
        or min(abs(r - 2 * np.pi) for r in rates) < 1e-2
    )
    np.testing.assert_allclose(
        formula(around.data.inputs), formula(around.data.inputs.numpy()), atol=0
    )


def test_symbols_of_a_far_column_are_those_of_the_centred_one() -> None:
    random = np.random.default_rng(0)
    t = 1960 + random.uniform(0, 60, 200)
    data = Dataset.from_arrays(t[:, None], (t - 1980) ** 2, names=["t"])
    around = Centring.of(data)
    model = KAN((1, 1), seed=0)
    model.layer(0).fixed[0, 0] = "square"
    with torch.no_grad():
        model.layer(0).affine[0, 0] = torch.tensor([0.9, 1.0, 1.0, 0.0])
    formula = symbolify(around.network(model), data).best
    assert formula.scores["test_loss"] < 1e-6
    assert formula.domain["t"][0] > 1959


def test_a_discovery_from_far_away_speaks_of_the_table_itself() -> None:
    data = table(days=3.0)
    asked = []

    def soon(what: str, share: float) -> bool:
        asked.append(what)
        return len(asked) > 3

    found = discover(data, effort="quick", widths=((2, 1),), grids=(3,), report=soon)
    assert found.data is data
    low, high = found.network.layer(0).grid_range[0].tolist()
    assert low < 2451546 < 2451547 < high
    around = Centring.of(data)
    for formula in found.formulas:
        values = formula(data.inputs)
        assert np.isfinite(values).all()
        ends = formula.domain["t"]
        assert 2451545 <= ends[0] < ends[1] <= 2451548
    x = data.split("test")[0]
    loss = float((found.formula(x) - data.split("test")[1][:, 0].numpy()).std())
    assert loss == pytest.approx(found.formula.scores["test_loss"], rel=0.2)
    assert any("2451" in str(f) for f in found.formulas if "t" in f.used)
    assert around.without_note(["y may be t" + around.note]) == ("y may be t",)
