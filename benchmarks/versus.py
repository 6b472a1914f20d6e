"""One table for a list of functions: automatic shape beside a perceptron of as many parameters."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from measure import Clock, middle, rmse, short
from problems import Problem
from shapes import automatic_shape

from workbench.baselines import fit_mlp, matching_width

HEADER = (
    "function", "shape", "parameters", "RMSE", "s", "MLP RMSE", "MLP s", "MLP / KAN",
    "paper's KAN", "paper's MLP", "below MLP", "at the paper's figure",
)  # fmt: skip
MLP_LAYERS = 2


@dataclass(frozen=True)
class Pair:
    """Test errors and CPU seconds of the network and of the perceptron on one seed."""

    width: tuple[int, ...]
    parameters: int
    kan: float
    kan_seconds: float
    mlp: float
    mlp_seconds: float


def pair(problem: Problem, rows: int, seed: int) -> Pair:
    """Same rows, same split, same solver; the perceptron has two layers of equal width."""
    data = problem.dataset(rows, seed)
    shaped = automatic_shape(data, seed)
    model = shaped.result.model
    count = model.parameter_count
    hidden = [matching_width(count, len(data.names), 1, layers=MLP_LAYERS)] * MLP_LAYERS
    clock = Clock()
    perceptron = fit_mlp(data, hidden=hidden, solver="lm", seed=seed)
    seconds = clock.seconds
    return Pair(
        shaped.width,
        count,
        rmse(model, data),
        shaped.seconds,
        rmse(perceptron.model, data),
        seconds,
    )


def table(
    problems: Sequence[Problem], rows: int, seeds: int, *, bar: int | None = None
) -> Iterator[list[str]]:
    """A row per function, medians over the seeds, and the counts of wins at the end.

    Args:
        problems: the functions.
        rows: for training and validation together.
        seeds: data, networks and perceptrons differ in all of them.
        bar: the published figure to reach: 0 = the paper's KAN, None = the better of KAN and MLP.
    """
    below, reached = 0, 0
    for problem in problems:
        pairs = [pair(problem, rows, seed) for seed in range(seeds)]
        kan, mlp = median(p.kan for p in pairs), median(p.mlp for p in pairs)
        paper = min(problem.published) if bar is None else problem.published[bar]
        below += kan < mlp
        reached += kan <= paper
        line = [
            problem.name,
            " ".join(dict.fromkeys(str(list(p.width)) for p in pairs)),
            f"{median(p.parameters for p in pairs):.0f}",
            short(kan),
            middle([p.kan_seconds for p in pairs]),
            short(mlp),
            middle([p.mlp_seconds for p in pairs]),
            short(mlp / kan) if kan else str(math.inf),
            *(short(figure) for figure in problem.published),
            "yes" if kan < mlp else "no",
            "yes" if kan <= paper else "no",
        ]
        print(*line, flush=True)
        yield line
    total = len(problems)
    yield ["in all", *[""] * 9, f"{below} of {total}", f"{reached} of {total}"]
