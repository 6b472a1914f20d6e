"""``show`` and ``export``: what a folder of results holds, and its formula as code."""

import json
import shutil
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.formulas.export import LANGUAGES


def test_a_folder_is_shown(results: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["show", str(results)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("y = ")
    assert "(95 %: " in printed
    assert "Held-out rows (9): RMSE " in printed
    assert "Fitted for 1." in printed
    assert "formula.json, " in printed
    assert printed.endswith("seed 0, from 't.csv'\n")


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, 0, "There is no result.json"),
        (b'{"complete": false, "seconds": 1, "seed": 0}', 0, "Not complete: "),
        (b'{"complete": "yes"}', 2, "result.json' is damaged"),
        (b"\xff", 2, "result.json' is damaged"),
    ],
)
def test_whether_it_is_complete(
    content: bytes | None,
    code: int,
    says: str,
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(results, folder)
    (folder / "result.json").unlink()
    if content is not None:
        (folder / "result.json").write_bytes(content)
    assert main(["show", str(folder)]) == code
    assert says in "".join(capsys.readouterr())


def test_warnings_and_findings_are_shown(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(results, folder)
    told = json.loads((folder / "result.json").read_text())
    told |= {"notes": ["Warning: few rows", "seen"], "findings": ["On other rows: good."]}
    (folder / "result.json").write_text(json.dumps(told))
    assert main(["show", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "• Warning: few rows\n• On other rows: good.\n" in printed
    assert "seen" not in printed


@pytest.mark.parametrize("command", [["show"], ["export", "--language", "c"]])
def test_a_folder_is_needed(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main([*command[:1], str(tmp_path / "no"), *command[1:]]) == 2
    assert "a folder of results is needed" in capsys.readouterr().err


def test_code_is_printed_and_its_check_said(results: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["export", str(results), "--language", "python", "--language", "latex"]) == 0
    printed = capsys.readouterr()
    assert "def formula(" in printed.out
    assert "python: executed; differs from the formula by at most" in printed.err
    assert "latex: " in printed.err
    assert main(["export", str(results), "--language", "python", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_code_is_written_with_what_belongs_to_it(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "law.c"
    assert main(["export", str(results), "--language", "c", "--out", str(out)]) == 0
    assert "formula" in out.read_text()
    assert (tmp_path / "formula.h").is_file()


def test_all_languages_are_a_folder(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("workbench.formulas.export.LANGUAGES", ("latex", "python"))
    out = tmp_path / "code"
    assert main(["export", str(results), "--language", "all", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"formula.tex", "formula.py"}


def test_a_language_must_be_known(results: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["export", str(results), "--language", "klingon"]) == 2
    assert f"one of {', '.join(LANGUAGES)} or all, got 'klingon'" in capsys.readouterr().err
