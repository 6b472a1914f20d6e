"""Smaller networks that say the same: by score, or by a refit test.

A pruned edge is masked. Its mean goes to a living edge into the same node, because a node that
jumps leaves the grids that were made for it. Everything here returns a new model.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.discovery.attribution import edge_scores, feature_scores, node_scores
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.locking import locked_edges, locks_curves
from workbench.kan.model import KAN, Edge
from workbench.kan.objective import Rows, require_match
from workbench.kan.refit import Refitting
from workbench.kan.regularization import Penalty

COARSE, FINE = 3, 12
_CANDIDATES = 12
_STEPS = 8
_CLIFF = 10.0
_CLOSE = 1.1
_FEWEST_ROWS, _ROWS_PER_PARAMETER = 300, 4
_SPARSE = Penalty(l1=1e-3)
_CLASSES = Penalty(smoothness=1e-4, ridge=1e-5)
_RELATIVE = 0.01
_EXACT = 1e-5  # of the spread: closer than refits on coarse grids can tell apart
_ROUGH = torch.float32  # twice as fast, and enough to compare removals


def prune_edges(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove the edges whose score is below ``threshold`` times the largest, and dead nodes.

    Locked edges stay, however small their score.

    Args:
        model: left untouched.
        data: its training inputs weigh the edges, see ``edge_scores``.
        threshold: share of the largest edge score, from 0 to 1.

    Raises:
        InputError: the threshold would leave an output without any edge, or cut off a locked one.
    """
    x = _weighing(model, data, threshold)
    scores = edge_scores(model, x)
    limit = threshold * max(float(score.max()) for score in scores)
    weak = [e for e in _free(model) if float(scores[e.layer][e.target, e.source]) < limit]
    return _without(model, x, weak, threshold)


def prune_nodes(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove the hidden nodes whose score is below ``threshold`` times that of the best hidden node.

    Locked edges stay.

    Args:
        model: left untouched.
        data: its training inputs weigh the nodes, see ``node_scores``.
        threshold: share of the largest score of a hidden node, from 0 to 1.

    Raises:
        InputError: there is no hidden node, or the threshold would leave an output without any edge or
            cut off a locked one.
    """
    x = _weighing(model, data, threshold)
    if model.config.depth == 1:
        raise InputError("this network has no hidden node: prune its edges or inputs")
    scores = node_scores(model, x)[1:]
    limit = threshold * max(float(score.max()) for score in scores)
    weak = {
        (level, node)
        for level, score in enumerate(scores, 1)
        for node in (score < limit).nonzero().flatten().tolist()
    }
    edges = [edge for edge in _free(model) if (edge.layer, edge.source) in weak]
    return _without(model, x, edges, threshold)


def prune_inputs(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove all edges of the inputs whose score is below ``threshold`` times the largest.

    The inputs keep their columns, so that the table still fits. Locked edges stay.

    Args:
        model: left untouched.
        data: its training inputs weigh the inputs, see ``feature_scores``.
        threshold: share of the largest score of an input, from 0 to 1.

    Raises:
        InputError: the threshold would leave an output without any edge.
    """
    x = _weighing(model, data, threshold)
    scores = feature_scores(model, x)
    weak = set((scores < threshold * scores.max()).nonzero().flatten().tolist())
    edges = [edge for edge in _free(model) if edge.layer == 0 and edge.source in weak]
    return _without(model, x, edges, threshold)


def _weighing(model: KAN, data: Dataset, threshold: float) -> Tensor:
    """The inputs that weigh, once the arguments can be used."""
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold must lie between 0 and 1, got {threshold}")
    require_match(model, data)
    return data.split("train")[0]


def _without(model: KAN, x: Tensor, edges: Iterable[Edge], threshold: float) -> KAN:
    pruned = remove_edges(model, x, edges)
    if not _connected(pruned):
        raise InputError(f"threshold {threshold} would remove every edge of an output: lower it")
    if not _holds_locked(pruned, model):
        raise InputError(f"threshold {threshold} would cut off a locked edge: lower or unlock it")
    return pruned


def _free(model: KAN) -> list[Edge]:
    """The living edges that may be removed."""
    held = set(locked_edges(model))
    return [edge for edge in model.edges() if edge not in held]


def _holds_locked(pruned: KAN, model: KAN) -> bool:
    """Whether no locked edge went with a dead node."""
    return locked_edges(pruned) == locked_edges(model)


def remove_edges(model: KAN, x: Tensor, edges: Iterable[Edge]) -> KAN:
    """Mask these edges, and what they leave without input or output; means are passed on.

    Args:
        model: left untouched.
        x: inputs ``(N, d)`` over which the means are taken.
        edges: addresses of living edges.

    Raises:
        InputError: there is no such edge, or it is pruned.
    """
    pruned = model.copy()
    means = [phi.mean(0) for phi in model.trace(x.to(model.output_scale)).postacts]
    for edge in edges:
        model.layer_of(edge)
        pruned.layer(edge.layer).mask[edge.target, edge.source] = 0
    _mask_dead_nodes(pruned)
    for level, mean in enumerate(means):
        before, after = model.layer(level), pruned.layer(level)
        lost = (mean * ((before.mask != 0) & (after.mask == 0))).sum(1)
        _pass_on(pruned, level, lost)
        for target, source in (after.mask == 0).nonzero().tolist():
            after.fixed.pop((target, source), None)
    return pruned


def _mask_dead_nodes(model: KAN) -> None:
    config = model.config
    while True:
        before = len(model.edges())
        for level in range(1, config.depth):
            into, out = model.layer(level - 1).mask, model.layer(level).mask
            for node in range(config.nodes(level)):
                parents = list(config.parents(level, node))
                starved = bool((into[parents].sum(1) == 0).any())
                if starved or float(out[:, node].sum()) == 0:
                    into[parents] = 0
                    out[:, node] = 0
        if len(model.edges()) == before:
            return


def _pass_on(model: KAN, level: int, lost: Tensor) -> None:
    layer = model.layer(level)
    last = level == model.config.depth - 1
    with torch.no_grad():
        for target in lost.nonzero().flatten().tolist():
            alive = (layer.mask[target] * ~layer.locked[target]).nonzero().flatten().tolist()
            if alive and (target, alive[0]) in layer.fixed:
                layer.affine[target, alive[0], 3] += lost[target]
            elif alive:
                layer.coefficients[target, alive[0]] += lost[target] * layer.constant
            elif last and target < model.config.sums(level + 1):
                model.output_shift[target] += lost[target] * model.output_scale[target]


@dataclass(frozen=True)
class Stage:
    """A network on the way of an elimination.

    Attributes:
        model: refitted. edges: how many live.
        validation_loss: as in ``FitResult``.
    """

    model: KAN
    edges: int
    validation_loss: float


@dataclass(frozen=True)
class Elimination:
    """From many edges to few.

    Attributes:
        path: networks in falling order of edges. chosen: which of them says the same with the fewest.
    """

    path: tuple[Stage, ...]
    chosen: int

    @property
    def model(self) -> KAN:
        return self.path[self.chosen].model

    def shorter(self, count: int = 2) -> list[KAN]:
        """The chosen network and up to ``count`` with fewer edges, for a Pareto front."""
        return [stage.model for stage in self.path[self.chosen : self.chosen + 1 + count]]


def eliminate(
    model: KAN,
    data: Dataset,
    *,
    rows: int = 3000,
    watch: Callable[[int, int], bool] | None = None,
) -> Elimination:
    """Find the smallest network that still says the same, by batched backward elimination.

    After a sparse refit, each of the weakest edges is removed in a copy of its own, all copies are
    refitted at once on a coarse grid, and the cheapest removal is kept; then every network on the
    path is refined and judged on validation data. Behind the right one the error jumps: a cliff of a
    factor 10 is taken, else the fewest edges within 10 % of the best. Locked edges stay, and where one
    is a curve the grid is not made coarser, because that would bend it.

    Args:
        model: a trained network, left untouched.
        data: training rows refit, validation rows judge.
        rows: at most so many training rows are used.
        watch: called with (living edges, edges at the start); True ends the path here.
    """
    penalty = Penalty() if data.task == "regression" else _CLASSES
    problem = Refitting(model, data, rows=rows, penalty=penalty)
    current = _sparse(model, problem)
    total = len(current.edges())
    path = [current]
    least = model.out_features
    while len(current.edges()) > least:
        smaller = _cheapest_removal(current, problem)
        if smaller is None:
            break
        current = smaller
        path.append(current)
        if watch is not None and watch(len(current.edges()), total):
            break
    stages = [_refined(net, problem) for net in path]
    floor = _EXACT * _spread(model) if problem.regression else 0.0
    return Elimination(tuple(stages), _choose([max(s.validation_loss, floor) for s in stages]))


def _enough(problem: Refitting, model: KAN) -> Rows:
    """Four rows for every parameter are enough to compare removals."""
    count = max(_FEWEST_ROWS, _ROWS_PER_PARAMETER * model.parameter_count)
    return problem.rows[:count].to(_rough(model))


def _rough(model: KAN) -> torch.dtype:
    """Single precision, where it does not round numbers that are locked."""
    return model.output_scale.dtype if locked_edges(model) else _ROUGH


def _sparse(model: KAN, problem: Refitting) -> KAN:
    """A coarse copy after sparsity steps, without its faintest edges."""
    ensemble = Ensemble.of([model])
    if not locks_curves(model):
        ensemble = ensemble.refine(COARSE)
    part = _enough(problem, ensemble.model(0))
    for _ in range(4):
        ensemble = ensemble.to(problem.rows.x.dtype).regrid(problem.rows.x)
        ensemble = problem.minimize(ensemble, 10, rows=part, penalty=_SPARSE)
    net = ensemble.model(0)
    scores = edge_scores(net, problem.rows.x)
    limit = _RELATIVE * max(float(score.max()) for score in scores)
    weak = [e for e in _free(net) if float(scores[e.layer][e.target, e.source]) < limit]
    thin = remove_edges(net, problem.rows.x, weak)
    if not (_connected(thin) and _holds_locked(thin, net)):
        thin = net
    ensemble = problem.minimize(Ensemble.of([thin]).regrid(problem.rows.x), 10, rows=part)
    return ensemble.model(0)


def _connected(model: KAN) -> bool:
    last = model.layer(model.config.depth - 1)
    return bool((last.mask.sum(1) > 0).all())


def _cheapest_removal(model: KAN, problem: Refitting) -> KAN | None:
    scores = edge_scores(model, problem.rows.x)
    edges = sorted(_free(model), key=lambda e: float(scores[e.layer][e.target, e.source]))
    nets = [remove_edges(model, problem.rows.x, [edge]) for edge in edges[:_CANDIDATES]]
    nets = [net for net in nets if _connected(net) and _holds_locked(net, model)]
    nets = [_drop_shift(net, model, problem) for net in nets]
    if not nets:
        return None
    part = _enough(problem, nets[0])
    ensemble = Ensemble.of(nets).to(part.x.dtype).regrid(part.x)
    ensemble = problem.minimize(ensemble, _STEPS, rows=part)
    return ensemble.model(int(problem.losses(ensemble, part).argmin()))


def _drop_shift(net: KAN, model: KAN, problem: Refitting) -> KAN:
    """The standardized problem keeps its own output shift: the refit restores what was moved."""
    net.output_shift.copy_(model.output_shift)
    return net


def _refined(model: KAN, problem: Refitting) -> Stage:
    """Up to the fine grid for as long as validation improves; the better of the two is kept."""
    ensemble = Ensemble.of([model]).regrid(problem.rows.x)
    best, best_loss = ensemble, math.inf
    coarse = model.layer(0).grid_size
    for grid_size, steps in ((coarse, _STEPS), (2 * coarse, 5), (4 * coarse, 5)):
        if grid_size > max(coarse, FINE):
            break
        ensemble = problem.minimize(ensemble.regrid(problem.rows.x).refine(grid_size), steps)
        value = problem.error(ensemble)
        if value < best_loss:
            best, best_loss = ensemble, value
    scale = _spread(model) if problem.regression else 1.0
    return Stage(best.model(0), len(model.edges()), best_loss * scale)


def _spread(model: KAN) -> float:
    return float(model.output_scale.square().mean().sqrt())


def _choose(losses: Sequence[float]) -> int:
    """The network before the steepest cliff, else the smallest within 10 % of the best."""
    best = min(losses)
    good = [i for i in range(len(losses) - 1) if losses[i] <= _CLIFF * best]
    cliff = max(good, key=lambda i: losses[i + 1] / max(losses[i], 1e-300), default=0)
    if good and losses[cliff + 1] >= _CLIFF * losses[cliff]:
        return cliff
    return max(i for i, loss in enumerate(losses) if loss <= _CLOSE * best)
