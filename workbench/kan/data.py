"""The table that a network is fitted to: checked, cleaned, split; and what was done to it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from workbench.common.schema import require_text
from workbench.errors import InputError
from workbench.kan.checks import numbers, seed_of
from workbench.kan.columns import (
    LEAST_ROWS,
    Task,
    about_task,
    checked_weights,
    complete_rows,
    dropped_by,
    encoded,
    few_rows,
    guessed_task,
    listed,
    numbered,
    numbers_by_row,
    require_columns,
    require_taught,
    split_rows,
    target_numbers,
    weights_of,
)
from workbench.kan.encoding import Encoding, encoding_of
from workbench.kan.frames import Column, as_frame, columns_of, groups_of, inputs_of, kind_of
from workbench.kan.gaps import Missing, filled, require_known, settled
from workbench.kan.groups import Membership, membership
from workbench.kan.kinds import Kind, guessed, plain
from workbench.kan.losses import LossName, chosen_loss
from workbench.kan.order import by_date, parts_in_order, wanders

Part = Literal["train", "validation", "test"]
Split = Literal["random", "ordered"]


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
        weights: how much every row counts, ``(N,)`` with mean 1, or None; see ``from_frame``.
        loss: what training and formulas minimize: "squared" (least squares), "huber" (linear beyond one
            robust standard deviation of the target), "poisson" (counts; the network gives the
            logarithm of a rate), "auto" (least squares, or cross-entropy for classes).
        encodings: how columns of the table became inputs, so that the same is done to new rows; () where
            the inputs were given as numbers.
        sigma: standard error of every target in its units, ``(N,)``, where the table states them; ``weights``
            are then 1/σ², and errors of constants follow from them; see ``from_frame``.
        by: the group of every row, where a law is looked for whose constants may differ between groups.
        groups: numbers ``(N,)`` of the keys whose rows stay together in every split, or None.
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
    loss: LossName = "auto"
    encodings: tuple[Encoding, ...] = ()
    sigma: Tensor | None = None
    by: Membership | None = None
    groups: Tensor | None = None

    def __post_init__(self) -> None:
        labels = [label for label in self.classes or () if isinstance(label, str)]
        labels += [self.by.column, *map(str, self.by.labels)] if self.by else []
        for text in (*self.names, self.target, *self.units, *self.units.values(), *labels):
            require_text(str(text))

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

    def typical(self, part: Part) -> Tensor:
        """Inputs of one part, each row as often as it counts: for means and scores over the rows."""
        return self.inputs[self.typical_rows(part)]

    def typical_rows(self, part: Part) -> Tensor:
        """Numbers of the rows of one part, each as often as it counts."""
        rows: Tensor = getattr(self, part)
        weights = self.row_weights(part)
        return rows if weights is None else rows[in_proportion(weights)]

    def judged_by(self, loss: LossName) -> "Dataset":
        """The same rows with another loss.

        Raises:
            InputError: there is no such loss, or it is not for these targets.
        """
        if not isinstance(loss, str):
            raise InputError(f"a table names its loss, so that it can be repeated, got {loss!r}")
        chosen_loss(loss, self.targets)
        return self if loss == self.loss else replace(self, loss=loss)

    def select(self, names: Sequence[str]) -> "Dataset":
        """The same rows with only these inputs, in this order.

        Raises:
            InputError: there is no such input, or none is named.
        """
        require_columns(self.names, names, "input")
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
        return _build(columns, plain(y), target, task, units, split, groups, weights, seed)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        *,
        inputs: Sequence[str] | None = None,
        columns: Mapping[str, Kind] | None = None,
        missing: Missing = "drop",
        task: Task | None = None,
        units: Mapping[str, str] | None = None,
        split: Sequence[str] | Split | None = None,
        groups: Sequence[Any] | str | None = None,
        by: str | None = None,
        sigma: Any = None,
        weights: Any = None,
        seed: int = 0,
    ) -> "Dataset":
        """A dataset from a table of pandas, polars, pyarrow or xarray, or a dict of columns.

        Numbers are inputs as they are. Labels become inputs of 0 and 1, one for each but the most frequent,
        labels of a scale (low, medium, high) their place in it, dates a time since the first. What is no
        input (texts that differ in most rows, names of rows, columns without values or with only one) is
        left out, and said in ``notes``.

        Args:
            frame: the table.
            target: name of the target column.
            inputs: names of the columns to explain it with; all others that can be by default.
            columns: kinds of columns, where they are not to be guessed: see ``workbench.kan.kinds.KINDS``.
            missing: what is done about gaps in inputs: "drop" leaves such rows out, and columns that
                would cost most of the rows; "median" fills in the median of the training rows;
                "indicator" does so and adds an input ``x_missing`` that is 1 there.
            task: by default classification for text, booleans, two distinct values and 0, 1, 2.
            units: unit of each column that has one; by default what the file of the table says, see
                ``workbench.tables.reading.read_table``.
            split: per row "train", "validation" or "test"; "random", 70/15/15 and so in every class;
                "ordered", the same shares from first to last. By default ordered where rows follow a
                column of dates and neighbouring targets are alike, else random.
            groups: per row a key, or the name of a column; rows that share one stay together in the
                split. By default a column that is named like the id of a patient, say, and repeats.
            by: name of a column of groups, such as materials, that one law holds for: the search finds
                which of its constants differ between them. It is no input; every group is split alike.
            sigma: standard error of the target in every row and its own units, or the name of a column with
                them. Rows count by 1/σ², intervals of constants follow from these errors whatever the
                scatter is (as ``absolute_sigma`` of SciPy's ``curve_fit``), and the scatter is compared with
                them: "chi2_per_degree" is near 1 where a formula leaves what they say. Rows without one are
                left out.
            weights: per row how much it counts, not negative, or the name of a column, such as 1/σ² where the
                target's standard errors σ are known up to a factor; only their ratios matter, and intervals
                follow from the scatter. A row of weight 0 is left out.
            seed: seed of the random split.

        Raises:
            InputError: the table cannot be learned from; the message says what to do.
        """
        frame = as_frame(frame)
        table = columns_of(frame)
        require_columns(list(table), [target], "target")
        if inputs is not None:
            require_columns(list(table), inputs, "input")
            if target in inputs:
                raise InputError(f"the target {target!r} cannot be an input too: leave it out")
        require_known(missing)
        _require_rows(len(table[target].values))
        kinds = dict(columns or {})
        given = weights
        members = None if by is None else membership(table, by, target, groups)
        if members is not None and by in (inputs or ()):
            raise InputError(f"{by!r} names the groups and cannot be an input too: leave it out")
        values, said, task = _target(table[target].values, target, kinds.pop(target, None), task)
        read = getattr(frame, "attrs", {})
        kinds.pop(by or "", None)
        errors = None if sigma is None else numbers_by_row(sigma, table, "standard errors")
        if errors is not None:
            if weights is not None:
                raise InputError(
                    "rows count by their standard errors or by weights: give one of them"
                )
            weights = weights_of(errors)
        elif isinstance(weights, str):
            weights = numbers_by_row(weights, table, "weights")
        apart = {name for name in (by, sigma, given) if isinstance(name, str)}
        if target in apart or not apart.isdisjoint(inputs or ()):
            raise InputError(
                f"a column of standard errors or weights is no input and no target, got {sorted(apart)}"
            )
        candidates = {name: column for name, column in table.items() if name not in apart}
        found = inputs_of(candidates, target, inputs, kinds, read.get("marks", {}))
        keys, about_groups = groups_of(table, groups, kinds, guess=split is None and by is None)
        parts, about_order = _parts(table, target, split, guess=keys is None, members=members)
        if inputs is None:
            apart = {groups} if isinstance(groups, str) and _is_key(table[groups], kinds) else set()
            found = settled(found, values, missing, apart)
        notes = [*read.get("notes", ()), *found.notes, *said, *about_groups, *about_order]
        if units is None:
            units = {n: u for n, u in read.get("units", {}).items() if n in (*found.values, target)}
        return _build(
            found.values, values, target, task, units, parts, keys, weights, seed, missing,
            found.encodings, notes, members, errors,
        )  # fmt: skip


def _is_key(column: Column, kinds: Mapping[str, Kind]) -> bool:
    """Whether a column of groups only names them: a measured number, such as an age, is an input, too."""
    return kind_of(column, kinds).kind != "number"


def _parts(
    table: Mapping[str, Column],
    target: str,
    split: Sequence[str] | None,
    *,
    guess: bool,
    members: Membership | None,
) -> tuple[Sequence[str] | None, list[str]]:
    """Per row its part, None for random ones, and what is said of it."""
    rows = len(table[target].values)
    if isinstance(split, str):
        if split not in get_args(Split):
            raise InputError(f"a split is random, ordered or one part per row, got {split!r}")
        return (_in_order(rows, members) if split == "ordered" else None), []
    if split is not None or not guess or members is not None:
        return split, []
    order = by_date(table, target)
    if order is not None:
        said = f"Rows follow {order[0]!r}: the last ones are held out; the split random takes any."
        return parts_in_order(rows, backwards=order[1]), [said]
    if wanders(table[target].values):
        said = (
            f"Warning: {target!r} goes from row to row like a random walk: if rows are in the order of "
            "time, those held out at random are easily guessed from their neighbours; the split ordered "
            "holds out the last ones."
        )
        return None, [said]
    return None, []


def _in_order(rows: int, members: Membership | None) -> Sequence[str]:
    """Parts from first to last, of every group where there are some."""
    if members is None:
        return parts_in_order(rows)
    parts = np.empty(rows, dtype=object)
    for code in range(len(members.labels)):
        mine = np.flatnonzero(members.codes == code)
        parts[mine] = parts_in_order(len(mine))
    return parts.tolist()


def _target(
    values: np.ndarray, target: str, kind: Kind | None, task: Task | None
) -> tuple[np.ndarray, list[str], Task | None]:
    """The target as numbers or labels, what is said of it, and its task where a kind tells it."""
    if kind is not None and task is None:
        task = "regression" if kind in ("number", "whole number", "date") else "classification"
    if values.dtype.kind == "M" and task != "classification":
        encoding, sentence = encoding_of(target, values, guessed(target, values))
        return encoding.encoded(values)[:, 0], [sentence], "regression"
    about = "" if task else about_task(values, target)
    return values, [about] if about else [], task


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
    missing: Missing = "drop",
    encodings: tuple[Encoding, ...] = (),
    said: Sequence[str] = (),
    members: Membership | None = None,
    errors: np.ndarray | None = None,
) -> Dataset:
    per_row = {"split": split, "groups": groups, "standard errors": errors}
    _check_lengths(columns, values, target, per_row)
    if task not in (None, "regression", "classification"):
        raise InputError(f"task must be 'regression' or 'classification', got {task!r}")
    table = np.stack(list(columns.values()), 1)
    # Gaps that are filled in later cost no row.
    certain = table if missing == "drop" else np.where(np.isnan(table), 0.0, table)
    complete = complete_rows(certain, values, target)
    dropped = dropped_by(columns, certain, values, target)
    if errors is not None:
        stated = np.isfinite(errors)
        complete = complete & stated
        dropped |= {"standard error": int((~stated).sum())} if not stated.all() else {}
    kept, weighed, notes = _usable(complete, weights, dropped)
    notes = [*said, *notes]
    table, values = table[kept], values[kept]
    notes += few_rows(len(values))
    chosen_task = task or guessed_task(values)
    if chosen_task == "classification" and values.ndim > 1:
        raise InputError(f"classes need one target column, got {values.shape[1]}")
    classes: tuple[Any, ...] | None = None
    members = members and members.rows(kept)
    if members is not None and chosen_task == "classification":
        raise InputError(
            f"a law by groups of {members.column!r} needs a target of numbers, and {target!r} has classes"
        )
    if chosen_task == "classification":
        targets, classes = encoded(values, target)
    else:
        targets = target_numbers(values, target)
        notes += [
            f"Warning: the target {target!r} is a copy of the input {name!r}."
            for name, column in zip(columns, table.T, strict=True)
            if np.isclose(targets.numpy(), column[:, None], rtol=1e-9, atol=0).all(0).any()
        ]
    if errors is not None and chosen_task == "classification":
        raise InputError(f"standard errors are of numbers, and {target!r} has classes")
    names = tuple(columns)
    codes = None if classes is None else targets.numpy()
    codes = codes if members is None else members.codes
    parts = split_rows(len(values), kept, split, groups, seed_of(seed), codes)
    if members is not None:
        members.require_taught(torch.cat(parts[:2]).numpy())
    if classes is not None:
        require_taught(targets, classes, parts[0])
    if missing != "drop":
        names, table, encodings, filling = filled(
            names, table, parts[0].numpy(), encodings, flags=missing == "indicator"
        )
        notes += filling
    _require_varying(names, table)
    return Dataset(
        inputs=torch.from_numpy(np.ascontiguousarray(table)),
        targets=targets,
        names=names,
        target=target,
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        task=chosen_task,
        units=dict(units or {}),
        classes=classes,
        notes=tuple(notes),
        weights=None if weighed is None else _mean_one(weighed[kept]),
        encodings=encodings,
        sigma=None if errors is None else torch.from_numpy(errors[kept]),
        by=members,
        groups=None if groups is None else numbered(groups, kept),
    )


def _usable(
    complete: np.ndarray, weights: Any, by_column: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    """Which rows stay, the weights of all, and what was left out, in sentences."""
    notes = []
    if not complete.all():
        most = sorted(by_column.items(), key=lambda item: -item[1])[:5]
        notes.append(
            f"{int((~complete).sum())} of {len(complete)} rows were dropped: missing or infinite values "
            f"({', '.join(f'{name!r} {count}' for name, count in most)})."
        )
    if weights is None:
        return complete, None, notes
    weighed = checked_weights(weights, complete)
    idle = complete & (weighed == 0)
    if idle.any():
        notes.append(f"{int(idle.sum())} rows of weight 0 were left out.")
    return complete & ~idle, weighed, notes


def _require_varying(names: tuple[str, ...], table: np.ndarray) -> None:
    constant = [n for n, column in zip(names, table.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise InputError(
            f"inputs must vary, but {listed(constant)} has the same value in every row: drop it"
        )


def in_proportion(weights: Tensor) -> Tensor:
    """As many row numbers as there are rows, each as often as it counts to within one: ``(N,)``.

    Systematic sampling; rows that all count the same come once, in their order.
    """
    ends = weights.cumsum(0)
    places = (torch.arange(len(ends)).to(ends) + 0.5) * (ends[-1:] / len(ends))
    return torch.searchsorted(ends, places).clamp(max=len(ends) - 1)


def _mean_one(weights: np.ndarray) -> Tensor:
    return torch.from_numpy(weights / weights.mean())


def _require_rows(rows: int) -> None:
    if rows == 0:
        raise InputError(f"the table has a header and no rows: at least {LEAST_ROWS} are needed")
    if rows < LEAST_ROWS:
        raise InputError(f"at least {LEAST_ROWS} complete rows are needed, got {rows}")


def _check_lengths(
    columns: Mapping[str, np.ndarray],
    values: np.ndarray,
    target: str,
    per_row: Mapping[str, Sequence[Any] | np.ndarray | None],
) -> None:
    if not columns:
        raise InputError(f"at least one input column is needed beside the target {target!r}")
    lengths = {len(column) for column in columns.values()}
    if lengths != {len(values)}:
        raise InputError(f"inputs and target must have as many rows, got {lengths | {len(values)}}")
    _require_rows(len(values))
    for name, entries in per_row.items():
        if entries is not None and len(entries) != len(values):
            raise InputError(
                f"{name} must say something for each of {len(values)} rows, got {len(entries)}"
            )
