"""The choice is made by all rows that are not held out, and by nothing that an odd candidate can shift."""

import numpy as np
import pytest
import sympy

from workbench.formulas.card import no_law
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.selection import RULES, description_length
from workbench.kan.data import Dataset
from workbench.search.polish import constants_and_lines, polished

A, B = sympy.symbols("a b", real=True)


def scored(expression: sympy.Expr, expected: float, **more: float) -> Formula:
    scores = {"validation_loss": expected, "expected_loss": expected, "mean_loss": 1.0}
    return Formula((expression,), ("a", "b"), scores=scores | {"judging_rows": 400} | more)


def test_the_floor_of_rounding_is_the_targets_not_the_worst_candidates() -> None:
    tiny = {"mean_loss": 1e-30}
    found = FormulaSet(
        [
            scored(sympy.Float(2.5), 1e-30, **tiny),
            scored(A / B**2, 1e-45, **tiny),
            scored(A + B, 1e-19, **tiny),  # badly fitted
        ]
    )
    for rule in RULES:
        assert found.select(rule).best.expression == A / B**2


@pytest.mark.parametrize("rows", [100, 10_000])
def test_a_constant_is_not_chosen_before_a_line_that_is_clearly_better(rows: int) -> None:
    line = scored(0.3 * A + 0.1, 0.96 if rows > 1000 else 0.8, judging_rows=rows)
    constant = scored(sympy.Float(0.1), 1.0, judging_rows=rows)
    assert FormulaSet([constant, line]).best is line
    chance = scored(0.3 * A + 0.1, 1 - 1 / rows, judging_rows=rows)
    assert FormulaSet([constant, chance]).best is constant


def test_how_a_line_is_centred_costs_nothing() -> None:
    from_1940 = sympy.Mul(0.3, A - 1940, evaluate=False)
    plain, centred = scored(0.3 * A + 0.1, 0.9), scored(from_1940 + 0.1, 0.9)
    assert centred.complexity > plain.complexity
    assert description_length(centred) == description_length(plain)
    both = scored(from_1940 - 0.2 * B + 0.1, 0.9)
    product, power = scored(0.3 * A * B, 0.9), scored(0.3 * (A - 1940) ** 2 + 0.1, 0.9)
    assert description_length(plain) < description_length(both) < description_length(power)
    assert description_length(product) < description_length(power)


def test_few_validation_rows_do_not_choose() -> None:
    random = np.random.default_rng(3)
    x = random.uniform(0, 1, (24, 2))
    y = 3 * x[:, 0] + 2 * x[:, 1] + 0.3 * random.standard_normal(24)
    split = ["train"] * 18 + ["validation"] * 3 + ["test"] * 3
    y[18:21] = y.mean()  # here, of all places, the mean is right
    data = Dataset.from_arrays(x, y, names=["a", "b"], split=split)
    found = constants_and_lines(data)
    constant = next(f for f in found if not f.used)
    assert min(found, key=lambda f: f.scores["validation_loss"]) is constant
    assert found.best.used == ("a", "b")


def test_what_is_no_better_than_the_mean_is_no_law() -> None:
    random = np.random.default_rng(5)
    x = random.uniform(0, 1, (60, 2))
    data = Dataset.from_arrays(x, random.standard_normal(60), names=["a", "b"])
    found = constants_and_lines(data).merged(polished([(0.5 * A * B + 0.1,)], data, floor=0.0))
    assert found.best.used == ()
    assert "No law was found" in found.best._repr_html_()
    worse = max(found, key=lambda f: f.scores["expected_loss"])
    assert "This is no law" in worse._repr_html_()


@pytest.mark.parametrize(("held_out", "said"), [(-0.8, True), (0.1, False), (None, False)])
def test_what_fails_on_the_rows_held_out_is_no_law(held_out: float | None, said: bool) -> None:
    scores = {"expected_loss": 0.1, "mean_loss": 1.0, "test_r2": held_out}
    found = no_law(Formula((2.0 * A,), ("a", "b"), scores=scores))
    assert found == (
        ["This is no law: on the rows that were held out it does worse than their mean (R² -0.8)."]
        if said
        else []
    )


def test_a_formula_that_explodes_just_outside_its_range_says_so() -> None:
    box = {"a": (1.0, 5.0), "b": (0.0, 1.0)}
    steep = Formula((sympy.exp(sympy.exp(1.6 * A)) / 1e300,), ("a", "b"), domain=box)
    assert "overflows within a fifth" in steep._repr_html_()
    wild = Formula((B + sympy.exp(30.0 * (A - 5)) + A,), ("a", "b"), domain=box)
    assert "explodes within a fifth" in wild._repr_html_()
    tame = Formula((A**3 * B + sympy.exp(A),), ("a", "b"), domain=box)
    assert tame.explosion == ""


def test_classes_without_a_law_are_said_too() -> None:
    random = np.random.default_rng(6)
    x = random.uniform(0, 1, (80, 2))
    data = Dataset.from_arrays(x, random.choice(["u", "v"], 80), names=["a", "b"])
    found = constants_and_lines(data)
    assert found.best.used == ()
    assert "No law was found" in found.best._repr_html_()
    real = Dataset.from_arrays(x, np.where(x[:, 0] > 0.5, "u", "v"), names=["a", "b"])
    assert constants_and_lines(real).best.used == ("a",)
