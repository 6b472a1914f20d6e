r"""Unknown coefficients with their intervals, from data whose noise alone is uncertain.

With the Gauss–Newton matrix H of all rows and the noise of those that were measured, the covariance of all
parameters is :math:`H^{-1} (\sum_k s_k^2 J_k^T J_k) H^{-1}`: equations and conditions hold exactly, and only
measurements scatter.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from workbench.equations.approximation import Approximation
from workbench.equations.objective import Rows
from workbench.equations.residuals import Residual
from workbench.equations.solution import Coefficient

_QUANTILE = 1.959964
_FLOOR = 1e-14


def covariance(approximation: Approximation, rows: Sequence[Rows]) -> Tensor:
    """Covariance ``(P, P)`` of the parameters of a single network.

    Args:
        approximation: trained on these rows.
        rows: all of them; those with targets were measured.
    """
    objective, parameters = approximation.objective(rows)
    matrix = noise = parameters.new_zeros(parameters.shape[1], parameters.shape[1])
    found = len(approximation.problem.unknowns)
    for part, number, residual, jacobian in objective.jacobians(parameters):
        square = jacobian[0] @ jacobian[0].mT
        matrix = matrix + square
        if part.targets is not None:
            noise = noise + _variance(part, number, residual, found) * square
    size = matrix.diagonal().mean()
    eye = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    factor = torch.linalg.cholesky(matrix + _FLOOR * size * eye)
    half = torch.cholesky_solve(noise, factor)
    return torch.cholesky_solve(half.mT, factor)


def _variance(rows: Rows, number: int, residual: Tensor, found: int) -> Tensor:
    """Of a weighted row: known where errors were given, else from what is left over."""
    weight = rows.weights[number] / len(rows.points)
    if rows.scales is not None:
        return residual.new_tensor(weight)
    return residual.square().sum() / max(1, residual.shape[1] - found)


def coefficients(approximation: Approximation, matrix: Tensor) -> dict[str, Coefficient]:
    """The unknown coefficients with 95 % intervals, from the covariance of all parameters."""
    unknowns = approximation.problem.unknowns
    last = matrix.diagonal()[len(matrix) - len(unknowns) :].clamp(min=0).sqrt().tolist()
    values = approximation.coefficients[0].tolist()
    return {
        name: Coefficient(
            value,
            value - _QUANTILE * unknown.size * error,
            value + _QUANTILE * unknown.size * error,
        )
        for (name, unknown), value, error in zip(unknowns.items(), values, last, strict=True)
    }


def scatter(approximation: Approximation, matrix: Tensor, points: Tensor) -> float:
    """Root mean square over fields and points ``(N, d)`` of the standard error of the solution."""
    dimension, total = points.shape[1], 0.0
    fields = approximation.model.out_features
    for field in range(fields):
        value = Residual.of((field, (0,) * dimension))
        objective, parameters = approximation.objective([Rows((value,), points, (1.0,))])
        for _, _, _, jacobian in objective.jacobians(parameters):
            total += float(((matrix @ jacobian[0]) * jacobian[0]).sum().clamp(min=0))
    return math.sqrt(total)
