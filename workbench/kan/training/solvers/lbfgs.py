"""L-BFGS on all rows, for networks with too many parameters for a matrix of their own.

torch's own implementation with its strong-Wolfe line search; one step here is one of its iterations.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from workbench.kan.losses import Loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import Rows
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.solvers.autograd import model_tensors, restore_, total_loss

Watch = Callable[[KAN, float, Callable[[], dict[str, Tensor]]], bool]
"""Called after every step with the model, its loss and what captures the state; True stops."""

_MEMORY, _EVALUATIONS = 20, 25
_SCALE = 1e10
"""torch forgets curvature below 1e-10; a law is wanted far below that."""

_LISTS = ("old_dirs", "old_stps", "ro")
_TENSORS = ("d", "H_diag", "prev_flat_grad")
_NUMBERS = ("func_evals", "n_iter", "t", "prev_loss")


def minimize(
    model: KAN,
    rows: Rows,
    loss: Loss,
    *,
    steps: int,
    penalty: Penalty | None = None,
    tolerance: float = 1e-12,
    state: Mapping[str, Tensor] | None = None,
    watch: Watch | None = None,
) -> KAN:
    """Run at most ``steps`` iterations; the given model is left untouched.

    Args:
        model: the network to start from.
        rows: what it is fitted to, targets standardized.
        loss: see ``workbench.kan.losses``. penalty: see ``total_loss``.
        steps: iterations; each may evaluate the loss several times.
        tolerance: ends when the relative decrease falls below this for three steps in a row.
        state: captured by ``watch``; goes on from there.
        watch: see ``Watch``.
    """
    model = model.copy()
    penalty = penalty or Penalty()
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=1.0, max_iter=1, history_size=_MEMORY, line_search_fn="strong_wolfe",
        max_eval=_EVALUATIONS, tolerance_grad=0.0, tolerance_change=0.0,
    )  # fmt: skip
    begin, still, before = 0, 0, torch.inf
    if state:
        restore_(model, state)
        begin, still, before = int(state["step"]), int(state["still"]), float(state["before"])
        _restore_memory_(optimizer, state)
    plain = 0.0

    def closure() -> float:
        nonlocal plain
        optimizer.zero_grad()
        value, total = total_loss(model, rows, loss, penalty)
        (_SCALE * total).backward()
        plain = float(value.detach())
        return _SCALE * float(total.detach())

    for step in range(begin, steps):
        good = model_tensors(model)
        optimizer.step(closure)
        after = closure()
        if not torch.tensor(after).isfinite():
            restore_(model, good)
            break
        still = still + 1 if before - after <= tolerance * abs(before) else 0
        before = after
        kept = {"step": step + 1, "still": still, "before": before}
        if watch is not None and watch(model, plain, partial(_capture, model, optimizer, kept)):
            break
        if still == 3:
            break
    return model


def _capture(
    model: KAN, optimizer: torch.optim.LBFGS, numbers: Mapping[str, float]
) -> dict[str, Tensor]:
    tensors = model_tensors(model)
    tensors |= {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
    memory = _memory(optimizer)
    for name in _LISTS:
        if memory.get(name):
            tensors[f"lbfgs.{name}"] = torch.stack([torch.as_tensor(v) for v in memory[name]])
    for name in _TENSORS:
        if memory.get(name) is not None:
            tensors[f"lbfgs.{name}"] = torch.as_tensor(memory[name]).clone()
    for name in _NUMBERS:
        if memory.get(name) is not None:
            tensors[f"lbfgs.{name}"] = torch.tensor(float(memory[name]), dtype=torch.float64)
    return tensors


def _restore_memory_(optimizer: torch.optim.LBFGS, state: Mapping[str, Tensor]) -> None:
    memory = _memory(optimizer)
    for name in _LISTS:
        kept = state.get(f"lbfgs.{name}")
        memory[name] = [] if kept is None else list(kept.clone().unbind(0))
    for name in _TENSORS:
        if f"lbfgs.{name}" in state:
            memory[name] = state[f"lbfgs.{name}"].clone()
    for name in _NUMBERS:
        if f"lbfgs.{name}" in state:
            number = float(state[f"lbfgs.{name}"])
            memory[name] = int(number) if name in ("func_evals", "n_iter") else number


def _memory(optimizer: torch.optim.LBFGS) -> Any:
    """Torch keeps everything under the first parameter."""
    return optimizer.state[optimizer.param_groups[0]["params"][0]]
