"""``boundary``: the law of an edge on the terminal."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.boundaries import ImplicitFormula
from workbench.cli import main

_LATTICE = """
import numpy as np
parameters = {"wave": (0.3, 2.0)}
sites = 89
def hamiltonian(sites, phi, wave):
    energy = 2 * wave * np.cos(2 * np.pi * (np.sqrt(5) - 1) / 2 * np.arange(sites) + phi)
    return np.diag(energy) + np.eye(sites, k=1) + np.eye(sites, k=-1)
"""


def test_the_law_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    a, b = np.random.default_rng(0).uniform(0, 3, (2, 400))
    table = pd.DataFrame({"a": a, "b": b, "phase": np.where(a * b > 2, "wet", "dry")})
    table.to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "edge.json"
    assert main(["boundary", str(tmp_path / "t.csv"), "--target", "phase", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "where it is 'wet'" in printed
    assert "The edge: a = " in printed
    assert ImplicitFormula.load(out).inside(np.array([[2.0, 2.0], [0.5, 0.5]])).tolist() == [
        True,
        False,
    ]
    assert main(["boundary", str(tmp_path / "t.csv"), "--target", "b"]) == 2
    assert "two classes" in capsys.readouterr().err


def test_the_edge_of_a_lattice_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out, lattice = tmp_path / "out", tmp_path / "mine.py"
    lattice.write_text(_LATTICE)
    asked = ["run", "localization", "--lattice", str(lattice), "--out", str(out)]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert "The edge: wave = 1\n" in printed
    about = json.loads((out / "result.json").read_text())
    assert about["complete"]
    assert about["law"] in printed
    law = ImplicitFormula.load(out / "edge.json")
    points = pd.read_csv(out / "points.csv")
    assert np.median(np.abs(law.value(points))) < 0.05
    assert {"wave_error", "E_error"} <= set(points)


def test_lattices_that_are_none_and_studies_without_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    lattice = tmp_path / "mine.py"
    lattice.write_text("parameters = {'lam': (0, 1)}")
    assert main(["run", "localization", "--lattice", str(lattice)]) == 2
    assert "it lacks hamiltonian" in capsys.readouterr().err
    assert main(["run", "localization", "--lattice", str(tmp_path / "none.py")]) == 2
    assert "there is no file" in capsys.readouterr().err
    assert main(["run", "knots", "--lattice", str(lattice)]) == 2
    assert "the study of localization" in capsys.readouterr().err
