"""``fit_mlp``: a perceptron trained as fairly as the network that it is compared with.

The three rounds are those of ``workbench.fit``: all starts on a subset of rows, the better quarter a
little further, the best on all rows; validation keeps the best state of every iteration.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.optimize import minimize as scipy_minimize
from torch import Tensor

from workbench.baselines.mlp import MLP, Activation, Architecture
from workbench.errors import InputError
from workbench.kan.checks import seed_of
from workbench.kan.data import Dataset, Part
from workbench.kan.losses import CrossEntropy, Loss, SquaredError
from workbench.kan.objective import REACH, Rows, bent
from workbench.kan.solvers import levenberg_marquardt as lm

Solver = Literal["auto", "lm", "lbfgs", "adam", "best"]

STARTS = 32
STEPS = {"lm": 150, "lbfgs": 1500, "adam": 3000}
"""Iterations on all rows by default: enough for validation to stop falling on small tables."""

_FIRST, _SECOND = 2 / 15, 1 / 15
_LM_PARAMETERS, _LM_WORK = 2000, 2e11
FEW_PARAMETERS = 5000
"""Up to which number several starts and L-BFGS on all rows pay."""
_FIRST_ORDER_STARTS = 4
_BLOCK_BYTES = 48 * 2**20
_LEARNING_RATE, _BATCH, _WATCH_EVERY = 1e-2, 256, 25
_MEMORY = 20


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
    activation: Activation = "tanh",
    solver: Solver = "lm",
    starts: int = STARTS,
    effort: float = 1.0,
    decay: float | Sequence[float] = 0.0,
    seed: int = 0,
) -> MLPResult:
    """Train a multilayer perceptron on the training rows; the validation rows choose.

    Args:
        data: the table and its split; inputs and targets are standardized by the training rows.
        hidden: nodes of the hidden layers.
        activation: "tanh" or "silu".
        solver: "lm" (Levenberg–Marquardt with an analytic Jacobian), "lbfgs", "adam" (mini-batches),
            "auto" ("lm" where the normal matrix is small enough, else "adam"), or "best": all that
            are affordable, validation decides.
        starts: random starts of "lm"; the other methods, which lean less on luck and cannot run
            many starts as cheaply, get a quarter, and a network of over 5,000 parameters one.
        effort: multiplies the iterations of every method, see ``STEPS``.
        decay: weight of half the squared parameters in standardized units; of several values each
            gets an equal part of the starts, and validation decides.
        seed: of all random numbers.

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
    architecture = Architecture((len(data.names), *hidden, data.outputs), activation)
    task = _Task(data, architecture)
    found = [
        _search(task, method, starts, max(1, round(effort * STEPS[method])), decays, seed)
        for method in _methods(solver, task)
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


def _methods(solver: Solver, task: "_Task") -> list[str]:
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


class _Task:
    """Standardized rows, loss and architecture."""

    def __init__(self, data: Dataset, architecture: Architecture) -> None:
        self.architecture = architecture
        self.regression = data.task == "regression"
        self.loss: Loss = SquaredError() if self.regression else CrossEntropy()
        rows = _rows(data, "train")
        self.inputs = _moments(rows.x, rows.weights)
        one = torch.ones(data.outputs, dtype=torch.float64)
        self.outputs = _moments(rows.y, rows.weights) if self.regression else (0 * one, one)
        self.train = self._standardized(rows)
        held_out = _rows(data, "validation")
        self.validation = self._standardized(held_out) if len(held_out) else self.train

    def _standardized(self, rows: Rows) -> Rows:
        x = (rows.x - self.inputs[0]) / self.inputs[1]
        y = (rows.y - self.outputs[0]) / self.outputs[1] if self.regression else rows.y
        return Rows(x, y, rows.weights)

    def value(self, parameters: Tensor, rows: Rows) -> Tensor:
        """Losses ``(S,)`` of parameters ``(S, P)``."""
        outputs = self.architecture.outputs(parameters, rows.x)
        return self.loss.value(outputs, rows.y, rows.weights)

    def model(self, parameters: Tensor) -> MLP:
        return MLP(self.architecture, parameters, self.inputs, self.outputs)

    def readable(self, model: MLP, data: Dataset, part: Part) -> float:
        rows = _rows(data, part)
        if not len(rows):
            return math.nan
        with torch.no_grad():
            outputs = model(rows.x).unsqueeze(0)
        value = float(self.loss.value(outputs, rows.y, rows.weights))
        return math.sqrt(2 * value) if self.regression else value


def _rows(data: Dataset, part: Part) -> Rows:
    x, y = data.split(part)
    return Rows(x.double(), y, data.row_weights(part))


def _moments(table: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the columns, 1 where a column is constant."""
    weight = torch.ones(len(table), 1).to(table) if weights is None else weights.unsqueeze(1)
    mean = (weight * table).sum(0) / weight.sum()
    spread = ((weight * (table - mean).square()).sum(0) / weight.sum()).sqrt()
    return mean, torch.where(spread > 0, spread, 1.0)


class PerceptronProblem:
    """Perceptrons on rows as ``levenberg_marquardt.minimize`` sees them; decay ``(S,)``."""

    def __init__(self, architecture: Architecture, rows: Rows, loss: Loss, decay: Tensor) -> None:
        self.architecture, self.rows, self.loss, self.decay = architecture, rows, loss, decay

    def value(self, parameters: Tensor) -> Tensor:
        """Losses ``(S,)``, decay excluded."""
        outputs = self.architecture.outputs(parameters, self.rows.x)
        return self.loss.value(outputs, self.rows.y, self.rows.weights)

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(S,)``, Gauss–Newton matrix ``(S, P, P)`` and gradient ``(S, P)``, in row blocks."""
        copies, size = parameters.shape
        value = parameters.new_zeros(copies)
        matrix = parameters.new_zeros(copies, size, size)
        gradient = torch.zeros_like(parameters)
        for part in self._blocks(parameters):
            outputs, derivative = self.architecture.jacobian(parameters, part.x)
            slope, root = self.loss.linearize(outputs, part.y, derivative, part.weights)
            value += len(part) * self.loss.value(outputs, part.y, part.weights)
            gradient += torch.einsum("snm,snmp->sp", slope, derivative)
            flat = root.flatten(1, 2)
            matrix.baddbmm_(flat.mT, flat)
        count = len(self.rows)
        return value / count, matrix / count, gradient / count

    @property
    def metric(self) -> Tensor:
        """Weights are measured as they are: the unit matrix ``(P, P)``."""
        return torch.eye(self.architecture.count, dtype=self.rows.x.dtype)

    def bend(self, parameters: Tensor, step: Tensor) -> Tensor | None:
        """How the outputs curve along ``step (S, P)``, as a gradient ``(S, P)``; see ``bent``.

        None for all but least squares, for which alone the acceleration is derived.
        """
        if not isinstance(self.loss, SquaredError):
            return None
        found = torch.zeros_like(parameters)
        for part in self._blocks(parameters):
            outputs, derivative = self.architecture.jacobian(parameters, part.x)
            ahead = self.architecture.outputs(parameters + REACH * step, part.x)
            found += bent(self.loss, part, outputs, ahead, derivative, step)
        return found / len(self.rows)

    def _blocks(self, parameters: Tensor) -> list[Rows]:
        """The rows in parts whose Jacobians fit the cache."""
        per_row = 8 * parameters.numel() * self.architecture.sizes[-1]
        block = max(32, _BLOCK_BYTES // per_row)
        starts = range(0, len(self.rows), block)
        return [self.rows[start : start + block] for start in starts]

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> Tensor | None:
        """The matrix of the decay, ``(S, P, P)``."""
        if not bool(self.decay.any()):
            return None
        eye = torch.eye(parameters.shape[1], dtype=parameters.dtype)
        return self.decay[:, None, None] * eye


@dataclass(frozen=True)
class _Found:
    """Parameters ``(P,)`` with their standardized validation loss."""

    parameters: Tensor
    loss: float
    solver: str
    decay: float


class _Best:
    """What validated best of each of ``S`` starts, over all iterations."""

    def __init__(self, task: _Task, parameters: Tensor, losses: Tensor | None = None) -> None:
        self.task, self.parameters = task, parameters.clone()
        infinite = parameters.new_full((len(parameters),), math.inf)
        self.losses = infinite if losses is None else losses.clone()

    def consider(self, parameters: Tensor, number: int = 0) -> bool:
        """Keep what validates better; ``(n, P)`` belong to the starts from ``number``. Never stops."""
        part = slice(number, number + len(parameters))
        losses = self.task.value(parameters, self.task.validation).nan_to_num(nan=math.inf)
        better = losses < self.losses[part]
        self.parameters[part] = torch.where(better.unsqueeze(1), parameters, self.parameters[part])
        self.losses[part] = torch.where(better, losses, self.losses[part])
        return False

    def pick(self, order: Tensor) -> "_Best":
        """The starts ``order`` alone."""
        return _Best(self.task, self.parameters[order], self.losses[order])


Minimize = Callable[[_Task, Rows, Tensor, Tensor, int, int, _Best], Tensor]
"""From task, rows, parameters ``(S, P)``, decay ``(S,)``, steps, seed and record to parameters."""


def _search(
    task: _Task, method: str, starts: int, steps: int, decays: Sequence[float], seed: int
) -> _Found:
    """Three rounds: all starts on a subset, the better quarter, the best of these on all rows."""
    minimize = _MINIMIZERS[method]
    count = task.architecture.count
    generator = torch.Generator().manual_seed(seed)
    copies = _copies(method, starts, count, len(decays))
    parameters = task.architecture.draw(copies, generator)
    decay = torch.tensor([decays[i % len(decays)] for i in range(copies)], dtype=torch.float64)
    few = torch.randperm(len(task.train), generator=generator)[: max(200, 4 * count)]
    best = _Best(task, parameters)
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
    task: _Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
) -> Tensor:
    problem = PerceptronProblem(task.architecture, rows, task.loss, decay)
    state = lm.State.begin(parameters, lm.FROM_RANDOM)
    return lm.minimize(
        problem, state, steps=steps, watch=lambda now, losses: best.consider(now.parameters)
    ).parameters


def _lbfgs(
    task: _Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
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
            best.consider(ended[number : number + 1], number)

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
    task: _Task, rows: Rows, parameters: Tensor, decay: Tensor, steps: int, seed: int, best: _Best
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
                best.consider(point.detach())
    return point.detach()


_MINIMIZERS: dict[str, Minimize] = {
    "lm": _levenberg_marquardt,
    "lbfgs": _lbfgs,
    "adam": _adam,
}
