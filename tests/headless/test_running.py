"""A run from the command line leaves what it found, whatever ends it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.headless.running import Run
from workbench.headless.terminal import COMPLETE, INTERRUPTED, Detail, Ended, ProgressLine
from workbench.kan import checkpoint
from workbench.kan.data import Dataset
from workbench.report.results import FIRST, summary
from workbench.search.automatic import discover
from workbench.search.discovery import Discovery

X = np.random.default_rng(0).uniform(-1, 1, (60, 2))


@pytest.fixture(scope="module")
def found() -> Discovery:
    data = Dataset.from_arrays(X, 3 * X[:, 0] - X[:, 1])
    return discover(data, effort="quick", hidden=())


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def run(tmp_path: Path, said: list[str]) -> Run:
    def tell(found: Discovery) -> dict[str, Any]:
        return summary(found, seed=0)

    out = str(tmp_path / "out")
    figures = str(tmp_path / "f.json")
    return Run(ProgressLine(), tell, "title", out=out, figures=figures, say=said.append)


def names(out: str) -> set[str]:
    return {path.name for path in Path(out).iterdir()}


def complete(run: Run) -> list[bool]:
    files = (Path(run.out, "result.json"), Path(run.figures))
    return [json.loads(file.read_text())["complete"] for file in files]


@pytest.mark.parametrize("detail", ["quiet", "verbose"])
def test_the_detail_of_an_answer(
    detail: Detail, run: Run, found: Discovery, said: list[str]
) -> None:
    run.progress.detail = detail
    tried = replace(found, skipped={"a link that divides by zero": 2})
    assert run.through(lambda: (tried, summary(tried, seed=0))) == COMPLETE
    if detail == "quiet":
        assert said[0] == str(found.formula)
        assert said[1].startswith("Held-out RMSE ")
        assert len(said) == 2
    else:
        assert "  a link that divides by zero: 2" in said
        assert "\nStructure that was found:" in said


def test_what_was_found_is_on_disk_before_the_run_is_complete(run: Run, found: Discovery) -> None:
    def search() -> tuple[Discovery, dict[str, Any]]:
        run.keep(found)
        assert names(run.out) == set(FIRST)
        assert complete(run) == [False, False]
        return found, summary(found, seed=0)

    assert run.through(search) == COMPLETE
    assert complete(run) == [True, True]
    assert {"report.html", "formula.c", *FIRST} < names(run.out)
    assert not [name for name in names(run.out) if name.endswith(".part")]
    assert Formula.load(Path(run.out, "formula.json")).expressions == found.formula.expressions
    assert checkpoint.load(Path(run.out, "model.safetensors")).in_features == 2


def test_a_search_that_is_broken_off_leaves_what_it_had(
    run: Run, found: Discovery, said: list[str]
) -> None:
    def search() -> tuple[Discovery, dict[str, Any]]:
        run.keep(found)
        run.progress.hurried = True
        raise Ended

    assert run.through(search) == INTERRUPTED
    assert complete(run) == [False, False]
    assert names(run.out) == set(FIRST)
    assert str(found.formula) in said
    assert said[-1].startswith("Skipped: report, pictures and exports.")


def test_before_anything_is_found_there_is_nothing_to_leave(run: Run) -> None:
    def search() -> tuple[Discovery, dict[str, Any]]:
        raise Ended

    with pytest.raises(Ended):
        run.through(search)


def test_an_interrupted_report_takes_nothing_with_it(
    run: Run, found: Discovery, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise Ended

    monkeypatch.setattr("workbench.report.results.export_all", ended)
    assert run.through(lambda: (found, summary(found, seed=0))) == INTERRUPTED
    assert names(run.out) == set(FIRST)
    assert complete(run) == [False, False]
    assert said[-1].startswith("Skipped")


def test_a_full_disk_ends_no_search_and_hides_no_formula(
    run: Run, found: Discovery, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    run.keep(replace(found, seconds=1.0))
    before = {file: Path(run.out, file).read_bytes() for file in FIRST}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.common.writing.os.fsync", full)

    def search() -> tuple[Discovery, dict[str, Any]]:
        run.keep(found)
        return found, summary(found, seed=0)

    with pytest.raises(InputError, match="No space left on device; what was there is left"):
        run.through(search)
    assert str(found.formula) in said
    assert {file: Path(run.out, file).read_bytes() for file in FIRST} == before
    assert names(run.out) == set(FIRST)


def test_an_earlier_run_is_set_aside_whole(run: Run, found: Discovery) -> None:
    out = Path(run.out)
    out.mkdir()
    for name in ("report.html", "formula.json", "result.json", "notes.txt"):
        (out / name).write_text("earlier")
    run.keep(found)
    assert names(run.out) == {*FIRST, "notes.txt", "previous"}
    assert names(str(out / "previous")) == {"report.html", "formula.json", "result.json"}
