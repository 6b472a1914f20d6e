"""What is known of a formula's constants: errors, intervals, ties, snapping, and noise or not."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy

from workbench.evidence.fitting import refit
from workbench.evidence.residuals import lack_of_fit, neighbours
from workbench.evidence.sample import Sample
from workbench.formulas.card import remarks
from workbench.formulas.constant import Constant
from workbench.formulas.digits import with_error
from workbench.formulas.formula import Formula
from workbench.formulas.parametric import parametrize
from workbench.formulas.selection import CLEAR
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.compiler import compile_expression
from workbench.search.polish import polished
from workbench.search.printing import printing, reprinted
from workbench.search.snapping import snap

A, B = sympy.symbols("a b", real=True)
RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(0.5, 2.0, (600, 2))


def table(y: np.ndarray, noise: float = 0.0) -> Dataset:
    noisy = y + noise * np.random.default_rng(1).standard_normal(len(y))
    return Dataset.from_arrays(X, noisy, names=["a", "b"])


def best(expression: sympy.Expr, data: Dataset) -> Formula:
    return polished([(expression,)], data, floor=math.inf).select("accurate").best


@pytest.mark.parametrize(
    ("value", "sigma", "text"),
    [
        (0.49961, 0.00062, "0.49961 ± 0.00062"),
        (1234.6, 12.0, "1235 ± 12"),
        (5e-9, 2e-10, "5.00e-09 ± 2.0e-10"),
        (2.5, None, "2.5"),
        (2.5, math.nan, "2.5"),
    ],
)
def test_numbers_are_written_to_the_second_digit_of_their_error(value, sigma, text) -> None:
    assert with_error(value, sigma) == text


def test_a_snapped_constant_keeps_its_evidence() -> None:
    data = table(0.5 * X[:, 0] * X[:, 1], noise=0.01)
    formulas = polished([(0.4 * A * B,)], data, floor=math.inf)
    law = next(f for f in formulas if f.expression == A * B / 2)
    (half,) = law.constants
    assert half.snapped == "1/2"
    assert half.evidence == "0.49992 ± 0.00026"
    assert 0 < half.f_value < 4
    assert "0.49992 ± 0.00026 → 1/2 (F = 0.09" in law._repr_html_()
    (raw,) = law.as_fitted
    assert float(raw.coeff(A * B)) == pytest.approx(0.49992, abs=1e-5)
    assert "As fitted: 0.4999" in law._repr_html_()
    assert law.scores["as_fitted_loss"] == pytest.approx(law.scores["validation_loss"], rel=0.01)


def test_constants_that_only_a_combination_determines_snap_together() -> None:
    y = (1 + X[:, 0] ** 2) ** 1.5
    tied = 0.99999998 * (1.0000000133333 + 1.0000000133333 * A**2) ** sympy.Rational(3, 2)
    fitted = refit(parametrize([tied], ["a", "b"]), Sample(X, y[:, None]))
    assert not any(fitted.determined)
    (law,) = snap(fitted, Sample(X, y[:, None])).parametric.substituted()
    assert law == (1 + A**2) ** sympy.Rational(3, 2)


def test_nothing_snaps_into_a_division_by_zero() -> None:
    y = 0.01 * np.random.default_rng(3).standard_normal((600, 1))
    c0, c1 = sympy.symbols("_c0:2", real=True)
    shape = parametrize([A], ("a", "b"))
    ratio = type(shape)((c0 / (c1 * A),), shape.inputs, (c0, c1), (1e-4, 1e-9))
    sample = Sample(X, y)
    assert np.isfinite(snap(refit(ratio, sample), sample).loss)


def test_intervals_are_those_of_student_and_wider_than_normal_ones_for_few_rows() -> None:
    few = refit(parametrize([1.0 * A + 1.0], ("a", "b")), Sample(X[:6], X[:6, :1] ** 2))
    assert few.degrees == 4
    data = table(0.7312 * X[:, 0], noise=0.1)
    (slope,) = best(0.4 * A, data).constants
    low, high = slope.interval
    assert low < 0.7312 < high
    assert (high - low) / slope.sigma == pytest.approx(2 * 1.9655, abs=0.01)


def test_constants_that_only_count_together_are_flagged() -> None:
    y = np.exp(0.3 + 0.4 * X[:, :1])
    c0, c1, c2 = sympy.symbols("_c0:3", real=True)
    shape = parametrize([A], ("a", "b"))
    twice = type(shape)((c0 * sympy.exp(c1 + c2 * A),), shape.inputs, (c0, c1, c2), (1.1, 0.2, 0.4))
    found = refit(twice, Sample(X, y + 0.01 * RANDOM.standard_normal(y.shape)))
    assert found.determined == (False, False, True)
    free = refit(parametrize([1.0 * A + 0.5 * B], ("a", "b")), Sample(X, y))
    assert free.determined == (True, True)


def test_constants_that_move_together_are_told_in_one_sentence() -> None:
    ties = [
        ((1, -0.99), (2, 0.98)),
        ((0, -0.99), (2, 1.0)),
        ((0, 0.98), (1, 1.0)),
        ((4, 0.97),),
        ((3, 0.97),),
    ]
    constants = tuple(Constant(float(i), sigma=1.0, tied=tied) for i, tied in enumerate(ties))
    loose = replace(constants[0], tied=(), sigma=None)
    law = Formula((A,), ("a",), "y", constants=(*constants, loose, loose))
    three, two, undetermined = remarks(law)
    assert "0, 1 and 2 move together (correlations of 0.980 and more)" in three
    assert "3 and 4 move together (correlation +0.970)" in two
    assert undetermined == "The data do not determine any of the constants 0, 0 by itself."


def test_strong_correlations_are_told_by_place(tmp_path: Path) -> None:
    narrow = X * [0.01, 1] + [100, 0]  # slope and level of a line far from its data
    y = 0.71 * narrow[:, 0] + 3.3 + 0.01 * np.random.default_rng(1).standard_normal(600)
    data = Dataset.from_arrays(narrow, y, names=["a", "b"])
    lines = polished([(0.5 * A + 1.7,)], data, floor=math.inf)
    law = next(f for f in lines if len(f.constants) == 2 and not f.constants[1].snapped)
    assert [[place for place, _ in c.tied] for c in law.constants] == [[1], [0]]
    assert law.constants[0].tied[0][1] < -0.999
    assert "move together" in law._repr_html_()
    law.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json") == law


def test_residuals_that_neighbours_share_are_no_noise() -> None:
    noise = np.random.default_rng(2).standard_normal(600)
    pairs = neighbours(X)
    assert abs(lack_of_fit(pairs, noise)) < 3
    assert abs(lack_of_fit(pairs, noise * X[:, 0] ** 3)) < 3  # its size may vary
    assert lack_of_fit(pairs, noise + np.sin(3 * X[:, 0])) > CLEAR
    assert math.isnan(lack_of_fit(neighbours(X[:5]), noise[:5]))
    scores = [
        lack_of_fit(neighbours(np.random.default_rng(k).uniform(size=(300, 3))),
                    np.random.default_rng(k + 1000).standard_normal(300))
        for k in range(200)
    ]  # fmt: skip
    assert np.std(scores) == pytest.approx(1, abs=0.15)
    assert np.mean(scores) == pytest.approx(0, abs=0.25)


def test_nothing_is_made_nicer_above_the_noise_but_terms_may_go() -> None:
    y = np.sin(2.2 * X[:, :1])  # a line is the wrong form; its slope happens to be near a fraction
    fitted = refit(parametrize([0.3 * A + 1.0 + 0.01 * B], ("a", "b")), Sample(X, y))
    kept = snap(fitted, Sample(X, y), at_noise=False).parametric
    assert all(snapped.number == 0 for snapped in kept.exact)
    assert len(kept.constants) >= 2
    law = best(0.3 * A + 1.0, table(np.sin(2.2 * X[:, 0])))
    assert law.scores["lack_of_fit"] > CLEAR
    assert all(c.snapped is None for c in law.constants)
    assert "misses something" in law._repr_html_()


def test_every_formula_says_where_it_comes_from(tmp_path: Path) -> None:
    law = best(0.4 * A, table(X[:, 0], noise=0.01))
    assert law.provenance["data"].startswith("sha256 ")
    assert law.provenance["rows"] == "420 train, 90 validation, 90 test"
    assert {"version", "preprocessing"} <= law.provenance.keys()
    law.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json").provenance == law.provenance
    strict = json.loads((tmp_path / "law.json").read_text(), parse_constant=pytest.fail)
    assert strict["names"] == ["a", "b"]


def moved(law: Formula, x: np.ndarray) -> np.ndarray:
    """How far the printed formula lies from the fitted one."""
    printed = Formula(law.printed, law.names, task=law.task, classes=law.classes)
    return np.abs(printed(x) - law(x))


def test_printed_numbers_move_no_training_row_by_more_than_a_tenth_of_the_noise() -> None:
    narrow = X * [0.01, 1] + [100, 0]  # level and slope are known badly, and make up for each other
    y = (
        0.71 * narrow[:, 0]
        + 3.3
        + 0.4 * X[:, 1]
        + 0.01 * np.random.default_rng(1).standard_normal(600)
    )
    data = Dataset.from_arrays(narrow, y, names=["a", "b"])
    law = polished([(0.5 * A + 1.7 + 0.3 * B,)], data)[-1]
    assert law.constants[0].sigma > 1
    x = data.split("train")[0].numpy()
    assert 0 < moved(law, x).max() < 0.1 * law.scores["train_loss"]
    assert law.scores["printing_error"] <= 0.1
    assert max(c.digits for c in law.constants if not c.snapped) < 8  # and no more digits than that


def test_printed_logits_tell_the_same_classes() -> None:
    edge = X[:, 0] - 0.878 * X[:, 1]
    data = Dataset.from_arrays(
        X * [0.01, 0.01] + 40, np.where(edge > 0.1, "left", "right"), names=["a", "b"],
        task="classification",
    )  # fmt: skip
    law = polished([(30.0 * A - 27.0 * B - 100.0,)], data)[0]
    x = data.split("train")[0].numpy()
    printed = Formula(law.printed, law.names, task=law.task, classes=law.classes)
    assert (printed.predict(x) == law.predict(x)).all()
    assert law.scores["printing_error"] <= 0.1


def test_digits_of_formulas_survive_a_file(tmp_path: Path) -> None:
    law = best(0.4 * A + 0.1 * B, table(0.3141 * X[:, 0] + 0.2718 * X[:, 1], noise=0.01))
    law.save(tmp_path / "law.json")
    assert str(Formula.load(tmp_path / "law.json")) == str(law)
    about = json.loads((tmp_path / "law.json").read_text())
    for constant in about["constants"]:
        del constant["digits"]  # an older file
    (tmp_path / "old.json").write_text(json.dumps(about))
    old = Formula.load(tmp_path / "old.json")
    assert moved(old, X).max() < 1e-14


def test_few_wild_rows_do_not_take_digits_away() -> None:
    y = 0.3141592 * X[:, 0] + 0.01 * np.random.default_rng(1).standard_normal(600)
    wild = np.where(np.arange(600) % 20 == 0, y + 50, y)
    shape = parametrize([0.3141592 * A], ("a", "b"))
    plain, other = (printing(shape, Sample(X, v[:, None])) for v in (y, wild))
    assert plain.digits == other.digits


def test_a_network_that_errs_less_asks_for_more_digits() -> None:
    data = table(np.sin(1.23456789 * X[:, 0]), noise=0)
    rough = polished([(1.0 * A - 0.3 * A**3 + 0.03 * A**5,)], data)
    network = compile_expression(
        sympy.sin(1.2346 * A), inputs=["a", "b"], ranges=dict.fromkeys("ab", (0.0, 3.0))
    )
    finer = reprinted(rough, network, data)
    unit = np.sqrt(np.square(np.sin(1.2346 * X[:, 0]) - np.sin(1.23456789 * X[:, 0])).mean())
    assert moved(rough[0], X).max() > 0.1 * unit >= moved(finer[0], X).max()
    assert finer.best.scores["printing_error"] <= 0.1
    assert reprinted(rough, KAN((2, 1)), data)[0] is rough[0]


def test_no_constant_is_snapped_that_another_pays_for() -> None:
    days = X * [5, 1] + [1000, 0]
    y = np.sin(2.0003 * days[:, :1] - 0.3) + 0.05 * np.random.default_rng(1).standard_normal(
        (600, 1)
    )
    wave = refit(parametrize([sympy.sin(2.0004 * A - 0.4)], ("a", "b")), Sample(days, y))
    phase = wave.parametric.values.index(min(wave.parametric.values))
    assert abs(wave.parametric.values[phase]) < wave.sigma[phase]  # 0 lies within its error
    assert snap(wave, Sample(days, y)).parametric.exact == ()  # but the frequency would bend

    level = 0.2137 * X[:, :1] + 0.1 * np.random.default_rng(4).standard_normal((600, 1))
    line = refit(parametrize([0.2 * A + 0.01], ("a", "b")), Sample(X, level))
    (gone,) = (s for s in snap(line, Sample(X, level)).parametric.exact if s.number == 0)
    assert gone.evidence  # where nothing else is known by it, a term that is not needed goes


def test_a_snap_that_moves_another_constant_out_of_its_interval_is_refused() -> None:
    x = np.linspace(100, 101, 400)[:, None] * [1, 0]
    y = 0.9 * x[:, :1] + 11 + 0.1 * np.random.default_rng(0).standard_normal((400, 1))
    line = refit(parametrize([0.9 * A + 11.0], ("a", "b")), Sample(x, y))
    kept = snap(line, Sample(x, y)).parametric
    assert len(kept.constants) == 2
