"""How deep the error goes, and how often: order of convergence in the grid, and calls that succeed.

python benchmarks/accuracy.py [--quick]
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from measure import Clock, middle, options, rmse, short
from problems import TOY_2, TOY_3, TOY_5, Problem
from tables import write

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.run import Progress
from workbench.network.elimination import eliminate

LEVELS = (3, 6, 12, 24, 48, 96, 192)
ROWS = 10_000


def convergence(problem: Problem, seed: int, levels: Sequence[int]) -> dict[int, float]:
    """Test error at the end of every level of one schedule that doubles the grid."""
    data = problem.dataset(ROWS, seed)
    errors: dict[int, float] = {}

    def keep(progress: Progress) -> None:
        if progress.validation_loss is not None:
            errors[progress.grid_size] = rmse(progress.snapshot(), data)

    fit(KAN(problem.width, seed=seed), data, grids=levels, seed=seed, callback=keep)
    return errors


def convergence_rows(seeds: int, levels: Sequence[int]) -> Iterator[list[str]]:
    """Median error per level, and the slope between neighbours in the logarithm."""
    runs = [convergence(TOY_2, seed, levels) for seed in range(seeds)]
    reached = [g for g in levels if all(g in run for run in runs)]
    medians = {g: sorted(run[g] for run in runs)[seeds // 2] for g in reached}
    yield [str(reached[0]), short(medians[reached[0]]), ""]
    for coarse, fine in pairwise(reached):
        slope = math.log(medians[fine] / medians[coarse]) / math.log(fine / coarse)
        yield [str(fine), short(medians[fine]), f"{slope:.1f}"]


@dataclass(frozen=True)
class Call:
    """What one call of ``fit``, or fit, eliminate, fit, came to."""

    error: float
    edges: int
    share: float
    seconds: float


def plain(width: tuple[int, ...], data: Dataset, seed: int) -> Call:
    clock = Clock()
    result = fit(KAN(width, seed=seed), data, seed=seed)
    edges = len(result.model.edges())
    return Call(rmse(result.model, data), edges, result.success_share, clock.seconds)


def pruned(width: tuple[int, ...], data: Dataset, seed: int) -> Call:
    clock = Clock()
    result = fit(KAN(width, seed=seed), data, seed=seed)
    small = eliminate(result.model, data).model
    model = fit(small, data, starts=1, seed=seed).model
    return Call(rmse(model, data), len(model.edges()), result.success_share, clock.seconds)


def on_all_cores(call: Callable[[], object]) -> float:
    """Seconds by the clock of the same call on as many threads as users get."""
    torch.set_num_threads(os.cpu_count() or 1)
    begun = time.perf_counter()
    call()
    seconds = time.perf_counter() - begun
    torch.set_num_threads(1)
    return seconds


TASKS: tuple[
    tuple[Problem, tuple[int, ...], int, float, Callable[[tuple[int, ...], Dataset, int], Call]],
    ...,
] = (
    (TOY_3, TOY_3.width, 1000, 1e-7, plain),
    (TOY_5, TOY_5.width, 3000, 1e-6, plain),
    (TOY_5, (4, 4, 2, 1), 3000, 1e-6, pruned),
)


def call_rows(seeds: int, most: int | None) -> Iterator[list[str]]:
    for problem, width, rows, bar, how in TASKS[:most]:
        tables = [problem.dataset(rows, seed) for seed in range(seeds)]
        calls = [how(width, data, seed) for seed, data in enumerate(tables)]
        elapsed = [on_all_cores(partial(how, width, data, i)) for i, data in enumerate(tables)]
        print(problem.name, width, [(c.edges, short(c.error)) for c in calls])
        right = sum(call.error <= bar for call in calls)
        yield [
            problem.name,
            f"{list(width)}{', pruned' if how is pruned else ''}",
            f"{bar:.0e}",
            f"{right}/{seeds}",
            "/".join(map(str, sorted({call.edges for call in calls}))),
            middle([call.error for call in calls]),
            short(max(call.error for call in calls)),
            middle([call.share for call in calls]),
            middle([call.seconds for call in calls]),
            middle(elapsed),
        ]


def main() -> None:
    chosen = options(__doc__, seeds=(10, 1), levels=(len(LEVELS), 2), most=(None, 1))
    slopes = convergence_rows(min(3, chosen.seeds), LEVELS[: chosen.levels])
    write("convergence", ["G", "RMSE", "slope"], slopes)
    header = [
        "function", "shape", "bar", "calls below it", "edges", "median RMSE", "worst",
        "share of starts", "s", "s, all cores",
    ]  # fmt: skip
    write("calls", header, call_rows(chosen.seeds, chosen.most))


if __name__ == "__main__":
    main()
