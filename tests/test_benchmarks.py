"""Every benchmark runs; every table of their README says what made it, and what that measures is known."""

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_quick_run_comes_to_its_end(script: Path) -> None:
    before = written()
    command = [sys.executable, str(script), "--quick"]
    with tempfile.TemporaryDirectory() as folder:  # short: a browser makes sockets in it
        environment = os.environ | {"PYTHONPATH": str(BENCHMARKS.parent), "TMPDIR": folder}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode == NOT_RUN:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
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
