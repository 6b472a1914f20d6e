"""Edges edited by hand: bent by their coefficients, and brought back after pruning.

Both return a new model.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.bases import BSplines
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN, Edge


def reshape(model: KAN, edge: Edge, coefficients: Sequence[float]) -> KAN:
    """Give the curve of ``edge`` other coefficients.

    Args:
        model: left untouched.
        edge: living, and not fixed to a function.
        coefficients: ``grid_size + degree`` numbers, with a base one more: ``scale_base``.

    Raises:
        InputError: there is no such edge, it is pruned or fixed; ``coefficients`` is not as many finite
            numbers as the edge has.
    """
    changed = model.copy()
    layer = changed.layer_of(edge)
    name = layer.fixed.get((edge.target, edge.source))
    if name is not None:
        raise InputError(f"{edge} is fixed to {name}, only a curve can be bent: unfix it first")
    count = layer.coefficients.shape[-1]
    if len(coefficients) != count or not all(map(math.isfinite, coefficients)):
        raise InputError(f"{edge} needs {count} finite coefficients, got {tuple(coefficients)!r}")
    with torch.no_grad():
        values = layer.coefficients.new_tensor(list(coefficients))
        layer.coefficients[edge.target, edge.source] = values
    return changed


def reopen(model: KAN, edge: Edge) -> KAN:
    """Bring a pruned edge back as a zero curve: the function stays the same, training may bend it.

    Args:
        model: left untouched.
        edge: pruned.

    Raises:
        InputError: there is no such edge, or it is alive.
    """
    changed = model.copy()
    if not 0 <= edge.layer < model.config.depth:
        raise InputError(f"there is no {edge} in a network of width {model.config.width}")
    layer = changed.layer(edge.layer)
    if not (0 <= edge.target < layer.out_features and 0 <= edge.source < layer.in_features):
        raise InputError(f"there is no {edge} in a network of width {model.config.width}")
    place = (edge.target, edge.source)
    if float(layer.mask[place]) != 0:
        raise InputError(f"{edge} is alive: only a pruned edge can be brought back")
    with torch.no_grad():
        layer.coefficients[place] = 0
        layer.mask[place] = 1
        layer.locked[place] = False
    return changed


def greville(layer: KANLayer, source: int) -> Tensor | None:
    r"""Where the coefficients of a spline act: the means of the ``degree`` knots within each.

    With the line through :math:`(\xi_k, c_k)` the spline is a line too, so the coefficients drawn there
    are a polygon that the curve follows (Greville 1964; de Boor, *A Practical Guide to Splines*, ch. XI).

    Args:
        layer: gives the grid. source: node whose edges are meant.

    Returns:
        Abscissae ``(grid_size + degree,)``; None for a family that is no spline.
    """
    if layer.basis != BSplines.name:
        return None
    low, high = layer.grid_range[source]
    step = (high - low) / layer.grid_size
    number = torch.arange(layer.grid_size + layer.degree).to(low)
    return low + (number - (layer.degree - 1) / 2) * step
