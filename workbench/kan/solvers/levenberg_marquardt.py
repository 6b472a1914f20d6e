r"""Levenberg–Marquardt for a stack of networks.

Each network solves :math:`(H + R + \lambda \bar h I)\,\delta = -(g + R p)` with its own damping,
updated by Nielsen's rule (Madsen, Nielsen, Tingleff, *Methods for Non-Linear Least Squares
Problems*, 2004); an accepted network never waits for a rejected one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.kan.ensemble import Ensemble
from workbench.kan.linearize import Columns, loss_value, normal_equations
from workbench.kan.losses import Loss
from workbench.kan.regularization import Penalty

FROM_RANDOM, FROM_REFINED = 1e-2, 1e-4
"""Damping to begin with: after a random start, after a refinement."""

_DAMPING_LIMIT = 1e7
_RELATIVE_FLOOR = 1e-15


@dataclass(frozen=True)
class Minimized:
    """The stack after minimization and the loss of each network, penalty excluded."""

    ensemble: Ensemble
    losses: Tensor


def minimize(
    ensemble: Ensemble,
    x: Tensor,
    y: Tensor,
    loss: Loss,
    *,
    steps: int,
    damping: float = FROM_RANDOM,
    penalty: Penalty | None = None,
    tolerance: float = 1e-13,
    watch: Callable[[Ensemble, Tensor], bool] | None = None,
) -> Minimized:
    """Run at most ``steps`` iterations on rows ``x (N, d)``.

    Args:
        ensemble: the networks to start from; left untouched.
        x, y: inputs and (standardized) targets.
        loss: see ``workbench.kan.losses``.
        steps: iterations, rejected ones included.
        damping: initial damping, relative to the mean of the diagonal.
        penalty: see ``Penalty``.
        tolerance: a network rests when its relative decrease falls below this.
        watch: called with the current stack and losses after every iteration; True stops.
    """
    penalty = penalty or Penalty()
    columns = Columns.of(ensemble)
    parameters = columns.pack(ensemble)
    constant = penalty.quadratic(columns, ensemble.layers[0].grid_size, x)
    eye = torch.eye(columns.count, dtype=x.dtype, device=x.device)
    strength = x.new_full((len(ensemble),), damping)
    growth = torch.full_like(strength, 2.0)
    resting = torch.zeros_like(strength, dtype=torch.bool)
    stale = True
    value, matrix, gradient = normal_equations(ensemble, x, y, loss, columns)
    quadratic = constant
    for _ in range(steps):
        if stale and penalty.sparse:
            sparse = penalty.majorizer(ensemble, x, columns, matrix, parameters)
            quadratic = sparse if constant is None else sparse + constant
        full, slope, total = matrix, gradient, value
        if quadratic is not None:
            full = matrix + quadratic
            pull = _apply(quadratic, parameters)
            slope = gradient + pull
            total = value + 0.5 * (parameters * pull).sum(1)
        diagonal = full.diagonal(dim1=1, dim2=2).mean(1)
        shift = (strength + _RELATIVE_FLOOR) * diagonal
        factor, failed = torch.linalg.cholesky_ex(full + shift[:, None, None] * eye)
        step = -torch.cholesky_solve(slope.unsqueeze(-1), factor).squeeze(-1)
        step = torch.where((failed != 0).unsqueeze(1) | ~step.isfinite(), 0.0, step)
        candidate = columns.unpack(ensemble, parameters + step)
        new_value = loss_value(candidate, x, y, loss)
        new_total = new_value
        if quadratic is not None:
            moved = parameters + step
            new_total = new_value + 0.5 * (moved * _apply(quadratic, moved)).sum(1)
        expected = 0.5 * (step * (shift.unsqueeze(1) * step - slope)).sum(1)
        better = (new_total < total) & ~resting
        ratio = (total - new_total) / expected.clamp(min=1e-300)
        easier = strength * (1 - (2 * ratio - 1) ** 3).clamp(min=0.1)
        strength = torch.where(better, easier, strength * growth)
        growth = torch.where(better, 2.0, growth * 2)
        resting |= (strength > _DAMPING_LIMIT) | (
            better & (total - new_total <= tolerance * total.abs())
        )
        stale = bool(better.any())
        if stale:
            parameters = torch.where(better.unsqueeze(1), parameters + step, parameters)
            ensemble = columns.unpack(ensemble, parameters)
        if watch is not None and watch(ensemble, torch.where(better, new_value, value)):
            break
        if bool(resting.all()):
            break
        if stale:
            value, matrix, gradient = normal_equations(ensemble, x, y, loss, columns)
    return Minimized(ensemble, loss_value(ensemble, x, y, loss))


def _apply(quadratic: Tensor, parameters: Tensor) -> Tensor:
    """``R p`` for one shared matrix ``(P, P)`` or one per network ``(S, P, P)``."""
    return (quadratic @ parameters.unsqueeze(-1)).squeeze(-1)
