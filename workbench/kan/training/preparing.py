"""The network before training: input grids that span the data, outputs in the targets' units."""

from typing import Any

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.checks import numbers
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble, padded_range
from workbench.kan.layer import KANLayer
from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import target_scale

INPUT_MARGIN = 0.01


def prepared(model: KAN, data: Dataset, loss: Loss, spans: Tensor | None = None) -> KAN:
    """A copy whose input grids span the data, or ``spans (d, 2)``, with outputs in the target's units."""
    model = model.copy()
    first = model.layer(0)
    if spans is None:
        low, high = padded_range(data.inputs.to(first.mask).unsqueeze(0), INPUT_MARGIN)
    else:
        low, high = spans.to(first.mask).unsqueeze(0).unbind(-1)
    with torch.no_grad():
        stack = Ensemble.of([model])
        moved = stack.with_range(0, torch.stack((low, high), -1))
        first.coefficients.copy_(moved.layers[0].coefficients[0])
        first.grid_range.copy_(moved.layers[0].grid_range[0])
        if data.task == "regression":
            scale, shift = (found.to(first.mask) for found in target_scale(data, loss))
            last = model.layer(model.config.depth - 1)
            _rescale_last(model, last, scale, shift)
    return model


def spans_of(domain: Any, data: Dataset) -> Tensor:
    """Intervals ``(d, 2)`` of the inputs, from one of each or one for all.

    Raises:
        InputError: they are none, or rows of the table lie outside.
    """
    given = torch.as_tensor(numbers(domain))
    count = len(data.names)
    if given.shape not in ((2,), (count, 2)):
        raise InputError(
            f"domain must be a pair (low, high) or one for each of {count} inputs, got shape "
            f"{tuple(given.shape)}"
        )
    spans = given.expand(count, 2)
    low, high = spans.unbind(-1)
    if not bool((spans.isfinite().all(1) & (low < high)).all()):
        raise InputError(f"a domain's low must be below its high, both finite, got {domain}")
    outside = ((data.inputs < low) | (data.inputs > high)).any(0)
    if bool(outside.any()):
        name = data.names[int(outside.int().argmax())]
        raise InputError(
            f"rows of {name!r} lie outside the domain: make it wider, or leave them out"
        )
    return spans


def _rescale_last(model: KAN, last: KANLayer, scale: Tensor, shift: Tensor) -> None:
    """Give the outputs a new scale and shift and keep the function, where the last nodes are sums."""
    config = model.config
    if config.products(config.depth) == 0:
        factor = model.output_scale / scale
        living = last.mask != 0
        takers = living & ~last.locked
        takers = torch.where(takers.any(1, keepdim=True), takers, living)
        share = takers / takers.sum(1, keepdim=True).clamp(min=1)
        offset = ((model.output_shift - shift) / scale)[:, None] * share
        last.coefficients.mul_(factor[:, None, None]).add_(offset[..., None] * last.constant)
        last.affine[..., 2:].mul_(factor[:, None, None])
        last.affine[..., 3].add_(offset)
    model.output_scale.copy_(scale)
    model.output_shift.copy_(shift)
