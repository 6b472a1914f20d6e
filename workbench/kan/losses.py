"""Loss functions with the Gauss–Newton pieces that second-order training needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from workbench.errors import InputError

LossName = Literal["auto", "squared", "huber", "poisson"]
_NAMES = "loss must be 'auto', 'squared', 'huber' or 'poisson'"


@runtime_checkable
class Loss(Protocol):
    """What a solver asks of a loss; outputs are ``(S, n, m)``, the mean is over the ``n`` rows.

    ``weights (n,)`` count rows; None stands for ones.
    """

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """Mean loss of each of the ``S`` networks, ``(S,)``."""
        ...

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Slope of each row ``(S, n, m)`` and rows ``A (S, n, m, P)`` with ``H = AᵀA / n``."""
        ...


def _weighted(rows: Tensor, weights: Tensor | None) -> Tensor:
    """Mean over rows of a table ``(S, n, m)`` that is summed over ``m``: ``(S,)``."""
    each = rows.sum(2)
    return (each if weights is None else each * weights).mean(1)


def _row_weight(outputs: Tensor, weights: Tensor | None) -> Tensor | float:
    """Weight of every row, ``(n, 1)`` or 1."""
    return 1.0 if weights is None else weights.to(outputs).unsqueeze(1)


def _scaled(derivative: Tensor, factor: Tensor | float) -> Tensor:
    """Rows times the square root of ``factor``; the rows themselves where that changes nothing."""
    if not isinstance(factor, Tensor):
        return derivative if factor == 1 else derivative * math.sqrt(factor)
    return derivative * factor.sqrt().unsqueeze(-1)


class SquaredError:
    r"""Half the mean squared error, :math:`F = \frac{1}{2nm} \sum r^2`, ``H = JᵀJ / nm``."""

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        return 0.5 * _weighted((outputs - targets).square(), weights) / outputs.shape[2]

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        share = _row_weight(outputs, weights) / outputs.shape[2]
        return (outputs - targets) * share, _scaled(derivative, share)


@dataclass(frozen=True)
class Huber:
    r"""Huber's loss: :math:`r^2 / 2` up to ``delta``, a straight line beyond it.

    The Gauss–Newton matrix is that of iteratively reweighted least squares, with weights
    :math:`\min(1, \delta / |r|)`; it lies above the loss (Huber 1981, *Robust Statistics*, ch. 7).
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise InputError(f"delta of the Huber loss must be above 0, got {self.delta}")

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        size = (outputs - targets).abs()
        each = torch.where(
            size <= self.delta, 0.5 * size.square(), self.delta * (size - 0.5 * self.delta)
        )
        return _weighted(each, weights) / outputs.shape[2]

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        residual = outputs - targets
        share = _row_weight(outputs, weights) / outputs.shape[2]
        trust = (self.delta / residual.abs().clamp(min=self.delta)).clamp(max=1.0)
        return residual * trust * share, _scaled(derivative, trust * share)


@dataclass(frozen=True)
class Winsorized:
    r"""Half of :math:`\min(|r|, \delta)^2`: what is left where Huber's loss was minimized.

    Its mean is the scatter from which errors of M-estimates follow (Huber 1981, ch. 7): outliers count
    as ``delta`` each there, so that they do not drown what a better fit gains.
    """

    delta: float

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        each = 0.5 * (outputs - targets).clamp(-self.delta, self.delta).square()
        return _weighted(each, weights) / outputs.shape[2]


class Poisson:
    r"""Poisson deviance of counts whose logarithmic rate is the output.

    :math:`F = \frac1{nm}\sum e^f - y f` up to a constant that makes a perfect fit zero; the link is
    canonical, so the Gauss–Newton matrix :math:`J^T \mathrm{diag}(e^f) J` is the Fisher information.
    """

    _HIGHEST = 50.0

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        perfect = targets - torch.xlogy(targets, targets)
        each = outputs.clamp(max=self._HIGHEST).exp() - targets * outputs - perfect
        return _weighted(each, weights) / outputs.shape[2]

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        rate = outputs.clamp(max=self._HIGHEST).exp()
        share = _row_weight(outputs, weights) / outputs.shape[2]
        return (rate - targets) * share, _scaled(derivative, rate * share)


class CrossEntropy:
    r"""Cross-entropy of logits against integer classes ``(n,)``; one column means two classes.

    The generalized Gauss–Newton matrix is :math:`J^T(\mathrm{diag}\,p - pp^T)J / n`, with rows
    :math:`\sqrt{p_c}(J_c - \sum_k p_k J_k)` (Schraudolph 2002, *Neural Computation* 14).
    """

    def value(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        if outputs.shape[2] == 1:
            signs = (2 * targets - 1).to(outputs.dtype).unsqueeze(-1)
            return _weighted(functional.softplus(-signs * outputs), weights)
        chosen = targets.expand(len(outputs), -1).unsqueeze(-1)
        return _weighted(-torch.log_softmax(outputs, -1).gather(2, chosen), weights)

    def linearize(
        self, outputs: Tensor, targets: Tensor, derivative: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        share = _row_weight(outputs, weights)
        if outputs.shape[2] == 1:
            p = outputs.sigmoid()
            slope = (p - targets.to(p.dtype).unsqueeze(-1)) * share
            return slope, _scaled(derivative, p * (1 - p) * share)
        p = outputs.softmax(-1)
        hot = functional.one_hot(targets, outputs.shape[2]).to(p.dtype)
        mean = torch.einsum("snm,snmp->snp", p, derivative).unsqueeze(2)
        return (p - hot) * share, _scaled(derivative - mean, p * share)


_NAMED: dict[str, Callable[[], Loss]] = {
    "squared": SquaredError,
    "huber": Huber,
    "poisson": Poisson,
}


def chosen_loss(loss: LossName | Loss, targets: Tensor) -> Loss:
    """The loss of that name; "auto" is least squares, or cross-entropy for classes.

    Args:
        loss: a name, or a loss itself. targets: numbers ``(N, m)``, or class numbers ``(N,)``.

    Raises:
        InputError: there is no such loss, or it is not for these targets.
    """
    classes = targets.ndim == 1
    chosen = _named(loss, classes) if isinstance(loss, str) else loss
    if not isinstance(chosen, Loss):
        raise InputError(f"{_NAMES}, or a Loss, got {loss!r}")
    if classes and isinstance(chosen, SquaredError | Huber | Poisson):
        raise InputError(f"classes are fitted by cross-entropy: leave out loss={loss!r}")
    if not classes and isinstance(chosen, CrossEntropy):
        raise InputError("cross-entropy needs classes: make the table with task='classification'")
    if isinstance(chosen, Poisson) and float(targets.min()) < 0:
        least = float(targets.min())
        raise InputError(f"a Poisson loss needs counts of 0 or more, but one is {least:g}")
    return chosen


def _named(name: str, classes: bool) -> Loss:
    if name == "auto":
        return CrossEntropy() if classes else SquaredError()
    if name not in _NAMED:
        raise InputError(f"{_NAMES}, got {name!r}")
    return _NAMED[name]()
