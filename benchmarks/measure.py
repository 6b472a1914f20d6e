"""What every benchmark shares: options, a clock that can be held, errors and how they are printed."""

import argparse
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

import numpy as np
import torch
from command import Options

from workbench.kan.data import Dataset
from workbench.search.discovery import Report


def options(description: str | None, **numbers: tuple[int | None, int]) -> argparse.Namespace:
    """Command line of a benchmark, see ``Options``; from here on the process computes on one thread."""
    chosen = Options(description, **numbers).chosen()
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    return chosen


def some(data: Dataset, rows: int, seed: int) -> Dataset:
    """The same table with fewer rows in every part."""
    random = np.random.default_rng(seed)
    share = min(1.0, rows / len(data.inputs))
    parts = {}
    for part in ("train", "validation", "test"):
        places = getattr(data, part).numpy()
        parts[part] = torch.from_numpy(random.permutation(places)[: int(share * len(places))])
    return replace(data, **parts)


class Clock:
    """CPU seconds of this process since it was made, without the stretches under ``held``.

    On one thread that is the time that an idle machine would take, and a busy one does not disturb it.
    """

    def __init__(self) -> None:
        self.begun = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self.begun

    @contextmanager
    def held(self) -> Iterator[None]:
        """What happens inside is not counted."""
        before = time.process_time()
        yield
        self.begun += time.process_time() - before


def within(seconds: float | None) -> Report:
    """A report that ends a search once it has taken so much processor time; None: it comes to its own end."""
    clock, most = Clock(), math.inf if seconds is None else seconds
    return lambda what, share: clock.seconds > most


def rmse(model: torch.nn.Module, data: Dataset) -> float:
    """Root mean square error on the test rows, in the target's units; not finite counts as infinite."""
    x, y = data.split("test")
    with torch.no_grad():
        value = float((model(x) - y).square().mean().sqrt())
    return value if math.isfinite(value) else math.inf


def short(value: float) -> str:
    """Two digits that matter; "never" for a time or an error that does not exist."""
    return f"{value:.2g}" if math.isfinite(value) else "never"


def middle(values: Sequence[float]) -> str:
    return short(median(values))
