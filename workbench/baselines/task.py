"""What a perceptron is trained on: standardized rows, a loss, and its derivatives in blocks of rows."""

import math

import torch
from torch import Tensor

from workbench.baselines.mlp import MLP, Architecture
from workbench.kan.data import Dataset, Part
from workbench.kan.losses import CrossEntropy, Loss, SquaredError
from workbench.kan.training.objective import REACH, Rows, bent

_BLOCK_BYTES = 48 * 2**20


class Task:
    """Standardized rows, loss and architecture."""

    def __init__(self, data: Dataset, architecture: Architecture) -> None:
        self.architecture = architecture
        self.regression = data.task == "regression"
        self.loss: Loss = SquaredError() if self.regression else CrossEntropy()
        rows = _rows(data, "train")
        self.inputs = _moments(rows.x, rows.weights)
        one = torch.ones(data.outputs, dtype=torch.float64)
        self.outputs = _moments(rows.y, rows.weights) if self.regression else (0 * one, one)
        self.train = self._standardized(rows)
        held_out = _rows(data, "validation")
        self.validation = self._standardized(held_out) if len(held_out) else self.train

    def _standardized(self, rows: Rows) -> Rows:
        x = (rows.x - self.inputs[0]) / self.inputs[1]
        y = (rows.y - self.outputs[0]) / self.outputs[1] if self.regression else rows.y
        return Rows(x, y, rows.weights)

    def value(self, parameters: Tensor, rows: Rows) -> Tensor:
        """Losses ``(S,)`` of parameters ``(S, P)``."""
        outputs = self.architecture.outputs(parameters, rows.x)
        return self.loss.value(outputs, rows.y, rows.weights)

    def model(self, parameters: Tensor) -> MLP:
        return MLP(self.architecture, parameters, self.inputs, self.outputs)

    def readable(self, model: MLP, data: Dataset, part: Part) -> float:
        rows = _rows(data, part)
        if not len(rows):
            return math.nan
        with torch.no_grad():
            outputs = model(rows.x).unsqueeze(0)
        value = float(self.loss.value(outputs, rows.y, rows.weights))
        return math.sqrt(2 * value) if self.regression else value


def _rows(data: Dataset, part: Part) -> Rows:
    x, y = data.split(part)
    return Rows(x.double(), y, data.row_weights(part))


def _moments(table: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the columns, 1 where a column is constant."""
    weight = torch.ones(len(table), 1).to(table) if weights is None else weights.unsqueeze(1)
    mean = (weight * table).sum(0) / weight.sum()
    spread = ((weight * (table - mean).square()).sum(0) / weight.sum()).sqrt()
    return mean, torch.where(spread > 0, spread, 1.0)


class PerceptronProblem:
    """Perceptrons on rows as ``levenberg_marquardt.minimize`` sees them; decay ``(S,)``."""

    def __init__(self, architecture: Architecture, rows: Rows, loss: Loss, decay: Tensor) -> None:
        self.architecture, self.rows, self.loss, self.decay = architecture, rows, loss, decay

    def value(self, parameters: Tensor) -> Tensor:
        """Losses ``(S,)``, decay excluded."""
        outputs = self.architecture.outputs(parameters, self.rows.x)
        return self.loss.value(outputs, self.rows.y, self.rows.weights)

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(S,)``, Gauss–Newton matrix ``(S, P, P)`` and gradient ``(S, P)``, in row blocks."""
        copies, size = parameters.shape
        value = parameters.new_zeros(copies)
        matrix = parameters.new_zeros(copies, size, size)
        gradient = torch.zeros_like(parameters)
        for part in self._blocks(parameters):
            outputs, derivative = self.architecture.jacobian(parameters, part.x)
            slope, root = self.loss.linearize(outputs, part.y, derivative, part.weights)
            value += len(part) * self.loss.value(outputs, part.y, part.weights)
            gradient += torch.einsum("snm,snmp->sp", slope, derivative)
            flat = root.flatten(1, 2)
            matrix.baddbmm_(flat.mT, flat)
        count = len(self.rows)
        return value / count, matrix / count, gradient / count

    @property
    def metric(self) -> Tensor:
        """Weights are measured as they are: the unit matrix ``(P, P)``."""
        return torch.eye(self.architecture.count, dtype=self.rows.x.dtype)

    def bend(self, parameters: Tensor, step: Tensor) -> Tensor | None:
        """How the outputs curve along ``step (S, P)``, as a gradient ``(S, P)``; see ``bent``.

        None for all but least squares, for which alone the acceleration is derived.
        """
        if not isinstance(self.loss, SquaredError):
            return None
        found = torch.zeros_like(parameters)
        for part in self._blocks(parameters):
            outputs, derivative = self.architecture.jacobian(parameters, part.x)
            ahead = self.architecture.outputs(parameters + REACH * step, part.x)
            found += bent(self.loss, part, outputs, ahead, derivative, step)
        return found / len(self.rows)

    def _blocks(self, parameters: Tensor) -> list[Rows]:
        """The rows in parts whose Jacobians fit the cache."""
        per_row = 8 * parameters.numel() * self.architecture.sizes[-1]
        block = max(32, _BLOCK_BYTES // per_row)
        starts = range(0, len(self.rows), block)
        return [self.rows[start : start + block] for start in starts]

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> Tensor | None:
        """The matrix of the decay, ``(S, P, P)``."""
        if not bool(self.decay.any()):
            return None
        eye = torch.eye(parameters.shape[1], dtype=parameters.dtype)
        return self.decay[:, None, None] * eye
