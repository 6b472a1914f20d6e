"""Which network for a table: shape, edges, grid and smoothness, chosen on held-out rows.

Shapes go from simple to rich, and a richer one has to be better on the held-out rows by more than one
standard error of the paired difference; the same holds against an edge that pruning would remove. Grid
and smoothness take the least loss. The chosen network is then refitted on all rows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from workbench.discovery.elimination import eliminate
from workbench.discovery.pruning import prune_edges
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Width
from workbench.kan.run import Callback, Progress
from workbench.kan.training import FitResult, Solver, fit

Prune = bool | Literal["auto"]

_SEARCH_GRIDS = (3, 6)
_GRIDS = (3, 6, 12, 24, 48)
_SMOOTHNESS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_CLASS_SMOOTHNESS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_SEARCH_ROWS, _JUDGES = 3000, 2000
_ROWS_PER_PARAMETER = 3
_MOST_EDGES = 64
_DEEP_INPUTS = 8
_PATIENCE = 2
_L1, _L1_OF_NOISE, _SHRINKS, _FAINT, _COARSE = 1e-3, 0.05, 3, 0.03, 3


@dataclass(frozen=True)
class Settings:
    """What ``fit`` is asked for in every trial; see there."""

    grids: tuple[int, ...] | None
    starts: int
    solver: Solver
    l1: float
    smoothness: float | None
    prune: Prune
    seed: int
    callback: Callback | None


@dataclass(frozen=True)
class Trial:
    """A network that was tried: its width, living edges, and the loss of every held-out row."""

    fit: FitResult
    losses: Tensor
    smoothness: float | None = None

    @property
    def model(self) -> KAN:
        return self.fit.model

    @property
    def second_order(self) -> bool:
        """Whether it was trained by Levenberg–Marquardt, and can be refitted by it."""
        return self.fit.solver.startswith("lm")

    @property
    def loss(self) -> float:
        return float(self.losses.mean().nan_to_num(nan=math.inf))


def default_shapes(data: Dataset) -> list[tuple[int | tuple[int, int], ...]]:
    """Hidden layers to try that the rows can pay for, from a sum of curves to two layers."""
    inputs, outputs = len(data.names), data.outputs
    shapes: list[tuple[int | tuple[int, int], ...]]
    if data.task == "classification":
        shapes = [(), (max(3, outputs + 1),)]
        if inputs > 1:
            shapes.append(((2, 2),))
    else:
        shapes = [(), (4,)]
        if inputs > 1:
            shapes.append(((2, 1),))
        if 2 <= inputs <= _DEEP_INPUTS:
            shapes.append((4, 2))
    richer = [s for s in shapes[1:] if _affordable(KAN((inputs, *s, outputs)), data)]
    return [shapes[0], *richer]


class _Stop:
    """Passes a callback on, and remembers that it has asked to stop."""

    def __init__(self, callback: Callback | None) -> None:
        self._callback, self.asked = callback, False

    def __call__(self, progress: Progress) -> bool:
        if self._callback is not None and self._callback(progress):
            self.asked = True
        return self.asked


def select(data: Dataset, shapes: Sequence[Sequence[int | Sequence[int]]], how: Settings) -> Trial:
    """Choose on the held-out rows, then refit the choice on all rows.

    Args:
        data: training and validation rows; without the latter the first shape is trained with
            generalized cross-validation.
        shapes: hidden layers, from simple to rich.
        how: see ``Settings``.
    """
    stop = _Stop(how.callback)
    how = replace(how, callback=stop)
    few = _some_rows(data)
    widths: list[Width] = [(len(data.names), *hidden, data.outputs) for hidden in shapes]
    best: Trial | None = None
    for width in widths if len(data.validation) else widths[:1]:
        trial = _trained(KAN(width, seed=how.seed), few, how, grids=how.grids or _SEARCH_GRIDS)
        if data.task == "classification" and trial.second_order and not stop.asked:
            trial = _tuned(trial, few, how, stop)  # untuned, classes run away or stay flat
        if best is None or _beats(trial, best):
            best = trial
        if stop.asked:
            break
    if best is None:
        raise ValueError("no shape was given")
    if stop.asked or not len(data.validation) or not best.second_order:
        return best
    if how.prune is True or (how.prune == "auto" and _prunable(best.model, data)):
        best = _pruned(best, few, how, stop)
    if not stop.asked:
        best = _tuned(best, data, how, stop)
    return best if stop.asked else _refitted(best, data, how)


def _some_rows(data: Dataset) -> Dataset:
    """At most so many rows as it takes to tell shapes apart."""
    generator = torch.Generator().manual_seed(0)
    train, held = (
        rows[torch.randperm(len(rows), generator=generator)[:count]]
        for rows, count in ((data.train, _SEARCH_ROWS), (data.validation, _JUDGES))
    )
    return replace(data, train=train.sort().values, validation=held.sort().values)


def _affordable(model: KAN, data: Dataset) -> bool:
    return model.parameter_count * _ROWS_PER_PARAMETER <= len(data.train) * data.outputs


def _trained(
    model: KAN,
    data: Dataset,
    how: Settings,
    *,
    grids: tuple[int, ...],
    smoothness: float | None = None,
    warm: bool = False,
) -> Trial:
    weight = how.smoothness if smoothness is None else smoothness
    found = fit(
        model,
        data,
        solver="lm" if warm else how.solver,
        grids=grids,
        starts=1 if warm else how.starts,
        l1=how.l1,
        smoothness=weight,
        seed=how.seed,
        callback=how.callback,
    )
    return Trial(found, row_losses(found.model, data), weight)


def row_losses(model: KAN, data: Dataset) -> Tensor:
    """Weighted squared errors, or cross-entropies, of the held-out rows: ``(n,)``."""
    x, y = data.split("validation")
    with torch.no_grad():
        outputs = model(x)
    if data.task == "regression":
        each = (outputs - y).square().mean(1)
    else:
        logits = functional.pad(outputs, (1, 0)) if outputs.shape[1] == 1 else outputs
        each = functional.cross_entropy(logits, y, reduction="none")
    weights = data.row_weights("validation")
    return each if weights is None else each * weights


def _beats(rich: Trial, simple: Trial) -> bool:
    """Whether the gain is more than one standard error of the paired difference."""
    gain = simple.losses - rich.losses
    return float(gain.mean()) > float(gain.std()) / math.sqrt(max(len(gain), 1))


def _prunable(model: KAN, data: Dataset) -> bool:
    """Held-out classes say too little about a single edge, and many edges take long."""
    return data.task == "regression" and len(model.edges()) <= _MOST_EDGES


def _pruned(best: Trial, data: Dataset, how: Settings, stop: _Stop) -> Trial:
    """The fewest edges that the best network of the elimination does not beat."""
    thin = _thinned(best, data, how)
    if stop.asked:
        return best
    path = eliminate(thin, data, watch=lambda left, total: stop.asked).path
    stages = [
        Trial(replace(best.fit, model=stage.model), row_losses(stage.model, data)) for stage in path
    ]
    least = min([best, *stages], key=lambda trial: trial.loss)
    good = [stage for stage in stages if not _beats(least, stage)]
    return min(good, key=lambda trial: len(trial.model.edges()), default=best)


def _thinned(best: Trial, data: Dataset, how: Settings) -> KAN:
    """The network without what a sparsity penalty in step with the noise leaves faint.

    What is plainly idle need not be eliminated edge by edge.
    """
    if data.task != "regression":
        return best.model
    noise = best.fit.validation_loss / float(best.model.output_scale.mean())
    sparse = replace(how, l1=max(_L1, _L1_OF_NOISE * noise))
    shrunk = best.model
    for _ in range(_SHRINKS):
        shrunk = _trained(shrunk, data, sparse, grids=(_COARSE,), smoothness=0.0, warm=True).model
    try:
        return prune_edges(shrunk, data, threshold=_FAINT)
    except InputError:  # an output would lose every edge
        return best.model


def _tuned(best: Trial, data: Dataset, how: Settings, stop: _Stop) -> Trial:
    """Grid, then smoothness, by held-out loss; every trial goes on from the network given."""
    begin = best.model
    levels = how.grids or _GRIDS
    tried = [g for g in levels if g == levels[0] or _affordable(begin.refine(g), data)]
    found: list[Trial] = []
    for grid_size in tried:
        found.append(_trained(begin, data, how, grids=(grid_size,), warm=True))
        if stop.asked or found[-1] is not min(found, key=lambda trial: trial.loss):
            break
    chosen = min(found, key=lambda trial: trial.loss)
    if how.smoothness is not None:
        return chosen
    weights = _SMOOTHNESS if data.task == "regression" else _CLASS_SMOOTHNESS
    grid_size = chosen.model.layer(0).grid_size
    worse = 0
    for weight in weights:
        trial = _trained(chosen.model, data, how, grids=(grid_size,), smoothness=weight, warm=True)
        worse = 0 if trial.loss < chosen.loss else worse + 1
        chosen = min(chosen, trial, key=lambda trial: trial.loss)
        if stop.asked or worse > _PATIENCE:
            break
    return chosen


def _refitted(best: Trial, data: Dataset, how: Settings) -> Trial:
    """The chosen network on all rows; the loss that chose it stays the one that is reported."""
    everything = torch.cat((data.train, data.validation)).sort().values
    whole = replace(data, train=everything, validation=everything[:0])
    grid_size = best.model.layer(0).grid_size
    last = _trained(
        best.model, whole, how, grids=(grid_size,), smoothness=best.smoothness, warm=True
    )
    kept = replace(last.fit, validation_loss=best.fit.validation_loss)
    return replace(best, fit=kept)
