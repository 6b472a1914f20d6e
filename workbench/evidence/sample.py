"""The rows that formulas are fitted to and judged by, with what they count and what a residual costs.

Training, constants, choice and intervals share one objective, that of the ``Dataset``: the weighted mean
of squared residuals, of twice Huber's loss, or of cross-entropies. The first two are sums of squares of
*whitened* residuals, so least squares serves both. Fits of Huber's loss are judged by residuals that are
cut off where the loss becomes a straight line: an outlier counts, but not more the further off it is.
Of several targets each counts in its own scale, as in training, or the largest would decide alone.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from scipy.special import log_softmax, softmax

from workbench.errors import InputError
from workbench.evidence.residuals import neighbours_median
from workbench.formulas.law import Law
from workbench.kan.data import Dataset, Part
from workbench.kan.losses import Huber, chosen_loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import target_scale


@dataclass(frozen=True)
class Sample:
    """Rows of a table.

    Attributes:
        x: inputs ``(N, d)``. y: targets ``(N, m)``, or class numbers ``(N,)``.
        weights: what every row counts, ``(N,)``, up to a common factor; None where all count the same.
            They are taken as 1/σ² of the rows: a standard error follows from the scatter of the
            whitened residuals, whatever that factor is.
        delta: residual from which on Huber's loss is a straight line, in the targets' units ``(m,)``; None
            for least squares.
        classes: whether ``y`` holds class numbers.
        balance: factors of the targets' residuals, ``(m,)``, by which several targets count alike: what
            their scales are together over each one's own. None where there is but one.
        sigma: standard errors of the targets, ``(N,)``, where they are stated; weights are then 1/σ².
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    delta: np.ndarray | None = None
    classes: bool = False
    balance: np.ndarray | None = None
    sigma: np.ndarray | None = None

    @classmethod
    def of(cls, data: Dataset, rows: Part | np.ndarray = "train") -> "Sample":
        """The rows of one part of a table, or those with these numbers.

        Raises:
            InputError: formulas cannot be fitted by the table's loss.
        """
        require_formulas(data)
        loss = chosen_loss(data.loss, data.targets)
        chosen = getattr(data, rows).numpy() if isinstance(rows, str) else rows
        classes = data.task == "classification"
        scale = np.ones(1) if classes else target_scale(data, loss)[0].numpy()
        return cls(
            data.inputs.numpy()[chosen],
            data.targets.numpy()[chosen],
            None if data.weights is None else data.weights.numpy()[chosen],
            loss.delta * scale if isinstance(loss, Huber) else None,
            classes,
            np.sqrt(np.square(scale).mean()) / scale if len(scale) > 1 else None,
            None if data.sigma is None else data.sigma.numpy()[chosen],
        )

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: np.ndarray | slice) -> "Sample":
        weights = None if self.weights is None else self.weights[rows]
        sigma = None if self.sigma is None else self.sigma[rows]
        return replace(self, x=self.x[rows], y=self.y[rows], weights=weights, sigma=sigma)

    @property
    def bends(self) -> bool:
        """Whether whitened residuals are others than the residuals."""
        return not (self.weights is None and self.delta is None and self.balance is None)

    @cached_property
    def counts(self) -> np.ndarray:
        """Weights with mean 1, ``(N,)``."""
        if self.weights is None:
            return np.ones(len(self))
        return np.asarray(self.weights / self.weights.mean())

    @property
    def roots(self) -> np.ndarray:
        """Roots of what every residual counts, ``(N, m)``."""
        return self.balanced(np.sqrt(self.counts)[:, None])

    @property
    def effective_rows(self) -> float:
        """How many rows of equal weight would tell as much (Kish 1965)."""
        return float(self.counts.sum() ** 2 / np.square(self.counts).sum()) if len(self) else 0.0

    @property
    def noise(self) -> float | None:
        """Variance that whitened residuals have by the stated errors; None where none are stated."""
        if self.sigma is None or self.delta is not None or not len(self):
            return None
        middle = float(np.median(self.sigma))
        return middle**2 / float(np.square(middle / self.sigma).mean())

    @cached_property
    def spread(self) -> float:
        """Error of the best constant, the unit of small and large; 1 for classes and constant targets."""
        if self.classes or not len(self):
            return 1.0
        return self.error(np.broadcast_to(self.centre, self.y.shape)) or 1.0

    @property
    def centre(self) -> np.ndarray:
        """The best constant ``(m,)``: the weighted mean, or for Huber's loss nearly so the median."""
        if self.delta is not None:
            return weighted_median(self.y, self.counts)
        return np.asarray(np.average(self.y, axis=0, weights=self.counts))

    def row_losses(self, values: np.ndarray) -> np.ndarray:
        """What is left of each row, weights aside: ``(N,)``. Of outputs ``(N, m)``, logits for classes.

        Squares of residuals, which Huber's loss cuts off at ``delta``; or cross-entropies.
        """
        if self.classes:
            return -log_softmax(both_logits(values), 1)[np.arange(len(self)), self.y]
        return np.asarray(np.square(self.balanced(self.cut(values - self.y))).mean(1))

    def loss(self, values: np.ndarray) -> float:
        """Weighted mean loss of outputs ``(N, m)``; infinite where one is not finite, NaN without rows."""
        if not len(self):
            return np.nan
        if not np.isfinite(values).all():
            return np.inf
        return float(np.average(self.row_losses(values), weights=self.weights))

    def error(self, values: np.ndarray) -> float:
        """The loss as users read it: RMSE in the target's units, or mean cross-entropy.

        Of several targets it is the RMSE in each one's scale times what these are together.
        """
        loss = self.loss(values)
        return loss if self.classes else float(np.sqrt(loss))

    def cut(self, gap: np.ndarray) -> np.ndarray:
        """Residuals without what is beyond ``delta``: the scatter that errors follow from (Huber 1981)."""
        return gap if self.delta is None else np.clip(gap, -self.delta, self.delta)

    def balanced(self, gap: np.ndarray) -> np.ndarray:
        """Residuals, or roots of what they count, ``(N, m)``, in units that several targets share."""
        return gap if self.balance is None else gap * self.balance

    def whitened(self, gap: np.ndarray) -> np.ndarray:
        """Residuals ``(N, m)``, prediction minus target, so scaled that their sum of squares is minimized."""
        return self._bent(gap) * self.roots if self.bends else gap

    def whitening(self, gap: np.ndarray) -> np.ndarray:
        """Derivative of ``whitened`` by the residuals, ``(N, m)``."""
        root = np.broadcast_to(self.roots, gap.shape)
        if self.delta is None:
            return root
        bent = np.abs(self._bent(gap))
        beyond = np.abs(gap) > self.delta
        return root * np.divide(self.delta, bent, out=np.ones_like(bent), where=beyond)

    def for_least_squares(self) -> "Sample":
        """The same rows for methods that know only least squares: outliers of Huber's loss count less.

        Its weights of iteratively reweighted least squares, at the distances from the neighbours' medians.
        """
        if self.delta is None:
            return self
        size = np.abs(self.y - neighbours_median(self.x, self.y)) / self.delta
        trust = 1 / np.square(np.maximum(size, 1.0).max(1))
        return replace(self, weights=self.counts * trust, delta=None, sigma=None)

    def _bent(self, gap: np.ndarray) -> np.ndarray:
        """Numbers whose squares are twice Huber's loss; for least squares the residuals themselves."""
        if self.delta is None:
            return gap
        size = np.abs(gap)
        beyond = np.sqrt(np.maximum(2 * self.delta * size - self.delta**2, 0.0))
        return np.where(size <= self.delta, gap, np.sign(gap) * beyond)


def network_values(network: KAN, x: np.ndarray) -> np.ndarray:
    """What a network gives at ``x (N, d)``: ``(N, m)``."""
    with torch.no_grad():
        found = network(torch.from_numpy(x).to(network.output_scale))
    return found.double().cpu().numpy()


def law_values(law: Law, data: Dataset, part: Part) -> np.ndarray:
    """What a law gives on the rows of one part, with the constants of their groups: ``(N, m)``."""
    rows = getattr(data, part).numpy()
    return law.at(data.inputs.numpy()[rows], codes_of(law, data, rows)).reshape(len(rows), -1)


def codes_of(law: Law, data: Dataset, rows: np.ndarray) -> np.ndarray | None:
    """Numbers of the groups that rows belong to; None where the law is the same for all."""
    return None if data.by is None or law.grouping is None else data.by.codes[rows]


def require_formulas(data: Dataset) -> None:
    """An ``InputError`` where formulas cannot be fitted by the table's loss."""
    if data.loss == "poisson":
        raise InputError(
            "formulas are fitted by least squares or Huber's loss: a network of a Poisson loss gives "
            "the logarithm of a rate, so take loss='huber' or 'squared', or log(y) as the target"
        )


def objective(data: Dataset) -> str:
    """What is minimized, in words."""
    if data.task == "classification":
        loss = "cross-entropy"
    else:
        words = {"huber": "Huber's loss", "poisson": "a Poisson deviance"}
        loss = words.get(data.loss, "least squares")
    if data.sigma is not None:
        return f"{loss}, rows weighted by their stated errors"
    return loss if data.weights is None else f"{loss}, rows weighted as given"


def both_logits(values: np.ndarray) -> np.ndarray:
    """Logits of all classes, ``(N, c)``: one logit of two classes stands beside a zero."""
    return np.concatenate((np.zeros_like(values), values), 1) if values.shape[1] == 1 else values


def probabilities(values: np.ndarray) -> np.ndarray:
    """Of all classes ``(N, K)``, from logits ``(N, m)``; one logit is that of the second of two classes."""
    finite = np.nan_to_num(both_logits(values), nan=0.0, posinf=700, neginf=-700)
    return np.asarray(softmax(finite, 1))


def centred_logits(values: np.ndarray) -> np.ndarray:
    """Logits ``(N, m, ...)`` without the mean of a row, which changes no probability; one stays as it is."""
    return values - values.mean(1, keepdims=True) if values.shape[1] > 1 else values


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The value of each column ``(N, m)`` below which half of the weight lies: ``(m,)``."""
    order = values.argsort(0)
    below = weights[order].cumsum(0)
    place = (below < 0.5 * below[-1]).sum(0)
    return np.asarray(np.take_along_axis(values, np.take_along_axis(order, place[None], 0), 0)[0])
