"""Rows to learn from and rows to judge by: few rows are all held out in turn."""

from dataclasses import replace

import numpy as np
import torch

from workbench.kan.data import Dataset

_FEW_ROWS = 500


def splits_of(data: Dataset, count: int, seed: int) -> list[Dataset]:
    """``count`` splits where there are few rows, of which one small part would say too little; else its own.

    Of classes it would take too long. Rows in order are not split anew: the future is no neighbour of the
    past.
    """
    rows = len(data.train) + len(data.validation)
    few = data.task == "regression" and rows <= _FEW_ROWS
    if few and count > 1 and len(data.validation) and not _in_order(data):
        return folds(data, count, seed)
    return [data]


def folds(data: Dataset, count: int, seed: int) -> list[Dataset]:
    """The same table split anew: every row but those of the test is held out once.

    Every class is held out in its share.
    """
    rows = torch.cat((data.train, data.validation)).sort().values
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(rows)))
    if data.task == "classification":
        order = order[data.targets[rows[order]].argsort(stable=True)]
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order)) % count
    return [
        replace(data, train=rows[place != k], validation=rows[place == k]) for k in range(count)
    ]


def _in_order(data: Dataset) -> bool:
    return bool(data.train.max() < data.validation.min())
