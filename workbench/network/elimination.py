"""The smallest network that says the same: backward elimination with a refit test.

A score cannot tell what the others could take over, a refit can. And a greedy path may end in a
detour, so what lies just below its end is also trained anew before the end is believed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from workbench.kan.checks import whole
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.locking import locked_edges, locks_curves
from workbench.kan.model import KAN, Edge
from workbench.kan.training.objective import Rows
from workbench.kan.training.refit import Refitting
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.request import require_options, sizes, weights_of
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.starts import random_starts
from workbench.network.attribution import edge_scores, node_scores
from workbench.network.pruning import removable, remove_each, remove_edges, usable

COARSE, FINE = 3, 12
_CANDIDATES, _TOGETHER, _AS_CHEAP = 12, (2, 4, 8), 1.1
_STEPS, _FEW, _SPARSE_ROUNDS = 8, 5, 4
_CLIFF = 10.0
_NATS = 1.0  # of held-out classes: what chance gives to every edge that the law lacks
_CLOSE, _STILL_GOOD = 1.1, 30.0  # a small network needs finer grids to be as good as a wide one
_FEWEST_ROWS, _ROWS_PER_PARAMETER = 200, 4
_SPARSE = Penalty(l1=1e-3)
_CLASSES, _CLASS_RIDGE = Penalty(smoothness=1e-4, ridge=1e-5), 0.1
_RELATIVE = 0.01
_EXACT = 1e-5  # of the spread: closer than refits on coarse grids can tell apart
_ROUGH = torch.float32  # twice as fast, and enough to compare removals
_NODES, _RESTARTS, _STACKED_PARAMETERS = 6, 40, 6000


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
    finest: int | None = None,
    smoothness: float | None = None,
    training: Mapping[str, Any] | None = None,
    seed: int = 0,
    watch: Callable[[int, int], bool] | None = None,
) -> Elimination:
    """Find the smallest network that still says the same, by batched backward elimination.

    After a sparse refit, each of the weakest edges is removed in a copy of its own, all copies are
    refitted at once on a coarse grid, and the cheapest removal is kept; then every network on the
    path is refined and judged on validation data. Behind the right one the error jumps: a cliff of a
    factor 10 is taken, else the fewest edges within 10 % of the best, where every edge less may cost the
    likelihood of held-out classes one nat more. The networks with one node less
    than that one are trained from random numbers before the cliff is believed. Locked edges stay, and
    where one is a curve the grid is not made coarser, because that would bend it.

    Args:
        model: a trained network, left untouched.
        data: training rows refit, validation rows judge.
        rows: at most so many training rows are used.
        finest: grid of the networks that are judged, where validation likes it; 12 by default.
        smoothness: weight of the penalty on bends in all refits, a little for classes by default.
        training: arguments of ``fit`` for trainings of this network. Refits take the finest of ``grids``
            and ``smoothness`` where the two above are not given, ``l1`` and ``entropy`` for the sparse refit,
            ``steps`` where they are of second order, and ``starts`` for networks from random numbers.
        seed: of the choice of rows and of random numbers.
        watch: called with (living edges, edges at the start); True ends the path here.
    """
    asked = _Asked.of(data, finest, smoothness, training or {}, seed)
    problem = Refitting(model, data, rows=rows, penalty=asked.penalty, seed=seed, accelerate=False)
    refined = partial(_refined, problem=problem, asked=asked)
    floor = _EXACT * _spread(model) if problem.regression else 0.0
    judges = len(data.validation) or len(data.train)
    per_edge = 0.0 if problem.regression else _NATS / judges
    start = _sparse(model, problem, asked)
    total, ended = len(start.edges()), False

    def going_on(net: KAN) -> bool:
        nonlocal ended
        ended = watch is not None and watch(len(net.edges()), total)
        return not ended

    nets = _path(start, problem, asked, going_on)
    stages = [refined(net) for net in nets]
    chosen = _choose(stages, floor, per_edge)
    while not ended:
        other = _trained_anew(nets[chosen], model, problem, asked)
        if other is None or _loss(refined(other), floor) > _CLIFF * _loss(stages[chosen], floor):
            break
        more = _path(other, problem, asked, going_on)
        longer = [*stages[: chosen + 1], *map(refined, more)]
        further = _choose(longer, floor, per_edge)
        if further == chosen:
            break
        nets, stages, chosen = [*nets[: chosen + 1], *more], longer, further
    return Elimination(tuple(stages), chosen)


@dataclass(frozen=True)
class _Asked:
    """What is asked of the refits.

    Attributes:
        finest: grid. penalty: of all refits. sparse: of the first, None where there is none.
        steps: at most, of each. starts: at most, from random numbers. seed: of them.
    """

    finest: int
    penalty: Penalty
    sparse: Penalty | None
    steps: int
    starts: int
    seed: int

    @classmethod
    def of(
        cls,
        data: Dataset,
        finest: int | None,
        smoothness: float | None,
        training: Mapping[str, Any],
        seed: int,
    ) -> "_Asked":
        require_options(training)
        grids = training.get("grids")
        usual = FINE if grids is None else sizes(grids)[-1]
        penalty = _penalty(data, training.get("smoothness") if smoothness is None else smoothness)
        # A little sparsity; classes do without: where they hardly overlap, a few rows let logits go
        # anywhere, and the network would be lost before any edge is.
        sparse = _SPARSE if data.task == "regression" else None
        weights = {name: training[name] for name in ("l1", "entropy") if training.get(name)}
        if weights:
            l1 = weights_of(weights.get("l1", 0.0))[-1]
            sparse = replace(penalty, l1=l1, entropy=weights.get("entropy", 0.0))
        second_order = training.get("solver") in (None, "auto", "lm")
        return cls(
            whole("finest", usual if finest is None else finest),
            penalty,
            sparse,
            whole("steps", (training.get("steps") if second_order else None) or _STEPS),
            whole("starts", training.get("starts") or _RESTARTS),
            seed,
        )


def _path(
    start: KAN, problem: Refitting, asked: _Asked, going_on: Callable[[KAN], bool]
) -> list[KAN]:
    """Remove the cheapest edge again and again, down to one for every output."""
    path = [start]
    while len(path[-1].edges()) > start.out_features:
        smaller = _cheapest_removal(path[-1], problem, asked)
        if smaller is None:
            break
        path.append(smaller)
        if not going_on(smaller):
            break
    return path


def _enough(problem: Refitting, model: KAN) -> Rows:
    """Four rows for every parameter are enough to compare removals."""
    count = max(_FEWEST_ROWS, _ROWS_PER_PARAMETER * model.parameter_count)
    return problem.rows[:count].to(_rough(model))


def _rough(model: KAN) -> torch.dtype:
    """Single precision, where it does not round numbers that are locked."""
    return model.output_scale.dtype if locked_edges(model) else _ROUGH


def _penalty(data: Dataset, smoothness: float | None) -> Penalty:
    """Of refits; the ridge keeps logits of classes that are told apart from running away."""
    if data.task == "regression":
        return Penalty(smoothness=smoothness or 0.0)
    if smoothness is None:
        return _CLASSES
    return Penalty(smoothness=smoothness, ridge=_CLASS_RIDGE * smoothness)


def _sparse(model: KAN, problem: Refitting, asked: _Asked) -> KAN:
    """A coarse copy after sparsity steps, without its faintest edges."""
    ensemble = Ensemble.of([model])
    if not locks_curves(model):
        ensemble = ensemble.refine(min(COARSE, asked.finest))
    part = _enough(problem, ensemble.model(0)) if problem.regression else problem.rows
    for _ in range(_SPARSE_ROUNDS if asked.sparse else 0):
        ensemble = ensemble.to(part.x.dtype).regrid(part.x)
        ensemble = problem.minimize(ensemble, 10, rows=part, penalty=asked.sparse)
    net = ensemble.to(problem.rows.x.dtype).model(0)
    scores = edge_scores(net, problem.rows.typical)
    limit = _RELATIVE * max(float(score.max()) for score in scores)
    weak = [e for e in removable(net) if float(scores[e.layer][e.target, e.source]) < limit]
    thin = remove_edges(net, problem.rows.typical, weak)
    if not usable(thin, net):
        thin = net
    ensemble = problem.minimize(Ensemble.of([thin]).regrid(problem.rows.x), 10, rows=part)
    return ensemble.model(0)


def _cheapest_removal(model: KAN, problem: Refitting, asked: _Asked) -> KAN | None:
    """Without its cheapest edge; or without several faint ones, where that costs no more."""
    scores = edge_scores(model, problem.rows.typical)
    edges = sorted(removable(model), key=lambda e: float(scores[e.layer][e.target, e.source]))
    singles = [[edge] for edge in edges[:_CANDIDATES]]
    together = [edges[:count] for count in _TOGETHER if count < len(edges)]
    nets = remove_each(model, problem.rows.typical, singles + together)
    nets = [_drop_shift(net, model) for net in nets if usable(net, model)]
    if not nets:
        return None
    part = _enough(problem, nets[0])
    ensemble = Ensemble.of(nets).to(part.x.dtype).regrid(part.x)
    ensemble = problem.minimize(ensemble, asked.steps, rows=part)
    losses = problem.losses(ensemble, part)
    cheap = losses <= _AS_CHEAP * losses.min()
    fewest = min(len(net.edges()) for net, is_cheap in zip(nets, cheap, strict=True) if is_cheap)
    winners = [len(net.edges()) == fewest for net in nets]
    allowed = cheap & torch.tensor(winners, device=cheap.device)
    return ensemble.model(int(losses.where(allowed, math.inf).argmin()))


def _trained_anew(net: KAN, whole: KAN, problem: Refitting, asked: _Asked) -> KAN | None:
    """The best network with one node less, from random numbers; None where there is none."""
    shapes = _smaller_shapes(net, whole, problem)
    if not shapes:
        return None
    part = _enough(problem, net)
    size = max(1, max(shape.parameter_count for shape in shapes))
    copies = min(asked.starts, _STACKED_PARAMETERS // (size * len(shapes)))
    if copies == 0:
        return None
    grid_size = net.layer(0).grid_size
    tried = [
        random_starts(shape, part.x, grid_size, copies, asked.seed + place)
        for place, shape in enumerate(shapes)
    ]
    ensemble = Ensemble.stacked(tried)
    for _ in range(3):
        ensemble = problem.minimize(ensemble, asked.steps, rows=part, damping=lm.FROM_RANDOM)
        ensemble = ensemble.regrid(part.x)
        order = problem.losses(ensemble, part).argsort()
        ensemble = ensemble.pick(order[: max(1, len(order) // 2)])
    return ensemble.model(int(problem.losses(ensemble, part).argmin()))


def _smaller_shapes(net: KAN, whole: KAN, problem: Refitting) -> list[KAN]:
    """``net`` without one of its hidden nodes: as it is, and with all that ``whole`` allows."""
    scores = node_scores(net, problem.rows.typical)
    alive = sorted(
        (float(scores[level][node]), level, node)
        for level in range(1, net.config.depth)
        for node in range(net.config.nodes(level))
        if float(net.layer(level).mask[:, node].sum()) > 0
    )
    shapes: dict[tuple[Edge, ...], KAN] = {}
    for _, level, node in alive[:_NODES]:
        leaving = [e for e in removable(net) if e.layer == level and e.source == node]
        thin = _drop_shift(remove_edges(net, problem.rows.typical, leaving), net)
        for shape in (thin, _reconnected(thin, whole)):
            if usable(shape, net) and len(shape.edges()) < len(net.edges()):
                shapes.setdefault(tuple(shape.edges()), shape)
    return list(shapes.values())


def _reconnected(net: KAN, whole: KAN) -> KAN:
    """All edges of ``whole`` between the nodes that live in ``net``."""
    full = net.copy()
    for level in range(net.config.depth):
        mask = whole.layer(level).mask.clone()
        if level > 0:
            mask[:, net.layer(level).mask.sum(0) == 0] = 0
        if level + 1 < net.config.depth:
            mask[net.layer(level).mask.sum(1) == 0] = 0
        full.layer(level).mask.copy_(mask)
    return full


def _drop_shift(net: KAN, model: KAN) -> KAN:
    """The standardized problem keeps its own output shift: the refit restores what was moved."""
    net.output_shift.copy_(model.output_shift)
    return net


def _refined(model: KAN, problem: Refitting, asked: _Asked) -> Stage:
    """On the coarse grid and on the finest; the better of the two is kept."""
    ensemble = Ensemble.of([model]).regrid(problem.rows.x)
    best, best_loss = ensemble, math.inf
    coarse = model.layer(0).grid_size
    finest = asked.finest
    nested = finest % coarse == 0 or not locks_curves(
        model
    )  # another grid would bend what is locked
    for grid_size, steps in ((coarse, _FEW), (finest, asked.steps))[
        : 1 + (finest > coarse and nested)
    ]:
        ensemble = problem.minimize(ensemble.regrid(problem.rows.x).refine(grid_size), steps)
        value = problem.error(ensemble)
        if value < best_loss:
            best, best_loss = ensemble, value
    scale = _spread(model) if problem.regression else 1.0
    return Stage(best.model(0), len(model.edges()), best_loss * scale)


def _spread(model: KAN) -> float:
    return float(model.output_scale.square().mean().sqrt())


def _loss(stage: Stage, floor: float) -> float:
    return max(stage.validation_loss, floor)


def _choose(stages: Sequence[Stage], floor: float, per_edge: float) -> int:
    """The network before the steepest cliff, else the smallest within 10 % of the best.

    ``per_edge`` is what an edge less may cost beside that.
    """
    losses = [_loss(stage, floor) for stage in stages]
    best = min(losses)
    good = [i for i in range(len(losses) - 1) if losses[i] <= _STILL_GOOD * best]
    cliff = max(good, key=lambda i: losses[i + 1] / max(losses[i], 1e-300), default=0)
    if good and losses[cliff + 1] >= _CLIFF * losses[cliff]:
        return cliff
    most = stages[losses.index(best)].edges
    limits = [_CLOSE * best + per_edge * max(most - stage.edges, 0) for stage in stages]
    return max(i for i, loss in enumerate(losses) if loss <= limits[i])
