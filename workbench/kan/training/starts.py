"""Many cheap random starts, few of which go on: small networks have local minima.

Batches of starts are trained at once on a coarse grid and a subset of rows; half of each batch is
first held smooth by a penalty that is then let go, which helps exactly where plain starts fail. The
better quarter goes on. Another batch follows until the best basin has been found several times, or
until a good fit does not get better; a poor fit is never believed after one batch.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from workbench.kan.ensemble import Ensemble
from workbench.kan.layer import AFFINE_IDENTITY
from workbench.kan.locking import locked_edges
from workbench.kan.losses import SquaredError
from workbench.kan.model import KAN
from workbench.kan.training.objective import Rows
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.run import Run, subset
from workbench.kan.training.solvers import levenberg_marquardt as lm

_STEPS, _SURVIVOR_STEPS, _BEST_STEPS = 20, 15, 5
_ROUNDS = 3  # where the loss has flat ends, which least squares has not
_SMOOTH = (Penalty(roughness=1e-3), Penalty(roughness=1e-5))
_FEWEST_ROWS, _ROWS_PER_PARAMETER = 200, 4
_CONFIRMED, _BATCHES = 3, 4
# Losses are half mean squares: RMSEs within a factor 2, of 0.001, of 0.03, and better by 1.4.
_SAME, _CLEARLY_GOOD, _GOOD, _BETTER = 4.0, 5e-7, 5e-4, 2.0
_FINALISTS = 3
_ROUGH = torch.float32  # twice as fast, and enough to tell basins apart
_SEED_STRIDE = 7919


def total_steps(starts: int) -> int:
    """Iterations that the starts will at least take, for a progress bar."""
    return 2 * _STEPS + _SURVIVOR_STEPS + _BEST_STEPS if starts > 1 else 0


def best_start(run: Run, grid_size: int, starts: int) -> Ensemble:
    """The best of many starts, trained on all rows: a stack of one.

    Sets ``run.success_share``: of the starts that were trained to the end, the share whose RMSE came
    within a factor 2 of the best, or below a thousandth of the target's spread.
    """
    count = run.model.parameters_on(grid_size)
    # Single precision would round numbers that are locked.
    dtype = run.rows.x.dtype if locked_edges(run.model) else _ROUGH
    rows = subset(run.rows, max(_FEWEST_ROWS, _ROWS_PER_PARAMETER * count), run.seed).to(dtype)
    survivors: list[Ensemble] = []
    losses = torch.zeros(0, dtype=dtype)
    for batch in range(_BATCHES):
        before = float(losses.min()) if len(losses) else torch.inf
        better, found = _batch(run, grid_size, starts, run.seed + _SEED_STRIDE * batch, rows)
        survivors += [better.pick([i]) for i in range(len(better))]
        losses = torch.cat((losses, found.cpu()))
        best = float(losses.min())
        same = _same(losses)
        good, confirmed = best < _GOOD, int(same.sum()) >= _CONFIRMED
        if (good or batch) and (confirmed or (good and best > before / _BETTER)):
            break
    run.success_share = float(same.sum()) / len(losses)
    if len(losses) > 1 and int(same.sum()) == 1:
        run.warnings.append(
            f"Only one of the {len(losses)} starts that were trained to the end came to the best fit: "
            "more starts, or one node more, may find a better one."
        )
    finalists = run.select(Ensemble.stacked(survivors), losses.argsort()[:_FINALISTS])
    return _finalist(run, finalists.to(run.rows.x.dtype))


def _batch(
    run: Run, grid_size: int, starts: int, seed: int, rows: Rows
) -> tuple[Ensemble, torch.Tensor]:
    """The better quarter of one batch of starts, and their losses on the subset."""
    ensemble = random_starts(run.model, rows.x, grid_size, starts, seed)
    half = starts // 2
    smooth = ensemble.pick(list(range(half)))
    ensemble = ensemble.pick(list(range(half, starts)))
    ensemble = _promising(run, "starts", ensemble, rows, (run.penalty,) * 2)
    if half and not _found(run.losses(ensemble, rows)):
        smooth = _promising(run, "smooth starts", smooth, rows, _SMOOTH)
        ensemble = Ensemble.stacked([smooth, ensemble])
    losses = run.losses(ensemble, rows)
    ensemble = run.select(ensemble, losses.argsort()[: max(1, starts // 4)])
    ensemble = run.descend(
        "survivors",
        ensemble,
        steps=_SURVIVOR_STEPS,
        damping=lm.FROM_REFINED,
        rows=rows,
        settle=True,
    ).regrid(rows.x)
    return ensemble, run.losses(ensemble, rows)


def _promising(
    run: Run,
    phase: str,
    ensemble: Ensemble,
    rows: Rows,
    penalties: Sequence[Penalty],
) -> Ensemble:
    """The better half of these starts after one round of steps, trained for another."""
    ensemble = run.enter(ensemble)
    for damping, penalty in zip((lm.FROM_RANDOM, lm.FROM_REFINED), penalties, strict=True):
        ensemble = run.descend(
            phase, ensemble, steps=_STEPS // 2, damping=damping, rows=rows, penalty=penalty
        ).regrid(rows.x)
        if damping == lm.FROM_RANDOM:
            order = run.losses(ensemble, rows).argsort()
            ensemble = run.select(ensemble, order[: (len(order) + 1) // 2])
    return ensemble


def _same(losses: torch.Tensor) -> torch.Tensor:
    """Which of them lie in the best basin, as far as one can tell."""
    return losses <= max(_SAME * float(losses.min()), _CLEARLY_GOOD)


def _found(losses: torch.Tensor) -> bool:
    """Whether a good fit was reached several times."""
    return float(losses.min()) < _GOOD and int(_same(losses).sum()) >= _CONFIRMED


def _finalist(run: Run, ensemble: Ensemble) -> Ensemble:
    """The few best on all rows; the best of them after that, which is a start no more."""
    for _ in range(1 if isinstance(run.loss, SquaredError) else _ROUNDS):
        ensemble = run.descend(
            "best starts",
            ensemble,
            steps=_BEST_STEPS,
            damping=lm.FROM_REFINED,
            settle=True,
        ).regrid(run.inputs)
    best = run.select(ensemble, [int(run.losses(ensemble).argmin())])
    return replace(best, numbers=())


def random_starts(model: KAN, x: torch.Tensor, grid_size: int, starts: int, seed: int) -> Ensemble:
    """Redraw every free edge, and set each hidden grid to the values that reach it."""
    generator = torch.Generator().manual_seed(seed)
    ensemble = Ensemble.of([model]).to(x.dtype).refine(grid_size).pick([0] * starts)
    layers = list(ensemble.layers)
    for level, layer in enumerate(layers):
        shape = layer.coefficients.shape
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64).to(x)
        coefficients = drawn / max(1.0, float(layer.mask[0].sum(-1).max())) ** 0.5
        held = layer.locked.unsqueeze(-1)
        coefficients = torch.where(held, layer.coefficients, coefficients)
        affine = layer.affine
        if layer.fixed:
            identity = affine.new_tensor(AFFINE_IDENTITY)
            noise = torch.randn(affine.shape, generator=generator, dtype=torch.float64).to(x)
            affine = torch.where(held, affine, identity + 0.5 * noise)
        layers[level] = replace(layer, coefficients=coefficients, affine=affine)
        ensemble = replace(ensemble, layers=tuple(layers))
        if level + 1 < len(layers):
            ensemble = ensemble.with_range(level + 1, ensemble.ranges(x)[level + 1])
            layers = list(ensemble.layers)
    return ensemble
