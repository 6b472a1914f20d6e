"""Training methods of perceptrons; validation keeps the best state of every iteration."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize as scipy_minimize
from torch import Tensor

from workbench.baselines.task import PerceptronProblem, Task
from workbench.kan.training.objective import Rows
from workbench.kan.training.solvers import levenberg_marquardt as lm

_FIRST, _SECOND = 2 / 15, 1 / 15
FEW_PARAMETERS = 5000
"""Up to which number several starts and L-BFGS on all rows pay."""
_FIRST_ORDER_STARTS = 4
_LEARNING_RATE, _BATCH, _WATCH_EVERY = 1e-2, 256, 25
_MEMORY = 20


@dataclass(frozen=True)
class _Found:
    """Parameters ``(P,)`` with their standardized validation loss."""

    parameters: Tensor
    loss: float
    solver: str
    decay: float


Stop = Callable[[], bool]
"""Whether training is to end with what it has."""


class _Best:
    """What validated best of each of ``S`` starts, over all iterations."""

    def __init__(
        self, task: Task, parameters: Tensor, stop: Stop, losses: Tensor | None = None
    ) -> None:
        self.task, self.parameters, self.stop = task, parameters.clone(), stop
        infinite = parameters.new_full((len(parameters),), math.inf)
        self.losses = infinite if losses is None else losses.clone()

    def consider(self, parameters: Tensor, number: int = 0) -> bool:
        """Keep what validates better; ``(n, P)`` belong to the starts from ``number``. Whether to stop."""
        part = slice(number, number + len(parameters))
        losses = self.task.value(parameters, self.task.validation).nan_to_num(nan=math.inf)
        better = losses < self.losses[part]
        self.parameters[part] = torch.where(better.unsqueeze(1), parameters, self.parameters[part])
        self.losses[part] = torch.where(better, losses, self.losses[part])
        return self.stop()

    def pick(self, order: Tensor) -> "_Best":
        """The starts ``order`` alone."""
        return _Best(self.task, self.parameters[order], self.stop, self.losses[order])


Minimize = Callable[[Task, Rows, Tensor, Tensor, int, int, _Best], Tensor]
"""From task, rows, parameters ``(S, P)``, decay ``(S,)``, steps, seed and record to parameters."""


def search(
    task: Task,
    method: str,
    starts: int,
    steps: int,
    decays: Sequence[float],
    seed: int,
    stop: Stop,
) -> _Found:
    """Three rounds: all starts on a subset, the better quarter, the best of these on all rows."""
    minimize = _MINIMIZERS[method]
    count = task.architecture.count
    generator = torch.Generator().manual_seed(seed)
    copies = _copies(method, starts, count, len(decays))
    parameters = task.architecture.draw(copies, generator)
    decay = torch.tensor([decays[i % len(decays)] for i in range(copies)], dtype=torch.float64)
    few = torch.randperm(len(task.train), generator=generator)[: max(200, 4 * count)]
    best = _Best(task, parameters, stop)
    for share in (_FIRST, _SECOND):
        if len(parameters) == 1:
            break
        budget = max(1, round(steps * share))
        parameters = minimize(task, task.train[few], parameters, decay, budget, seed, best)
        order = best.losses.argsort()[: max(1, len(parameters) // 4)]
        parameters, decay, best = parameters[order], decay[order], best.pick(order)
    first = torch.zeros(1, dtype=torch.int64)
    best = best.pick(first)
    minimize(task, task.train, parameters[:1], decay[:1], steps, seed, best)
    return _Found(best.parameters[0], float(best.losses[0]), method, float(decay[0]))


def _copies(method: str, starts: int, count: int, decays: int) -> int:
    if count > FEW_PARAMETERS:
        return decays
    share = starts if method == "lm" else starts // _FIRST_ORDER_STARTS
    return max(share, decays)


def _levenberg_marquardt(
    task: Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
) -> Tensor:
    problem = PerceptronProblem(task.architecture, rows, task.loss, decay)
    state = lm.State.begin(parameters, lm.FROM_RANDOM)
    return lm.minimize(
        problem, state, steps=steps, watch=lambda now, losses: best.consider(now.parameters)
    ).parameters


def _lbfgs(
    task: Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
) -> Tensor:
    """SciPy's L-BFGS-B on all rows, one start after the other."""
    ended = parameters.clone()
    options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": _MEMORY, "ftol": 0, "gtol": 1e-12}
    for number in range(len(parameters)):

        def evaluate(flat: np.ndarray, number: int = number) -> tuple[float, np.ndarray]:
            point = torch.tensor(flat, requires_grad=True)
            value = task.value(point.unsqueeze(0), rows)[0]
            total = value + 0.5 * decay[number] * point.square().sum()
            (gradient,) = torch.autograd.grad(total, point)
            return float(total.detach()), gradient.numpy()

        def watch(point: np.ndarray, number: int = number) -> None:
            ended[number] = torch.tensor(point)
            if best.consider(ended[number : number + 1], number):
                raise StopIteration

        scipy_minimize(
            evaluate,
            parameters[number].numpy(),
            jac=True,
            method="L-BFGS-B",
            callback=watch,
            options=options,
        )
    return ended


def _adam(
    task: Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
) -> Tensor:
    """Adam with mini-batches and a learning rate that falls to zero along a cosine; all starts at once."""
    generator = torch.Generator().manual_seed(seed)
    point = parameters.clone().requires_grad_()
    optimizer = torch.optim.Adam([point], lr=_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        batch = rows[torch.randint(len(rows), (min(_BATCH, len(rows)),), generator=generator)]
        optimizer.zero_grad()
        total = task.value(point, batch) + 0.5 * decay * point.square().sum(1)
        total.sum().backward()
        optimizer.step()
        schedule.step()
        if step % _WATCH_EVERY == 0 or step + 1 == steps:
            with torch.no_grad():
                if best.consider(point.detach()):
                    break
    return point.detach()


_MINIMIZERS: dict[str, Minimize] = {
    "lm": _levenberg_marquardt,
    "lbfgs": _lbfgs,
    "adam": _adam,
}
