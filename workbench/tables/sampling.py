"""Some rows of a large table, and those that are left."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from workbench.errors import InputError

_LABELS = 50
"""Different values from where on a column does not tell rows of one class or group apart from others."""


def sampled(
    frame: pd.DataFrame, rows: int, *, seed: int = 0, alike: Collection[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random rows of a table and all its others, both in the order of the table.

    What was done is among the notes of the sample, see ``reading.read_table``.

    Args:
        frame: the table. rows: how many; a table that has no more is returned whole.
        seed: of the choice.
        alike: columns of classes or groups, each of which has its share in the sample; those with many
            different values are no such columns.

    Raises:
        InputError: ``rows`` is not positive.
    """
    if rows < 1:
        raise InputError(f"a sample needs a positive number of rows, got {rows}")
    if rows >= len(frame):
        return frame, frame.iloc[:0]
    order = np.random.default_rng(seed).permutation(len(frame))
    strata = [name for name in alike if name in frame and frame[name].nunique() <= _LABELS]
    if strata:  # rows of a kind stand together, at random among themselves
        kinds = frame.groupby(strata, dropna=False, observed=True).ngroup().to_numpy()
        order = order[np.argsort(kinds[order], kind="stable")]
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[order[((np.arange(rows) + 0.5) * len(frame) / rows).astype(int)]] = True
    shares = f", with the shares of {' and '.join(map(repr, strata))}" if strata else ""
    note = f"A random sample of {rows} of {len(frame)} rows (seed {seed}), in their order{shares}."
    sample, rest = (frame[rows].reset_index(drop=True) for rows in (chosen, ~chosen))
    sample.attrs = {**frame.attrs, "notes": [*frame.attrs.get("notes", ()), note]}
    rest.attrs = dict(frame.attrs)
    return sample, rest
