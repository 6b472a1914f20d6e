"""Units are read, groups are found, and formulas that mix units up are not chosen."""

import math

import numpy as np
import pytest
import sympy

from workbench.errors import InputError
from workbench.formulas.dimensions import check_expressions
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.units import dimensionless_groups, parse, spelled
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.polish import polished

M, A, X, T = sympy.symbols("m a x t", real=True)
UNITS = {"m": "kg", "a": "m/s^2", "x": "km", "t": "h", "F": "N", "v": "km/h", "y": "m"}
NAMES = ("m", "a", "x", "t")


@pytest.mark.parametrize(
    ("text", "size", "spelling"),
    [
        ("kg*m/s^2", 1, "N"),
        ("km/h", 1 / 3.6, "0.277778 m/s"),
        ("J/(mol K)", 1, "kg*m^2/(s^2*K*mol)"),
        ("W/(m^2*K^4)", 1, "kg/(s^3*K^4)"),
        ("m²", 1, "m^2"),
        ("s⁻¹", 1, "1/s"),
        ("kg·m²/s²", 1, "J"),
        ("m^(1/2)", 1, "m^(1/2)"),
        ("m**-2", 1, "1/m^2"),
        ("m s-1", 1, "m/s"),
        ("W m-2 K-4", 1, "kg/(s^3*K^4)"),
        ("1e3 m2", 1000, "1000 m^2"),
        ("1", 1, "1"),
        ("", 1, "1"),
        ("mmol/L", 1, "mol/m^3"),
        ("10^3 kg", 1000, "1000 kg"),
        ("deg", math.pi / 180, "0.0174533"),
        ("min", 60, "60 s"),
        ("MeV", 1.602176634e-13, "1.60218e-13 J"),
    ],
)
def test_units_are_read_and_written(text: str, size: float, spelling: str) -> None:
    unit = parse(text)
    assert unit.size == pytest.approx(size, rel=1e-12)
    assert str(unit) == spelling


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<m>", "no unit '<m>'"),
        ("kgg", "did you mean 'kg'"),
        ("°C", "has an offset"),
        ("m/", "ends early"),
        ("m^", "exponent must be"),
        ("(m", "closing bracket"),
        ("m)", "too much"),
        ("*m", "misplaced"),
        ("-3 m", "above 0"),
        ("1e400 m", "finite"),
        ("mm^9999", "finite"),
        ("km^9999", "finite"),
        ("m^(1/0)", "finite"),
    ],
)
def test_what_is_no_unit_is_said(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(text)
    with pytest.raises(InputError, match="the unit of 'L'"):
        dimensionless_groups({"L": text})


def test_groups_are_those_of_buckingham() -> None:
    pendulum = dimensionless_groups({"T": "s", "L": "m", "g": "m/s^2", "m": "kg"}, "T")
    assert spelled(pendulum) == ["g*T^2/L"]
    drag = {"rho": "kg/m^3", "v": "m/s", "d": "m", "mu": "Pa s", "F": "N"}
    assert spelled(dimensionless_groups(drag, "F")) == ["rho*v*d/mu", "F/(rho*v^2*d^2)"]
    assert dimensionless_groups({"a": "m", "b": "s"}) == ()
    assert dimensionless_groups({}) == ()


@pytest.mark.parametrize("target", [None, "F", "a"])
def test_a_group_without_the_target_begins_with_its_first_column(target: str | None) -> None:
    speed = {"v": "m/s", "d": "m", "t": "s"}
    assert spelled(dimensionless_groups(speed, target)) == ["v*t/d"]
    assert spelled(dimensionless_groups(dict(reversed(speed.items())), target)) == ["t*v/d"]


@pytest.mark.parametrize(
    ("expression", "target", "constants"),
    [
        (M * A, "F", ()),
        (0.5 * M * A, "F", ("1",)),
        (X / T, "v", ()),
        (1.2 * X, "y", ("m/km",)),
        (0.3 * sympy.exp(-0.4 * T) + 1.5, "F", ("N", "N", "1/h")),
        (1.5 * sympy.sqrt(X) + 0.2 * T, "F", ("N/km^(1/2)", "N/h")),
        (2.5 * sympy.log(X) + 0.3, "F", ("N", "N")),  # the unit of x goes into the summand
        (sympy.Abs(X) / T + 0.1, "v", ("km/h",)),
        (sympy.sin(0.3 * X), None, ("1/km",)),
        (sympy.sign(X) * 2.0, "F", ("N",)),
    ],
)
def test_constants_carry_what_is_needed(expression, target, constants) -> None:
    found = check_expressions([expression], NAMES, UNITS, target)
    assert found.problems == ()
    assert sorted(found.constants) == sorted(constants)


@pytest.mark.parametrize(
    ("expression", "target", "says"),
    [
        (M + A, "F", "the sum a + m adds unlike quantities"),
        (X, "y", "does not have the unit of 'y': a factor of 1000 is left"),
        (sympy.sin(X), None, "sin needs a pure number, and x is none"),
        (2.5 * sympy.log(X), "F", "log needs a pure number"),
        (M**X, None, "a pure base"),
        (sympy.Max(M, A), None, "compares unlike"),
        (sympy.Piecewise((M, X < T), (2 * M, True)), None, "the condition"),
        (M * A**2, "F", "does not have the unit of 'F'"),
        (M, None, "a logit must be pure"),
    ],
)
def test_what_does_not_fit_is_said(expression, target, says) -> None:
    found = check_expressions([expression], NAMES, UNITS, target)
    assert any(says in problem for problem in found.problems), found


def test_columns_without_a_unit_may_have_any() -> None:
    assert check_expressions([M * A], NAMES, {"m": "kg", "F": "N"}, "F").problems == ()
    assert check_expressions([M + A], NAMES, {"m": "kg"}, "F").problems == ()
    assert check_expressions([A * A], NAMES, {"F": "N"}, "F").problems == ()
    assert check_expressions([M + sympy.exp(M)], NAMES, {"m": "kg"}, "F").problems


def formula(expression: sympy.Expr, loss: float) -> Formula:
    scores = {"validation_loss": loss, "validation_rows": 100}
    return Formula((expression,), NAMES, target="F", units=UNITS, scores=scores)


def test_formulas_that_mix_units_up_are_marked_and_not_chosen() -> None:
    found = FormulaSet([formula(M + A, 0.1), formula(0.9 * M * A, 0.11)])
    assert found.best.expression == 0.9 * M * A
    assert set(found.frame()["units"]) == {"right", "wrong"}
    assert found.select("accurate").best.expression == 0.9 * M * A
    assert found.select(0).best is found[0]  # a person may still pick it
    wrong = FormulaSet([formula(M + A, 0.1)])
    assert wrong.best.expression == M + A  # there is no other
    assert "adds unlike quantities" in wrong.best._repr_html_()


def falling(seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    x = random.uniform(0.5, 2.0, (500, 2))
    y = 5.0 * x[:, 0] ** 2 * x[:, 1] + 0.01 * random.standard_normal(500)
    return Dataset.from_arrays(
        x, y, names=["t", "n"], target="d", units={"t": "s", "n": "1", "d": "m"}
    )


def test_a_number_with_a_unit_is_never_made_nicer() -> None:
    t, n = sympy.symbols("t n", real=True)
    formulas = polished([(4.0 * t**2 * n,)], falling(), floor=math.inf)
    assert all(c.snapped is None for f in formulas for c in f.constants)
    (constant,) = formulas.best.constants
    assert constant.unit == "m/s^2"
    assert "m/s^2" in formulas.best._repr_html_()
    plain = Dataset.from_arrays(falling().inputs, falling().targets[:, 0], names=["t", "n"])
    assert any(f.expression == 5 * t**2 * n for f in polished([(4.0 * t**2 * n,)], plain, floor=1))


def test_units_that_cannot_be_read_stop_a_discovery_before_it_begins() -> None:
    data = Dataset.from_arrays(falling().inputs, falling().targets[:, 0], units={"x1": "furlongs"})
    with pytest.raises(InputError, match="the unit of 'x1': there is no unit 'furlongs'"):
        discover(data)
