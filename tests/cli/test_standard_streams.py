"""``-`` in place of a file."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest

from workbench.cli import main


def pipe(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_table_is_piped_in(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    pipe(rows.to_csv(index=False).encode(), monkeypatch)
    assert main(["look", "-"]) == 0
    assert capsys.readouterr().out.startswith("60 rows, 3 columns")


def test_an_empty_pipe_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    pipe(b"", monkeypatch)
    assert main(["discover", "-", "--target", "y"]) == 2
    told = "workbench: a table is needed, but the standard input is empty\n"
    assert capsys.readouterr().err == told


def test_predictions_go_through_pipes(
    results: Path,
    rows: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    pipe(rows.drop(columns="y").to_csv(index=False).encode(), monkeypatch)
    assert main(["predict", str(results), "-", "--out", "-"]) == 0
    printed = capsys.readouterr()
    found = pd.read_csv(io.StringIO(printed.out))
    assert found["y"].to_numpy() == pytest.approx(rows["y"].to_numpy(), abs=0.05)
    assert "60 rows in standard output" in printed.err


def test_quiet_predictions_are_the_file_alone(
    results: Path, rows: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rows.to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "p.csv"
    command = ["predict", str(results), str(tmp_path / "t.csv"), "--out", str(out), "--quiet"]
    assert main(command) == 0
    assert capsys.readouterr() == ("", "")
    assert len(pd.read_csv(out)) == 60
