"""A sample keeps the order of rows and the shares of classes, and loses no row."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.tables.sampling import sampled

TABLE = pd.DataFrame({"n": range(1000), "kind": ["rare"] * 50 + ["usual"] * 950})


def test_rows_are_in_their_order_and_none_is_lost() -> None:
    sample, rest = sampled(TABLE, 100, seed=1)
    assert sample["n"].is_monotonic_increasing
    assert sorted([*sample["n"], *rest["n"]]) == list(range(1000))
    assert sample.attrs["notes"] == [
        "A random sample of 100 of 1000 rows (seed 1), in their order."
    ]
    assert not np.array_equal(sample["n"], sampled(TABLE, 100, seed=2)[0]["n"])
    assert np.array_equal(sample["n"], sampled(TABLE, 100, seed=1)[0]["n"])


@pytest.mark.parametrize("rows", [100, 333, 999])
def test_classes_have_their_shares(rows: int) -> None:
    sample, _ = sampled(TABLE, rows, alike=("kind", "n", "other"))
    assert len(sample) == rows
    assert abs((sample["kind"] == "rare").sum() - 0.05 * rows) <= 1
    assert sample.attrs["notes"][0].endswith("in their order, with the shares of 'kind'.")


def test_a_small_table_is_whole() -> None:
    sample, rest = sampled(TABLE, 1000)
    assert sample is TABLE
    assert len(rest) == 0


def test_a_sample_has_rows() -> None:
    with pytest.raises(InputError, match="a positive number of rows, got -1"):
        sampled(TABLE, -1)
