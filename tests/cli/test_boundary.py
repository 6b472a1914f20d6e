"""``boundary``: the law of an edge on the terminal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.boundaries import ImplicitFormula
from workbench.cli import main


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
