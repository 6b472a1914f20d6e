"""``look``: a table as it is read."""

from pathlib import Path

import pytest

from tests.cli.tables import good
from workbench.cli import main


def test_a_look_says_what_was_done_to_rows(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = good()
    table.loc[3, "x1"] = float("nan")
    table.to_csv(tmp_path / "t.csv", index=False)
    assert main(["look", str(tmp_path / "t.csv"), "--target", "y"]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("•")]
    assert notes[0].startswith("• 1 of 1000 rows were dropped")


def test_a_sample_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = good().assign(kind=["up", "down"] * 500)
    table.to_csv(tmp_path / "t.csv", index=False)
    assert main(["look", str(tmp_path / "t.csv"), "--target", "kind", "--rows", "100"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("100 rows, 4 columns")
    assert "A random sample of 100 of 1000 rows (seed 0)" in printed
    assert "down 50, up 50" in printed or "up 50, down 50" in printed
    assert main(["look", str(tmp_path / "t.csv"), "--rows", "0"]) == 2
    assert "a positive number of rows, got 0" in capsys.readouterr().err
