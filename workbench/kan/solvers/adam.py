"""Adam with mini-batches, for data or networks too large for second-order training."""

from collections.abc import Callable

import torch
from torch import Tensor

from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.regularization import Penalty


def minimize(
    model: KAN,
    x: Tensor,
    y: Tensor,
    loss: Loss,
    *,
    steps: int,
    learning_rate: float = 1e-2,
    batch_size: int = 1024,
    penalty: Penalty | None = None,
    seed: int = 0,
    regrid_every: int = 50,
    watch: Callable[[KAN, float], bool] | None = None,
) -> KAN:
    """Run ``steps`` mini-batch steps with a cosine schedule; the given model is left untouched.

    Args:
        model: the network to start from.
        x, y: inputs and (standardized) targets.
        loss: see ``workbench.kan.losses``.
        steps: optimizer steps.
        learning_rate: of the first step; it falls to zero along a cosine.
        batch_size: rows per step.
        penalty: l1 and entropy act on the mean absolute values of edges (KAN paper, eq. 2.17).
        seed: seed of the batches.
        regrid_every: hidden grids follow the data this often during the first half.
        watch: called with the model and the batch loss after every step; True stops.
    """
    model = model.copy()
    penalty = penalty or Penalty()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    for step in range(steps):
        if step % regrid_every == 0 and step < steps // 2:
            _regrid_in_place(model, x)
        rows = torch.randint(len(x), (min(batch_size, len(x)),), generator=generator).to(x.device)
        optimizer.zero_grad()
        outputs = _internal(model, x[rows])
        value = loss.value(outputs.unsqueeze(0), y[rows]).sum()
        (value + _penalty(model, x[rows], penalty)).backward()
        optimizer.step()
        schedule.step()
        if watch is not None and watch(model, float(value.detach())):
            break
    return model


def _internal(model: KAN, x: Tensor) -> Tensor:
    return (model(x) - model.output_shift) / model.output_scale


def _regrid_in_place(model: KAN, x: Tensor) -> None:
    moved = Ensemble.of([model]).regrid(x).layers
    with torch.no_grad():
        for level, stack in enumerate(moved):
            model.layer(level).coefficients.copy_(stack.coefficients[0])
            model.layer(level).grid_range.copy_(stack.grid_range[0])


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
            second = layer.coefficients.diff(n=2, dim=-1).square().sum()
            scale = layer.grid_size**4 / layer.coefficients.shape[-1]
            total = total + 0.5 * penalty.smoothness * scale * second
        if penalty.ridge:
            total = total + 0.5 * penalty.ridge * layer.coefficients.square().sum()
    return total
