"""Rows to learn from and rows to judge by: few rows are all held out in turn."""

from dataclasses import replace

import numpy as np
import torch

from workbench.kan.data import Dataset

_FEW_ROWS = 500


def splits_of(data: Dataset) -> list[Dataset]:
    """Splits in which few rows, of which one small part would say too little, are all held out in turn.

    The table's own split is the first, and the only one where rows are many, or classes: of these it would
    take too long. Rows in order are not split anew: the future is no neighbour of the past.
    """
    held = len(data.validation)
    rows = len(data.train) + held
    few = data.task == "regression" and rows <= _FEW_ROWS
    if few and held and not _in_order(data) and (others := round(rows / held) - 1) > 0:
        return [data, *_folds(data, others)]
    return [data]


def _folds(data: Dataset, count: int) -> list[Dataset]:
    """The rows of training held out in turn, in an order that does not go with theirs.

    Rows of one group are held out together: of the folds, each takes the next group where it has the
    fewest rows, the largest groups first.
    """
    rows = torch.cat((data.train, data.validation)).sort().values
    member = _members(data)
    sizes = np.bincount(member)
    if len(sizes) < 2:
        return []
    order = np.random.default_rng(len(data.train)).permutation(len(sizes))
    held = np.zeros(min(count, len(sizes)), dtype=int)
    fold = np.empty(len(sizes), dtype=int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold[group] = held.argmin()
        held[fold[group]] += sizes[group]
    place = torch.full((len(data.inputs),), -1)
    place[data.train] = torch.from_numpy(fold[member])
    return [
        replace(data, train=rows[place[rows] != k], validation=rows[place[rows] == k])
        for k in range(len(held))
    ]


def _members(data: Dataset) -> np.ndarray:
    """Per row of training the number of its group; without groups each row is one of its own."""
    if data.groups is None:
        return np.arange(len(data.train))
    return np.unique(data.groups[data.train].numpy(), return_inverse=True)[1]


def _in_order(data: Dataset) -> bool:
    return bool(data.train.max() < data.validation.min())
