"""Differential equations of the library: error, estimated error, intervals, and a perceptron beside them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from command import Options
from measure import Clock
from tables import write
from torch import Tensor

from workbench.equations import Problem, Solution, library, solve
from workbench.equations.problems import heat_inverse, oscillator_inverse, viscosity_inverse

QUICK = ("pendulum",)
POINTS, POINTS_SEED = 3000, 12345
INVERSE: Mapping[str, tuple[Callable[[int], Problem], dict[str, float]]] = {
    "oscillator-inverse": (oscillator_inverse, {"c": 0.2, "w": 1.5}),
    "heat-inverse": (heat_inverse, {"k": 0.1}),
    "viscosity-inverse": (viscosity_inverse, {"nu": 0.025}),
}
HIDDEN, INSIDE, BOUNDARY, ALPHA = 21, 2000, 400, 0.01
"""Nodes of both hidden layers; points, and weight of the equation against the boundary."""


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


def relative_error(problem: Problem, values: Callable[[np.ndarray], np.ndarray]) -> float:
    """Relative L² error at points that nothing was fitted to."""
    points = problem.domain.inside(POINTS, POINTS_SEED)
    known = problem.reference(points)
    return float(np.linalg.norm(values(points) - known) / np.linalg.norm(known))


def run(problem: Problem, seed: int, seconds: float = 120) -> Run:
    clock = Clock()
    solution = solve(problem, seed=seed, seconds=seconds)
    return Run(relative_error(problem, solution), solution, clock.seconds)


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


def covered(name: str, draws: int) -> list[str]:
    """How often the truth lies in the intervals, by coefficient."""
    make, truth = INVERSE[name]
    clock, hits = Clock(), dict.fromkeys(truth, 0)
    for draw in range(draws):
        found = solve(make(draw), seed=draw).coefficients
        for letter, value in truth.items():
            hits[letter] += found[letter].low <= value <= found[letter].high
    shares = ", ".join(f"{letter} {count}/{draws}" for letter, count in hits.items())
    return [name, shares, f"{clock.seconds / draws:.1f}"]


def perceptron(problem: Problem, seed: int, steps: int) -> tuple[int, float, float]:
    """Parameters, error and CPU seconds of a perceptron on the Poisson equation."""
    clock = Clock()
    torch.manual_seed(seed)
    layers = [
        torch.nn.Linear(2, HIDDEN),
        torch.nn.Linear(HIDDEN, HIDDEN),
        torch.nn.Linear(HIDDEN, 1),
    ]
    tanh = torch.nn.Tanh()
    model = torch.nn.Sequential(layers[0], tanh, layers[1], tanh, layers[2]).double()
    inside = torch.from_numpy(problem.domain.inside(INSIDE, seed))
    edge = torch.from_numpy(problem.domain.boundary(BOUNDARY, seed))
    pi = math.pi
    x, y = inside.unbind(1)
    wave = torch.sin(pi * x)
    source = wave * (2 * pi * torch.cos(pi * y**2) - pi**2 * (1 + 4 * y**2) * torch.sin(pi * y**2))

    def loss() -> Tensor:
        points = inside.clone().requires_grad_()
        slope = torch.autograd.grad(model(points).sum(), points, create_graph=True)[0]
        bent = [
            torch.autograd.grad(slope[:, k].sum(), points, create_graph=True)[0][:, k]
            for k in range(2)
        ]
        equation = bent[0] + bent[1] - source
        return ALPHA * equation.square().mean() + model(edge).square().mean()

    def closure() -> Tensor:
        for parameter in model.parameters():
            parameter.grad = None
        value = loss()
        value.backward()
        return value

    adam = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(steps):
        adam.step(closure)
    torch.optim.LBFGS(
        model.parameters(), max_iter=2 * steps, history_size=100, line_search_fn="strong_wolfe"
    ).step(closure)
    with torch.no_grad():
        error = relative_error(problem, lambda p: model(torch.from_numpy(p))[:, 0].numpy())
    return sum(parameter.numel() for parameter in model.parameters()), error, clock.seconds


def beside(seeds: int, steps: int) -> list[list[str]]:
    """The Poisson equation by both."""
    problem = library["poisson"]
    ours = [run(problem, seed) for seed in range(seeds)]
    theirs = [perceptron(problem, seed, steps) for seed in range(seeds)]
    sizes = [one.solution.model.parameter_count for one in ours]
    return [
        [
            "KAN",
            f"{median(sizes):.0f}",
            f"{median(one.error for one in ours):.1e}",
            f"{median(one.seconds for one in ours):.0f}",
        ],
        [
            "perceptron",
            str(theirs[0][0]),
            f"{median(one[1] for one in theirs):.1e}",
            f"{median(one[2] for one in theirs):.0f}",
        ],
    ]


def main() -> None:
    """Print and write the tables."""
    parser = Options(__doc__, seeds=(2, 1), draws=(20, 1), steps=(1000, 2), seconds=(120, 60))
    parser.add_argument("--only", nargs="+", default=[*library])
    chosen = parser.chosen(only=[*QUICK])
    table = []
    for name in chosen.only:
        table.append(
            row(name, [run(library[name], seed, chosen.seconds) for seed in range(chosen.seeds)])
        )
        print(*table[-1], flush=True)
    header = ["problem", "shape", "error", "worst", "estimate", "converged", "honest", "CPU s"]
    write("equations", header, table)
    counts = [covered(name, chosen.draws) for name in INVERSE if not chosen.quick or name[0] == "o"]
    write("intervals", ["problem", "truth in the interval", "CPU s"], counts)
    write(
        "perceptron", ["model", "parameters", "error", "CPU s"], beside(chosen.seeds, chosen.steps)
    )


if __name__ == "__main__":
    main()
