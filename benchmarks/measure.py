"""What every benchmark shares: options, a clock that can be held, errors and how they are printed."""

import argparse
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import torch

from workbench.kan.data import Dataset


def options(description: str, seeds: int, quick: int = 3) -> argparse.Namespace:
    """Command line of a benchmark; from here on the process computes on one thread.

    Args:
        description: of the script.
        seeds: how many each row takes by default.
        quick: how many under ``--quick``, which also lets a script leave out what takes long.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help=f"{quick} seeds, the short version")
    parser.add_argument("--seeds", type=int, default=None, help=f"seeds of each row ({seeds})")
    chosen = parser.parse_args()
    chosen.seeds = chosen.seeds or (quick if chosen.quick else seeds)
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    return chosen


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
