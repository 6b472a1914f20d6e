"""Whole searches on rows drawn again: which rows, where they run, and what is counted."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
import torch

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.search import resampling
from workbench.search.polish import polished
from workbench.search.resampling import recurrence

A, B = sympy.symbols("a b", real=True)


def table(rows: int = 400) -> Dataset:
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 2, (rows, 2))
    y = x[:, 0] * x[:, 1] + 0.05 * random.standard_normal(rows)
    return Dataset.from_arrays(x, y, names=["a", "b"])


def rivals(data: Dataset):
    return polished(
        [(0.9 * A * B,), (0.3 * A + 0.3 * B,), (0.9 * A * B + 0.01 * A**2,)], data, floor=0.0
    )


def test_training_and_validation_rows_are_drawn_again_and_test_rows_are_not(monkeypatch) -> None:
    data, seen = table(), []

    def search(drawn: Dataset, **options: object):
        seen.append(drawn)
        return SimpleNamespace(formula=rivals(data).best)

    monkeypatch.setattr(resampling, "discover", search)
    recurrence(data, resamples=2, seed=5)
    for drawn in seen:
        for part in ("train", "validation"):
            before, after = getattr(data, part), getattr(drawn, part)
            assert len(after) == len(before)
            assert set(after.tolist()) < set(before.tolist())
        assert torch.equal(drawn.test, data.test)
    assert not torch.equal(seen[0].validation, seen[1].validation)
    assert not torch.equal(seen[0].train, seen[1].train)


def test_whole_searches_are_repeated_anywhere() -> None:
    data = table(rows=120)
    options = {"widths": ((2, 1),), "grids": (3,), "structure": False, "ratio": False}
    here = recurrence(data, resamples=1, **options)
    assert sum(here.forms.values()) == here.resamples == 1
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert recurrence(data, resamples=1, seed=0, executor=pool, **options) == here
    product = next(f for f in rivals(data) if f.expression == A * B or f.expression.has(A * B))
    assert here.share(product) in (0.0, 1.0)
    scored = here.scored(rivals(data))
    assert all(f.scores["searches"] == 1 for f in scored)
    with pytest.raises(InputError, match="at least one resample"):
        recurrence(data, resamples=0)
