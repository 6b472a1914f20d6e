"""The course of a training: starts, finer and finer grids, then smoothness; or one method of first order."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from workbench.kan.ensemble import Ensemble
from workbench.kan.training.objective import Objective
from workbench.kan.training.request import LM_WORK, matrix_bytes
from workbench.kan.training.run import Run
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.solvers.adam import Adam
from workbench.kan.training.starts import best_start, random_starts, total_steps

_LEVEL_STEPS = 8
_ADAM_STEPS, _LBFGS_STEPS = 2000, 500
_ROWS_PER_PARAMETER = 3
_PATIENCE = 2
EXACT = 1e-11
"""Part of the target's spread below which a loss is rounding."""
_GCV_RIDGE = 1e-12
_SMOOTHNESS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
_SMOOTHING_STEPS = 6


def by_second_order(
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
        if run.score < EXACT * run.spread:
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
    fits = matrix_bytes(count) <= memory and rows * count**2 <= LM_WORK
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


def by_gradients(
    run: Run, options: Adam | None, grid_size: int, starts: int, steps: int | None
) -> str:
    """One start by L-BFGS, or by Adam with ``options``; says what ended it."""
    steps = steps or (_ADAM_STEPS if options else _LBFGS_STEPS)
    run.total = steps
    model = run.model
    if starts > 1:
        model = random_starts(model, run.inputs, grid_size, 1, run.seed).model(0)
    model = run.first_order(model, options, steps)
    _judge(run, Ensemble.of([model]))
    return "converged" if run.step < steps and options is None else "steps"
