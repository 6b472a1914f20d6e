"""Every benchmark runs; every table of their README says what made it; verdicts are right."""

import dataclasses
import importlib
import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from sympy import Symbol

from workbench.formulas.dimensions import check_expressions
from workbench.formulas.formula import Formula
from workbench.formulas.parsing import parse_expression

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = [
    path
    for path in sorted(BENCHMARKS.glob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
]
NOT_RUN = 77
"""Exit code of a script that lacks what it needs here."""


def written() -> dict[Path, int]:
    """When each file beside the benchmarks was written last."""
    return {path: path.stat().st_mtime_ns for path in BENCHMARKS.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def forks() -> Any:
    """Processes that have imported what most scripts need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workbench.search.automatic", "sklearn.ensemble"])
    return context


def run_quickly(script: Path, folder: str) -> None:
    """A script's quick run in this process, with a folder of its own for all that it writes."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    paths = os.pathsep.join((str(BENCHMARKS.parent), os.environ.get("PYTHONPATH", "")))
    os.environ.update(PYTHONPATH=paths.rstrip(os.pathsep), TMPDIR=folder)
    tempfile.tempdir = None
    sys.argv = [str(script), "--quick"]
    sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS.parent)]
    runpy.run_path(str(script), run_name="__main__")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_quick_run_comes_to_its_end(script: Path, forks: Any) -> None:
    before = written()
    with tempfile.TemporaryDirectory() as folder:  # short: a browser makes sockets in it
        run = forks.Process(target=run_quickly, args=(script, folder))
        run.start()
        run.join()
        told, failed = (Path(folder, name).read_text() for name in ("stdout", "stderr"))
    if run.exitcode == NOT_RUN:
        pytest.skip(told.splitlines()[-1])
    assert run.exitcode == 0, failed
    assert told.strip()
    assert written() == before


@pytest.fixture
def provenance(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("provenance")


def test_every_table_names_its_script_and_commit(provenance: ModuleType) -> None:
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    found = list(provenance.tables(text))
    assert len(found) == text.count(": begin -->\n|")
    assert [name for name, _, commit in found if commit is None] == []
    assert all((BENCHMARKS / script).exists() for _, script, _ in found)
    cut = text.replace("Made by `benchmarks/knots.py`", "Made somehow")
    assert ("knots", None, None) in list(provenance.tables(cut))


def test_a_table_measures_its_script_and_the_folders_that_it_imports(
    provenance: ModuleType,
) -> None:
    found = {
        str(p.relative_to(BENCHMARKS.parent)) for p in provenance.measured(BENCHMARKS / "knots.py")
    }
    assert {"benchmarks/knots.py", "benchmarks/tables.py"} <= found
    assert {"case_studies/knots", "workbench/baselines", "workbench/kan"} <= found
    assert not any(name.startswith(("workbench/widgets", "tests")) for name in found)


def test_tables_are_put_with_their_commit(
    provenance: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = importlib.import_module("tables")
    readme = tmp_path / "README.md"
    readme.write_text("<!-- one: begin -->\nold\n<!-- one: end -->\nMade somehow.\n")
    monkeypatch.setattr(tables, "README", readme)
    monkeypatch.setattr(tables, "git", lambda *asked: "abc1234" if asked[0] == "rev-parse" else "")
    monkeypatch.setattr("sys.argv", ["benchmarks/one.py"])
    for number in (1, 2):
        tables.write("one", ["a"], [[number]])
        text = readme.read_text()
        assert (
            f"| {number} |\n<!-- one: end -->\nMade by `benchmarks/one.py` at commit `abc1234`.\n"
            in text
        )
    assert text.count("Made by") == 1
    assert list(provenance.tables(text)) == [("one", "one.py", "abc1234")]


@pytest.fixture
def zoo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("zoo")


def test_the_zoo_has_laws_of_all_kinds_in_two_halves_without_gaps(zoo: ModuleType) -> None:
    laws = importlib.import_module("zoo_laws")
    known = laws.laws()
    assert len(known) == len({law.name for law in known}) == 160
    assert len({law.field for law in known}) >= 10
    assert all(1 <= len(law.names) <= 4 and 100 <= law.rows <= 500 for law in known)
    assert all(len(law.sample(law.rows, seed=0)[1]) == law.rows for law in known)
    assert [len(members) for members in laws.halves().values()] == [80, 80]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ("37.2*T^0.68*exp(-2140/T)", "exact"),
        ("36.1*T^0.685*exp(-2150.3/T)", "form"),
        ("37.2*T^0.68*exp(-2141/T)", "accurate"),
        ("8.4e-4*T^2 - 0.4*T", "fail"),
    ],
)
def test_a_verdict_tells_the_law_from_its_form_and_from_a_curve(
    zoo: ModuleType, found: str, verdict: str
) -> None:
    law = zoo._LAWS["Modified Arrhenius rate"]
    expression = parse_expression(found, law.names).evalf()
    form = zoo.Form.of(Formula((expression,), law.names))
    if verdict == "accurate":  # a constant too many for the form
        form = dataclasses.replace(form, constants=9)
    assert zoo.verdict(form, law) == verdict
    assert zoo.is_right(verdict, 0.01) == (verdict in ("exact", "form"))


def test_a_broken_off_run_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    kept = importlib.import_module("kept")
    path, tasks = tmp_path / "kept.jsonl", [{"name": n} for n in (1, 0)]
    first = list(kept.results(tasks[:1], lambda task: {"y": 1 / task["name"]}, path, limit=60))
    assert first == [{"name": 1, "y": 1.0}]
    found = list(kept.results(tasks, lambda task: {"y": 2 / task["name"]}, path, limit=60))
    assert found == [*first, {"name": 0, "failed": "ZeroDivisionError('division by zero')"}]
    assert kept.read(path) == found


def test_a_table_is_prepared_by_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    choice = importlib.import_module("table_choice")
    rows = range(40)
    frame = pd.DataFrame(
        {
            "Unnamed: 0": rows,
            "id": rows,
            "target": [n / 7 for n in rows],
            "kind": ["a" if n % 2 else "b" for n in rows],
            "name": [f"n{n}" for n in rows],
            "few": [n % 3 for n in rows],
            "same": 1.0,
        }
    )
    table = choice.prepared(frame)
    assert list(table) == ["few", "kind_b", "target"]
    assert choice.Real("package", "name", table).fits
    assert choice.prepared(frame[["few", "kind"]]) is None


def test_every_feynman_equation_is_homogeneous_in_its_units(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    known = importlib.import_module("feynman_equations").equations()
    assert len(known) == 120
    for equation in known:
        constant = Symbol(
            "law", real=True
        )  # a column with the law's unit, so that their ratio is pure
        found = check_expressions(
            [equation.expression / constant], [*equation.names, "law"], equation.units, None
        )
        assert (equation.name, found.problems) == (equation.name, ())
