"""The network before training: input grids that span the data, outputs in the targets' units."""

import torch
from torch import Tensor

from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble, padded_range
from workbench.kan.layer import KANLayer
from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import target_scale

INPUT_MARGIN = 0.01


def prepared(model: KAN, data: Dataset, loss: Loss) -> KAN:
    """A copy whose input grids span the data and whose outputs are in the target's units."""
    model = model.copy()
    first = model.layer(0)
    low, high = padded_range(data.inputs.to(first.mask).unsqueeze(0), INPUT_MARGIN)
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
