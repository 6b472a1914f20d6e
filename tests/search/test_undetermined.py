"""What rows leave free in logits: common shifts go, and of a common factor only ratios are told."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import sympy
from scipy.special import softmax

from workbench.errors import InputError
from workbench.evidence.fitting import Fitted, refit
from workbench.evidence.sample import Sample
from workbench.formulas.card import remarks
from workbench.formulas.formula import Formula
from workbench.formulas.parametric import parametrize
from workbench.kan.data import Dataset
from workbench.search.polish import polished
from workbench.search.undetermined import proportions, without_shift

A, B = sympy.symbols("a b", real=True)
X = np.random.default_rng(0).uniform(-1.0, 2.0, (300, 2))
EDGE = X[:, 0] + 0.6 * X[:, 1] - 0.3
LOGITS = np.stack((0.5 + X[:, 0], 1.5 * X[:, 1] - 0.4, -X[:, 0]), 1)
THREE = np.array(
    [np.random.default_rng(k).choice(3, p=p) for k, p in enumerate(softmax(LOGITS, 1))]
)
SHIFTED = (0.9 * A + 3.0 + 0.1 * B, 1.1 * B + 2.0, 2.5 - 1.2 * A)
LINE = 3.0 * A + 2.0 * B - 1.0


def fit(expressions: tuple[sympy.Expr, ...], y: np.ndarray) -> tuple[Fitted, Sample]:
    sample = Sample(X, y, classes=True)
    return refit(parametrize(expressions, ("a", "b")), sample), sample


def law(expressions: tuple[sympy.Expr, ...], y: np.ndarray) -> Formula:
    data = Dataset.from_arrays(
        X, np.array(["p", "q", "r"])[y], names=["a", "b"], task="classification"
    )
    return polished([expressions], data)[0]


def noisy(y: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(1).uniform(size=len(y)) < 0.1, 1 - y, y)


def test_a_shift_of_all_logits_is_taken_away_and_no_probability_changes() -> None:
    raw, sample = fit(SHIFTED, THREE)
    assert not all(raw.determined)
    fewer = without_shift(raw, sample)
    assert len(fewer.parametric.constants) == len(raw.parametric.constants) - 1
    assert all(fewer.determined)
    assert fewer.parametric.expressions[0].subs({A: 0, B: 0}) == 0  # the level of the first class
    before, after = (softmax(f.parametric.outputs(X), 1) for f in (raw, fewer))
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_planes_in_every_logit_leave_the_first_at_zero() -> None:
    planes = tuple(k * A + 0.2 * B - 0.1 * k for k in (1.0, 0.3, -0.7))
    raw, sample = fit(planes, THREE)
    fewer = without_shift(raw, sample)
    assert fewer.parametric.expressions[0] == 0
    assert len(fewer.parametric.constants) == 6
    assert without_shift(fewer, sample) is fewer


def test_errors_of_three_classes_are_those_of_the_likelihood() -> None:
    raw, sample = fit(SHIFTED, THREE)
    fitted = without_shift(raw, sample).parametric
    start, step = np.array(fitted.values), 1e-3
    hessian = np.zeros((len(start), len(start)))
    for i, j in itertools.product(range(len(start)), repeat=2):
        for s, t in itertools.product((-1, 1), repeat=2):
            values = start + step * (s * np.eye(len(start))[i] + t * np.eye(len(start))[j])
            hessian[i, j] += s * t * len(X) * sample.loss(fitted.outputs(X, values))
    wanted = np.sqrt(np.diag(np.linalg.inv(hessian / (4 * step**2))))
    np.testing.assert_allclose(refit(fitted, sample).sigma, wanted, rtol=0.02)


def test_a_formula_of_three_classes_tells_no_constant_that_is_not_determined() -> None:
    found = law(SHIFTED, THREE)
    assert all(c.interval for c in found.constants if not c.snapped)
    assert not [s for s in remarks(found) if "do not determine" in s]
    x = np.random.default_rng(3).uniform(-1, 2, (50, 2))
    assert set(found.predict(x)) <= {"p", "q", "r"}


def test_classes_that_a_form_tells_apart_leave_only_ratios() -> None:
    fitted, sample = fit((LINE,), (EDGE > 0).astype(int))
    known = proportions(fitted, sample)
    assert len(known) == 3
    (reference,) = {p.reference for p in known.values()}
    value = fitted.parametric.values[reference]
    slopes = [fitted.parametric.expressions[0].diff(c) for c in fitted.parametric.constants]
    true = [{A: 1.0, B: 0.6}.get(s, -0.3) for s in slopes]
    for place, proportion in known.items():
        assert proportion.ratio == pytest.approx(fitted.parametric.values[place] / value)
        gap = abs(proportion.ratio - true[place] / true[reference])
        assert gap <= 2 * proportion.sigma <= 0.2
    assert min(np.array(fitted.sigma) / np.abs(fitted.parametric.values)) > 0.2


def test_a_form_that_could_tell_apart_counts_though_its_prior_keeps_it_from_it() -> None:
    for seed in range(20):
        x = np.random.default_rng(seed).uniform(-1, 2, (60, 2))
        sample = Sample(x, (x[:, 0] > 0.3).astype(int), classes=True)
        assert (
            len(proportions(refit(parametrize([3.0 * A - 1.0], ("a", "b")), sample), sample)) == 2
        )


def test_three_classes_told_apart_leave_ratios_of_all_their_constants() -> None:
    y = np.where(EDGE < 0, 0, np.where(X[:, 0] > X[:, 1], 1, 2))
    raw, sample = fit((0.1 * A, 3.0 * A + 1.0 * B - 0.5, 1.0 * A + 3.0 * B - 0.5), y)
    fitted = without_shift(raw, sample)
    known = proportions(fitted, sample)
    assert known.keys() == set(range(len(fitted.parametric.constants)))


def test_a_formula_without_a_constant_has_no_ratio() -> None:
    fitted, sample = fit((2 * A + B,), (EDGE > 0).astype(int))
    assert proportions(fitted, sample) == {}


def test_places_that_a_factor_does_not_move_keep_their_intervals() -> None:
    c0, c1 = sympy.symbols("_c0:2", real=True)
    plain = parametrize([A], ("a", "b"))
    step = type(plain)((c0 * (A - c1),), plain.inputs, (c0, c1), (3.0, 0.3))
    sample = Sample(X, (X[:, 0] > 0.3).astype(int), classes=True)
    assert proportions(refit(step, sample), sample).keys() == {0}


def test_where_classes_overlap_or_a_target_is_a_number_nothing_is_free() -> None:
    fitted, sample = fit((LINE,), noisy((EDGE > 0).astype(int)))
    assert proportions(fitted, sample) == {}
    assert without_shift(fitted, sample) is fitted
    numbers = Sample(X, EDGE[:, None])
    line = refit(parametrize([LINE], ("a", "b")), numbers)
    assert proportions(line, numbers) == {}
    assert without_shift(line, numbers) is line


def test_logits_without_a_value_leave_the_fit_as_it_is() -> None:
    fitted, sample = fit((sympy.log(A) + 1.0, 2.0 * B + 1.0, 0.5 * A), THREE)
    assert without_shift(fitted, sample) is fitted
    assert proportions(fitted, sample) == {}


def test_the_card_tells_ratios_in_place_of_intervals(tmp_path: Path) -> None:
    found = law((LINE,), (EDGE > 0).astype(int))
    assert [c.interval for c in found.constants] == [None] * 3
    (said,) = [s for s in remarks(found) if "only ratios are known" in s]
    assert said.count("(95 %: ") == 2
    assert "move together" not in "".join(remarks(found))
    assert "±" not in found._repr_html_().split("only ratios are known")[0].split("Constants: ")[1]

    found.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json") == found
    about = json.loads((tmp_path / "law.json").read_text())
    about["constants"][0]["proportion"] = [99, 1.0, 0.1]
    (tmp_path / "law.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="a constant lacks"):
        Formula.load(tmp_path / "law.json")

    plain = law((LINE,), noisy((EDGE > 0).astype(int)))
    assert all(c.interval and not c.proportion for c in plain.constants if not c.snapped)
    assert "only ratios" not in plain._repr_html_()
