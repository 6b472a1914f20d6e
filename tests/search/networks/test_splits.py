"""Which rows judge a network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.kan.data import Dataset
from workbench.search.networks.splits import splits_of

RANDOM = np.random.default_rng(0)


def table(rows: int, **options: object) -> Dataset:
    x = RANDOM.uniform(-1, 1, (rows, 2))
    return Dataset.from_arrays(x, x[:, 0] - x[:, 1], **options)


def test_few_rows_are_all_held_out_in_turn() -> None:
    data = table(240, seed=1)
    first, *others = splits_of(data)
    assert first is data
    assert others
    known = torch.cat((data.train, data.validation)).sort().values
    held = torch.cat([split.validation for split in (first, *others)])
    assert torch.equal(held.sort().values, known)
    for split in (first, *others):
        assert torch.equal(torch.cat((split.train, split.validation)).sort().values, known)
        assert torch.equal(split.test, data.test)
    sizes = [len(split.validation) for split in (first, *others)]
    assert max(sizes) < 1.5 * min(sizes)


def test_rows_of_one_group_are_held_out_together() -> None:
    patients = RANDOM.integers(0, 25, 240)
    data = table(240, groups=patients.tolist(), seed=1)
    assert data.groups is not None
    first, *others = splits_of(data)
    assert len(others) > 2
    for split in (first, *others):
        assert not set(patients[split.train]) & set(patients[split.validation])
        assert torch.equal(split.test, data.test)
    held = torch.cat([split.validation for split in (first, *others)])
    assert torch.equal(held.sort().values, torch.cat((data.train, data.validation)).sort().values)
    sizes = [len(split.validation) for split in others]
    assert max(sizes) < 2 * min(sizes)


def test_a_single_group_of_training_is_not_split() -> None:
    keys = ["a"] * 160 + ["b"] * 40 + ["c"] * 40
    parts = RANDOM.permutation(np.repeat(["train", "validation"], [160, 80]))
    order = np.argsort(np.argsort(parts == "validation", kind="stable"))
    data = table(240, split=parts.tolist(), groups=np.array(keys)[order].tolist())
    assert len(splits_of(data)) == 1


@pytest.mark.parametrize("why", ["many rows", "classes", "in order", "none held out"])
def test_one_split_is_enough_for(why: str) -> None:
    rows = 1000 if why == "many rows" else 240
    data = table(rows)
    if why == "classes":
        x = data.inputs.numpy()
        data = Dataset.from_arrays(x, np.where(x[:, 0] > 0, "up", "down"))
    if why == "in order":
        labels = np.repeat(["train", "validation", "test"], [160, 40, 40])
        data = table(rows, split=labels.tolist())
    if why == "none held out":
        everything = torch.cat((data.train, data.validation))
        data = replace(data, train=everything, validation=data.test[:0])
    (only,) = splits_of(data)
    assert only is data
