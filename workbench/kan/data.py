"""The table that a network is fitted to: checked, cleaned, split; and what was done to it, in words."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.checks import numbers, seed_of

Task = Literal["regression", "classification"]
Part = Literal["train", "validation", "test"]

LEAST_ROWS = 20
_SHARES = (0.7, 0.15)


@dataclass(frozen=True)
class Dataset:
    """Inputs, targets and their split.

    Attributes:
        inputs: ``(N, d)`` float64.
        targets: ``(N, m)`` float64, or ``(N,)`` int64 class numbers.
        names: column names of the inputs.
        target: name of the target.
        units: unit of each column that has one.
        task: "regression" or "classification".
        classes: labels behind the class numbers, or None.
        train, validation, test: row numbers.
        notes: what was dropped and why, and warnings, each a sentence.
        weights: how much every row counts, ``(N,)`` with mean 1, or None.
    """

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]
    target: str
    train: Tensor
    validation: Tensor
    test: Tensor
    task: Task = "regression"
    units: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[Any, ...] | None = None
    notes: tuple[str, ...] = ()
    weights: Tensor | None = None

    @property
    def outputs(self) -> int:
        """Columns that a network needs: one logit serves two classes."""
        if self.classes is not None:
            return 1 if len(self.classes) == 2 else len(self.classes)
        return self.targets.shape[1]

    def split(self, part: Part) -> tuple[Tensor, Tensor]:
        """Inputs and targets of one part."""
        rows: Tensor = getattr(self, part)
        return self.inputs[rows], self.targets[rows]

    def row_weights(self, part: Part) -> Tensor | None:
        """Weights of the rows of one part with mean 1, or None where all count the same."""
        if self.weights is None:
            return None
        rows: Tensor = getattr(self, part)
        chosen = self.weights[rows]
        return chosen / chosen.mean() if len(chosen) else chosen

    def select(self, names: Sequence[str]) -> "Dataset":
        """The same rows with only these inputs, in this order.

        Raises:
            InputError: there is no such input, or none is named.
        """
        _require(self.names, names, "input")
        if not names:
            raise InputError("at least one input must be selected, got none")
        columns = [self.names.index(name) for name in names]
        return replace(self, inputs=self.inputs[:, columns], names=tuple(names))

    @classmethod
    def from_arrays(
        cls,
        inputs: Any,
        targets: Any,
        *,
        names: Sequence[str] | None = None,
        target: str = "y",
        task: Task | None = None,
        units: Mapping[str, str] | None = None,
        split: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        weights: Any = None,
        seed: int = 0,
    ) -> "Dataset":
        """A dataset from arrays; see ``from_frame`` for the rest.

        Args:
            inputs: numbers ``(N, d)``.
            targets: ``(N,)`` or ``(N, 1)`` numbers or labels, or ``(N, m)`` numbers.
            names: of the inputs; x1, x2, ... by default.
            target: name of the target.
            task, units, split, groups, weights, seed: see ``from_frame``.

        Raises:
            InputError: the table cannot be learned from; the message says what to do.
        """
        x, y = numbers(inputs), np.asarray(targets)
        if x.ndim != 2:
            raise InputError(f"inputs must be a table (rows, columns), got shape {x.shape}")
        if y.ndim not in (1, 2):
            raise InputError(
                f"targets must have shape (rows,) or (rows, outputs), got shape {y.shape}"
            )
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        labels = [f"x{i + 1}" for i in range(x.shape[1])] if names is None else list(names)
        if len(labels) != x.shape[1]:
            raise InputError(f"{x.shape[1]} input columns need as many names, got {len(labels)}")
        columns = {label: x[:, i] for i, label in enumerate(labels)}
        if len(columns) != len(labels) or target in columns:
            raise InputError("column names must differ from each other and from the target's")
        return _build(columns, y, target, task, units, split, groups, weights, seed)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        *,
        inputs: Sequence[str] | None = None,
        task: Task | None = None,
        units: Mapping[str, str] | None = None,
        split: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        weights: Any = None,
        seed: int = 0,
    ) -> "Dataset":
        """A dataset from a pandas ``DataFrame``.

        Args:
            frame: the table; rows with missing values are dropped and counted in ``notes``.
            target: name of the target column.
            inputs: names of the input columns; all others by default.
            task: by default classification for text, booleans and two distinct values.
            units: unit of each column that has one.
            split: per row "train", "validation" or "test"; random 70/15/15 by default.
            groups: per row a key; rows that share one stay together in the split.
            weights: per row how much it counts, not negative.
            seed: seed of the random split.

        Raises:
            InputError: the table cannot be learned from; the message says what to do.
        """
        present = [str(name) for name in frame.columns]
        double = sorted({name for name in present if present.count(name) > 1})
        if double:
            raise InputError(
                f"column names must be unique, but {_listed(double)} stands more than once: rename it"
            )
        _require(present, [target], "target")
        if inputs is not None:
            _require(present, inputs, "input")
        chosen = [n for n in present if n != target] if inputs is None else list(inputs)
        if target in chosen:
            raise InputError(f"the target {target!r} cannot be an input too: leave it out")
        series = dict(zip(present, (frame.iloc[:, i] for i in range(len(present))), strict=True))
        text = [n for n in chosen if series[n].dtype.kind not in "iufb"]
        if text:
            raise InputError(
                f"inputs must be numbers, but {_listed(text)} holds text or dates: "
                "drop the column or encode it as numbers"
            )
        columns = {name: series[name].to_numpy(dtype=np.float64) for name in chosen}
        values = series[target].to_numpy()
        return _build(columns, values, target, task, units, split, groups, weights, seed)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _require(present: Sequence[str], wanted: Sequence[str], role: str) -> None:
    for name in wanted:
        if name not in present:
            close = difflib.get_close_matches(name, present, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {_listed(present)}"
            raise InputError(f"the {role} must be a column, but there is no {name!r}: {hint}")


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "O":
        return np.array([v is None or v != v or str(v) in ("<NA>", "nan") for v in values])
    return np.zeros(len(values), dtype=bool)


def _build(
    columns: Mapping[str, np.ndarray],
    values: np.ndarray,
    target: str,
    task: Task | None,
    units: Mapping[str, str] | None,
    split: Sequence[str] | None,
    groups: Sequence[Any] | None,
    weights: Any,
    seed: int,
) -> Dataset:
    if not columns:
        raise InputError(f"at least one input column is needed beside the target {target!r}")
    if len(values) == 0:
        raise InputError(f"the table has a header and no rows: at least {LEAST_ROWS} are needed")
    lengths = {len(column) for column in columns.values()}
    if lengths != {len(values)}:
        raise InputError(f"inputs and target must have as many rows, got {lengths | {len(values)}}")
    for name, per_row in (("split", split), ("groups", groups)):
        if per_row is not None and len(per_row) != len(values):
            raise InputError(
                f"{name} must say something for each of {len(values)} rows, got {len(per_row)}"
            )
    if task not in (None, "regression", "classification"):
        raise InputError(f"task must be 'regression' or 'classification', got {task!r}")
    chosen_task = task or _guess_task(values)
    if chosen_task == "classification" and values.ndim > 1:
        raise InputError(f"classes need one target column, got {values.shape[1]}")
    if values.dtype.kind == "f" and np.isinf(values).any():
        count = int(np.isinf(values).sum())
        raise InputError(
            f"the target {target!r} must be finite, but {count} of its values are infinite: "
            "remove or mend those rows"
        )
    empty = _missing(values).reshape(len(values), -1).any(1)
    if empty.all():
        raise InputError(f"the target {target!r} has no values: choose another target")
    table = np.stack(list(columns.values()), 1)
    kept = ~empty & np.isfinite(table).all(1)
    notes = []
    if not kept.all():
        reason = "missing or infinite values"
        notes.append(f"{int((~kept).sum())} of {len(kept)} rows were dropped: {reason}.")
    if kept.sum() < LEAST_ROWS:
        raise InputError(
            f"at least {LEAST_ROWS} complete rows are needed, got {int(kept.sum())}"
            + (f" of {len(kept)}, the others have missing values" if not kept.all() else "")
        )
    table, values = table[kept], values[kept]
    constant = [n for n, column in zip(columns, table.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise InputError(
            f"inputs must vary, but {_listed(constant)} has the same value in every row: drop it"
        )
    classes: tuple[Any, ...] | None = None
    if chosen_task == "classification":
        targets, classes = _encode(values, target)
    else:
        targets = _numbers(values, target)
        for name, column in zip(columns, table.T, strict=True):
            if np.isclose(targets.numpy(), column[:, None], rtol=1e-9, atol=0).all(0).any():
                notes.append(f"Warning: the target {target!r} is a copy of the input {name!r}.")
    parts = _split(len(values), kept, split, groups, seed_of(seed))
    counts = None if weights is None else _checked_weights(weights, kept, parts)
    return Dataset(
        inputs=torch.from_numpy(np.ascontiguousarray(table)),
        targets=targets,
        names=tuple(columns),
        target=target,
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        task=chosen_task,
        units=dict(units or {}),
        classes=classes,
        notes=tuple(notes),
        weights=counts,
    )


def _checked_weights(weights: Any, kept: np.ndarray, parts: Sequence[Tensor]) -> Tensor:
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"weights must be numbers, one per row: {error}") from error
    if given.shape != kept.shape:
        raise InputError(
            f"weights must be one number per row, {len(kept)} in all, got shape {given.shape}"
        )
    chosen = given[kept]
    idle = any(len(part) and not chosen[part.numpy()].any() for part in parts)
    if not np.isfinite(chosen).all() or (chosen < 0).any() or idle:
        raise InputError(
            "weights must be finite, not negative and not all zero in any part of the split: "
            "mend or leave them out"
        )
    return torch.from_numpy(chosen / chosen.mean())


def _guess_task(values: np.ndarray) -> Task:
    if values.dtype.kind == "c":
        raise InputError("targets must be real numbers or labels, got complex numbers")
    if values.dtype.kind not in "iuf":
        return "classification"
    if values.ndim > 1:
        return "regression"
    distinct = np.unique(values[~_missing(values)])
    return "classification" if len(distinct) == 2 else "regression"


def _encode(values: np.ndarray, target: str) -> tuple[Tensor, tuple[Any, ...]]:
    labels = sorted({v.item() if hasattr(v, "item") else v for v in values}, key=str)
    if all(isinstance(label, int | float) for label in labels):
        labels = sorted(labels)
    if len(labels) < 2:
        raise InputError(f"the target {target!r} must vary, but every row says {labels[0]!r}")
    if len(labels) > max(20, len(values) // 20):
        raise InputError(
            f"the target {target!r} has {len(labels)} different labels for {len(values)} rows: "
            "choose a target with fewer classes, or numbers"
        )
    number = {label: i for i, label in enumerate(labels)}
    codes = [number[v.item() if hasattr(v, "item") else v] for v in values]
    return torch.tensor(codes, dtype=torch.int64), tuple(labels)


def _numbers(values: np.ndarray, target: str) -> Tensor:
    try:
        found = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"regression needs numbers, but the target {target!r} holds text: "
            "choose classification or another target"
        ) from error
    columns = found.reshape(len(found), -1)
    constant = np.ptp(columns, axis=0) == 0
    if constant.any():
        value = columns[0, constant.argmax()]
        raise InputError(f"the target {target!r} must vary, but every row has the value {value:g}")
    return torch.from_numpy(np.ascontiguousarray(columns))


def _split(
    rows: int,
    kept: np.ndarray,
    split: Sequence[str] | None,
    groups: Sequence[Any] | None,
    seed: int,
) -> tuple[Tensor, Tensor, Tensor]:
    if split is not None:
        labels = np.asarray(split)[kept]
        names = ("train", "validation", "test")
        unknown = set(labels.tolist()) - set(names)
        if unknown:
            raise InputError(f"split must say train, validation or test, got {sorted(unknown)}")
        first, second, third = (torch.from_numpy(np.flatnonzero(labels == n)) for n in names)
        if len(first) < 2:
            raise InputError(f"split must name at least two rows 'train', got {len(first)}")
        return first, second, third
    keys = np.arange(rows) if groups is None else np.asarray(groups)[kept]
    distinct, member = np.unique(keys, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    rank = np.empty(len(distinct))
    rank[order] = (np.arange(len(distinct)) + 0.5) / len(distinct)
    place = rank[member]
    bounds = (place < _SHARES[0], place >= sum(_SHARES))
    train = np.flatnonzero(bounds[0])
    test = np.flatnonzero(bounds[1])
    validation = np.flatnonzero(~bounds[0] & ~bounds[1])
    return torch.from_numpy(train), torch.from_numpy(validation), torch.from_numpy(test)
