r"""A source as a ``KAN`` of the workbench.

Grids of the workbench are uniform, those of other libraries follow the samples. Uniform ones are taken
over knot by knot. Others are fitted by least squares on finer and finer uniform grids, until the
predictions are the same to ``TOLERANCE``: a jump of the k-th derivative between two knots costs
:math:`O(h^k)` (de Boor, *A Practical Guide to Splines*, ch. XII). Grids reach as far as the inputs of the
source, and in hidden nodes as far as these lead.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.interpolate import make_lsq_spline

from workbench.exchange.source import Layer, Source, based
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN

TOLERANCE = 1e-6
"""Of the range of the predictions."""
_FINEST, _MOST_COEFFICIENTS = 2048, 20_000_000
_ROWS = 1000


def build(source: Source, cached: np.ndarray | None, grid_size: int | None) -> KAN:
    """The network, with a warning where its predictions are not the same.

    Args:
        source: what it has to compute.
        cached: inputs ``(N, n)`` that the source has seen, or None.
        grid_size: intervals of every grid; as few as ``TOLERANCE`` asks for if None.
    """
    x = _inputs(source, cached)
    nodes = source.nodes(x)
    defined = np.isfinite(np.concatenate(nodes, 1)).all(1)
    nodes = [values[defined] for values in nodes]
    grids = _grids(source, nodes)
    size = grid_size or grids[0].count
    while True:
        model = _built(source, grids, size)
        gap = _gap(model, nodes[0], nodes[-1])
        if grid_size or gap <= TOLERANCE or 2 * size > _finest(source):
            break
        size *= 2
    if gap > TOLERANCE:
        warnings.warn(
            f"predictions differ from those of the source by up to {gap:.1g} of their range, on grids "
            f"of {size} intervals"
            + (": a larger grid_size brings them closer" if grid_size else ""),
            stacklevel=3,
        )
    return model


def _inputs(source: Source, cached: np.ndarray | None) -> np.ndarray:
    """Some rows that the source has seen, and random ones between their ends and those of its grids."""
    first = source.layers[0]
    inner = np.stack([first.inner(node) for node in range(len(first.knots))], 1)
    seen = inner[[0, -1]] if cached is None else cached[:: len(cached) // _ROWS + 1]
    both = np.concatenate((seen, inner[[0, -1]]))
    low, high = both.min(0), both.max(0)
    drawn = np.random.default_rng(0).uniform(size=(_ROWS, len(low)))
    return np.concatenate((seen, low + (high - low) * drawn))


@dataclass(frozen=True)
class _Grids:
    """Ends of the grids of a layer, ``(n,)`` each, and of how many intervals uniform ones are."""

    low: np.ndarray
    high: np.ndarray
    count: int


def _grids(source: Source, nodes: list[np.ndarray]) -> list[_Grids]:
    """Grids of all layers: uniform ones keep their knots, and get so many that all have as many."""
    ends = [
        np.array([_ends(layer, node, values[:, node]) for node in range(values.shape[1])])
        for layer, values in zip(source.layers, nodes, strict=False)
    ]
    low, high, step = np.concatenate(ends).T
    uniform = np.isfinite(step)
    reach = np.rint((high - low)[uniform] / step[uniform])
    count = int(max([layer.grid_size for layer in source.layers] + reach.tolist()))
    return [
        _Grids(low, np.where(np.isfinite(step), low + count * step, high), count)
        for low, high, step in (table.T for table in ends)
    ]


def _ends(layer: Layer, node: int, values: np.ndarray) -> tuple[float, float, float]:
    """Ends of the grid of a node, and the distance of its knots; infinite where they are not uniform."""
    knots, inner = layer.knots[node], layer.inner(node)
    low, high = min(inner[0], *values), max(inner[-1], *values)
    step = (inner[-1] - inner[0]) / layer.grid_size
    if step == 0 or not layer.living[:, node].any():
        return (low, high, np.inf) if low < high else (low - 1, high + 1, np.inf)
    low, high = max(low, knots[0]), min(high, knots[-1])
    lattice = inner[0] + step * np.arange(-layer.degree, layer.grid_size + layer.degree + 1)
    rounding = 8 * np.finfo(np.float32).eps * np.abs(knots).max()
    if np.abs(knots - lattice).max() > rounding:
        return low, high, np.inf
    before = np.ceil((inner[0] - low - rounding) / step)
    after = np.ceil((high - inner[-1] - rounding) / step)
    return inner[0] - before * step, inner[-1] + after * step, step


def _finest(source: Source) -> int:
    edges = sum(layer.living.size for layer in source.layers)
    return min(_FINEST, _MOST_COEFFICIENTS // edges)


def _gap(model: KAN, x: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of a prediction, of the range of that output."""
    if not len(x):
        return 0.0
    with torch.no_grad():
        found = model(torch.from_numpy(x)).numpy()
    extent = np.ptp(expected, axis=0)
    size = np.where(extent > 0, extent, np.maximum(np.abs(expected).max(0), np.finfo(float).tiny))
    return float((np.abs(found - expected) / size).max())


def _built(source: Source, grids: list[_Grids], size: int) -> KAN:
    model = KAN.from_config(replace(source.config, grid_size=size))
    shift = np.zeros(source.config.nodes(0))
    with torch.no_grad():
        for level, (layer, grid) in enumerate(zip(source.layers, grids, strict=True)):
            last = level == source.config.depth - 1
            scale, constant, after = _folded(source, level)
            _fill_(model.layer(level), source, layer, grid, scale, shift)
            if not last:
                _add_(model.layer(level), constant)
            shift = after
        sums = source.config.sums(source.config.depth)
        shift[:sums] += constant[:sums]
        _add_(model.layer(level), np.where(np.arange(len(constant)) < sums, 0, constant))
        model.output_shift.copy_(torch.from_numpy(shift))
    return model


def _folded(source: Source, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors and constants of the sub-nodes ``(o,)``, and what is left to add to the nodes.

    A factor of a node is one of its first sub-node. What is added to a sum is a constant of its sub-node;
    what is added to a product can only be added afterwards.
    """
    layer, config = source.layers[level], source.config
    scale, constant, after = layer.scale.copy(), layer.shift.copy(), layer.node_shift.copy()
    for node in range(config.nodes(level + 1)):
        first = config.parents(level + 1, node)[0]
        scale[first] *= layer.node_scale[node]
        constant[first] *= layer.node_scale[node]
        if node < config.sums(level + 1):
            constant[first] += after[node]
            after[node] = 0
    return scale, constant, after


def _fill_(
    new: KANLayer, source: Source, layer: Layer, grid: _Grids, scale: np.ndarray, shift: np.ndarray
) -> None:
    """The edges of a layer, whose nodes lack ``shift``: numbers are changed in place."""
    splines = new.grid_size + new.degree
    new.coefficients.zero_()
    low, high = grid.low - shift, grid.high - shift
    for node in range(new.in_features):
        points = low[node] + (high[node] - low[node]) * np.linspace(0, 1, 4 * splines)
        values = layer.splines(node, points + shift[node])
        if shift[node]:  # no base of ours says w·b(x + shift)
            values += np.outer(based(source.config.base, points + shift[node]), layer.base[:, node])
        for target in range(new.out_features):
            if (target, node) in layer.functions and layer.living[target, node]:
                values[:, target] += layer.function((target, node), points + shift[node])
        fitted = _fitted(values * scale, new.degree, new.grid_size)
        new.coefficients[:, node, :splines] = torch.from_numpy(fitted.T)
        if new.base is not None and not shift[node]:
            new.coefficients[:, node, -1] = torch.from_numpy(scale * layer.base[:, node])
    new.grid_range.copy_(torch.from_numpy(np.stack((low, high), 1)))
    mask = layer.living.astype(float)
    for (target, node), name in layer.functions.items():
        if not layer.living[target, node]:
            a, b, c, d = layer.affine[target, node]
            affine = (a, b + a * shift[node], scale[target] * c, scale[target] * d)
            new.affine[target, node] = new.affine.new_tensor(affine)
            new.fixed[target, node] = name
            mask[target, node] = 1
    new.mask.copy_(torch.from_numpy(mask))
    new.coefficients.mul_((new.mask * _free(new)).unsqueeze(-1))


def _free(layer: KANLayer) -> torch.Tensor:
    free = torch.ones_like(layer.mask)
    for edge in layer.fixed:
        free[edge] = 0
    return free


def _add_(layer: KANLayer, constant: np.ndarray) -> None:
    """Add a constant to every sub-node, by one of its edges: a dead one where none lives."""
    for target, value in enumerate(constant):
        if value == 0:
            continue
        alive = layer.mask[target].nonzero().flatten().tolist()
        source = alive[0] if alive else 0
        layer.mask[target, source] = 1
        if (target, source) in layer.fixed:
            layer.affine[target, source, 3] += value
        else:
            layer.coefficients[target, source] += value * layer.constant


def _fitted(values: np.ndarray, degree: int, size: int) -> np.ndarray:
    """Coefficients ``(size + degree, o)`` of least squares, for values at equidistant points of a grid."""
    points = np.linspace(0, size, len(values))
    knots = np.arange(-degree, size + degree + 1.0)
    return np.asarray(make_lsq_spline(points, values, knots, degree).c)
