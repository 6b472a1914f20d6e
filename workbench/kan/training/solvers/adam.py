"""AdamW with mini-batches, for data or networks too large for second-order training."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.checks import not_negative, whole
from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import Rows
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.solvers.autograd import model_tensors, regrid_, restore_, total_loss

Watch = Callable[[KAN, float, Callable[[], dict[str, Tensor]]], bool]
"""Called after every step with the model, its batch loss and what captures the state."""

_SEED_STRIDE = 1_000_003


@dataclass(frozen=True)
class Adam:
    """Options of the method, for ``fit(..., solver=Adam(batch_size=256))``.

    Attributes:
        learning_rate: of the first step; it falls to zero along a cosine.
        weight_decay: decoupled, 0 makes it Adam (Loshchilov & Hutter 2019).
        batch_size: rows per step.

    Raises:
        InputError: a number cannot be used.
    """

    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    batch_size: int = 1024

    def __post_init__(self) -> None:
        if not_negative("learning_rate", self.learning_rate) == 0:
            raise InputError(f"learning_rate must be above 0, got {self.learning_rate}")
        not_negative("weight_decay", self.weight_decay)
        whole("batch_size", self.batch_size)


def minimize(
    model: KAN,
    rows: Rows,
    loss: Loss,
    *,
    steps: int,
    options: Adam | None = None,
    penalty: Penalty | None = None,
    seed: int = 0,
    regrid_every: int = 50,
    state: Mapping[str, Tensor] | None = None,
    watch: Watch | None = None,
) -> KAN:
    """Run ``steps`` mini-batch steps with a cosine schedule; the given model is left untouched.

    Args:
        model: the network to start from.
        rows: what it is fitted to, targets standardized.
        loss: see ``workbench.kan.losses``. penalty: see ``total_loss``.
        steps: optimizer steps. options: see ``Adam``.
        seed: seed of the batches; each step draws from a generator of its own.
        regrid_every: hidden grids follow the data this often during the first half.
        state: captured by ``watch``; goes on from there.
        watch: see ``Watch``; True stops.
    """
    model = model.copy()
    penalty = penalty or Penalty()
    options = options or Adam()
    rate = options.learning_rate
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=options.weight_decay)
    begin = _resume_(model, optimizer, state) if state else 0
    generator = torch.Generator()
    for step in range(begin, steps):
        if step % regrid_every == 0 and step < steps // 2:
            regrid_(model, rows.x)
        generator.manual_seed(seed * _SEED_STRIDE + step)
        size = min(options.batch_size, len(rows))
        batch = rows[torch.randint(len(rows), (size,), generator=generator).to(rows.x.device)]
        optimizer.param_groups[0]["lr"] = 0.5 * rate * (1 + math.cos(math.pi * step / steps))
        optimizer.zero_grad()
        value, total = total_loss(model, batch, loss, penalty)
        total.backward()
        optimizer.step()
        if watch is not None and watch(
            model, float(value.detach()), partial(_capture, model, optimizer, step + 1)
        ):
            break
    return model


def _capture(model: KAN, optimizer: torch.optim.Optimizer, step: int) -> dict[str, Tensor]:
    tensors = model_tensors(model) | {"step": torch.tensor(step)}
    for number, moments in optimizer.state_dict()["state"].items():
        for name in ("exp_avg", "exp_avg_sq"):
            tensors[f"{name}.{number}"] = moments[name].clone()
    return tensors


def _resume_(model: KAN, optimizer: torch.optim.Optimizer, state: Mapping[str, Tensor]) -> int:
    restore_(model, state)
    step = int(state["step"])
    for number, parameter in enumerate(model.parameters()):
        if f"exp_avg.{number}" in state:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                "exp_avg": state[f"exp_avg.{number}"].clone(),
                "exp_avg_sq": state[f"exp_avg_sq.{number}"].clone(),
            }
    return step
