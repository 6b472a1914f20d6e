"""``fit``: from a network and a table to the best network that validation can tell apart.

Second-order training of a small network (``solver="lm"``) goes: many cheap random starts on a coarse
grid and a subset of rows, the better quarter a little further, the best on all rows, then finer and
finer nested grids for as long as the validation error falls.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble, padded_range
from workbench.kan.layer import AFFINE_IDENTITY
from workbench.kan.linearize import loss_value
from workbench.kan.losses import CrossEntropy, Loss, SquaredError
from workbench.kan.model import KAN
from workbench.kan.regularization import Penalty
from workbench.kan.solvers import adam
from workbench.kan.solvers import levenberg_marquardt as lm

Solver = Literal["auto", "lm", "adam"]

GRIDS = (3, 6, 12, 24, 48, 96)
STARTS = 32
INPUT_MARGIN = 0.01
_START_STEPS, _SURVIVOR_STEPS, _BEST_STEPS, _LEVEL_STEPS = 20, 10, 15, 8
_LM_PARAMETERS = 2000
_LM_WORK = 2e11
_ADAM_RECORDS, _ADAM_SILENT_STEPS = 200, 50  # Stop has to answer at once
_CLASSIFICATION_PENALTY = Penalty(smoothness=1e-4, ridge=1e-5)


@dataclass(frozen=True)
class Record:
    """One iteration: losses are RMSE in the target's units, or mean cross-entropy."""

    step: int
    phase: str
    grid_size: int
    train_loss: float
    validation_loss: float | None
    seconds: float


@dataclass(frozen=True)
class Progress(Record):
    """What a callback sees; ``snapshot()`` makes a network of the present state."""

    total: int = 0
    snapshot: Callable[[], KAN] = field(default=lambda: KAN((1, 1)), repr=False)


Callback = Callable[[Progress], bool | None]


@dataclass(frozen=True)
class FitResult:
    """What training did.

    Attributes:
        model: the network with the best validation loss.
        history: one ``Record`` per iteration.
        solver: the method used, and why.
        stopped: what ended it: "converged", "stopped" (by the callback), "interrupted".
        train_loss, validation_loss: of ``model``; RMSE in the target's units, or cross-entropy.
        success_share: share of the starts whose RMSE came within a factor 2 of the best.
        seconds: wall time.
        warnings: sentences for the user.
    """

    model: KAN
    history: tuple[Record, ...]
    solver: str
    stopped: str
    train_loss: float
    validation_loss: float
    success_share: float
    seconds: float
    warnings: tuple[str, ...] = ()


class _Stop(Exception):  # noqa: N818 - a signal, not an error
    """The callback asked to stop."""


def fit(
    model: KAN,
    data: Dataset,
    *,
    solver: Solver = "auto",
    grids: Sequence[int] | None = None,
    starts: int = STARTS,
    steps: int | None = None,
    seed: int = 0,
    l1: float = 0.0,
    entropy: float = 0.0,
    smoothness: float | None = None,
    callback: Callback | None = None,
) -> FitResult:
    """Train a network on ``data``; the given model is left untouched.

    Args:
        model: its width, masks and fixed edges are kept. With ``starts=1`` training goes on from its
            own numbers, else every start draws new ones.
        data: the table and its split; ``data.outputs`` must match the model.
        solver: "lm" (Levenberg–Marquardt), "adam", or "auto": by size of network and table.
        grids: increasing grid sizes of the schedule, ``(3, 6, 12, ...)`` by default.
        starts: random starts of "lm".
        steps: iterations per grid for "lm" (8), in all for "adam" (2000).
        seed: of all random numbers; the same seed repeats the run to the last bit.
        l1, entropy, smoothness: penalty weights, see ``Penalty``.
        callback: called after every iteration; may block (pause), and stops by returning True.

    Returns:
        A ``FitResult``; the best state so far also when stopped or interrupted.

    Raises:
        InputError: the model does not fit the data.
    """
    if model.in_features != len(data.names) or model.out_features != data.outputs:
        raise InputError(
            f"the data needs a network with {len(data.names)} inputs and {data.outputs} outputs, "
            f"got width {model.config.width}"
        )
    penalty = Penalty(l1, entropy, smoothness or 0.0)
    if data.task == "classification" and smoothness is None:
        penalty = replace(_CLASSIFICATION_PENALTY, l1=l1, entropy=entropy)
    run = _Run(_prepared(model, data), data, penalty, seed, callback)
    schedule = tuple(grids) if grids else (GRIDS if starts > 1 else _from(model.layer(0).grid_size))
    chosen, reason = _choose(solver, model, data)
    stopped = "converged"
    try:
        if chosen == "lm":
            _second_order(run, schedule, starts, steps or _LEVEL_STEPS)
        else:
            _first_order(run, schedule[0], steps or 2000)
    except _Stop:
        stopped = "stopped"
    except KeyboardInterrupt:
        stopped = "interrupted"
    return run.result(f"{chosen}: {reason}", stopped)


def _from(grid_size: int) -> tuple[int, ...]:
    return tuple(grid_size * 2**k for k in range(5))


def _choose(solver: Solver, model: KAN, data: Dataset) -> tuple[str, str]:
    if solver in ("lm", "adam"):
        return solver, "as asked"
    if solver != "auto":
        raise InputError(f"solver must be 'auto', 'lm' or 'adam', got {solver!r}")
    count = model.refine(GRIDS[0]).parameter_count
    work = len(data.train) * data.outputs * count**2
    size = f"{count} parameters, {len(data.train)} rows"
    if count <= _LM_PARAMETERS and work <= _LM_WORK:
        return "lm", f"{size}: small enough for second-order steps"
    return "adam", f"{size}: too large for second-order steps"


def _prepared(model: KAN, data: Dataset) -> KAN:
    """A copy whose input grids span the data and whose outputs are in the target's units."""
    model = model.copy()
    first = model.layer(0)
    low, high = padded_range(data.inputs.to(first.mask).unsqueeze(0), INPUT_MARGIN)
    with torch.no_grad():
        stack = Ensemble.of([model])
        moved = _move_inputs(stack, torch.stack((low, high), -1))
        first.coefficients.copy_(moved.layers[0].coefficients[0])
        first.grid_range.copy_(moved.layers[0].grid_range[0])
        if data.task == "regression":
            train = data.split("train")[1].to(first.mask)
            scale = train.std(0).clamp(min=1e-300)
            last = model.layer(model.config.depth - 1)
            _rescale_last(model, last.coefficients, last.affine, scale, train.mean(0))
    return model


def _move_inputs(stack: Ensemble, grid_range: Tensor) -> Ensemble:
    from workbench.kan import spline

    layer = stack.layers[0]
    coefficients = spline.transfer(
        layer.coefficients,
        (layer.grid_range[..., 0], layer.grid_range[..., 1]),
        (grid_range[..., 0], grid_range[..., 1]),
        layer.grid_size,
        layer.degree,
    )
    moved = replace(layer, coefficients=coefficients, grid_range=grid_range)
    return replace(stack, layers=(moved, *stack.layers[1:]))


def _rescale_last(
    model: KAN, coefficients: Tensor, affine: Tensor, scale: Tensor, shift: Tensor
) -> None:
    """Give the outputs a new scale and shift and keep the function, where the last nodes are sums."""
    config = model.config
    if config.products(config.depth) == 0:
        factor = model.output_scale / scale
        offset = (model.output_shift - shift) / scale / model.layer(config.depth - 1).in_features
        coefficients.mul_(factor[:, None, None]).add_(offset[:, None, None])
        affine[..., 2:].mul_(factor[:, None, None])
        affine[..., 3].add_(offset[:, None])
    model.output_scale.copy_(scale)
    model.output_shift.copy_(shift)


class _Run:
    """The state that the phases of one training share: rows, records, the best network."""

    def __init__(
        self, model: KAN, data: Dataset, penalty: Penalty, seed: int, callback: Callback | None
    ) -> None:
        self.model, self.penalty, self.seed, self.callback = model, penalty, seed, callback
        self.loss: Loss = SquaredError() if data.task == "regression" else CrossEntropy()
        self.regression = data.task == "regression"
        self.x, self.y = self._standardized(data, "train")
        held_out = self._standardized(data, "validation")
        self.vx, self.vy = held_out if len(held_out[0]) else (self.x, self.y)
        self.begun = time.perf_counter()
        self.history: list[Record] = []
        self.best: tuple[float, float, KAN] | None = None
        self.success_share = 1.0
        self.warnings: list[str] = []
        self.step, self.total = 0, 0

    def _standardized(
        self, data: Dataset, part: Literal["train", "validation"]
    ) -> tuple[Tensor, Tensor]:
        x, y = data.split(part)
        like = self.model.output_scale
        if self.regression:
            y = (y.to(like) - self.model.output_shift) / like
        return x.to(like), y.to(like.device)

    def readable(self, value: float) -> float:
        """A loss value as users read it: RMSE in the target's units, or cross-entropy."""
        if not self.regression:
            return value
        scale = float(self.model.output_scale.square().mean().sqrt())
        return math.sqrt(max(2 * value, 0.0)) * scale

    def validate(self, ensemble: Ensemble) -> float:
        return self.readable(float(loss_value(ensemble, self.vx, self.vy, self.loss)[0]))

    def record(self, phase: str, ensemble: Ensemble, losses: Tensor) -> bool:
        """Keep a record of the best network of the stack; stop when the callback says so."""
        self.step += 1
        winner = int(losses.nan_to_num(nan=math.inf).argmin())
        train = self.readable(float(losses[winner]))
        alone = ensemble.pick([winner]) if len(ensemble) > 1 else ensemble
        validation = self.validate(alone) if len(ensemble) == 1 else None
        seconds = time.perf_counter() - self.begun
        entry = Record(self.step, phase, ensemble.layers[0].grid_size, train, validation, seconds)
        self.history.append(entry)
        if validation is not None:
            self.consider(alone, train, validation)
        elif self.best is None or self.best[0] == math.inf:
            self.best = (math.inf, train, alone.model(0))
        if self.callback is not None:
            progress = Progress(
                **vars(entry), total=max(self.total, self.step), snapshot=lambda: alone.model(0)
            )
            if self.callback(progress):
                raise _Stop
        return False

    def consider(self, alone: Ensemble, train: float, validation: float) -> None:
        """Remember a network that validates better than the best so far."""
        if math.isfinite(validation) and (self.best is None or validation < self.best[0]):
            self.best = (validation, train, alone.model(0))

    def result(self, solver: str, stopped: str) -> FitResult:
        if self.best is None:
            self.best = (math.inf, math.inf, self.model)
        validation, train, model = self.best
        if not math.isfinite(validation):
            alone = Ensemble.of([model])
            validation = self.validate(alone)
            train = self.readable(float(loss_value(alone, self.x, self.y, self.loss)[0]))
        if not math.isfinite(validation):
            self.warnings.append("Training did not reach a finite loss: scale or check the data.")
        if validation > 3 * train:
            self.warnings.append(
                "The validation loss is more than three times the training loss: "
                "use fewer nodes, or more rows."
            )
        model.config = replace(model.config, grid_size=model.layer(0).grid_size)
        return FitResult(
            model=model,
            history=tuple(self.history),
            solver=solver,
            stopped=stopped,
            train_loss=train,
            validation_loss=validation,
            success_share=self.success_share,
            seconds=time.perf_counter() - self.begun,
            warnings=tuple(self.warnings),
        )


def _second_order(run: _Run, schedule: Sequence[int], starts: int, steps: int) -> None:
    levels = [g for g in schedule if _affordable(run, g)] or [schedule[0]]
    multi = starts > 1
    run.total = (_START_STEPS + _SURVIVOR_STEPS + _BEST_STEPS if multi else 0) + steps * len(levels)
    if multi:
        current = _best_start(run, levels[0], starts)
        begin = 1
    else:
        current, begin = Ensemble.of([run.model]), 0
        run.consider(current, math.inf, run.validate(current))
    worse = 0
    for grid_size in levels[begin:]:
        before = run.best[0] if run.best else math.inf
        current = current.regrid(run.x).refine(grid_size)
        current = _minimize(run, current, f"grid {grid_size}", steps, lm.FROM_REFINED)
        after = run.best[0] if run.best else math.inf
        worse = 0 if after < before else worse + 1
        if worse == 2:
            break


def _affordable(run: _Run, grid_size: int) -> bool:
    """More than a third as many parameters as rows is where splines begin to follow the noise."""
    per_edge = grid_size + run.model.config.degree
    count = 0
    for level in range(run.model.config.depth):
        layer = run.model.layer(level)
        alive = int(layer.mask.count_nonzero())
        count += (alive - len(layer.fixed)) * per_edge + 4 * len(layer.fixed)
    rows = len(run.x) * run.model.out_features
    return count <= rows / 3 and rows * count**2 <= _LM_WORK


def _minimize(
    run: _Run,
    ensemble: Ensemble,
    phase: str,
    steps: int,
    damping: float,
    *,
    rows: Tensor | None = None,
) -> Ensemble:
    x, y = (run.x, run.y) if rows is None else (run.x[rows], run.y[rows])
    return lm.minimize(
        ensemble,
        x,
        y,
        run.loss,
        steps=steps,
        damping=damping,
        penalty=run.penalty,
        watch=lambda state, losses: run.record(phase, state, losses),
    ).ensemble


def _best_start(run: _Run, grid_size: int, starts: int) -> Ensemble:
    """Many starts on a subset of rows, the better quarter further, the best on all rows."""
    ensemble = random_starts(run.model, run.x, grid_size, starts, run.seed)
    count = ensemble.model(0).parameter_count
    generator = torch.Generator().manual_seed(run.seed)
    subset = torch.randperm(len(run.x), generator=generator)[: max(200, 4 * count)].to(run.x.device)
    half = _START_STEPS // 2
    for damping in (lm.FROM_RANDOM, lm.FROM_REFINED):
        ensemble = _minimize(run, ensemble, "starts", half, damping, rows=subset)
        ensemble = ensemble.regrid(run.x)
    losses = loss_value(ensemble, run.x[subset], run.y[subset], run.loss).nan_to_num(nan=math.inf)
    best = losses.argsort()[: max(1, starts // 4)]
    ensemble = ensemble.pick(best)
    ensemble = _minimize(run, ensemble, "survivors", _SURVIVOR_STEPS, lm.FROM_REFINED, rows=subset)
    ensemble = ensemble.regrid(run.x)
    survivors = loss_value(ensemble, run.x, run.y, run.loss).nan_to_num(nan=math.inf)
    losses = torch.cat((survivors, losses[losses.argsort()[len(best) :]]))
    run.success_share = float((losses <= 4 * losses.min()).double().mean())
    ensemble = ensemble.pick([int(survivors.argmin())])
    for _ in range(3):
        ensemble = _minimize(run, ensemble, "best start", _BEST_STEPS // 3, lm.FROM_REFINED)
        ensemble = ensemble.regrid(run.x)
    return ensemble


def random_starts(model: KAN, x: Tensor, grid_size: int, starts: int, seed: int) -> Ensemble:
    """Redraw every free edge, and set each hidden grid to the values that reach it."""
    generator = torch.Generator().manual_seed(seed)
    ensemble = Ensemble.of([model]).refine(grid_size).pick([0] * starts)
    layers = list(ensemble.layers)
    for level, layer in enumerate(layers):
        shape = layer.coefficients.shape
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64).to(x)
        coefficients = drawn / max(1.0, float(layer.mask[0].sum(-1).max())) ** 0.5
        affine = layer.affine
        if layer.fixed:
            identity = affine.new_tensor(AFFINE_IDENTITY)
            noise = torch.randn(affine.shape, generator=generator, dtype=torch.float64).to(x)
            affine = identity + 0.5 * noise
        layers[level] = replace(layer, coefficients=coefficients, affine=affine)
        ensemble = replace(ensemble, layers=tuple(layers))
        if level + 1 < len(layers):
            low, high = padded_range(ensemble.nodes(x)[level + 1])
            layers[level + 1] = replace(layers[level + 1], grid_range=torch.stack((low, high), -1))
            ensemble = replace(ensemble, layers=tuple(layers))
    return ensemble


def _first_order(run: _Run, grid_size: int, steps: int) -> None:
    run.total = steps
    stack = random_starts(run.model, run.x, grid_size, 1, run.seed)
    every = max(1, min(steps // _ADAM_RECORDS, _ADAM_SILENT_STEPS))
    seen = 0

    def watch(model: KAN, value: float) -> bool:
        nonlocal seen
        seen += 1
        if seen % every and seen != steps:
            return False
        run.step = seen - 1
        return run.record("adam", Ensemble.of([model]), run.x.new_tensor([value]))

    adam.minimize(
        stack.model(0),
        run.x,
        run.y,
        run.loss,
        steps=steps,
        penalty=run.penalty,
        seed=run.seed,
        watch=watch,
    )
