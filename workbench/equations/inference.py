r"""Unknown coefficients with their intervals, from data whose noise alone is uncertain.

With the Gauss–Newton matrix H of all rows and the noise of those that were measured, the covariance of all
parameters is :math:`H^{-1} (\sum_k s_k^2 J_k^T J_k) H^{-1}`: equations and conditions hold exactly, and only
measurements scatter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.equations.objective import Objective, Rows

_FLOORS = (1e-14, 1e-12, 1e-10, 1e-8)


@dataclass(frozen=True)
class Scatter:
    """What the noise of measurements does.

    Attributes:
        coefficients: standard errors of the unknown coefficients, ``(C,)``, as multiples of their sizes.
        solution: root mean square over fields and points of the standard error of the solution.
    """

    coefficients: Tensor
    solution: float


def scatter(
    objective: Objective, parameters: Tensor, unknowns: int, values: Sequence[Objective]
) -> Scatter:
    """Of a single network.

    Args:
        objective: that it was trained on; its rows with targets were measured.
        parameters: ``(1, P)``. unknowns: how many of them, at the end, are coefficients of equations.
        values: one for each field, whose residuals are its values at some points, with a weight of 1.
    """
    matrix = noise = parameters.new_zeros(parameters.shape[1], parameters.shape[1])
    for part, number, residual, jacobian in objective.jacobians(parameters):
        square = jacobian[0] @ jacobian[0].mT
        matrix = matrix + square
        if part.targets is not None:
            noise = noise + variance(part, number, residual, unknowns) * square
    factor = _factor(matrix)
    if factor is None:
        return Scatter(parameters.new_full((unknowns,), math.inf), math.inf)
    half = torch.cholesky_solve(noise, factor)
    covariance = torch.cholesky_solve(half.mT, factor)
    total = 0.0
    for field in values:
        for _, _, _, jacobian in field.jacobians(parameters):
            total += float(((covariance @ jacobian[0]) * jacobian[0]).sum().clamp(min=0))
    last = covariance.diagonal()[len(matrix) - unknowns :]
    return Scatter(last.clamp(min=0).sqrt(), math.sqrt(total))


def _factor(matrix: Tensor) -> Tensor | None:
    """Of Cholesky, with as little added to the diagonal as makes it exist."""
    size = matrix.diagonal().mean()
    eye = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    for floor in _FLOORS:
        factor, failed = torch.linalg.cholesky_ex(matrix + floor * size * eye)
        if not failed:
            return factor
    return None


def variance(rows: Rows, number: int, residual: Tensor, unknowns: int) -> Tensor:
    """Of a weighted row: known where errors were given, else from what is left over.

    Args:
        rows: that were measured. number: of one of their residuals.
        residual: all of it, weighted. unknowns: how many coefficients were found.
    """
    weight = rows.weights[number] / len(rows.points)
    if rows.scales is not None:
        return residual.new_tensor(weight)
    return residual.square().sum() / max(1, residual.numel() - unknowns)
