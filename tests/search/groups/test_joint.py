"""Constants fitted to several groups at once agree with what general least squares says."""

import numpy as np
import pytest
import sympy
from scipy.optimize import least_squares

from workbench.formulas.parametric import parametrize
from workbench.search.groups.joint import Joint, Panel, fitted
from workbench.search.groups.parametric import GroupedParametric

X = sympy.Symbol("x", real=True)
FORM = parametrize((sympy.Float(2.0) * sympy.exp(sympy.Float(-0.5) * X) + sympy.Float(1.0),), ["x"])
SHARED_OFFSET = np.array([symbol.name != "_c0" for symbol in FORM.constants])


def panel(noise: float = 0.01) -> Panel:
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), (5, 9, 7, 6))
    x = random.uniform(0, 6, (len(codes), 1))
    size, rate = np.array([2.0, 3, 4, 1.5]), np.array([0.4, 0.8, 0.6, 0.3])
    y = 1.5 + size[codes] * np.exp(-rate[codes] * x[:, 0])
    order = random.permutation(len(codes))
    y = y + noise * random.standard_normal(len(y))
    return Panel.of(x[order], y[order], np.ones(len(y)), codes[order])


def start(rows: Panel) -> np.ndarray:
    return np.tile(FORM.values, (rows.groups, 1))


def test_constants_that_are_shared_are_the_same_in_all_groups() -> None:
    rows = panel(0.0)
    found = fitted(FORM, rows, start(rows), SHARED_OFFSET)
    assert np.ptp(found.table[:, ~SHARED_OFFSET]) == 0
    assert found.loss < 1e-20
    assert found.count == 9


def test_it_is_the_least_that_general_least_squares_finds() -> None:
    rows = panel()
    found = fitted(FORM, rows, start(rows), SHARED_OFFSET)
    grouped = GroupedParametric.of(found)
    table = np.column_stack((rows.x, rows.codes))

    def residuals(values: np.ndarray) -> np.ndarray:
        return (grouped.outputs(table, values)[:, 0] - rows.y) * rows.root

    best = least_squares(residuals, grouped.values, method="lm")
    assert found.loss == pytest.approx(2 * best.cost, rel=1e-8)


def test_slopes_of_a_grouped_form_are_its_derivatives() -> None:
    rows = panel()
    grouped = GroupedParametric.of(fitted(FORM, rows, start(rows), SHARED_OFFSET))
    table, values = np.column_stack((rows.x, rows.codes)), np.array(grouped.values)
    found = grouped.jacobian(table, values)[:, 0]
    for place in range(len(values)):
        step = np.zeros(len(values))
        step[place] = 1e-6
        change = grouped.outputs(table, values + step) - grouped.outputs(table, values - step)
        np.testing.assert_allclose(found[:, place], change[:, 0] / 2e-6, atol=1e-8)


def test_groups_that_share_nothing_are_fitted_one_by_one() -> None:
    rows = panel()
    every = np.ones(3, dtype=bool)
    together = fitted(FORM, rows, start(rows), every)
    for code in range(rows.groups):
        alone = rows.group(code)
        own = fitted(FORM, alone, start(alone), every)
        assert together.losses[code] == pytest.approx(own.loss, rel=1e-6)


def test_where_constants_go_when_they_are_tied_is_right_to_second_order() -> None:
    rows = panel(1e-5)
    whole = fitted(FORM, rows, start(rows), np.ones(3, dtype=bool))
    table, loss = whole.tied(SHARED_OFFSET)
    real = fitted(FORM, rows, table, SHARED_OFFSET)
    assert loss == pytest.approx(real.loss, rel=1e-3)
    assert isinstance(real, Joint)


def test_an_exact_number_in_place_of_a_shared_constant_leaves_the_letters() -> None:
    rows = panel()
    grouped = GroupedParametric.of(fitted(FORM, rows, start(rows), SHARED_OFFSET))
    exact = grouped.exactly(grouped.constants[0], sympy.Integer(1))
    assert exact.letters == grouped.letters
    assert len(exact.values) == len(grouped.values) - 1 == len(exact.constants)
    assert exact.exact[-1].number == 1
    assert exact.outputs(np.array([[0.0, 2.0]])).item() == pytest.approx(
        1 + exact.values[exact.groups * 0 + 2], rel=1e-9
    )
