"""The columns that relations are looked for in: numbers in complete rows, and codes of labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from workbench.errors import InputError
from workbench.kan.columns import listed
from workbench.kan.frames import columns_of

LEAST_ROWS, _MOST_ROWS = 50, 4000
_FEW_VALUES = 20
_FULL = 0.5


@dataclass(frozen=True)
class Table:
    """Numbers and labels of the same rows.

    Attributes:
        numbers: columns ``(N,)`` float64 by name. codes: whole numbers from 0, by name, of columns of
            labels and of those with few values.
        folds: number of the part that each row is held out with, ``(N,)``.
        notes: what was left out.
    """

    numbers: Mapping[str, np.ndarray]
    codes: Mapping[str, np.ndarray]
    folds: np.ndarray
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple({**self.numbers, **self.codes})

    @property
    def ranks(self) -> dict[str, np.ndarray]:
        """Ranks of the numbers, between 0 and 1."""
        return {name: (rankdata(x) - 0.5) / len(x) for name, x in self.numbers.items()}

    def frame(self, names: list[str]) -> pd.DataFrame:
        """Some columns of numbers."""
        return pd.DataFrame({name: self.numbers[name] for name in names})


def table_of(frame: Any, seed: int, folds: int) -> Table:
    """The table in a random order of its complete rows, at most 4,000 of them.

    Raises:
        InputError: it is no table, or fewer than 50 rows or two columns are left.
    """
    columns = {name: c.values for name, c in columns_of(frame).items() if c.values.ndim == 1}
    numbers = {
        n: np.asarray(x, dtype=np.float64) for n, x in columns.items() if x.dtype.kind in "iuf"
    }
    gaps = [name for name, x in numbers.items() if np.isfinite(x).mean() < _FULL]
    rows = np.ones(len(next(iter(columns.values()), ())), dtype=bool)
    for name in numbers.keys() - set(gaps):
        rows &= np.isfinite(numbers[name])
    order = np.random.default_rng(seed).permutation(np.flatnonzero(rows))[:_MOST_ROWS]
    if len(order) < LEAST_ROWS:
        raise InputError(
            f"relations need at least {LEAST_ROWS} rows in which all numbers are known, got {len(order)}"
        )
    kept = {name: x[order] for name, x in numbers.items() if name not in gaps}
    still = [name for name, x in kept.items() if np.ptp(x) == 0]
    kept = {name: x for name, x in kept.items() if name not in still}
    labels = {name: codes_of(x[order]) for name, x in columns.items() if x.dtype.kind in "ObUTS"}
    labels |= {n: codes_of(x) for n, x in kept.items() if len(np.unique(x)) <= _FEW_VALUES}
    codes = {name: x for name, x in labels.items() if 0 < x.max() < len(x) / 5}
    if len({**kept, **codes}) < 2:
        raise InputError("relations need at least two columns that vary")
    others = [
        name for name in columns if name not in {**kept, **codes} and name not in gaps + still
    ]
    used = [f"{len(order)} of {len(rows)} rows are used"] if len(order) < len(rows) else []
    return Table(
        kept, codes, np.arange(len(order)) % folds, (*_left_out(gaps, still, others), *used)
    )


def _left_out(gaps: list[str], still: list[str], others: list[str]) -> list[str]:
    """Sentences on columns that nothing is said of."""
    reasons = (
        (gaps, "more than half is missing"),
        (still, "every row says the same"),
        (others, "neither numbers nor a few labels"),
    )
    return [f"{listed(names)} left out: {why}" for names, why in reasons if names]


def codes_of(values: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 for the distinct values, gaps being one of them."""
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0])
