"""Locking an edge to a function, and freeing it again; both return a new model."""

import math

import torch

from workbench.errors import InputError
from workbench.kan.functions import lookup
from workbench.kan.layer import AFFINE_IDENTITY
from workbench.kan.model import KAN, Edge


def fix(model: KAN, edge: Edge, name: str, affine: tuple[float, float, float, float]) -> KAN:
    """Lock ``edge`` to c·f(a·x + b) + d with ``affine = (a, b, c, d)``; still trainable in these.

    Raises:
        InputError: there is no such edge, or it is pruned; there is no function of that name; ``affine``
            is not four finite numbers.
    """
    lookup(name)
    if len(affine) != 4 or not all(map(math.isfinite, affine)):
        raise InputError(f"affine must be four finite numbers a, b, c, d, got {affine!r}")
    fixed = model.copy()
    layer = fixed.layer_of(edge)
    layer.fixed[(edge.target, edge.source)] = name
    with torch.no_grad():
        layer.affine[edge.target, edge.source] = layer.affine.new_tensor(affine)
    return fixed


def unfix(model: KAN, edge: Edge) -> KAN:
    """Turn a fixed edge back into a spline of the same shape on the edge's grid.

    Raises:
        InputError: there is no such edge, it is pruned or not fixed.
    """
    freed = model.copy()
    layer = freed.layer_of(edge)
    if (edge.target, edge.source) not in layer.fixed:
        raise InputError(f"{edge} is not fixed")
    low, high = layer.grid_range[edge.source]
    points = torch.linspace(0, 1, 8 * layer.coefficients.shape[-1]).to(low) * (high - low) + low
    values = model.activation(edge, points)
    del layer.fixed[(edge.target, edge.source)]
    with torch.no_grad():
        everywhere = points.unsqueeze(-1).expand(-1, layer.in_features).unsqueeze(0)
        design = layer.activations().basis(everywhere)[0, :, edge.source]
        solution = torch.linalg.pinv(design) @ values
        layer.coefficients[edge.target, edge.source] = solution
        layer.affine[edge.target, edge.source] = layer.affine.new_tensor(AFFINE_IDENTITY)
    return freed
