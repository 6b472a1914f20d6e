"""Which constants differ, and which forms are tried."""

import math

import numpy as np
import pytest
import sympy

from workbench.search.groups.bank import bank, candidate, merged, tables
from workbench.search.groups.candidates import plain
from workbench.search.groups.choice import apart, chosen, least_score, score
from workbench.search.groups.joint import Panel

X, Z = sympy.symbols("x z", real=True)


def panel(
    offsets: tuple[float, ...], rates: tuple[float, ...], noise: float, rows: int = 9
) -> Panel:
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(rates)), rows)
    x = random.uniform(0, 5, (len(codes), 1))
    y = np.array(offsets)[codes] + 3 * np.exp(-np.array(rates)[codes] * x[:, 0])
    return Panel.of(x, y + noise * random.standard_normal(len(y)), np.ones(len(y)), codes)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize(
    ("offsets", "rates", "differ"),
    [
        ((1, 1, 1, 1), (0.4, 0.9, 0.6, 1.4), 1),
        ((1, 2, 1.5, 0.5), (0.7, 0.7, 0.7, 0.7), 1),
        ((1, 2, 1.5, 0.5), (0.4, 0.9, 0.6, 1.4), 2),
        ((1, 1, 1, 1), (0.7, 0.7, 0.7, 0.7), 0),
    ],
)
def test_what_differs_is_found(
    offsets: tuple[float, ...], rates: tuple[float, ...], differ: int, noise: float
) -> None:
    rows = panel(offsets, rates, noise)
    form = candidate(sympy.Float(2) + sympy.Float(2) * sympy.exp(sympy.Float(-0.5) * X), ["x"])
    assert form is not None
    whole = apart(form, rows)
    best = chosen(form, rows, whole)
    assert best.joint.varying.sum() == differ
    assert best.score >= least_score(form, whole.loss, len(rows))
    names = [s.name for s, own in zip(form.form.constants, best.joint.varying, strict=True) if own]
    values = dict(zip(form.form.constants, best.joint.table.T, strict=True))
    for symbol, column in values.items():
        assert (np.ptp(column) > 0) == (symbol.name in names)


def test_a_number_costs_more_than_the_noise_that_it_fits() -> None:
    rows, noise = 100, 1.0
    for count in (1, 5, 20):
        fitted = noise * (rows - count - 1)
        assert score(fitted, count + 1, rows, 5) > score(noise * (rows - count), count, rows, 5)
    assert math.isinf(score(0.0, 10, 10, 5))


def test_the_textbook_holds_the_law_of_the_groups() -> None:
    rows = panel((1, 2, 1.5, 0.5), (0.4, 0.9, 0.6, 1.4), 0.01)
    found = bank(tables(rows, (X,)), ["x"], 10)
    shapes = {str(sympy.simplify(c.expression)) for c in found}
    assert "_c0 + _c1*exp(_c2*x)" in shapes


def test_steps_that_rise_are_tried_as_those_that_fall() -> None:
    codes = np.repeat(np.arange(3), 10)
    x = np.random.default_rng(0).uniform(0, 20, (30, 1))
    y = np.array([5.0, 8, 11])[codes] / (1 + np.exp(-0.6 * (x[:, 0] - 9)))
    found = bank(tables(Panel.of(x, y, np.ones(30), codes), (X,)), ["x"], 3)
    assert {str(c.expression) for c in found} & {
        "_c0/(_c1*exp(_c2*x) + 1)",
        "_c0/(1 + _c1*exp(_c2*x))",
    }


def test_plain_forms_come_once_with_all_their_starts() -> None:
    found = plain((X, Z), ["x", "z"])
    assert len({c.expression for c in found}) == len(found)
    twice = merged([*found, *found])
    assert [len(c.starts) for c in twice] == [2 * len(c.starts) for c in found]
    factored = [c for c in found if c.expression.is_Mul and c.expression.has(sympy.Add)]
    assert len(factored) == 2


def test_a_law_with_too_many_numbers_is_no_form() -> None:
    long = sympy.Add(*(sympy.Float(k + 0.5) * X**k for k in range(9)))
    assert candidate(long, ["x"]) is None
    assert candidate(X**2, ["x"]) is None


def test_a_search_that_is_stopped_has_what_the_first_table_says() -> None:
    rows = panel((1, 2, 1.5, 0.5), (0.4, 0.9, 0.6, 1.4), 0.01)
    parts = tables(rows, (X,))
    asked = iter([False] * 5)
    assert 0 < len(bank(parts, ["x"], 10, lambda: next(asked, True))) <= 5
