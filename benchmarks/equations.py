"""Differential equations of the library: error, estimated error, and the time of one thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from measure import Clock, options
from tables import write

from workbench.equations import Problem, Solution, library, solve

QUICK = ("pendulum",)
POINTS, POINTS_SEED = 3000, 12345


@dataclass(frozen=True)
class Run:
    """One solution beside the known one."""

    error: float
    solution: Solution
    seconds: float

    @property
    def honest(self) -> bool:
        """Not called converged while its error is more than ten times the estimate."""
        return not self.solution.converged or self.error <= 10 * self.solution.error


def relative_error(problem: Problem, solution: Solution) -> float:
    """Relative L² error at points that nothing was fitted to."""
    points = problem.domain.inside(POINTS, POINTS_SEED)
    known = problem.reference(points)
    return float(np.linalg.norm(solution(points) - known) / np.linalg.norm(known))


def run(problem: Problem, seed: int) -> Run:
    clock = Clock()
    solution = solve(problem, seed=seed)
    seconds = clock.seconds
    return Run(relative_error(problem, solution), solution, seconds)


def row(name: str, runs: Sequence[Run]) -> list[str]:
    best = min(runs, key=lambda one: one.error).solution.model
    return [
        name,
        str(best.config.width),
        f"{median(one.error for one in runs):.1e}",
        f"{max(one.error for one in runs):.1e}",
        f"{median(one.solution.error for one in runs):.1e}",
        f"{sum(one.solution.converged for one in runs)}/{len(runs)}",
        f"{sum(one.honest for one in runs)}/{len(runs)}",
        f"{median(one.seconds for one in runs):.0f}",
    ]


HEADER = ["problem", "shape", "error", "worst", "estimate", "converged", "honest", "CPU s"]


def main() -> None:
    """Print and write the table."""
    chosen = options(__doc__, seeds=(3, 1))
    table = []
    for name in QUICK if chosen.quick else tuple(library):
        table.append(row(name, [run(library[name], seed) for seed in range(chosen.seeds)]))
        print(*table[-1], flush=True)
    write("equations", HEADER, table)


if __name__ == "__main__":
    main()
