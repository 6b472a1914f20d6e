"""``relations``: what columns say of each other."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.cli import main


def test_relations_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    b, c, n = np.random.default_rng(0).uniform(1, 2, (3, 200))
    pd.DataFrame({"a": b * c, "b": b, "c": c, "n": n, "one": 1}).to_csv(
        tmp_path / "t.csv", index=False
    )
    out = tmp_path / "relations.csv"
    assert main(["relations", str(tmp_path / "t.csv"), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "a = b*c (law of a, b and c" in printed
    assert "'one' left out: every row says the same" in printed
    assert pd.read_csv(out)["columns"].tolist() == ["a, b, c"]


def test_a_place_that_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    pd.DataFrame({"a": range(60), "b": range(60)}).to_csv(tmp_path / "t.csv", index=False)
    assert main(["relations", str(tmp_path / "t.csv"), "--out", str(tmp_path)]) == 2
    assert "the list of relations needs a folder that can be written" in capsys.readouterr().err
