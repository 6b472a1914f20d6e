r"""Moving the grids of a network to its samples.

A spline can be written on another grid without a change only if its breakpoints stay breakpoints. The
knots of a grid of ``G`` intervals of width ``h`` form a lattice; a new grid that covers ``s`` of the old
intervals with its ``G``, where ``s`` divides ``G``, has every old knot in its range among its own. So the
grid moves onto the least such stretch of the lattice that holds the samples, and the function on them
stays what it was to rounding, while its knots lie up to ``G`` times closer. Polynomials (the Chebyshev
family) can be written on any range.

Where samples lie outside the old grid there is no exact way: at its end a curve goes on as a straight line
with a jump in its second derivative, which a smooth spline cannot have inside its range. There, and for
the other families, the new curves are least-squares fits, and the change is reported.
"""

from typing import Any

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.bases import BSplines
from workbench.kan.checks import numbers
from workbench.kan.ensemble import Ensemble, padded_range
from workbench.kan.layer import Activations
from workbench.kan.model import KAN


def update_grid_(model: KAN, x: Any, *, exact: bool = True) -> float:
    """Move every grid, in place, to the values that the samples ``x (N, d)`` give its node.

    Args:
        model: changed in place; grids of nodes that feed a locked spline stay.
        x: samples, a tensor or an array.
        exact: keep the function on the samples: splines move onto a stretch of their own knots, so a
            grid gets as narrow as the divisors of ``grid_size`` allow, and to rounding (1e-10 of the
            curves' size in float64) nothing changes unless samples lie outside the old grid. False gives
            every grid the range of its samples plus 2 %, by least squares, which changes the function a
            little.

    Returns:
        The largest change of a prediction on the samples, in the target's units.

    Raises:
        InputError: ``x`` has another number of columns, no rows, or values that are not finite.
    """
    x = x if isinstance(x, Tensor) else torch.from_numpy(numbers(x))
    x = x.to(model.output_scale)
    if x.ndim != 2 or x.shape[1] != model.in_features or not len(x):
        raise InputError(
            f"samples must have shape (rows, {model.in_features}) with at least one row, "
            f"got {tuple(x.shape)}"
        )
    if not bool(x.isfinite().all()):
        raise InputError("samples must be finite: remove the rows with missing or infinite values")
    with torch.no_grad():
        before = model(x)
        stack = Ensemble.of([model])
        for level in range(model.config.depth):
            values = stack.nodes(x)[level]
            stack = stack.with_range(level, _range(stack.layers[level], values, exact))
        for level, moved in enumerate(stack.layers):
            model.layer(level).coefficients.copy_(moved.coefficients[0])
            model.layer(level).grid_range.copy_(moved.grid_range[0])
        return float((model(x) - before).abs().max())


def _range(layer: Activations, values: Tensor, exact: bool) -> Tensor:
    """New ends of the grids ``(S, n, 2)`` for node values ``(S, N, n)``."""
    tight = torch.stack(padded_range(values), -1)
    if not exact or layer.family not in (BSplines.name, "chebyshev"):
        return tight
    low, high = layer.grid_range.unbind(-1)
    least, most = values.amin(1), values.amax(1)
    if layer.family == "chebyshev":
        clamped = tight.clamp(min=low.unsqueeze(-1), max=high.unsqueeze(-1))
        inside = (least >= low) & (most <= high)
        return torch.where(inside.unsqueeze(-1), clamped, tight)
    return torch.where(
        ((least >= low) & (most <= high)).unsqueeze(-1),
        _snapped(layer, least, most),
        torch.stack((torch.minimum(low, tight[..., 0]), torch.maximum(high, tight[..., 1])), -1),
    )


def _snapped(layer: Activations, least: Tensor, most: Tensor) -> Tensor:
    """The shortest stretch of old intervals around ``[least, most]`` whose number divides ``G``."""
    size = layer.grid_size
    low, high = layer.grid_range.unbind(-1)
    step = (high - low) / size
    first = ((least - low) / step).floor().clamp(0, size - 1)
    last = ((most - low) / step).ceil().clamp(1, size)
    last = torch.maximum(last, first + 1)
    divisors = torch.tensor([s for s in range(1, size + 1) if size % s == 0]).to(low)
    fits = divisors >= (last - first).unsqueeze(-1)
    span = torch.where(fits, divisors, float(size)).amin(-1)
    start = torch.minimum(first, size - span)
    return torch.stack((low + start * step, low + (start + span) * step), -1)
