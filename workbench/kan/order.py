"""Whether the order of rows matters: rows that follow their neighbours are easily guessed when held out."""

import math
from collections.abc import Mapping

import numpy as np

from workbench.kan.frames import Column
from workbench.kan.kinds import missing

_ALIKE = 0.5
"""Correlation of neighbouring targets from where on rows follow each other."""
_STEPS, _WANDERS = (2, 4, 8, 16), (0.4, 2.5)
_LEAST_ROWS = 3 * _STEPS[-1]
_SHARES = (0.7, 0.85)


def parts_in_order(rows: int, *, backwards: bool = False) -> list[str]:
    """Per row its part: the first train, the last are held out.

    Args:
        rows: how many. backwards: whether the last row comes first.
    """
    first, second = (round(share * rows) for share in _SHARES)
    parts = ["train"] * first + ["validation"] * (second - first) + ["test"] * (rows - second)
    return parts[::-1] if backwards else parts


def by_date(columns: Mapping[str, Column], target: str) -> tuple[str, bool] | None:
    """The column of dates that orders the rows, and whether backwards; None where rows do not follow it.

    Args:
        columns: of the table. target: which of them is explained; its neighbours have to be alike.
    """
    if alike(columns[target].values) < _ALIKE:
        return None
    for name, column in columns.items():
        if name == target or column.values.dtype.kind != "M" or missing(column.values).any():
            continue
        steps = np.diff(column.values)
        zero = np.timedelta64(0, "ns")
        if (steps >= zero).all() or (steps <= zero).all():
            return name, bool((steps < zero).any())
    return None


def alike(values: np.ndarray) -> float:
    """Correlation of neighbouring rows, 0 where it is not known."""
    series = _numbers(values)
    if series is None:
        return 0.0
    with np.errstate(all="ignore"):
        found = float(np.corrcoef(series[:-1], series[1:])[0, 1])
    return found if math.isfinite(found) else 0.0


def wanders(values: np.ndarray) -> bool:
    """Whether a column goes from row to row like a random walk.

    Steps over k rows vary k times as much as steps over one in a random walk, k² times in a smooth
    curve, and as much in noise.

    Args:
        values: ``(N,)``.
    """
    series = _numbers(values)
    if series is None or alike(values) < _ALIKE:
        return False
    one = float(np.var(np.diff(series)))
    growth = [float(np.var(series[k:] - series[:-k])) / k for k in _STEPS]
    return all(_WANDERS[0] * one < several < _WANDERS[1] * one for several in growth)


def _numbers(values: np.ndarray) -> np.ndarray | None:
    if values.dtype.kind not in "iuf" or values.ndim > 1:
        return None
    series = values[~missing(values)].astype(float)
    return (
        series
        if len(series) >= _LEAST_ROWS and np.isfinite(series).all() and np.ptp(series) > 0
        else None
    )
