"""Time to a given error: this trainer beside pykan on its tutorial's schedule.

    python benchmarks/speed.py [--quick]

Both get the same rows in float64 and one thread, in this process. After every iteration the clock is
held and the network of that moment is judged on fresh rows, which neither of them trains on.
"""

import contextlib
import io
import math
import tempfile
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from command import installed
from measure import Clock, options, rmse, short
from problems import SPEED, Problem
from tables import write

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.run import Progress

PYKAN_GRIDS, PYKAN_STEPS = (3, 5, 10, 20, 50), 20
TARGET = 1e-3


@dataclass(frozen=True)
class Curve:
    """Seconds and test error after every iteration, and the error of what training returned."""

    points: list[tuple[float, float]]
    final: float

    @property
    def best(self) -> float:
        return min(error for _, error in self.points)

    def seconds_to(self, error: float) -> float:
        return min((at for at, value in self.points if value <= error), default=math.inf)


def ours(problem: Problem, data: Dataset, seed: int) -> Curve:
    """``fit`` with its defaults: a seventh of the rows chooses, the others train."""
    clock = Clock()
    points = []

    def judge(progress: Progress) -> None:
        with clock.held():
            points.append((clock.seconds, rmse(progress.snapshot(), data)))

    model = fit(KAN(problem.width, seed=seed), data, seed=seed, callback=judge).model
    return Curve(points, rmse(model, data))


def pykan(problem: Problem, data: Dataset, seed: int) -> Curve:
    """20 LBFGS steps on each grid, ``refine`` between; all rows train.

    Its ``fit`` wants test rows in every step: it gets two, so that this costs it nothing. ``refine``
    reads the rows of the last call, which are the fresh ones, as in the tutorial.
    """
    import kan

    test_x, test_y = data.split("test")
    rows = torch.cat((data.train, data.validation))
    table = {
        "train_input": data.inputs[rows],
        "train_label": data.targets[rows],
        "test_input": test_x[:2],
        "test_label": test_y[:2],
    }
    points: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        model: Any = None

        def judge() -> torch.Tensor:
            with clock.held():
                points.append((clock.seconds, rmse(model, data)))
            return torch.zeros(())

        for grid in PYKAN_GRIDS:
            if model is None:
                width = list(problem.width)
                model = kan.KAN(width=width, grid=grid, k=3, seed=seed, ckpt_path=folder)
            else:
                model = model.refine(grid)
            model.fit(table, opt="LBFGS", steps=PYKAN_STEPS, metrics=[judge])
    return Curve(points, points[-1][1])


@contextlib.contextmanager
def silence() -> Any:
    """Compute in double precision, as pykan then does too, without its lines and progress bars."""
    torch.set_default_dtype(torch.float64)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    torch.set_default_dtype(torch.float32)


def arrival(curves: list[Curve], error: float) -> tuple[float, str]:
    """Median seconds of the runs that get there, infinite if none does; and the same in words."""
    if not curves or math.isnan(error):
        return math.inf, "–"
    times = [curve.seconds_to(error) for curve in curves]
    there = [at for at in times if math.isfinite(at)]
    typical = median(there) if there else math.inf
    return typical, f"{short(typical)} ({len(there)}/{len(times)})"


def row(problem: Problem, rows: int, seeds: int, peer: bool) -> tuple[list[str], list[float]]:
    """A line of the table, and its ratios: time to 1e-3, time to pykan's best, error.

    Without the peer there are no ratios.
    """
    mine, theirs = [], []
    for seed in range(seeds):
        data = problem.dataset(rows, seed)
        mine.append(ours(problem, data, seed))
        if peer:
            with silence():
                theirs.append(pykan(problem, data, seed))
    best = median(curve.best for curve in theirs) if peer else math.nan
    final = median(curve.final for curve in mine)
    line, ratios = [problem.name, str(list(problem.width)), f"{rows:,}"], []
    for error in (TARGET, best):
        (fast, words), (slow, others) = arrival(mine, error), arrival(theirs, error)
        line += [words, others]
        ratios.append(slow / fast if math.isfinite(slow) else math.nan)
    ratios.append(best / final)
    line += [short(best) if peer else "–", short(final), *(times(ratio) for ratio in ratios)]
    print(*line, flush=True)
    return line, ratios


def times(ratio: float) -> str:
    """A ratio in words; not a number where pykan never arrives."""
    return "–" if math.isnan(ratio) else f"{short(ratio)}×" if ratio < 10 else f"{ratio:.0f}×"


def main() -> None:
    chosen = options(__doc__, seeds=(5, 1), most=(None, 1))
    peer = installed("pykan")
    header = [
        "function", "shape", "rows", "s to 1e-3", "pykan", "s to pykan's best", "pykan",
        "pykan's best RMSE", "final RMSE", "faster to 1e-3", "to its best", "error below",
    ]  # fmt: skip
    found = [row(problem, rows, chosen.seeds, peer) for problem, rows in SPEED[: chosen.most]]
    columns = zip(*(ratios for _, ratios in found), strict=True)
    known = ([ratio for ratio in column if not math.isnan(ratio)] for column in columns)
    medians = [times(median(ratios) if ratios else math.nan) for ratios in known]
    summary = ["median", *[""] * (len(header) - 4), *medians]
    write("speed", header, [*(line for line, _ in found), summary])


if __name__ == "__main__":
    main()
