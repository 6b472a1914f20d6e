"""``dynamics``: equations of motion from a file to a folder."""

from pathlib import Path

import pandas as pd
import pytest

from tests.dynamics.systems import DUFFING_STARTS, diffusing, duffing, table
from workbench.cli import main


def test_equations_numbers_and_pictures_are_written(tmp_path: Path, capsys) -> None:
    path, out = tmp_path / "swing.csv", tmp_path / "results"
    table(duffing, DUFFING_STARTS, "xv", span=12, noise=0.01).to_csv(path, index=False)
    assert main(["dynamics", str(path), "--states", "x,v", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "dv/dt = " in printed
    assert "of the spread is missed" in printed
    assert (out / "equations.txt").read_text().startswith("dx/dt = ")
    assert r"\frac{d x}{d t}" in (out / "equations.tex").read_text()
    assert set(pd.read_csv(out / "terms.csv")["term"]) == {"v", "x", "x**3"}
    pictures = {"trajectory_1.svg", "trajectory_2.svg", "phase_portrait.svg"}
    assert pictures < {file.name for file in out.iterdir()}
    assert "<polyline" in (out / "phase_portrait.svg").read_text()


def test_fields_on_a_grid(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path, out = tmp_path / "field.csv", tmp_path / "results"
    diffusing(noise=0.01).to_csv(path, index=False)
    assert main(["dynamics", str(path), "--space", "x", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "c_t = " in printed
    assert "noise explains" in printed
    assert set(pd.read_csv(out / "terms.csv")["term"]) == {"c_x", "c_xx"}
    assert r"\frac{\partial c}{\partial t}" in (out / "equations.tex").read_text()
    assert main(["dynamics", str(path), "--space", "x", "--controls", "c"]) == 2
    assert "no controls" in capsys.readouterr().err


def test_a_column_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"s": range(20), "x": range(20)}).to_csv(path, index=False)
    assert main(["dynamics", str(path)]) == 2
    assert "there is no column 't': the table has s, x" in capsys.readouterr().err
