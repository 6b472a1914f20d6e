"""From a table with columns of time and place to fields on a grid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.dynamics.reading import frame_of, numbers_of, require_columns
from workbench.dynamics.trajectories import GROUPS
from workbench.errors import InputError

FEWEST_POINTS = 13
"""Times, and places along a coordinate: below, no bump has enough points."""
_DIFFERENCE, _MAD = 6, 0.6744898
_EVEN = 1e-3


@dataclass(frozen=True)
class Fields:
    """Fields of one run.

    Attributes:
        axes: times ``(T,)``, then the places along every coordinate, ``(X,)`` each.
        values: ``(S, T, X, ...)``.
    """

    axes: tuple[np.ndarray, ...]
    values: np.ndarray

    @property
    def even(self) -> bool:
        """Whether all steps along an axis are the same."""
        steps = [np.diff(axis) for axis in self.axes]
        return all(float(np.ptp(own)) < _EVEN * float(own.mean()) for own in steps)

    def thinned(self) -> "Fields":
        """Every second point along every axis."""
        every = tuple(slice(None, None, 2) for _ in self.axes)
        return Fields(tuple(axis[::2] for axis in self.axes), self.values[(slice(None), *every)])

    def noise(self) -> np.ndarray:
        """Standard deviation of the errors of every field, ``(S,)``: what differences of sixth order leave.

        The median takes no notice of a front, and the direction in which least is left counts.
        """
        found = []
        for axis in range(1, self.values.ndim):
            order = min(_DIFFERENCE, self.values.shape[axis] - 1)
            size = _MAD * math.sqrt(math.comb(2 * order, order))
            rest = np.abs(np.diff(self.values, n=order, axis=axis))
            found.append(np.median(rest.reshape(len(rest), -1), axis=1) / size)
        least: np.ndarray = np.min(found, axis=0)
        return least


def read_fields(
    table: Any, time: str, space: Sequence[str], states: Sequence[str] | None, groups: str
) -> tuple[tuple[str, ...], tuple[Fields, ...]]:
    """Names of the fields, and the fields of every run.

    Args:
        table: with a row for every time and place, in any order. time, space: columns of the grid.
        states: columns of the fields; all that are left by default.
        groups: column that names the runs; without it all rows are one.

    Raises:
        InputError: a column lacks or holds no numbers, the rows are no grid, or a field stands still.
    """
    frame = frame_of(table)
    if groups != GROUPS:
        require_columns(frame, [groups])
    grouped = groups in frame.columns
    axes = [time, *space]
    if states is None:
        states = [str(n) for n in frame.columns if n not in {*axes, groups}]
    names = tuple(states)
    if not names:
        raise InputError(f"a field is needed, but there is no column beside {sorted(axes)}")
    columns = [*axes, *names]
    require_columns(frame, columns)
    if len(set(columns)) < len(columns):
        raise InputError(f"time, space and states must be different columns, got {columns}")
    table = np.stack([numbers_of(frame, name) for name in columns], 1)
    labels = frame[groups].astype(str).to_numpy() if grouped else np.zeros(len(frame), dtype=int)
    runs = tuple(
        _on_grid(table[labels == label], columns, len(axes), f"run {label}" if grouped else "table")
        for label in dict.fromkeys(labels.tolist())
    )
    for number, name in enumerate(names):
        if all(np.ptp(run.values[number], axis=0).max() == 0 for run in runs):
            raise InputError(f"column {name!r} does not change in time: leave it out of states")
    return names, runs


def _on_grid(rows: np.ndarray, columns: Sequence[str], axes: int, where: str) -> Fields:
    gaps = np.isnan(rows)
    if gaps.any():
        row, column = np.argwhere(gaps)[0]
        raise InputError(
            f"the {where} has a gap in column {columns[column]!r}, row {row}: fields must be whole"
        )
    found = [np.unique(rows[:, k], return_inverse=True) for k in range(axes)]
    shape = tuple(len(points) for points, _ in found)
    for name, count in zip(columns, shape, strict=False):
        if count < FEWEST_POINTS:
            raise InputError(
                f"the {where} has {count} values of {name!r}, at least {FEWEST_POINTS} are needed"
            )
    place = np.ravel_multi_index([inverse for _, inverse in found], shape)
    counts = np.bincount(place, minlength=math.prod(shape))
    if (counts != 1).any():
        wrong = np.unravel_index(int(np.argmax(counts != 1)), shape)
        point = ", ".join(
            f"{name} = {points[k]:g}"
            for name, (points, _), k in zip(columns, found, wrong, strict=False)
        )
        times = "no row" if counts[counts != 1][0] == 0 else "several rows"
        raise InputError(f"the {where} is no grid: it has {times} at {point}")
    values = np.empty((rows.shape[1] - axes, len(rows)))
    values[:, place] = rows[:, axes:].T
    return Fields(tuple(points for points, _ in found), values.reshape(-1, *shape))
