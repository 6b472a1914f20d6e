"""The target against every other column: a few points for small pictures, and a correlation of ranks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from workbench.kan.frames import Column, columns_of, kind_of
from workbench.kan.kinds import Kind, missing

POINTS = 160
_MOST_COLUMNS = 60
_LEAST = 3
_FINEST = 255


@dataclass(frozen=True)
class Against:
    """A column and the target on some of the rows.

    Attributes:
        name: of the column. x, y: places of points from 0 to 255, the lowest value at 0; labels stand in
            their order.
        correlation: Spearman's, over all rows that have both; None where one is no number or is constant.
    """

    name: str
    x: tuple[int, ...]
    y: tuple[int, ...]
    correlation: float | None


def against(
    frame: pd.DataFrame, target: str, kinds: Mapping[str, Kind] | None = None
) -> tuple[Against, ...]:
    """The target against each of the first columns that have an order; the same rows for all of them."""
    columns = columns_of(frame)
    rows = np.unique(np.linspace(0, len(frame) - 1, min(POINTS, len(frame))).astype(int))
    if target not in columns or not len(frame):
        return ()
    y, numeric = _numbers(columns[target], kinds or {})
    found = []
    for name in [name for name in columns if name != target][:_MOST_COLUMNS]:
        x, number = _numbers(columns[name], kinds or {})
        known = np.isfinite(x) & np.isfinite(y)
        shown = rows[known[rows]]
        if len(shown) < _LEAST:
            continue
        correlation = _spearman(x[known], y[known]) if number and numeric else None
        found.append(Against(name, _places(x[shown]), _places(y[shown]), correlation))
    return tuple(found)


def _numbers(column: Column, kinds: Mapping[str, Kind]) -> tuple[np.ndarray, bool]:
    """Values with NaN for gaps, and whether they are numbers of themselves; labels are counted."""
    values, gaps = column.values, missing(column.values)
    guess = kind_of(column, kinds)
    if guess.kind in ("text", "identifier"):
        return np.full(len(values), np.nan), False
    if values.dtype.kind in "iufb":
        return np.where(np.isfinite(values.astype(float)), values.astype(float), np.nan), True
    found = np.full(len(values), np.nan)
    if values.dtype.kind == "M":
        found[~gaps] = values[~gaps].astype("datetime64[s]").astype(float)
        return found, True
    found[~gaps] = np.unique(values[~gaps].astype(str), return_inverse=True)[1]
    return found, False


def _spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    if x.min() == x.max() or y.min() == y.max():
        return None
    found = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    return found if math.isfinite(found) else None


def _places(values: np.ndarray) -> tuple[int, ...]:
    low, high = values.min(), values.max()
    half = 0.5 * high - 0.5 * low
    if not half > 0:
        return (_FINEST // 2,) * len(values)
    return tuple((_FINEST * ((0.5 * values - 0.5 * low) / half)).round().astype(int).tolist())
