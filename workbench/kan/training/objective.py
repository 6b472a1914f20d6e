"""A loss on rows as a function of the flat parameters of a stack of networks.

This is what the solvers see: values, gradients and Gauss–Newton matrices in blocks of rows, so that
neither a Jacobian nor the activations of all rows are ever held at once.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.data import Dataset, Part, in_proportion
from workbench.kan.ensemble import BLOCK_BYTES, Ensemble
from workbench.kan.losses import Huber, Loss, Poisson, SquaredError, Winsorized
from workbench.kan.model import KAN
from workbench.kan.training.gram import add_gram_, mirrored
from workbench.kan.training.linearize import Columns, jacobian
from workbench.kan.training.regularization import Penalty

_NUMBER = 8
_FEWEST_ROWS = 32
_LENGTH = 0.1  # share of a step's length in its measure, the rest is how it bends curves
_ROBUST = 1.4826  # of the median deviation of normal numbers
REACH = 0.1
"""How far along a step a finite difference looks, as a share of the step."""


@dataclass(frozen=True)
class Rows:
    """Inputs ``(N, d)``, targets ``(N, m)`` or class numbers ``(N,)``, weights ``(N,)`` or None."""

    x: Tensor
    y: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, part: slice | Tensor) -> "Rows":
        weights = None if self.weights is None else self.weights[part]
        return Rows(self.x[part], self.y[part], weights)

    @property
    def typical(self) -> Tensor:
        """Inputs, each row as often as it counts, see ``Dataset.typical``."""
        return self.x if self.weights is None else self.x[in_proportion(self.weights)]

    def to(self, dtype: torch.dtype) -> "Rows":
        """The same rows in another precision."""
        y = self.y.to(dtype) if self.y.is_floating_point() else self.y
        weights = None if self.weights is None else self.weights.to(dtype)
        return Rows(self.x.to(dtype), y, weights)


def require_match(model: KAN, data: Dataset) -> None:
    """Refuse what is no network and table, or a table that has other columns than the network."""
    if not isinstance(model, KAN) or not isinstance(data, Dataset):
        raise InputError(
            "a KAN and a Dataset are needed, in this order, "
            f"got {type(model).__name__} and {type(data).__name__}"
        )
    if model.in_features != len(data.names) or model.out_features != data.outputs:
        raise InputError(
            f"the data needs a network with {len(data.names)} inputs and {data.outputs} outputs, "
            f"got width {model.config.width}"
        )


def standardized(model: KAN, data: Dataset, part: Part) -> Rows:
    """Rows of one part of a table, numbers as targets in the units of the network's inner outputs."""
    x, y = data.split(part)
    like = model.output_scale
    if data.task == "regression":
        y = (y.to(like) - model.output_shift) / like
    weights = data.row_weights(part)
    return Rows(x.to(like), y.to(like.device), None if weights is None else weights.to(like))


def target_scale(data: Dataset, loss: Loss) -> tuple[Tensor, Tensor]:
    """Scale and shift that standardize the training targets for a loss, ``(m,)`` each."""
    targets, weights = data.split("train")[1], data.row_weights("train")
    if isinstance(loss, Poisson):  # counts have a unit of their own
        return targets.new_ones(targets.shape[1]), targets.new_zeros(targets.shape[1])
    share = torch.ones_like(targets[:, 0]) if weights is None else weights
    mean = (share @ targets) / share.sum()
    variance = share @ (targets - mean).square() / share.sum()
    shift, scale = mean, (variance * len(targets) / max(len(targets) - 1, 1)).sqrt()
    if isinstance(loss, Huber):
        shift = _median(targets, share)
        deviation = _ROBUST * _median((targets - shift).abs(), share)
        scale = torch.where(deviation > 0, deviation, scale)
    return torch.where(scale > 0, scale, 1.0), shift


def _median(values: Tensor, weights: Tensor) -> Tensor:
    """The value of each column below which half of the weight lies: ``(m,)``."""
    ordered, order = values.sort(0)
    below = weights[order].cumsum(0)
    place = (below < 0.5 * below[-1]).sum(0, keepdim=True)
    return ordered.gather(0, place)[0]


class Objective:
    """The loss of a stack of ``S`` networks; its ``P`` parameters are a matrix ``(S, P)``.

    Args:
        ensemble: the networks; left untouched.
        rows: what they are fitted to, targets standardized.
        loss: see ``workbench.kan.losses``. penalty: see ``Penalty``.
    """

    def __init__(
        self, ensemble: Ensemble, rows: Rows, loss: Loss, penalty: Penalty | None = None
    ) -> None:
        self._ensemble, self.rows, self.loss = ensemble, rows, loss
        self.penalty = penalty or Penalty()
        self.columns = Columns.of(ensemble)
        self._constant = self.penalty.quadratic(self.columns, rows.x)
        self._first = _first_basis(ensemble, rows.x)

    @property
    def start(self) -> Tensor:
        """The parameters that the networks have now."""
        return self.columns.pack(self._ensemble)

    def ensemble(self, parameters: Tensor) -> Ensemble:
        """The networks with these parameters."""
        return self.columns.unpack(self._ensemble, parameters)

    def value(self, parameters: Tensor) -> Tensor:
        """Loss of each network, penalty excluded: ``(S,)``."""
        return loss_value(self.ensemble(parameters), self.rows, self.loss, self._first)

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(S,)``, Gauss–Newton matrix ``(S, P, P)`` and gradient ``(S, P)``, in row blocks."""
        ensemble = self.ensemble(parameters)
        count, copies, size = len(self.rows), len(ensemble), self.columns.count
        value = parameters.new_zeros(copies)
        matrix = parameters.new_zeros(copies, size, size)
        gradient = torch.zeros_like(parameters)
        per_row = _NUMBER * copies * ensemble.template.out_features * max(size, 1)
        for block in _blocks(count, per_row):
            part = self.rows[block]
            first = None if self._first is None else self._first[:, block]
            outputs, derivative = jacobian(ensemble, part.x, self.columns, first)
            slope, root = self.loss.linearize(outputs, part.y, derivative, part.weights)
            value += len(part) * self.loss.value(outputs, part.y, part.weights)
            gradient += (slope.flatten(1).unsqueeze(1) @ derivative.flatten(1, 2)).squeeze(1)
            add_gram_(matrix, root.flatten(1, 2))
        return value / count, mirrored(matrix) / count, gradient / count

    def bend(self, parameters: Tensor, step: Tensor) -> Tensor | None:
        """How the outputs curve along ``step (S, P)``, as a gradient ``(S, P)``; see ``bent``.

        None for all but least squares, for which alone the acceleration is derived.
        """
        if not isinstance(self.loss, SquaredError):
            return None
        ensemble, further = self.ensemble(parameters), self.ensemble(parameters + REACH * step)
        found = torch.zeros_like(parameters)
        size = max(self.columns.count, 1)
        per_row = _NUMBER * len(ensemble) * ensemble.template.out_features * size
        for block in _blocks(len(self.rows), per_row):
            part = self.rows[block]
            first = None if self._first is None else self._first[:, block]
            outputs, derivative = jacobian(ensemble, part.x, self.columns, first)
            ahead = further.nodes(part.x, first)[-1]
            found += bent(self.loss, part, outputs, ahead, derivative, step)
        return found / len(self.rows)

    @cached_property
    def metric(self) -> Tensor:
        r"""What makes a step long, ``(P, P)`` with mean diagonal 1: bends of curves above all.

        Where no rows lie, at the ends of fine grids, a curve then goes on smoothly with its
        neighbours instead of staying behind.
        """
        size, splines = self.columns.basis_size, self.columns.spline_count
        found = torch.eye(self.columns.count, dtype=self.rows.x.dtype, device=self.rows.x.device)
        unit = torch.eye(size, dtype=found.dtype, device=found.device)
        bends = unit.diff(n=2, dim=0).mT @ unit.diff(n=2, dim=0)
        curve = _LENGTH * unit + (1 - _LENGTH) * bends / bends.diagonal().mean().clamp(min=1)
        for start in range(0, splines, size):
            found[start : start + size, start : start + size] = curve
        return found

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> Tensor | None:
        """Matrix ``R`` of a penalty ``pᵀRp / 2`` that majorizes the penalties here, or None."""
        if not self.penalty.sparse:
            return self._constant
        ensemble = self.ensemble(parameters)
        x = self.rows.x
        sparse = self.penalty.majorizer(ensemble, x, self.columns, matrix, parameters)
        return sparse if self._constant is None else sparse + self._constant


def bent(
    loss: Loss, rows: Rows, outputs: Tensor, ahead: Tensor, derivative: Tensor, step: Tensor
) -> Tensor:
    r"""Sum over rows of :math:`J^T W f''`, ``(S, P)``, for geodesic acceleration.

    :math:`f''` is the second derivative of the outputs along ``step (S, P)`` by a finite difference,
    :math:`W` that of the loss by the outputs (Transtrum & Sethna 2012, arXiv 1201.5885, sec. 4).
    :math:`W f''` is the slope of least squares where :math:`f''` stands in place of the residual.

    Args:
        loss: least squares. rows: what it is of.
        outputs, ahead: at the parameters, and ``REACH`` of a step further: ``(S, n, m)``.
        derivative: of the outputs by the parameters, ``(S, n, m, P)``.
        step: see above.
    """
    along = (derivative @ step[:, None, :, None]).squeeze(-1)
    curve = ((ahead - outputs) / REACH - along) * (2 / REACH)
    weighted, _ = loss.linearize(curve, torch.zeros_like(rows.y), derivative, rows.weights)
    return (weighted.flatten(1).unsqueeze(1) @ derivative.flatten(1, 2)).squeeze(1)


def loss_value(
    ensemble: Ensemble, rows: Rows, loss: Loss | Winsorized, first: Tensor | None = None
) -> Tensor:
    """Loss of each network: ``(S,)``; ``first`` is the basis of the first layer if it is known."""
    basis = max(layer.coefficients[0, 0].numel() for layer in ensemble.layers)
    value = rows.x.new_zeros(len(ensemble))
    for block in _blocks(len(rows), _NUMBER * len(ensemble) * basis):
        part = rows[block]
        outputs = ensemble.nodes(part.x, None if first is None else first[:, block])[-1]
        value += len(part) * loss.value(outputs, part.y, part.weights)
    return value / max(len(rows), 1)


def _first_basis(ensemble: Ensemble, x: Tensor) -> Tensor | None:
    """Basis functions of the first layer ``(1, N, n, K)``: they do not change while one trains.

    None where they would take too much memory, or where the networks have different grids.
    """
    layer = ensemble.layers[0]
    wanted = x.element_size() * x.numel() * layer.coefficients.shape[-1]
    same = bool((layer.grid_range == layer.grid_range[:1]).all())
    if wanted > BLOCK_BYTES or not same:
        return None
    return replace(layer, grid_range=layer.grid_range[:1]).basis(x.unsqueeze(0))


def _blocks(count: int, bytes_per_row: int) -> list[slice]:
    size = max(_FEWEST_ROWS, BLOCK_BYTES // bytes_per_row)
    return [slice(start, start + size) for start in range(0, max(count, 1), size)]
