"""From a table with a column of time to trajectories; what cannot be used is said with its column and row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.common.labels import Label
from workbench.dynamics.reading import frame_of, numbers_of, require_columns
from workbench.errors import InputError

GROUPS = "run"
"""The column that names trajectories, where there is one of this name."""
FEWEST_ROWS = 12
"""Rows of a trajectory: below, neither noise nor slope can be told."""


@dataclass(frozen=True)
class Trajectory:
    """The rows of one run, in the order of time.

    Attributes:
        label: of the run. times: ``(n,)``, rising. states: ``(n, d)``, NaN where one was not measured.
        controls: ``(n, c)``.
    """

    label: Label
    times: np.ndarray
    states: np.ndarray
    controls: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def part(self, rows: slice) -> "Trajectory":
        """Some of the rows."""
        return Trajectory(self.label, self.times[rows], self.states[rows], self.controls[rows])


@dataclass(frozen=True)
class Trajectories:
    """All runs of a table.

    Attributes:
        runs: one or several. time, states, controls: names of the columns.
        notes: what was done to the table, in sentences.
    """

    runs: tuple[Trajectory, ...]
    time: str
    states: tuple[str, ...]
    controls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that an equation may hold: states, controls, time."""
        return (*self.states, *self.controls, self.time)

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of every state, ``(d,)``."""
        return np.nanstd(np.concatenate([run.states for run in self.runs]), axis=0)

    def parts(self, rows: slice) -> "Trajectories":
        """Some rows of every run."""
        runs = tuple(run.part(rows) for run in self.runs)
        return Trajectories(runs, self.time, self.states, self.controls, self.notes)


def read_trajectories(
    table: Any,
    *,
    time: str = "t",
    states: Sequence[str] | None = None,
    groups: str = GROUPS,
    controls: Sequence[str] = (),
) -> Trajectories:
    """The runs of a table, checked.

    Args:
        table: a pandas or polars frame, a mapping of columns, or the path of a file as for ``read_table``.
        time: column of time. states: columns of the state; all that are left by default.
        groups: column that names the runs; without such a column all rows are one run.
        controls: columns of inputs and of parameters, linear between rows.

    Raises:
        InputError: a column lacks or holds no numbers, a run is too short, or a state stands still.
    """
    frame = frame_of(table)
    grouped = groups in frame.columns
    if groups != GROUPS:
        require_columns(frame, [groups])
    controls = tuple(controls)
    taken = {time, groups, *controls}
    if states is None:
        states = [str(name) for name in frame.columns if name not in taken]
    states = tuple(states)
    if not states:
        raise InputError(f"a state is needed, but there is no column beside {sorted(taken)}")
    require_columns(frame, [time, *states, *controls])
    columns = [time, *states, *controls]
    if len(set(columns)) < len(columns):
        raise InputError(f"time, states and controls must be different columns, got {columns}")
    numbers = np.stack([numbers_of(frame, name) for name in columns], 1)
    labels = frame[groups].to_numpy() if grouped else np.zeros(len(frame), dtype=int)
    notes: list[str] = []
    numbers, labels = _complete(numbers, labels, len(states), notes)
    runs = []
    for label in dict.fromkeys(labels.tolist()):
        own = _ordered(numbers[labels == label], f"run {label!r}" if grouped else "table", notes)
        d = 1 + len(states)
        runs.append(Trajectory(label, own[:, 0], own[:, 1:d], own[:, d:]))
    found = Trajectories(tuple(runs), time, states, controls, tuple(notes))
    _require_motion(found, grouped)
    return found


def _complete(
    numbers: np.ndarray, labels: np.ndarray, states: int, notes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that say when and for what they hold; a state alone may be missing."""
    measured = ~np.isnan(numbers[:, 1 : 1 + states]).all(1)
    others = np.delete(numbers, np.s_[1 : 1 + states], axis=1)
    kept = measured & ~np.isnan(others).any(1) & ~pd.isna(labels)
    if not kept.all():
        first = int(np.argmin(kept))
        notes.append(
            f"{int((~kept).sum())} rows without time, run, controls or any state were left out, "
            f"row {first} first."
        )
    return numbers[kept], labels[kept]


def _ordered(rows: np.ndarray, where: str, notes: list[str]) -> np.ndarray:
    """Rows by time, one for each time: repeated measurements are averaged."""
    times = rows[:, 0]
    if (np.diff(times) < 0).any():
        notes.append(f"The rows of {where} were put in the order of time.")
    unique, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    repeated = int((counts > 1).sum())
    if not repeated:
        return rows[np.argsort(times, kind="stable")]
    if repeated > len(unique) / 2:
        raise InputError(
            f"most times of the {where} occur more than once, t = {unique[np.argmax(counts)]:g} "
            f"{counts.max()} times: name the column of the runs with groups="
        )
    known = ~np.isnan(rows)
    sums, amounts = np.zeros((len(unique), rows.shape[1])), np.zeros((len(unique), rows.shape[1]))
    np.add.at(sums, place, np.where(known, rows, 0.0))
    np.add.at(amounts, place, known)
    notes.append(f"{repeated} times of {where} occur more than once: their rows were averaged.")
    return np.where(amounts > 0, sums / np.maximum(amounts, 1), np.nan)


def _require_motion(found: Trajectories, grouped: bool) -> None:
    if not found.runs:
        raise InputError("there are no rows with a time and a state")
    for run in found.runs:
        where = f"run {run.label!r}" if grouped else "the table"
        counts = (~np.isnan(run.states)).sum(0)
        if counts.min() < FEWEST_ROWS:
            name = found.states[int(counts.argmin())]
            raise InputError(
                f"{where} has {counts.min()} rows with {name!r}, at least {FEWEST_ROWS} are needed"
            )
    still = [n for n, s in zip(found.states, found.spread, strict=True) if not s > 0]
    if still:
        raise InputError(
            f"column {still[0]!r} never changes: leave it out of states, or name it in controls"
        )
