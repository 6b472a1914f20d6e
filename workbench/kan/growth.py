"""Larger, rearranged and partial networks that compute what the given one computes.

Every function returns a new model and carries over all settings: grids, masks, locks, fixed functions,
bases, output scale, dtype and device. Edges that lead into a new node are random and edges that leave it
are zero curves, and both live: the function is what it was, and the first training step already sends
a gradient into what leaves the node. (Two zero curves in a row would get none, masked ones never.)
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.config import KANConfig
from workbench.kan.model import KAN

NEW_RANGE = 2.0
"""Grids of new nodes span [-2, 2]: fresh curves sum to about one; training regrids them anyway."""

_LINE_TOLERANCE = 1e-9
_Pairs = list[tuple[int, int]]


def expand_width(
    model: KAN,
    level: int,
    *,
    sums: int = 0,
    products: int = 0,
    arity: int | Sequence[int] = 2,
    seed: int = 0,
) -> KAN:
    """More nodes in a hidden layer of nodes; the function stays the same.

    Args:
        model: left untouched.
        level: layer of nodes, from 1 to ``depth - 1``.
        sums, products: how many nodes to add, after those of their kind.
        arity: factors of the new product nodes, one number or one for each.
        seed: of the new incoming curves.

    Raises:
        InputError: ``level`` is not hidden, or nothing is to be added.
    """
    config = model.config
    _require_hidden(config, level)
    if sums < 0 or products < 0 or sums + products == 0:
        raise InputError(f"sums and products say how many nodes to add, got {sums} and {products}")
    added = (arity,) * products if isinstance(arity, int) else tuple(arity)
    arities = [config.arities(k) for k in range(len(config.width))]
    arities[level] += added
    width = list(config.width)
    width[level] = (config.sums(level) + sums, config.products(level) + products)
    wider = _blank(model, replace(config, width=_short(width), arity=_arity(config, arities)), seed)
    maps = _identity_maps(config)
    maps[level] = [
        (old if old < config.sums(level) else old + sums, old) for old in range(config.nodes(level))
    ]
    _carry_(wider, model, maps)
    kept = {new for new, _ in maps[level]}
    fresh = [node for node in range(wider.config.nodes(level)) if node not in kept]
    layer = wider.layer(level)
    with torch.no_grad():
        layer.coefficients[:, fresh] = 0
        layer.grid_range[fresh] = NEW_RANGE * layer.grid_range.new_tensor([-1.0, 1.0])
    return wider


def expand_depth(model: KAN, level: int) -> KAN:
    """A layer of identities after a layer of nodes; the function stays the same.

    Each node feeds a sum node by the line y = x, and all others by zero curves. The line is a curve
    where the family holds one (splines, polynomials), else a fixed linear edge.

    Args:
        model: left untouched.
        level: layer of nodes, from 0 (inputs) to ``depth`` (outputs).

    Raises:
        InputError: there is no such layer.
    """
    config = model.config
    if not 0 <= level <= config.depth:
        raise InputError(f"level must lie between 0 and {config.depth}, got {level}")
    count = config.nodes(level)
    arities = [config.arities(k) for k in range(len(config.width))]
    arities.insert(level + 1, ())
    width = (*config.width[: level + 1], count, *config.width[level + 1 :])
    deeper = _blank(model, replace(config, width=width, arity=_arity(config, arities)))
    for old in range(config.depth):
        new = old if old < level else old + 1
        _carry_layer_(deeper, new, model, old, *_all_of(config, old))
    _copy_output_(deeper, model)
    layer = deeper.layer(level)
    if level < config.depth:
        ends = model.layer(level).grid_range
    else:
        ends = NEW_RANGE * layer.grid_range.new_tensor([-1.0, 1.0]).expand(count, 2)
    with torch.no_grad():
        layer.grid_range.copy_(ends)
        layer.coefficients.zero_()
    _set_identity_(deeper, level)
    return deeper


def permute_nodes(model: KAN, level: int, order: Sequence[int]) -> KAN:
    """The same function with the nodes of a hidden layer in another order.

    Args:
        model: left untouched.
        level: layer of nodes, from 1 to ``depth - 1``.
        order: old numbers in their new order; sums stay before products.

    Raises:
        InputError: ``level`` is not hidden, or ``order`` is no permutation of sums, then products.
    """
    config = model.config
    _require_hidden(config, level)
    sums, count = config.sums(level), config.nodes(level)
    if sorted(order[:sums]) != list(range(sums)) or sorted(order) != list(range(count)):
        raise InputError(
            f"order must be a permutation of the {sums} sums, then of the {count - sums} products, "
            f"got {tuple(order)}"
        )
    arities = [config.arities(k) for k in range(len(config.width))]
    arities[level] = tuple(arities[level][old - sums] for old in order[sums:])
    permuted = _blank(model, replace(config, arity=_arity(config, arities)))
    maps = _identity_maps(config)
    maps[level] = list(enumerate(order))
    _carry_(permuted, model, maps)
    return permuted


def submodel(model: KAN, first_layer: int, last_layer: int) -> KAN:
    """Some consecutive layers as a network of their own, from nodes ``first_layer`` on.

    Its outputs are the nodes after ``last_layer``, in the target's units if those are the outputs.

    Raises:
        InputError: the layers do not exist, or the last comes before the first.
    """
    config = model.config
    if not 0 <= first_layer <= last_layer < config.depth:
        raise InputError(
            f"first_layer and last_layer must be in order between 0 and {config.depth - 1}, "
            f"got {first_layer} and {last_layer}"
        )
    part = slice(first_layer, last_layer + 2)
    width = list(config.width[part])
    width[0] = config.nodes(first_layer)
    arities = [config.arities(k) for k in range(len(config.width))][part]
    arities[0] = ()
    smaller = _blank(model, replace(config, width=_short(width), arity=_arity(config, arities)))
    for new, old in enumerate(range(first_layer, last_layer + 1)):
        _carry_layer_(smaller, new, model, old, *_all_of(config, old))
    if last_layer == config.depth - 1:
        _copy_output_(smaller, model)
    return smaller


def warm_start(model: KAN, other: KAN) -> KAN:
    """``model`` with the curves of ``other`` wherever a node of ``other`` has a counterpart.

    The k-th sum matches the k-th sum, a product matches one of the same arity. Edges from unmatched into
    matched nodes become zero, so that where all of ``other`` fits, the result computes what ``other``
    computes: exactly, when the grid size of ``model`` is a multiple of its own.

    Args:
        model: gives the shape; left untouched.
        other: gives numbers, masks, locks and fixed functions; left untouched.

    Raises:
        InputError: they differ in depth, degree, basis or base.
    """
    mine, its = model.config, other.config
    for name in ("depth", "degree", "basis", "base"):
        if getattr(mine, name) != getattr(its, name):
            raise InputError(
                f"a warm start needs networks of the same {name}, "
                f"got {getattr(mine, name)!r} and {getattr(its, name)!r}"
            )
    started = model.copy()
    maps = [_matching(mine, its, level) for level in range(len(mine.width))]
    for level in range(mine.depth):
        layer = started.layer(level)
        targets = [new for new, _ in _subnode_pairs(mine, its, level + 1, maps[level + 1])]
        known = {new for new, _ in maps[level]}
        fresh = [node for node in range(mine.nodes(level)) if node not in known]
        with torch.no_grad():
            block = _index(layer.mask, targets, fresh)
            layer.coefficients[block] = 0
        for edge in [(t, s) for t in targets for s in range(mine.nodes(level))]:
            layer.fixed.pop(edge, None)
    _carry_(started, other.refine(model.layer(0).grid_size), maps)
    return started


# How numbers move from one network to another


def _blank(model: KAN, config: KANConfig, seed: int = 0) -> KAN:
    """A fresh network of another shape with the present grid size, dtype and device."""
    config = replace(config, grid_size=model.layer(0).grid_size)
    like = model.output_scale
    return KAN.from_config(config, seed=seed, dtype=like.dtype, device=like.device)


def _carry_(new: KAN, old: KAN, maps: Sequence[_Pairs]) -> None:
    """Copy all edges between nodes that are paired (new, old), level by level, and the outputs."""
    for level in range(old.config.depth):
        targets = _subnode_pairs(new.config, old.config, level + 1, maps[level + 1])
        _carry_layer_(new, level, old, level, maps[level], targets)
    pairs = maps[-1]
    _copy_output_(new, old, pairs)


def _carry_layer_(
    new: KAN, level: int, old: KAN, old_level: int, sources: _Pairs, targets: _Pairs
) -> None:
    here, there = new.layer(level), old.layer(old_level)
    into = _index(here.mask, [t for t, _ in targets], [s for s, _ in sources])
    out = _index(there.mask, [t for _, t in targets], [s for _, s in sources])
    with torch.no_grad():
        for name in ("coefficients", "affine", "mask", "locked"):
            getattr(here, name)[into] = getattr(there, name)[out]
        here.grid_range[into[1]] = there.grid_range[out[1]]
    new_target = {o: n for n, o in targets}
    new_source = {o: n for n, o in sources}
    for (target, source), name in there.fixed.items():
        if target in new_target and source in new_source:
            here.fixed[new_target[target], new_source[source]] = name


def _index(like: Tensor, rows: Sequence[int], columns: Sequence[int]) -> tuple[Tensor, Tensor]:
    row = torch.tensor(rows, dtype=torch.long, device=like.device)
    return row.unsqueeze(1), torch.tensor(columns, dtype=torch.long, device=like.device)


def _copy_output_(new: KAN, old: KAN, pairs: _Pairs | None = None) -> None:
    for here, there in pairs if pairs is not None else [(i, i) for i in range(old.out_features)]:
        new.output_scale[here] = old.output_scale[there]
        new.output_shift[here] = old.output_shift[there]


def _subnode_pairs(new: KANConfig, old: KANConfig, level: int, nodes: _Pairs) -> _Pairs:
    return [
        pair
        for here, there in nodes
        for pair in zip(new.parents(level, here), old.parents(level, there), strict=True)
    ]


def _matching(new: KANConfig, old: KANConfig, level: int) -> _Pairs:
    sums = min(new.sums(level), old.sums(level))
    pairs = [(k, k) for k in range(sums)]
    for k, arities in enumerate(zip(new.arities(level), old.arities(level), strict=False)):
        if arities[0] == arities[1]:
            pairs.append((new.sums(level) + k, old.sums(level) + k))
    return pairs


def _identity_maps(config: KANConfig) -> list[_Pairs]:
    return [[(k, k) for k in range(config.nodes(level))] for level in range(len(config.width))]


def _all_of(config: KANConfig, level: int) -> tuple[_Pairs, _Pairs]:
    sources = [(k, k) for k in range(config.nodes(level))]
    return sources, [(k, k) for k in range(config.subnodes(level + 1))]


def _set_identity_(model: KAN, level: int) -> None:
    """Give the diagonal edges of a layer the line y = x."""
    layer = model.layer(level)
    low, high = layer.grid_range.unbind(-1)
    unit = torch.linspace(0, 1, 8 * layer.coefficients.shape[-1]).to(low)
    points = low + (high - low) * unit.unsqueeze(-1)
    design = layer.activations().basis(points.unsqueeze(0))[0].transpose(0, 1)
    design = design[..., : layer.grid_size + layer.degree]
    line = (torch.linalg.pinv(design) @ points.mT.unsqueeze(-1)).squeeze(-1)
    found = (design @ line.unsqueeze(-1)).squeeze(-1)
    rounding = torch.finfo(low.dtype).eps ** 0.5
    tolerance = max(_LINE_TOLERANCE, 0.1 * rounding) * float(points.abs().max())
    holds = float((found - points.mT).abs().max()) <= tolerance
    with torch.no_grad():
        for node in range(layer.in_features):
            if holds:
                layer.coefficients[node, node, : line.shape[1]] = line[node]
            else:
                layer.fixed[node, node] = "linear"


def _require_hidden(config: KANConfig, level: int) -> None:
    if not 0 < level < config.depth:
        raise InputError(
            f"level must be a hidden layer of nodes, from 1 to {config.depth - 1}, got {level}"
            if config.depth > 1
            else "this network has no hidden layer of nodes: expand its depth first"
        )


def _short(width: Sequence[int | tuple[int, int]]) -> tuple[int | tuple[int, int], ...]:
    """Widths without pairs that name no product."""
    return tuple(n if isinstance(n, int) or n[1] else n[0] for n in width)


def _arity(
    config: KANConfig, arities: Sequence[tuple[int, ...]]
) -> int | tuple[int | tuple[int, ...], ...]:
    """One number where the old network had one and it still serves, else one for each node."""
    if isinstance(config.arity, int) and {n for node in arities for n in node} <= {config.arity}:
        return config.arity
    return tuple(arities)
