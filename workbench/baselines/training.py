"""``fit_mlp``: a perceptron trained as fairly as the network that it is compared with.

The three rounds are those of ``workbench.fit``: all starts on a subset of rows, the better quarter a
little further, the best on all rows; validation keeps the best state of every iteration.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.baselines.methods import search
from workbench.baselines.mlp import MLP, Activation, Architecture
from workbench.baselines.spline_mlp import SplineArchitecture
from workbench.baselines.task import Task
from workbench.errors import InputError
from workbench.kan.checks import seed_of
from workbench.kan.data import Dataset

Solver = Literal["auto", "lm", "lbfgs", "adam", "best"]

STARTS = 32
STEPS = {"lm": 150, "lbfgs": 1500, "adam": 3000}
"""Iterations on all rows by default: enough for validation to stop falling on small tables."""

_LM_PARAMETERS, _LM_WORK = 2000, 2e11


@dataclass(frozen=True)
class MLPResult:
    """A trained perceptron.

    Attributes:
        model: the state that validated best.
        solver: the method that gave it. decay: its weight decay.
        parameters: their number. seconds: wall time, all solvers that were tried included.
        train_loss, validation_loss, test_loss: RMSE in the target's units, or mean cross-entropy;
            NaN where the split has no such rows.
    """

    model: MLP
    solver: str
    decay: float
    parameters: int
    seconds: float
    train_loss: float
    validation_loss: float
    test_loss: float


def fit_mlp(
    data: Dataset,
    *,
    hidden: Sequence[int] = (8,),
    activation: Activation | Literal["spline"] = "tanh",
    grid_size: int = 6,
    solver: Solver = "lm",
    starts: int = STARTS,
    effort: float = 1.0,
    decay: float | Sequence[float] = 0.0,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
) -> MLPResult:
    """Train a multilayer perceptron on the training rows; the validation rows choose.

    Args:
        data: the table and its split; inputs and targets are standardized by the training rows.
        hidden: nodes of the hidden layers.
        activation: "tanh", "silu", or "spline": a curve of its own for every hidden node.
        grid_size: intervals of these curves.
        solver: "lm" (Levenberg–Marquardt with an analytic Jacobian), "lbfgs", "adam" (mini-batches),
            "auto" ("lm" where the normal matrix is small enough, else "adam"), or "best": all that
            are affordable, validation decides.
        starts: random starts of "lm"; the other methods, which lean less on luck and cannot run
            many starts as cheaply, get a quarter, and a network of over 5,000 parameters one.
        effort: multiplies the iterations of every method, see ``STEPS``.
        decay: weight of half the squared parameters in standardized units; of several values each
            gets an equal part of the starts, and validation decides.
        seed: of all random numbers.
        stop: asked after every iteration; True ends the training with the best state so far.

    Raises:
        InputError: an unknown solver, no start, or a negative decay.
    """
    begun = time.perf_counter()
    decays = [float(decay)] if isinstance(decay, int | float) else [float(d) for d in decay]
    if starts < 1 or not decays or min(decays) < 0 or effort <= 0:
        raise InputError(
            "at least one start, decays of at least 0 and an effort above 0 are needed, "
            f"got {starts}, {decays} and {effort}"
        )
    seed = seed_of(seed)
    layers = (len(data.names), *hidden, data.outputs)
    architecture = (
        SplineArchitecture(layers, grid_size=grid_size)
        if activation == "spline"
        else Architecture(layers, activation)
    )
    task = Task(data, architecture)
    methods = _methods(solver, task)
    budgets = [max(1, round(effort * STEPS[method])) for method in methods]
    found = [
        search(task, method, starts, steps, decays, seed, stop or (lambda: False))
        for method, steps in zip(methods, budgets, strict=True)
    ]
    best = min(found, key=lambda one: one.loss)
    model = task.model(best.parameters)
    losses = {part: task.readable(model, data, part) for part in ("train", "validation", "test")}
    return MLPResult(
        model=model,
        solver=best.solver,
        decay=best.decay,
        parameters=architecture.count,
        seconds=time.perf_counter() - begun,
        train_loss=losses["train"],
        validation_loss=losses["validation"],
        test_loss=losses["test"],
    )


def _methods(solver: Solver, task: Task) -> list[str]:
    if solver in STEPS:
        return [solver]
    if solver not in ("auto", "best"):
        raise InputError(f"solver must be one of {', '.join(STEPS)}, auto, best, got {solver!r}")
    count = task.architecture.count
    work = len(task.train) * task.architecture.sizes[-1] * count**2
    second = count <= _LM_PARAMETERS and work <= _LM_WORK
    if solver == "auto":
        return ["lm" if second else "adam"]
    return ["lm", "lbfgs", "adam"] if second else ["lbfgs", "adam"]
