"""Columns of a table: numbers or labels, what is missing, what rows weigh and which part they are in."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.kinds import missing

Task = Literal["regression", "classification"]

LEAST_ROWS, FEW_ROWS = 6, 20
_SHARES = (0.7, 0.15)
_FEW = 10


def listed(names: Sequence[str]) -> str:
    """Names for a sentence, at most five of them."""
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def require_columns(present: Sequence[str], wanted: Sequence[str], role: str) -> None:
    """Refuse the first name that is not present, with the closest one that is."""
    for name in wanted:
        if name not in present:
            close = difflib.get_close_matches(name, present, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {listed(present)}"
            raise InputError(f"the {role} must be a column, but there is no {name!r}: {hint}")


def complete_rows(table: np.ndarray, values: np.ndarray, target: str) -> np.ndarray:
    """Rows without a gap in inputs ``(N, d)`` and targets: booleans ``(N,)``.

    Raises:
        InputError: a target is infinite, none is there, or fewer than ``LEAST_ROWS`` rows are complete.
    """
    infinite = int(np.isinf(values).sum()) if values.dtype.kind == "f" else 0
    if infinite:
        raise InputError(
            f"the target {target!r} must be finite, but {infinite} of its values are infinite: "
            "remove or mend those rows"
        )
    empty = missing(values).reshape(len(values), -1).any(1)
    if empty.all():
        raise InputError(f"the target {target!r} has no values: choose another target")
    kept: np.ndarray = ~empty & np.isfinite(table).all(1)
    if kept.sum() < LEAST_ROWS:
        raise InputError(
            f"at least {LEAST_ROWS} complete rows are needed, got {int(kept.sum())}"
            + (f" of {len(kept)}, the others have missing values" if not kept.all() else "")
        )
    return kept


def dropped_by(
    columns: Mapping[str, np.ndarray], table: np.ndarray, values: np.ndarray, target: str
) -> dict[str, int]:
    """Rows that every column costs, by name, where it costs any: inputs ``(N, d)`` and targets."""
    counts = dict(zip(columns, (~np.isfinite(table)).sum(0).tolist(), strict=True))
    counts[target] = int(missing(values).reshape(len(values), -1).any(1).sum())
    return {name: count for name, count in counts.items() if count}


def checked_weights(weights: Any, complete: np.ndarray) -> np.ndarray:
    """Weights of the rows of a table, 0 where a row is not complete.

    Args:
        weights: one number of 0 or more per row. complete: which rows have no gap, see ``complete_rows``.

    Raises:
        InputError: they are no such numbers, or leave fewer than ``LEAST_ROWS`` rows.
    """
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"weights must be numbers, one per row: {error}") from error
    if given.shape != complete.shape:
        raise InputError(
            f"weights must be one number per row, {len(complete)} in all, got shape {given.shape}"
        )
    found = np.where(complete, given, 0.0)
    if not np.isfinite(found).all() or (found < 0).any():
        raise InputError("weights must be finite and not negative: mend or leave them out")
    if np.count_nonzero(found) < LEAST_ROWS:
        raise InputError(
            f"weights must be above 0 in at least {LEAST_ROWS} complete rows, "
            f"got {np.count_nonzero(found)}"
        )
    return found


def weights_of(sigma: np.ndarray) -> np.ndarray:
    """Weights 1/σ² of standard errors; NaN stays, for a row that says none.

    Raises:
        InputError: one is not above 0, or not finite.
    """
    wrong = np.flatnonzero(np.isinf(sigma) | (sigma <= 0))
    if len(wrong):
        raise InputError(
            f"standard errors of the target must be finite and above 0, but row {wrong[0] + 1} says "
            f"{sigma[wrong[0]]:g}: mend it, or leave that row out"
        )
    # In units of their middle: squares of tiny errors would overflow.
    return np.asarray(1 / np.square(sigma / np.nanmedian(sigma)))


def numbers_by_row(given: Any, columns: Mapping[str, Any], role: str) -> np.ndarray:
    """A number for each row of a table, from a column's name or as they are given; NaN where it says none.

    Args:
        given: name or numbers. columns: of the table, each with ``values``. role: what they are, for people.

    Raises:
        InputError: there is no such column, or it does not hold numbers.
    """
    if isinstance(given, str):
        require_columns(list(columns), [given], f"column of {role}")
        values = columns[given].values
        if values.dtype.kind not in "iuf":
            raise InputError(f"{role} must be numbers, but the column {given!r} holds none")
        return np.asarray(values, dtype=np.float64)
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{role} must be numbers, one per row: {error}") from error


def few_rows(count: int) -> list[str]:
    """A sentence where rows are so few that little can be held out, else none."""
    if count >= FEW_ROWS:
        return []
    return [
        f"Only {count} rows: a formula may fit by chance, intervals are wide, and what is held out tells "
        "little. Every row is judged by what the others say of it."
    ]


def guessed_task(values: np.ndarray) -> Task:
    """Classification for text, booleans, two distinct values and 0, 1, 2 alone, else regression."""
    if values.dtype.kind == "c":
        raise InputError("targets must be real numbers or labels, got complex numbers")
    if values.dtype.kind not in "iuf":
        return "classification"
    if values.ndim > 1:
        return "regression"
    distinct = np.unique(values[~missing(values)])
    return (
        "classification" if len(distinct) == 2 or distinct.tolist() == [0, 1, 2] else "regression"
    )


def about_task(values: np.ndarray, target: str) -> str:
    """What was guessed of a target of few whole numbers, which could be classes as well; "" for others."""
    if values.dtype.kind not in "iuf" or values.ndim > 1:
        return ""
    distinct = np.unique(values[np.isfinite(values)])
    if not 2 < len(distinct) <= _FEW or (distinct != np.round(distinct)).any():
        return ""
    shown = ", ".join(f"{value:g}" for value in distinct)
    if guessed_task(values) == "classification":
        return f"The target {target!r} says {shown}, read as classes; the task regression reads numbers."
    return f"The target {target!r} says {shown}, read as numbers; the task classification reads classes."


def encoded(values: np.ndarray, target: str) -> tuple[Tensor, tuple[Any, ...]]:
    """Class numbers ``(N,)`` and the labels behind them, in order; whole numbers are so as labels, too."""
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        values = values.astype(np.int64)
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


def require_taught(codes: Tensor, classes: Sequence[Any], train: Tensor) -> None:
    """Refuse a class that no training row shows."""
    taught = np.bincount(codes[train].numpy(), minlength=len(classes))
    for label, count in zip(classes, taught, strict=True):
        if not count:
            rows = int((codes == classes.index(label)).sum())
            raise InputError(
                f"every class needs a row to learn from, but {label!r} has {rows} of {len(codes)} "
                "rows and none of them is for training: add rows, merge it with another class, or "
                "split otherwise"
            )


def target_numbers(values: np.ndarray, target: str) -> Tensor:
    """Targets ``(N, m)``, each of which varies."""
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


def numbered(groups: Sequence[Any], kept: np.ndarray) -> Tensor:
    """Numbers from 0 for keys, of the rows that are kept: ``(N,)`` int64."""
    _, member = np.unique(np.asarray(groups)[kept], return_inverse=True)
    return torch.from_numpy(member.astype(np.int64))


def split_rows(
    rows: int,
    kept: np.ndarray,
    split: Sequence[str] | None,
    groups: Sequence[Any] | None,
    seed: int,
    codes: np.ndarray | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Row numbers for training, validation and test.

    Args:
        rows: how many are kept. kept: which of the table they are.
        split, groups: per row of the table a part, or a key; rows of one key stay together.
        seed: of the random split.
        codes: class numbers ``(N,)``: without groups, every class gets its share of every part.
    """
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
    member = np.arange(rows) if groups is None else numbered(groups, kept).numpy()
    distinct = int(member.max()) + 1
    order = np.random.default_rng(seed).permutation(distinct)
    rank = np.empty(distinct)
    if codes is None or groups is not None:
        rank[order] = (np.arange(distinct) + 0.5) / distinct
    else:
        for code in range(codes.max() + 1):
            mine = order[codes[order] == code]
            places = (np.arange(len(mine)) + 0.5) / len(mine)
            held = places >= _SHARES[0]
            if held.any() and places[held].min() >= sum(_SHARES):
                places[held.argmax()] = _SHARES[0]  # choices need a row of a class before tests do
            rank[mine] = places
    place = rank[member]
    bounds = (place < _SHARES[0], place >= sum(_SHARES))
    train = np.flatnonzero(bounds[0])
    test = np.flatnonzero(bounds[1])
    validation = np.flatnonzero(~bounds[0] & ~bounds[1])
    return torch.from_numpy(train), torch.from_numpy(validation), torch.from_numpy(test)
