"""What noise on the inputs, and the edge of the data, cost a model that was trained without them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from workbench.comparison.run import Run, error_of
from workbench.evidence.sample import Sample
from workbench.kan.checks import not_negative
from workbench.kan.data import Dataset

_EDGE = 0.2
"""Share of the test rows that count as the edge."""


def table(runs: Iterable[Run], data: Dataset, noise: Sequence[float], seed: int) -> pd.DataFrame:
    """Test errors, one row a model; see ``Comparison.robustness``.

    "edge" and "inside" are errors of the fifth of the test rows that lie farthest from the middle of the
    training rows, and of all others: the distance of a row is that of its farthest column, in ranks.
    """
    test = Sample.of(data, "test")
    spread = data.split("train")[0].numpy().std(0)
    draws = np.random.default_rng(seed).standard_normal(test.x.shape)
    levels = [not_negative("noise", level) for level in noise]
    far = _distance(data, test.x)
    edge = far >= np.quantile(far, 1 - _EDGE)
    rows = []
    for run in runs:
        row: dict[str, object] = {
            "family": run.family,
            "size": run.size,
            "test_error": run.test_error,
        }
        for level in levels:
            losses = test.row_losses(run.outputs(test.x + level * spread * draws)) * test.counts
            row[f"noise {level:g}"] = error_of(losses, data)
        row["inside"] = error_of(run.test_losses[~edge], data)
        row["edge"] = error_of(run.test_losses[edge], data)
        rows.append(row)
    return pd.DataFrame(rows)


def _distance(data: Dataset, x: np.ndarray) -> np.ndarray:
    """Per row 0 in the middle of the training rows and 1 at their edge, of the farthest column."""
    trained = np.sort(data.split("train")[0].numpy(), 0)
    columns = zip(trained.T, x.T, strict=True)
    ranks = [
        (np.searchsorted(one, new, "left") + np.searchsorted(one, new, "right")) / (2 * len(one))
        for one, new in columns
    ]
    return np.abs(2 * np.stack(ranks, 1) - 1).max(1)
