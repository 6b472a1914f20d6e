"""``fit``: from a network and a table to the best network that validation can tell apart.

Second-order training of a small network (``solver="lm"``) goes: many cheap random starts on a coarse
grid and a subset of rows, the better quarter a little further, the best on all rows, then finer and
finer nested grids for as long as the validation error falls; where it does not, because the data are
noisy, the curves are smoothed as far as validation likes it.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.checks import not_negative, seed_of, whole
from workbench.kan.contest import Start, starts_of
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble, padded_range
from workbench.kan.journal import Journal
from workbench.kan.layer import KANLayer
from workbench.kan.locking import locks_curves
from workbench.kan.losses import Loss, LossName, Poisson, chosen_loss
from workbench.kan.model import KAN
from workbench.kan.objective import Objective, require_match, target_scale
from workbench.kan.records import Record
from workbench.kan.regularization import Penalty
from workbench.kan.run import Best, Callback, Progress, Run, Stopped
from workbench.kan.solvers import levenberg_marquardt as lm
from workbench.kan.solvers.adam import Adam
from workbench.kan.starts import best_start, random_starts, total_steps

Method = Literal["lm", "lbfgs", "adam"]
Solver = Literal["auto"] | Method | Adam

GRIDS = (3, 6, 12, 24, 48, 96, 192)
STARTS, FEWEST_STARTS = 32, 8
_STARTS_WORK = 2500  # parameters times starts: wide networks succeed oftener and cost more
MEMORY = 2e9
INPUT_MARGIN = 0.01
_LEVEL_STEPS = 8
_MATRICES, _NUMBER = 4, 8
_LM_WORK = 2e11
_FULL_BATCH_WORK = 2e9
_ADAM_STEPS, _LBFGS_STEPS = 2000, 500
_ROWS_PER_PARAMETER = 3
_PATIENCE = 2
_EXACT = 1e-11
_GCV_RIDGE = 1e-12
_SMOOTHNESS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
_SMOOTHING_STEPS = 6
_OVERFITTED = 3.0
_CLASS_RIDGE = 0.1  # of the smoothness: separable classes drive logits to infinity
_CLASSIFICATION_PENALTY = Penalty(smoothness=1e-4, ridge=1e-5)


@dataclass(frozen=True)
class FitResult:
    """What training did.

    Attributes:
        model: the network with the best validation loss.
        history: one ``Record`` per iteration.
        solver: the method used, and why.
        stopped: what ended it: "converged" (the last grid was reached or the fit is exact),
            "validation" (finer grids do not pay), "rows" (finer grids would have more than a third as
            many parameters as rows), "steps", "stopped" (by the callback) or "interrupted".
        train_loss, validation_loss: of ``model``; RMSE in the target's units, or the mean loss.
        success_share: of the starts that were trained to the end, the share whose RMSE came within a
            factor 2 of the best.
        seconds: wall time.
        warnings: sentences for the user.
        journal: what ``fit(..., resume=...)`` goes on from when it was stopped or interrupted.
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
    journal: Journal | None = None

    @property
    def starts(self) -> tuple[Start, ...]:
        """What became of every random start; none where training went on from given numbers."""
        return starts_of(self.history)


class TrainingError(RuntimeError):
    """Training met an error; ``result`` holds the best network until then."""

    def __init__(self, message: str, result: FitResult) -> None:
        super().__init__(message)
        self.result = result


def fit(
    model: KAN,
    data: Dataset,
    *,
    solver: Solver = "auto",
    loss: LossName | Loss = "auto",
    grids: Sequence[int] | None = None,
    starts: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    l1: float | Sequence[float] = 0.0,
    entropy: float = 0.0,
    smoothness: float | None = None,
    memory: float = MEMORY,
    callback: Callback | None = None,
    resume: Journal | None = None,
) -> FitResult:
    """Train a network on ``data``; the given model is left untouched.

    Args:
        model: its width, masks and fixed edges are kept. With ``starts=1`` training goes on from its
            own numbers, else every start draws new ones.
        data: the table and its split; ``data.outputs`` must match the model. Without validation rows
            generalized cross-validation takes their place.
        solver: "lm" (Levenberg–Marquardt), "lbfgs", "adam", or "auto": by size of network and table.
            ``Adam(learning_rate, weight_decay, batch_size)`` is "adam" with other options.
        loss: "squared", "huber" (linear beyond one robust standard deviation), "poisson" (the network
            gives the logarithm of a rate), a ``Loss``; "auto" is that of the data, see ``Dataset``.
        grids: increasing grid sizes of the schedule, ``(3, 6, 12, ...)`` by default.
        starts: random starts of "lm" in a batch, 32 by default and fewer for wide networks; up to four
            batches until the best basin is confirmed.
        steps: iterations per grid for "lm" (8, more while they pay and fewer once they do not), in
            all for "lbfgs" (500) and "adam" (2000).
        seed: of all random numbers; the same seed repeats the run to the last bit.
        l1, entropy, smoothness: penalty weights, see ``Penalty``; several numbers for ``l1`` are one
            per grid, the last for all further ones. By default ``smoothness`` is chosen by validation.
        memory: bytes that second-order matrices may take; "auto" keeps below it, "lm" is refused
            beyond it.
        callback: called after every iteration; may block (pause), and stops by returning True.
        resume: ``FitResult.journal`` of a training with the same arguments that was broken off.

    Returns:
        A ``FitResult``; the best state so far also when stopped or interrupted.

    Raises:
        InputError: the model does not fit the data, or an argument cannot be used.
        TrainingError: an error on the way, the callback's for example; it holds the best state.
    """
    require_match(model, data)
    starts = _default_starts(model) if starts is None else starts
    _check(starts, steps, seed, memory, callback)
    sparsity = _sparsity(l1)
    asked = chosen_loss(data.loss if loss == "auto" else loss, data.targets)
    adam = solver if isinstance(solver, Adam) else Adam()
    chosen, reason = _chosen_solver(solver, model, data, memory)
    penalty = _penalty(data, asked, entropy, smoothness)
    if grids is None:
        first = model.layer(0).grid_size
        anew = (starts > 1 or chosen != "lm") and not locks_curves(model)
        grids = GRIDS if anew else tuple(first * 2**k for k in range(5))
    grids = _sizes(grids)
    named_loss = (type(asked).__qualname__, vars(asked))
    purpose = _fingerprint(
        model, data, (chosen, adam), named_loss, grids, starts, steps, seed, sparsity, penalty
    )
    if resume is not None and getattr(resume, "purpose", None) != purpose:
        raise InputError(
            "resume needs the journal of a training of the same network on the same data with the "
            "same arguments; this one is of another: start anew, or repeat its arguments"
        )
    run = Run(
        _prepared(model, data, asked),
        data,
        asked,
        replace(penalty, l1=sparsity[0]),
        seed=seed,
        callback=callback,
        journal=resume.copy() if resume is not None else Journal(purpose),
    )
    solver_text = f"{chosen}: {reason}"
    try:
        if chosen == "lm":
            automatic = smoothness is None and data.task == "regression" and penalty.ridge == 0
            stopped = _second_order(run, grids, starts, steps, sparsity, automatic, memory)
        else:
            options = adam if chosen == "adam" else None
            stopped = _by_gradients(run, options, grids[0], starts, steps)
    except Stopped:
        return _result(run, solver_text, "stopped")
    except KeyboardInterrupt:
        return _result(run, solver_text, "interrupted")
    except Exception as error:
        raise TrainingError(str(error), _result(run, solver_text, "failed")) from error
    return _result(run, solver_text, stopped)


# What is asked for


def _default_starts(model: KAN) -> int:
    count = model.parameters_on(GRIDS[0])
    return max(FEWEST_STARTS, min(STARTS, _STARTS_WORK // max(count, 1)))


def _check(starts: int, steps: int | None, seed: int, memory: float, callback: object) -> None:
    whole("starts", starts)
    whole("steps", 1 if steps is None else steps)
    seed_of(seed)
    not_negative("memory", memory)
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of a Progress, got {callback!r}")


def _sizes(grids: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(grids) if isinstance(grids, Iterable) else ()
    if not sizes or any(a >= b for a, b in pairwise(sizes)):
        raise InputError(f"grids must be at least one grid size, each above the last, got {grids}")
    return tuple(whole("a grid size", size) for size in sizes)


def _sparsity(l1: float | Sequence[float]) -> tuple[float, ...]:
    weights = tuple(l1) if isinstance(l1, Iterable) else (l1,)
    if not weights:
        raise InputError("l1 must be a number or at least one number per grid, got none")
    return tuple(not_negative("l1", weight) for weight in weights)


def _chosen_solver(solver: Solver, model: KAN, data: Dataset, memory: float) -> tuple[Method, str]:
    if isinstance(solver, Adam):
        return "adam", "as asked"
    count = model.parameters_on(GRIDS[0])
    rows = len(data.train)
    size = f"{count} parameters, {rows} rows"
    needed = _matrix_bytes(count)
    if solver == "lm" and needed > memory:
        raise InputError(
            f"second-order steps on {count} parameters need {needed / 1e9:.1f} GB, more than the "
            f"{memory / 1e9:.1f} GB allowed: use solver='lbfgs' or 'adam', fewer nodes, or more memory"
        )
    if solver in ("lm", "lbfgs", "adam"):
        return solver, "as asked"
    if solver != "auto":
        raise InputError(f"solver must be 'auto', 'lm', 'lbfgs' or 'adam', got {solver!r}")
    if rows * data.outputs * count**2 <= _LM_WORK and needed <= memory:
        return "lm", f"{size}: small enough for second-order steps"
    if rows * count <= _FULL_BATCH_WORK:
        return (
            "lbfgs",
            f"{size}: too large for second-order steps, small enough for all rows at once",
        )
    return "adam", f"{size}: too large for more than mini-batches"


def _matrix_bytes(parameters: int) -> int:
    return _MATRICES * _NUMBER * parameters**2


def _penalty(data: Dataset, loss: Loss, entropy: float, smoothness: float | None) -> Penalty:
    if data.task == "classification" and smoothness is None:
        return replace(_CLASSIFICATION_PENALTY, entropy=entropy)
    # A rate of zero lies infinitely far down: like separable classes it needs something to hold it.
    ridge = 1e-6 if isinstance(loss, Poisson) else 0.0
    if data.task == "classification":
        ridge = _CLASS_RIDGE * (smoothness or 0.0)
    return Penalty(entropy=entropy, smoothness=smoothness or 0.0, ridge=ridge)


def _fingerprint(model: KAN, data: Dataset, *arguments: object) -> str:
    digest = hashlib.sha256(repr((model.config, arguments)).encode())
    for level in range(model.config.depth):
        digest.update(repr(sorted(model.layer(level).fixed.items())).encode())
    tensors = [*model.state_dict().values(), data.inputs, data.targets, data.train, data.validation]
    for tensor in [*tensors, *([] if data.weights is None else [data.weights])]:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


# The network before training


def _prepared(model: KAN, data: Dataset, loss: Loss) -> KAN:
    """A copy whose input grids span the data and whose outputs are in the target's units."""
    model = model.copy()
    first = model.layer(0)
    low, high = padded_range(data.inputs.to(first.mask).unsqueeze(0), INPUT_MARGIN)
    with torch.no_grad():
        stack = Ensemble.of([model])
        moved = stack.with_range(0, torch.stack((low, high), -1))
        first.coefficients.copy_(moved.layers[0].coefficients[0])
        first.grid_range.copy_(moved.layers[0].grid_range[0])
        if data.task == "regression":
            scale, shift = (found.to(first.mask) for found in target_scale(data, loss))
            last = model.layer(model.config.depth - 1)
            _rescale_last(model, last, scale, shift)
    return model


def _rescale_last(model: KAN, last: KANLayer, scale: Tensor, shift: Tensor) -> None:
    """Give the outputs a new scale and shift and keep the function, where the last nodes are sums."""
    config = model.config
    if config.products(config.depth) == 0:
        factor = model.output_scale / scale
        living = last.mask != 0
        takers = living & ~last.locked
        takers = torch.where(takers.any(1, keepdim=True), takers, living)
        share = takers / takers.sum(1, keepdim=True).clamp(min=1)
        offset = ((model.output_shift - shift) / scale)[:, None] * share
        last.coefficients.mul_(factor[:, None, None]).add_(offset[..., None] * last.constant)
        last.affine[..., 2:].mul_(factor[:, None, None])
        last.affine[..., 3].add_(offset)
    model.output_scale.copy_(scale)
    model.output_shift.copy_(shift)


# Second order


def _second_order(
    run: Run,
    grids: Sequence[int],
    starts: int,
    steps: int | None,
    sparsity: Sequence[float],
    automatic: bool,
    memory: float,
) -> str:
    """Starts, then finer and finer grids; says what ended it."""
    levels = [g for g in grids if _affordable(run, g, memory)] or [grids[0]]
    run.total = total_steps(starts) + (steps or _LEVEL_STEPS) * len(levels)
    if starts > 1:
        current = best_start(run, levels[0], starts)
    else:
        current = Ensemble.of([run.model])
        _judge(run, current)
    stopped = "rows" if len(levels) < len(grids) else "converged"
    worse = 0
    for number, grid_size in enumerate(levels):
        before = run.score
        penalty = replace(run.penalty, l1=sparsity[min(number, len(sparsity) - 1)])
        current = run.descend(
            f"grid {grid_size}",
            current.regrid(run.inputs).refine(grid_size),
            steps=steps or _LEVEL_STEPS,
            damping=lm.FROM_REFINED,
            penalty=penalty,
            extend=True,
            settle=steps is None,
        )
        _judge(run, current)
        worse = 0 if run.score < before else worse + 1
        if run.score < _EXACT * run.spread:
            return "converged"
        if worse == _PATIENCE:
            stopped = "validation"
            break
    if automatic and stopped == "validation":
        _smooth(run)
    return stopped


def _affordable(run: Run, grid_size: int, memory: float) -> bool:
    """More than a third as many parameters as rows is where splines begin to follow the noise."""
    count = run.model.parameters_on(grid_size)
    rows = len(run.rows) * run.model.out_features
    fits = _matrix_bytes(count) <= memory and rows * count**2 <= _LM_WORK
    return fits and _ROWS_PER_PARAMETER * count <= rows


def _judge(run: Run, alone: Ensemble) -> None:
    r"""Consider a stack of one, by validation, or by generalized cross-validation without rows for it.

    GCV divides the training loss by :math:`(1 - \mathrm{edf} / N)^2` with
    :math:`\mathrm{edf} = \mathrm{tr}\,(H + R)^{-1} H` (Craven & Wahba 1979).
    """
    loss = float(run.losses(alone)[0])
    score = run.validation(alone)
    if score is None:
        objective = Objective(alone, run.rows, run.loss, run.penalty)
        _, matrix, _ = objective.linearize(objective.start)
        ridge = _GCV_RIDGE * matrix[0].diagonal().mean()
        damped = matrix[0] + ridge * torch.eye(len(matrix[0])).to(matrix)
        quadratic = objective.quadratic(objective.start, matrix)
        if quadratic is not None:
            damped = damped + quadratic.reshape(damped.shape)
        freedom = float(torch.linalg.solve(damped, matrix[0]).diagonal().sum())
        left = max(1 - freedom / (len(run.rows) * run.model.out_features), 1e-3)
        score = run.readable(loss / left**2)
    run.consider(alone, run.readable(loss), score)


def _smooth(run: Run) -> None:
    """Finer grids did not pay: the data are noisy, so try how much smoothness validation likes."""
    if run.best is None:
        return
    current, worse = run.best.ensemble, 0
    for weight in _SMOOTHNESS:
        before = run.score
        current = run.descend(
            f"smoothness {weight:g}",
            current.regrid(run.inputs),
            steps=_SMOOTHING_STEPS,
            damping=lm.FROM_REFINED,
            penalty=replace(run.penalty, smoothness=weight),
        )
        _judge(run, current)
        worse = 0 if run.score < before else worse + 1
        if worse == 2 * _PATIENCE:
            return


# First order


def _by_gradients(
    run: Run, options: Adam | None, grid_size: int, starts: int, steps: int | None
) -> str:
    steps = steps or (_ADAM_STEPS if options else _LBFGS_STEPS)
    run.total = steps
    model = run.model
    if starts > 1:
        model = random_starts(model, run.inputs, grid_size, 1, run.seed).model(0)
    model = run.first_order(model, options, steps)
    _judge(run, Ensemble.of([model]))
    return "converged" if run.step < steps and options is None else "steps"


# What comes out


def _result(run: Run, solver: str, stopped: str) -> FitResult:
    best = run.best
    if best is None:
        alone = Ensemble.of([run.model])
        best = Best(alone, math.inf, math.inf)
    validation, train = best.validation, best.train
    if not math.isfinite(validation):
        train = run.readable(float(run.losses(best.ensemble)[0]))
        found = run.validation(best.ensemble)
        validation = train if found is None else found
    warnings = list(run.warnings)
    if not (math.isfinite(validation) and math.isfinite(train)):
        warnings.append("Training did not reach a finite loss: scale or check the data.")
    if validation > _OVERFITTED * train and validation > _EXACT * run.spread:
        warnings.append(
            "The validation loss is more than three times the training loss: "
            "use fewer nodes, or more rows."
        )
    ended_early = stopped in ("stopped", "interrupted", "failed")
    return FitResult(
        model=best.ensemble.model(0),
        history=tuple(run.journal.history),
        solver=solver,
        stopped=stopped,
        train_loss=train,
        validation_loss=validation,
        success_share=run.success_share,
        seconds=run.seconds,
        warnings=tuple(warnings),
        journal=run.broken_off() if ended_early else None,
    )


__all__ = ["FitResult", "Progress", "Record", "TrainingError", "fit"]
