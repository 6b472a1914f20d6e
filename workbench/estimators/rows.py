"""From a table with weights and gaps to distinct rows, in an order that does not depend on the table's."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from sklearn.utils.validation import _check_sample_weight

from workbench.errors import InputError
from workbench.kan.data import Dataset, Task

Missing = Literal["error", "drop", "impute"]

_FEWEST_TO_HOLD_OUT = 20


def checked_weights(weights: Any, x: np.ndarray) -> np.ndarray:
    """Weights ``(N,)`` of the rows, ones for None.

    Raises:
        InputError: a weight is negative, or all are zero.
    """
    found: np.ndarray = _check_sample_weight(weights, x, dtype=np.float64)
    if (found < 0).any() or not found.any():
        raise InputError("sample_weight must not be negative and not all zero: leave such rows out")
    return found


def merged(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Distinct rows, sorted, with the sums of their weights; None where all count the same.

    A row that stands in the table twice and a row of weight 2 are then the same thing, the order of
    the table does not matter, and no copy of a training row is held out.
    """
    used = weights > 0
    table = np.column_stack((x[used], y[used])) + 0.0  # one zero, not two
    distinct, member = np.unique(table, axis=0, return_inverse=True)
    total = np.bincount(member.ravel(), weights=weights[used])
    even = bool(np.all(total == total[0]))
    return distinct[:, : x.shape[1]], distinct[:, x.shape[1] :], None if even else total


def dataset(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    *,
    names: Sequence[str],
    task: Task,
    classes: tuple[Any, ...] | None,
    held_out: float,
    seed: int,
) -> Dataset:
    """Training and validation rows; of fewer than 20 rows none is held out.

    Args:
        x: ``(N, d)``. y: ``(N, m)`` numbers, or ``(N, 1)`` class numbers. weights: ``(N,)`` or None.
        names, task, classes: see ``Dataset``.
        held_out: share of the rows for validation; of every class where there are classes.
        seed: of the split.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    count = round(held_out * len(x)) if len(x) >= _FEWEST_TO_HOLD_OUT else 0
    if task == "classification":
        # Classes in turn: every class is held out in its share.
        order = order[np.argsort(y[order, 0], kind="stable")]
        place = np.linspace(0, len(x), count, endpoint=False).astype(int)
        chosen = np.zeros(len(x), dtype=bool)
        chosen[place] = True
        held, kept = order[chosen], order[~chosen]
    else:
        held, kept = order[:count], order[count:]
    targets = torch.from_numpy(np.ascontiguousarray(y))
    if task == "classification":
        targets = targets[:, 0].to(torch.int64)
    return Dataset(
        inputs=torch.from_numpy(np.ascontiguousarray(x)),
        targets=targets,
        names=tuple(names),
        target="y",
        train=torch.from_numpy(np.sort(kept)),
        validation=torch.from_numpy(np.sort(held)),
        test=torch.zeros(0, dtype=torch.int64),
        task=task,
        classes=classes,
        weights=None if weights is None else torch.from_numpy(weights),
    )
