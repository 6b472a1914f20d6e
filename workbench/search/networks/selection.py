"""Which network for a table: shape, edges, grid and smoothness, chosen on held-out rows.

Shapes go from simple to rich, and a richer one has to be better on the held-out rows by more than one
standard error of the paired difference; the same holds against an edge that pruning would remove. Shapes
with hidden nodes that are about as good are all pruned and tuned, because what a shape is worth shows once
its idle edges are gone. Grid and smoothness take the least loss. Of few rows a small part says too little
about an edge: a sum of curves, which is cheap to train, is then judged by all rows in turn
(cross-validation), and half a standard error is enough. What is left is refitted on all rows, which say
how smooth each curve is, and so which network is best. With penalties that are given the least loss
decides.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from workbench.errors import InputError
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.result import FitResult
from workbench.kan.training.smoothing import smoothed
from workbench.network.elimination import Stage, eliminate
from workbench.network.pruning import prune_edges
from workbench.search.networks.inputs import needed_inputs
from workbench.search.networks.trials import (
    ONE_STANDARD_ERROR,
    Settings,
    Trial,
    affordable,
    all_training,
    beats,
    trained,
    training_loss,
)

_SEARCH_GRIDS = (3, 6)
_GRIDS = (3, 6, 12, 24, 48)
_SMOOTHNESS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_CLASS_SMOOTHNESS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_SEARCH_ROWS, _JUDGES = 3000, 2000
_ROWS_TO_TRY = 1.5  # per parameter: one that is tried may lose edges or become smooth
_MOST_EDGES = 64
_DEEP_INPUTS = 8
_PATIENCE = 2
_OF_FOLDS = 0.5  # of a standard error
_L1, _L1_OF_NOISE, _SHRINKS, _FAINT, _COARSE = 1e-3, 0.05, 3, 0.03, 3


def default_shapes(data: Dataset) -> list[tuple[int | tuple[int, int], ...]]:
    """Hidden layers to try that the rows can pay for, from a sum of curves to two layers."""
    inputs, outputs = len(data.names), data.outputs
    shapes: list[tuple[int | tuple[int, int], ...]]
    if data.task == "classification":
        wide, narrow = (outputs + 5,), (max(3, outputs + 1),)
        shapes = [(), wide if _payable(wide, data) else narrow]
        if inputs > 1:
            shapes.append(((2, 2),))
    else:
        shapes = [(), (4,)]
        if inputs > 1:
            shapes.append(((2, 1),))
        if 2 <= inputs <= _DEEP_INPUTS:
            shapes.append((4, 2))
    return [shapes[0], *(shape for shape in shapes[1:] if _payable(shape, data))]


def _payable(shape: tuple[int | tuple[int, int], ...], data: Dataset) -> bool:
    return affordable(KAN((len(data.names), *shape, data.outputs)), data, _ROWS_TO_TRY)


def select(
    splits: Sequence[Dataset],
    shapes: Sequence[Sequence[int | Sequence[int]]],
    how: Settings,
    known: Sequence[KAN] = (),
) -> Trial:
    """Choose on the held-out rows, then refit the choice on all rows.

    Args:
        splits: one table with one or several splits into training and validation rows. The first
            chooses the shape; without validation rows the first shape is trained with generalized
            cross-validation.
        shapes: hidden layers, from simple to rich.
        known: networks that were trained before; they compete where they are clearly better than any shape.
        how: see ``Settings``; when its ``stop`` is asked, the best so far is returned.

    Raises:
        KeyboardInterrupt: by Ctrl-C before there is a network.
    """
    try:
        return _selected(splits, shapes, how, known)
    except KeyboardInterrupt:
        if how.stop.best is None:
            raise
        return _ended(how.stop.best)


def _selected(
    splits: Sequence[Dataset],
    shapes: Sequence[Sequence[int | Sequence[int]]],
    how: Settings,
    known: Sequence[KAN],
) -> Trial:
    data = splits[0]
    few = _some_rows(data)
    widths: list[Width] = [(len(data.names), *hidden, data.outputs) for hidden in shapes]
    trials: list[Trial] = []
    for width in widths if len(data.validation) else widths[:1]:
        trials.append(_tried(width, few, how))
        best = how.stop.best = _simplest(trials)
        if how.stop.asked:
            return _ended(best)
    if not len(data.validation) or not best.second_order:
        return best
    finished: list[Trial] = []
    for trial in [*_contenders(trials, best), *_better(known, best, few, how)]:
        finished.append(_finished(trial, splits, few, how))
        best = how.stop.best = min(finished, key=lambda trial: trial.loss)
        if how.stop.asked:
            return _ended(best)
    if how.smoothness is not None or how.l1 > 0:
        return _refitted(best, data, how)
    return _smoothest(finished, data, how)


def _tried(width: Width, few: Dataset, how: Settings) -> Trial:
    """A shape on coarse grids, as far as it takes to tell shapes apart."""
    # Least squares without hidden nodes have one minimum, and steps lead straight to it.
    plain = len(width) == 2 and few.task == "regression"
    alone = replace(how, starts=1) if plain else how
    start = KAN(width, seed=how.seed)
    trial = trained([start], [few], alone, grids=how.grids or _SEARCH_GRIDS)
    if few.task == "classification" and trial.second_order and not how.stop.asked:
        trial = _tuned(trial, [few], how)  # untuned, classes run away or stay flat
    return trial


def _better(known: Sequence[KAN], best: Trial, few: Dataset, how: Settings) -> list[Trial]:
    """Networks that are known and clearly better than the best shape."""
    trials = [
        trained([model], [few], how, grids=(model.layer(0).grid_size,), warm=True)
        for model in known
    ]
    return [trial for trial in trials if beats(trial, best)]


def _simplest(trials: Sequence[Trial]) -> Trial:
    """The last of the trials that is clearly better than the one chosen before it."""
    best = trials[0]
    for trial in trials[1:]:
        best = trial if beats(trial, best) else best
    return best


def _contenders(trials: Sequence[Trial], best: Trial) -> list[Trial]:
    """The best, and other shapes with hidden nodes that it does not clearly beat before pruning."""
    depth = best.models[0].config.depth
    if depth == 1:
        return [best]
    return [
        trial
        for trial in trials
        if trial.models[0].config.depth > 1 and trial.second_order and not beats(best, trial)
    ]


def _finished(trial: Trial, splits: Sequence[Dataset], few: Dataset, how: Settings) -> Trial:
    """Without the edges that nobody misses, with the grid and smoothness that are best then."""
    data = splits[0]
    model = trial.models[0]
    judges = [few]
    if len(splits) > 1 and model.config.depth == 1:  # cheap enough to train on each
        fresh = [KAN(model.config.width, seed=how.seed)] * len(splits)
        trial = trained(fresh, splits, how, grids=how.grids or _SEARCH_GRIDS, warm=True)
        judges = list(splits)
    if how.prune is True or (how.prune == "auto" and _prunable(model, data)):
        trial = _pruned(trial, judges, how)
    if how.stop.asked:
        return trial
    return _tuned(trial, judges if len(judges) > 1 else [data], how)


def _ended(best: Trial) -> Trial:
    """The best so far, after the callback or the user asked to stop."""
    return replace(best, fits=(replace(best.fits[0], stopped="stopped"),))


def _some_rows(data: Dataset) -> Dataset:
    """At most so many rows as it takes to tell shapes apart."""
    generator = torch.Generator().manual_seed(0)
    train, held = (
        rows[torch.randperm(len(rows), generator=generator)[:count]]
        for rows, count in ((data.train, _SEARCH_ROWS), (data.validation, _JUDGES))
    )
    return replace(data, train=train.sort().values, validation=held.sort().values)


def _prunable(model: KAN, data: Dataset) -> bool:
    """Held-out classes say too little about a single edge, and many edges take long."""
    return data.task == "regression" and len(model.edges()) <= _MOST_EDGES


def _pruned(best: Trial, splits: Sequence[Dataset], how: Settings) -> Trial:
    """The fewest edges that the best network of the elimination does not beat.

    Every split has an elimination of its own; only the number of edges is chosen for all together.
    """
    paths = []
    for found, data in zip(best.fits, splits, strict=True):
        thin = _thinned(found, data, how)
        if how.stop.asked:
            return best
        paths.append(eliminate(thin, data, watch=lambda left, total: how.stop.asked).path)
    counts = sorted({stage.edges for path in paths for stage in path})
    whole = _tuned(best, splits, how)
    grids = (whole.models[0].layer(0).grid_size,)
    trials = []
    for count in counts:
        models = [_with_edges(path, count).model for path in paths]
        weight = whole.smoothness
        trials.append(trained(models, splits, how, grids=grids, smoothness=weight, warm=True))
        if how.stop.asked:
            return best
    least = min([whole, *trials], key=lambda trial: trial.loss)
    margin = ONE_STANDARD_ERROR if len(splits) == 1 else _OF_FOLDS
    return next((trial for trial in trials if not beats(least, trial, margin)), whole)


def _with_edges(path: Sequence[Stage], count: int) -> Stage:
    """The stage with the fewest edges that has at least so many, else the first."""
    return next((stage for stage in reversed(path) if stage.edges >= count), path[0])


def _thinned(found: FitResult, data: Dataset, how: Settings) -> KAN:
    """The network without what a sparsity penalty in step with the noise leaves faint.

    What is plainly idle need not be eliminated edge by edge.
    """
    if data.task != "regression":
        return found.model
    noise = found.validation_loss / float(found.model.output_scale.mean())
    sparse = replace(how, l1=max(_L1, _L1_OF_NOISE * noise))
    shrunk = found.model
    for _ in range(_SHRINKS):
        (shrunk,) = trained(
            [shrunk], [data], sparse, grids=(_COARSE,), smoothness=0.0, warm=True
        ).models
    try:
        return prune_edges(shrunk, data, threshold=_FAINT)
    except InputError:  # an output would lose every edge
        return found.model


def _tuned(best: Trial, splits: Sequence[Dataset], how: Settings) -> Trial:
    """Grid, then smoothness, by held-out loss; every trial goes on from the networks given."""
    begin = best.models
    levels = how.grids or _GRIDS
    tried = [g for g in levels if g == levels[0] or affordable(begin[0], splits[0], grid_size=g)]
    found: list[Trial] = []
    for grid_size in tried:
        found.append(trained(begin, splits, how, grids=(grid_size,), warm=True))
        if how.stop.asked or found[-1] is not min(found, key=lambda trial: trial.loss):
            break
    chosen = min(found, key=lambda trial: trial.loss)
    if how.smoothness is not None:
        return chosen
    weights = _SMOOTHNESS if splits[0].task == "regression" else _CLASS_SMOOTHNESS
    grids = (chosen.models[0].layer(0).grid_size,)
    worse = 0
    for weight in weights:
        trial = trained(chosen.models, splits, how, grids=grids, smoothness=weight, warm=True)
        worse = 0 if trial.loss < chosen.loss else worse + 1
        chosen = min(chosen, trial, key=lambda trial: trial.loss)
        if how.stop.asked or worse > _PATIENCE:
            break
    return chosen


def _refitted(best: Trial, data: Dataset, how: Settings) -> Trial:
    """The chosen network on all rows; the loss that chose it stays the one that is reported."""
    grids = (best.models[0].layer(0).grid_size,)
    last = trained(
        best.models[:1],
        [all_training(data)],
        how,
        grids=grids,
        smoothness=best.smoothness,
        warm=True,
    )
    seen = sum(found.validation_loss**2 for found in best.fits) / len(best.fits)
    return replace(best, fits=(replace(last.fits[0], validation_loss=math.sqrt(seen)),))


def _smoothest(trials: Sequence[Trial], data: Dataset, how: Settings) -> Trial:
    """Every network on all rows, with a smoothness for each of its curves; the best by its score."""
    whole = all_training(data)
    found = []
    for trial in trials:
        last = _refitted(trial, data, how)
        if how.stop.asked:
            return _ended(last)
        model = last.models[0]
        chosen = model.layer(0).grid_size
        finer = [
            grid_size
            for grid_size in how.grids or (2 * chosen,)
            if grid_size > chosen and affordable(model, whole, _ROWS_TO_TRY, grid_size=grid_size)
        ]
        best = smoothed(model, whole, (chosen, *finer[:1]))
        if how.prune is not False and data.task == "classification":
            best = needed_inputs(best, whole)
        found.append((last, best))
    last, best = min(found, key=lambda pair: pair[1].score)
    model = best.model
    kept = replace(last.fits[0], model=model, train_loss=training_loss(model, whole))
    return replace(last, fits=(kept,))
