"""What the first-order and quasi-Newton methods share: the loss of one network by autograd."""

from collections.abc import Mapping

import torch
from torch import Tensor

from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import Rows
from workbench.kan.training.regularization import Penalty


def total_loss(model: KAN, rows: Rows, loss: Loss, penalty: Penalty) -> tuple[Tensor, Tensor]:
    """Mean loss of a network in standardized units, and the same with its penalties.

    l1 and entropy act on the mean absolute values of edges (KAN paper, eqs. 2.17 to 2.19).
    """
    outputs = (model(rows.x) - model.output_shift) / model.output_scale
    value = loss.value(outputs.unsqueeze(0), rows.y, rows.weights).sum()
    return value, value + _penalty(model, rows.x, penalty)


def _penalty(model: KAN, x: Tensor, penalty: Penalty) -> Tensor:
    total = x.new_zeros(())
    nodes = model.trace_nodes(x) if penalty.sparse else ()
    for level, layer in enumerate(model.activations()):
        if penalty.sparse:
            size = layer.postacts(nodes[level].unsqueeze(0)).abs().mean(1)
            share = size / size.sum().clamp(min=1e-12)
            entropy = -(share * share.clamp(min=1e-12).log()).sum()
            total = total + penalty.l1 * size.sum() + penalty.entropy * entropy
        if penalty.smoothness:
            c = layer.coefficients
            bent = (c @ layer.roughness(2) * c).sum()
            total = total + 0.5 * penalty.smoothness * bent
        if penalty.ridge:
            total = total + 0.5 * penalty.ridge * layer.coefficients.square().sum()
    return total


def regrid_(model: KAN, x: Tensor) -> None:
    """Move the hidden grids of a model, in place, to the values that ``x`` gives them."""
    moved = Ensemble.of([model]).regrid(x).layers
    with torch.no_grad():
        for level, stack in enumerate(moved):
            model.layer(level).coefficients.copy_(stack.coefficients[0])
            model.layer(level).grid_range.copy_(stack.grid_range[0])


def model_tensors(model: KAN) -> dict[str, Tensor]:
    """The numbers of a model under names that a training state can hold."""
    return {f"model.{name}": tensor.clone() for name, tensor in model.state_dict().items()}


def restore_(model: KAN, tensors: Mapping[str, Tensor]) -> None:
    """Put the numbers of ``model_tensors`` back."""
    prefix = "model."
    own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
    model.load_state_dict(own)
