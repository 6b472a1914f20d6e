"""Smaller networks: edges, nodes and inputs removed by their score.

A pruned edge is masked. Its mean goes to a living edge into the same node, because a node that
jumps leaves the grids that were made for it. Everything here returns a new model.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.locking import locked_edges
from workbench.kan.model import KAN, Edge
from workbench.kan.training.objective import require_match
from workbench.network.attribution import edge_scores, feature_scores, node_scores


def prune_edges(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove the edges whose score is below ``threshold`` times the largest, and dead nodes.

    Locked edges stay, however small their score.

    Args:
        model: left untouched.
        data: its training inputs, as often as they count, weigh the edges, see ``edge_scores``.
        threshold: share of the largest edge score, from 0 to 1.

    Raises:
        InputError: the threshold would leave an output without any edge, or cut off a locked one.
    """
    x = _weighing(model, data, threshold)
    scores = edge_scores(model, x)
    limit = threshold * max(float(score.max()) for score in scores)
    weak = [e for e in removable(model) if float(scores[e.layer][e.target, e.source]) < limit]
    return _without(model, x, weak, threshold)


def prune_nodes(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove the hidden nodes whose score is below ``threshold`` times that of the best hidden node.

    Locked edges stay.

    Args:
        model: left untouched.
        data: its training inputs, as often as they count, weigh the nodes, see ``node_scores``.
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
    edges = [edge for edge in removable(model) if (edge.layer, edge.source) in weak]
    return _without(model, x, edges, threshold)


def prune_inputs(model: KAN, data: Dataset, *, threshold: float = 0.03) -> KAN:
    """Remove all edges of the inputs whose score is below ``threshold`` times the largest.

    The inputs keep their columns, so that the table still fits. Locked edges stay.

    Args:
        model: left untouched.
        data: its training inputs, as often as they count, weigh the inputs, see ``feature_scores``.
        threshold: share of the largest score of an input, from 0 to 1.

    Raises:
        InputError: the threshold would leave an output without any edge.
    """
    x = _weighing(model, data, threshold)
    scores = feature_scores(model, x)
    weak = set((scores < threshold * scores.max()).nonzero().flatten().tolist())
    edges = [edge for edge in removable(model) if edge.layer == 0 and edge.source in weak]
    return _without(model, x, edges, threshold)


def _weighing(model: KAN, data: Dataset, threshold: float) -> Tensor:
    """The inputs that weigh, once the arguments can be used."""
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold must lie between 0 and 1, got {threshold}")
    require_match(model, data)
    return data.typical("train")


def _without(model: KAN, x: Tensor, edges: Iterable[Edge], threshold: float) -> KAN:
    pruned = remove_edges(model, x, edges)
    if not _connected(pruned):
        raise InputError(f"threshold {threshold} would remove every edge of an output: lower it")
    if not usable(pruned, model):
        raise InputError(f"threshold {threshold} would cut off a locked edge: lower or unlock it")
    return pruned


def removable(model: KAN) -> list[Edge]:
    """The living edges that may be removed."""
    held = set(locked_edges(model))
    return [edge for edge in model.edges() if edge not in held]


def usable(pruned: KAN, model: KAN) -> bool:
    """Whether every output still has an edge, and no locked edge of ``model`` went with a dead node."""
    return _connected(pruned) and locked_edges(pruned) == locked_edges(model)


def remove_edges(model: KAN, x: Tensor, edges: Iterable[Edge]) -> KAN:
    """Mask these edges, and what they leave without input or output; means are passed on.

    Args:
        model: left untouched.
        x: inputs ``(N, d)`` over which the means are taken.
        edges: addresses of living edges.

    Raises:
        InputError: there is no such edge, or it is pruned.
    """
    return remove_each(model, x, [edges])[0]


def remove_node(model: KAN, x: Tensor, level: int, node: int) -> KAN:
    """Remove an input from use, or a hidden node, with all its edges; means are passed on.

    Args:
        model: left untouched.
        x: inputs ``(N, d)`` over which the means are taken.
        level: layer of nodes, from 0 (inputs) to ``depth - 1``.
        node: number in its layer, products after sums.

    Raises:
        InputError: there is no such node, it has no edge, or an output would be left without any.
    """
    config = model.config
    if not 0 <= level < config.depth or not 0 <= node < config.nodes(level):
        raise InputError(
            f"a node to remove is an input or hidden: level 0 to {config.depth - 1}, "
            f"got node {node} of level {level} in a network of width {config.width}"
        )
    into = config.parents(level, node) if level else ()
    edges = [
        edge
        for edge in model.edges()
        if (edge.layer == level and edge.source == node)
        or (edge.layer == level - 1 and edge.target in into)
    ]
    if not edges:
        raise InputError(f"node {level}.{node} has no edge: it is not in use")
    pruned = remove_edges(model, x, edges)
    if not _connected(pruned):
        raise InputError("an output needs at least one edge: without this node it has none")
    return pruned


def remove_each(model: KAN, x: Tensor, groups: Iterable[Iterable[Edge]]) -> list[KAN]:
    """``remove_edges`` for several groups of edges, each in a copy of its own."""
    means = [phi.mean(0) for phi in model.trace(x.to(model.output_scale)).postacts]
    return [_removed(model, means, edges) for edges in groups]


def _removed(model: KAN, means: list[Tensor], edges: Iterable[Edge]) -> KAN:
    pruned = model.copy()
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
    """Mask the edges of nodes that nothing reaches or that reach nothing."""
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


def _connected(model: KAN) -> bool:
    last = model.layer(model.config.depth - 1)
    return bool((last.mask.sum(1) > 0).all())
