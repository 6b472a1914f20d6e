"""What tests of commands share: a short search, and a folder of results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.kan.data import Dataset
from workbench.report.results import summary, write_results
from workbench.search.automatic import discover


@pytest.fixture
def small_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second for structure, and a sum of curves to train: what searches find is asked for elsewhere."""
    monkeypatch.setattr("workbench.search.course._QUICK_SECONDS", 1.0)
    monkeypatch.setattr(
        "workbench.search.automatic.default_widths",
        lambda data, effort: ((len(data.names), data.outputs),),
    )


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """New rows of the table that ``results`` explains."""
    x = np.random.default_rng(1).uniform(1, 2, (60, 2))
    noise = 0.01 * np.random.default_rng(2).standard_normal(60)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": 2.73 * x[:, 0] - x[:, 1] + noise})


@pytest.fixture(scope="session")
def results(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``discover --out`` leaves it."""
    folder = tmp_path_factory.mktemp("results")
    found = discover(Dataset.from_frame(rows, "y"), effort="quick", hidden=())
    write_results(folder, found, summary(found, seed=0, file="t.csv"), title="y")
    return folder
