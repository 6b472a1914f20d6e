"""Loss functions with the Gauss–Newton pieces that second-order training needs."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Loss(Protocol):
    """What a solver asks of a loss; outputs are ``(S, n, m)``, the mean is over the ``n`` rows."""

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of each of the ``S`` networks, ``(S,)``."""
        ...

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Slope by the outputs ``(S, n, m)`` and rows ``A (S, n, m, P)`` with ``H = AᵀA``."""
        ...


class SquaredError:
    r"""Half the mean squared error, :math:`F = \frac{1}{2nm} \sum r^2`, ``H = JᵀJ / nm``."""

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return 0.5 * (outputs - targets).square().mean((1, 2))

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor
    ) -> tuple[Tensor, Tensor]:
        count = outputs.shape[1] * outputs.shape[2]
        return (outputs - targets) / count, derivative / count**0.5


class CrossEntropy:
    r"""Cross-entropy of logits against integer classes ``(n,)``; one column means two classes.

    The generalized Gauss–Newton matrix is :math:`J^T(\mathrm{diag}\,p - pp^T)J / n`, with rows
    :math:`\sqrt{p_c}(J_c - \sum_k p_k J_k)` (Schraudolph 2002, *Neural Computation* 14).
    """

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.shape[2] == 1:
            logits = outputs.squeeze(2)
            signs = (2 * targets - 1).to(logits.dtype)
            return functional.softplus(-signs * logits).mean(1)
        chosen = targets.expand(len(outputs), -1).unsqueeze(-1)
        return -torch.log_softmax(outputs, -1).gather(2, chosen).mean((1, 2))

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor
    ) -> tuple[Tensor, Tensor]:
        rows = outputs.shape[1]
        if outputs.shape[2] == 1:
            p = outputs.sigmoid()
            slope = (p - targets.to(p.dtype).unsqueeze(-1)) / rows
            return slope, (p * (1 - p) / rows).sqrt().unsqueeze(-1) * derivative
        p = outputs.softmax(-1)
        hot = functional.one_hot(targets, outputs.shape[2]).to(p.dtype)
        mean = torch.einsum("snm,snmp->snp", p, derivative).unsqueeze(2)
        return (p - hot) / rows, (p / rows).sqrt().unsqueeze(-1) * (derivative - mean)
