"""How often a form wins: often where the data decide, less often where they do not, seeded."""

import numpy as np
import pytest
import sympy
from scipy.stats import wilcoxon

from workbench.evidence.stability import differ, form, weighed
from workbench.formulas.selection import description_length
from workbench.kan.data import Dataset
from workbench.search.polish import polished

A, B = sympy.symbols("a b", real=True)


def table(noise: float, rows: int = 400) -> Dataset:
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 2, (rows, 2))
    y = x[:, 0] * x[:, 1] + noise * random.standard_normal(rows)
    return Dataset.from_arrays(x, y, names=["a", "b"])


def rivals(data: Dataset):
    return polished(
        [(0.9 * A * B,), (0.3 * A + 0.3 * B,), (0.9 * A * B + 0.01 * A**2,)], data, floor=0.0
    )


def test_numbers_make_no_form() -> None:
    assert form([0.5 * A + 1.25]) == form([A / 3 + sympy.pi])
    assert form([2.5 * A]) == form([A])
    assert form([A]) != form([A + 0.1])
    assert form([A**2]) != form([A**3])
    assert form([sympy.sqrt(A)]) != form([A])
    assert form([sympy.sin(2 * A + 0.1)]) == form([-sympy.sin(3.0 * A + 2)])


def test_the_true_form_wins_where_the_noise_is_small() -> None:
    data = table(0.02)
    found = weighed(rivals(data), data)
    assert found.best.scores["selection_frequency"] > 0.9
    assert "bootstrap resamples" in found.best._repr_html_()
    assert found.frame().loc[found.frame()["chosen"], "won"].item() > 0.9


def test_noise_makes_the_choice_less_sure_and_shares_sum_to_one() -> None:
    data = table(2.0, rows=120)
    close = rivals(data).select("accurate")
    found = weighed(close, data, resamples=400, seed=3)
    shares = {form(f.expressions): f.scores["selection_frequency"] for f in found}
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares.values()) < 0.99
    assert found.rule == "accurate"
    again = weighed(close, data, resamples=400, seed=3)
    assert [f.scores for f in again] == [f.scores for f in found]


def test_forms_that_the_rows_do_not_tell_apart_are_named() -> None:
    random = np.random.default_rng(4)
    a = random.uniform(0.5, 2, 300)
    x = np.stack((a, a * np.exp(0.01 * random.standard_normal(300))), 1)
    y = 3 * x[:, 0] ** 2 + 0.3 * random.standard_normal(300)
    data = Dataset.from_arrays(x, y, names=["a", "b"])
    found = weighed(polished([(2.0 * A**2,), (2.0 * B**2,), (2.0 * A,)], data, floor=0.0), data)
    squares = [f for f in found if form(f.expressions) in ((A**2,), (B**2,))]
    assert all(len(f.rivals) == 1 for f in squares)
    assert "Not told apart from y = " in found.best._repr_html_()
    assert not any(f.rivals for f in found if f not in squares)


def test_the_form_before_a_constant_was_snapped_is_no_rival() -> None:
    data = table(noise=0.0)
    found = weighed(polished([(1.1 * A * B + 0.01,)], data), data)
    assert found.best.expression == A * B
    assert found.best.as_fitted != ()
    assert found.best.rivals == ()


def test_a_choice_of_the_simple_is_judged_among_those_of_shorter_description(monkeypatch) -> None:
    random = np.random.default_rng(6)
    x = random.uniform(0.5, 2, (6000, 2))
    y = x[:, 0] * x[:, 1] + 0.03 + 0.5 * random.standard_normal(6000)
    data = Dataset.from_arrays(x, y, names=["a", "b"])
    longer = [0.9 * A * B + part for part in (0.01, 0.01 * A, 0.01 * B)]
    found = polished([(0.9 * A * B,), *((formula,) for formula in longer)], data)
    chosen = found.best
    assert sum(description_length(f) < description_length(chosen) for f in found) >= 1
    monkeypatch.setattr("workbench.evidence.stability._MOST_FORMULAS", 1)
    assert weighed(found, data).best.scores["selection_frequency"] > 0.5


def test_an_exact_law_is_told_from_one_that_is_nearly_right() -> None:
    exact, near = np.full(30, 1e-20), np.full(30, 1e-6)
    near[7] = 1.0  # the mean of the differences is within its error, their signs are all one
    even = np.ones(30)
    assert differ(near, exact, even)
    assert differ(exact, near, even)
    assert not differ(exact, exact, even)
    noise = np.random.default_rng(0).standard_normal(30) ** 2
    assert not differ(noise, np.roll(noise, 1), even)


@pytest.mark.parametrize(("seed", "told_apart"), [(6, True), (25, False)])
def test_ranks_tell_apart_at_two_standard_errors(seed: int, told_apart: bool) -> None:
    gap = np.random.default_rng(seed).standard_normal(40) + 0.25
    gap[0] = -6.0  # spoils the mean's own error
    assert abs(gap.mean()) < 1.5 * gap.std() / np.sqrt(40)
    assert 0.03 < wilcoxon(gap).pvalue < 0.07
    assert differ(1 + gap, np.ones(40), np.ones(40)) is told_apart


def test_classes_have_shares_too() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (400, 2))
    kind = np.where(x[:, 0] + 0.3 * random.standard_normal(400) > 0, "up", "down")
    data = Dataset.from_arrays(x, kind, names=["a", "b"])
    formulas = polished([(2.0 * A,), (2.0 * A + 0.1 * B,), (1.0 * B,)], data, floor=0.0)
    found = weighed(formulas, data)
    assert form(found.best.expressions) == (A,)
    assert found.best.scores["selection_frequency"] > 0.5
