"""Families take turns, validation rows choose, test rows report; whatever ends it leaves a result."""

import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import torch

from workbench import compare
from workbench.baselines.mlp import Architecture
from workbench.baselines.spline_mlp import SplineArchitecture
from workbench.cli import compare as command
from workbench.cli import main
from workbench.comparison import Comparison, write_comparison
from workbench.comparison.comparing import FAMILIES
from workbench.comparison.flops import of_kan, of_perceptron
from workbench.comparison.interpretation import interpretation
from workbench.comparison.run import margin
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.parsing import parse_expression
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (240, 2))
PLANE = Dataset.from_arrays(X, 2 * X[:, 0] - X[:, 1] + 0.1 * RANDOM.standard_normal(240))
BENT = Dataset.from_arrays(X, np.sin(3 * X[:, 0]) + X[:, 1] ** 2)


def counted(times: int):
    """A stop that says so when asked for the so-manieth time."""
    asked = iter(range(10**9))
    return lambda: next(asked) >= times


@pytest.fixture(scope="module")
def bent() -> Comparison:
    """A short comparison of a law that a sum of two curves says."""
    return compare(BENT, ("kan", "linear"), seconds=60, budget=120, stop=counted(500))


def test_the_line_wins_where_it_is_the_law() -> None:
    found = compare(
        PLANE, ("mlp", "boosting", "linear"), budget=1000, seconds=60, stop=counted(150)
    )
    assert found.winner == "linear"
    assert found.chosen.parameters == 3
    assert "tie" in found.verdict[0]
    assert "take the simplest, the line" in found.verdict[0]
    assert found.chosen.test_error == pytest.approx(0.1, rel=0.3)


def test_curves_win_where_they_are_the_law(bent: Comparison) -> None:
    assert bent.winner == "kan"
    assert list(bent.best) == ["kan", "linear"]
    assert bent.verdict[0].startswith("Take the KAN ([2, ")
    assert "ahead" in bent.verdict[1]
    table = bent.frame()
    assert len(table) == len(bent.runs)
    assert {"parameters", "flops", "seconds", "validation_error", "test_error"} <= set(table)
    assert (table.seconds > 0).all()
    assert (table.parameters <= 120).all()
    assert bent.budget == {"parameters": 120}


def test_the_choice_never_looks_at_test_rows(bent: Comparison) -> None:
    """Test rows with other losses change what is reported, and nothing that is chosen."""
    worse = [
        replace(run, test_losses=run.test_losses[::-1] * 9, test_error=9.0) for run in bent.runs
    ]
    other = Comparison(tuple(worse), bent.data, bent.complete, bent.seconds, bent.budget)
    assert other.chosen.size == bent.chosen.size
    assert [run.size for run in other.best.values()] == [run.size for run in bent.best.values()]


def test_errors_are_those_of_the_rows(bent: Comparison) -> None:
    run = bent.chosen
    x, y = BENT.split("test")
    assert run.test_error == pytest.approx(
        float(np.sqrt(np.mean((run.outputs(x.numpy()) - y.numpy()) ** 2)))
    )


def test_fronts_fall_and_budgets_are_kept(bent: Comparison) -> None:
    front = bent.front("flops")
    for _, own in front.groupby("family"):
        assert own.flops.is_monotonic_increasing
        assert own.validation_error.is_monotonic_decreasing
    assert all(run.parameters <= 12 for run in bent.within(parameters=12).values())
    assert bent.within(parameters=0) == {}
    with pytest.raises(InputError, match="one of parameters, flops, seconds, got 'memory'"):
        bent.within(memory=3)


def test_splines_gain_four_digits_for_every_ten_times_finer_grid(bent: Comparison) -> None:
    table = bent.scaling().set_index("family")
    assert table.loc["kan", "models"] >= 3
    assert table.loc["kan", "exponent"] == pytest.approx(4, abs=0.8)
    assert table.loc["kan", "standard_error"] < 1
    assert math.isnan(table.loc["linear", "exponent"])


def test_time_to_an_error_is_that_of_the_first_to_reach_it(bent: Comparison) -> None:
    assert bent.time_to(math.inf) == {
        family: min(run.seconds for run in bent.runs if run.family == family)
        for family in bent.families
    }
    assert bent.time_to(1e-3)["linear"] == math.inf
    assert 0 < bent.time_to(1e-2)["kan"] < 60


def test_noise_on_inputs_costs_what_the_slopes_say(bent: Comparison) -> None:
    table = bent.robustness((0.0, 0.3)).set_index("family")
    assert table.loc["kan", "noise 0"] == pytest.approx(table.loc["kan", "test_error"])
    assert table.loc["kan", "noise 0.3"] > 0.1
    assert {"inside", "edge"} <= set(table)


def test_a_formula_is_judged_beside_the_model(bent: Comparison) -> None:
    laws = [parse_expression(text, BENT.names) for text in ("sin(3*x1) + x2^2", "x1")]
    right, wrong = (interpretation(Formula((e,), BENT.names), BENT, bent.chosen) for e in laws)
    assert right.holds
    assert right.test_error < 1e-12
    assert not wrong.holds
    assert wrong.margin.difference < 0
    assert right.complexity > wrong.complexity
    assert "behind the model" in str(wrong)


def test_a_margin_is_the_difference_with_the_error_of_its_rows() -> None:
    first, second = RANDOM.chisquare(1, (2, 4000))
    found = margin(first, 4 * second, squares=True)
    assert found.difference == pytest.approx(1, abs=0.1)
    assert found.clear
    draws = [margin(*RANDOM.chisquare(1, (2, 200)), squares=True) for _ in range(300)]
    spread = np.std([one.difference for one in draws])
    assert np.mean([one.standard_error for one in draws]) == pytest.approx(spread, rel=0.15)
    assert margin(first, first + 1, squares=False).difference == pytest.approx(1)


def test_operations_are_counted_as_the_page_says() -> None:
    kan = KAN((3, 2, 1), 7)
    assert of_kan(kan) == 5 * (3 + 2 * 3 * 4) + 8 * 8
    assert of_kan(kan) == of_kan(kan.refine(14))
    assert of_kan(KAN((2, (1, 1), 1))) == 4 * 27 + (2 * 3 + 2) * 8 + 1
    assert of_perceptron(Architecture((3, 5, 1))) == 2 * 15 + 2 * 5 + 5 * 6
    assert of_perceptron(SplineArchitecture((3, 5, 1))) == 2 * 15 + 2 * 5 + 5 * (27 + 8)


@pytest.mark.parametrize("classes", [2, 3])
def test_classes_are_compared_by_cross_entropy(classes: int) -> None:
    y = np.digitize(
        X[:, 0] + 0.1 * RANDOM.standard_normal(240), np.linspace(-1, 1, classes + 1)[1:-1]
    )
    data = Dataset.from_arrays(X, y, task="classification")
    found = compare(data, budget={"parameters": 60, "seconds": 60}, seconds=60, stop=counted(600))
    assert set(found.families) >= {"linear", "mlp"}
    assert found.frame().accuracy.between(0, 1).all()
    assert found.best["linear"].accuracy > 0.75
    assert found.error_name == "cross-entropy"


def test_several_targets_are_compared_together() -> None:
    data = Dataset.from_arrays(X, np.stack((X[:, 0], X[:, 0] * X[:, 1]), 1))
    found = compare(data, seconds=60, stop=counted(150))
    assert set(found.families) == set(FAMILIES)


def test_a_stop_is_heard_and_leaves_what_there_is() -> None:
    found = compare(BENT, seconds=0)
    assert len(found.runs) == 1
    assert not found.complete
    assert "more time would train larger ones" in found.verdict[-1]
    assert len(compare(BENT, ("linear",)).runs) == 5
    assert compare(BENT, ("linear",)).complete


def test_the_same_seed_gives_the_same_models() -> None:
    pair = [compare(BENT, ("kan",), seed=3, seconds=60, stop=counted(40)) for _ in range(2)]
    assert [r.test_error for r in pair[0].runs] == [r.test_error for r in pair[1].runs]
    assert len(pair[0].runs) >= 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"families": ("kan", "tree")}, "a family is one of kan, mlp, .*, got 'tree'"),
        ({"families": "kan"}, "families must be a list of names"),
        ({"families": ()}, "families must be a list of names"),
        ({"families": ("kan", "kan")}, "each family can be named once"),
        ({"budget": {"watts": 3}}, "one of parameters, flops, seconds, got 'watts'"),
        ({"budget": {"flops": -1}}, "the budget of flops"),
        ({"budget": 0}, "no model keeps within this budget"),
        ({"seconds": -1}, "seconds"),
        ({"target": "z"}, "this Dataset explains 'y'"),
    ],
)
def test_bad_requests_are_refused_in_words(wrong, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare(PLANE, **wrong)


def test_tables_need_a_target_and_rows_to_hold_out(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b"])
    with pytest.raises(InputError, match="needs target="):
        compare(frame)
    frame["y"] = X[:, 0]
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert compare(tmp_path / "t.csv", ("linear",), target="y").winner == "linear"
    none = torch.zeros(0, dtype=torch.int64)
    with pytest.raises(InputError, match="validation rows choose and test rows report"):
        compare(replace(PLANE, test=none))
    with pytest.raises(InputError, match="loss='squared'"):
        compare(replace(PLANE, targets=PLANE.targets.abs().round(), loss="poisson"))


def test_a_folder_holds_every_run_and_the_verdict(bent: Comparison, tmp_path: Path) -> None:
    files = write_comparison(bent, tmp_path / "out")
    assert [file.name for file in files] == [
        "comparison.csv", "comparison.html", "comparison.md", "fronts.svg",
    ]  # fmt: skip
    assert len(pd.read_csv(files[0])) == len(bent.runs)
    assert "Take the KAN" in files[1].read_text()
    assert "# KAN or MLP?" in files[2].read_text()
    assert ET.fromstring(bent.to_svg()).tag.endswith("svg")
    page = bent._repr_html_()
    assert page.count("<tr>") == 3
    assert "<svg" in page


def test_the_command_measures_a_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(y=2 * X[:, 0])
    frame.to_csv(tmp_path / "t.csv", index=False)
    ask = ["compare", str(tmp_path / "t.csv"), "--target", "y", "--families", "linear", "boosting"]
    assert main([*ask, "--budget", "parameters=300", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "Take the line" in said
    assert "Written to" in said
    assert (tmp_path / "out" / "comparison.html").is_file()
    assert main([*ask, "--budget", "many"]) == 2
    assert "--budget needs NAME=NUMBER, got 'many'" in capsys.readouterr().err
    assert tuple(FAMILIES) == command._FAMILIES
