"""The perceptron whose activations are learned: one spline for each hidden node.

It stands between the perceptron, whose activations are given, and the KAN, which has a spline on every edge
(Yu, Yu and Wang, "KAN or MLP: a fairer comparison", arXiv 2407.16674).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from workbench.baselines.mlp import Architecture
from workbench.kan.checks import whole
from workbench.kan.spline import basis, basis_and_slopes

_REACH = 4.0
"""Splines reach over so many standard deviations of a random node's input, and go on as lines."""
_ROUGHNESS = 0.5
"""Standard deviation of what a random start adds to the coefficients of tanh."""


@dataclass(frozen=True)
class SplineArchitecture(Architecture):
    """An ``Architecture`` in which every hidden node has a spline of its own in place of tanh.

    To the flat parameters of the matrices are appended, hidden layer by hidden layer, the coefficients
    ``(nodes, K)`` of its splines, with K = grid_size + degree.

    Attributes:
        grid_size: intervals of every spline.
    """

    grid_size: int = 6

    degree: ClassVar[int] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("grid_size", self.grid_size)

    @property
    def count(self) -> int:
        """Number of parameters ``P``, coefficients among them."""
        return super().count + sum(self.sizes[1:-1]) * (self.grid_size + self.degree)

    def draw(self, starts: int, generator: torch.Generator) -> Tensor:
        """Random starts ``(S, P)``: those of a perceptron, each curve near tanh.

        A spline follows a function whose values at the Greville abscissae are its coefficients (Schoenberg).
        """
        step = 2 * _REACH / self.grid_size
        knots = torch.arange(self.grid_size + self.degree, dtype=torch.float64)
        curve = torch.tanh((knots - (self.degree - 1) / 2) * step - _REACH)
        nodes = sum(self.sizes[1:-1])
        bent = torch.randn(starts, nodes, len(curve), generator=generator, dtype=torch.float64)
        curves = curve + _ROUGHNESS * bent
        return torch.cat((super().draw(starts, generator), curves.flatten(1)), 1)

    def matrices(self, parameters: Tensor) -> list[Tensor]:
        """The layers of flat parameters ``(S, P)``: views ``(S, out, in + 1)``."""
        return super().matrices(parameters[:, : super().count])

    def curves(self, parameters: Tensor) -> list[Tensor]:
        """Coefficients of the hidden layers: views ``(S, nodes, K)``."""
        size = self.grid_size + self.degree
        blocks = parameters[:, super().count :].split([n * size for n in self.sizes[1:-1]], 1)
        return [block.unflatten(1, (-1, size)) for block in blocks]

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Outputs ``(S, N, m)`` at standardized inputs ``x (N, d)``."""
        values = x.expand(len(parameters), *x.shape)
        *hidden, last = self.matrices(parameters)
        for matrix, curve in zip(hidden, self.curves(parameters), strict=True):
            low, high = _ends(x)
            values = _sums(
                basis(_lines(matrix, values), low, high, self.grid_size, self.degree), curve
            )
        return _lines(last, values)

    def jacobian(self, parameters: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        r"""Outputs ``(S, N, m)`` and their derivatives by the parameters ``(S, N, m, P)``.

        As for the perceptron, with :math:`\sigma' = \sum_q c_{jq} B_q'`; the derivative by :math:`c_{jq}` is
        that by the node's value times :math:`B_q(z_j)`.
        """
        *hidden, last = self.matrices(parameters)
        curves = self.curves(parameters)
        values, bases, slopes = [x.expand(len(parameters), *x.shape)], [], []
        for matrix, curve in zip(hidden, curves, strict=True):
            low, high = _ends(x)
            z = _lines(matrix, values[-1])
            functions, rises = basis_and_slopes(z, low, high, self.grid_size, self.degree)
            values.append(_sums(functions, curve))
            bases.append(functions)
            slopes.append(_sums(rises, curve))
        result = _lines(last, values[-1])
        towards = torch.eye(self.sizes[-1]).to(x).expand(*result.shape, self.sizes[-1])
        by_matrix, by_curve = [_outer(towards, values[-1])], []
        layers = [*hidden, last]
        for level in range(len(hidden) - 1, -1, -1):
            before = towards @ layers[level + 1][:, None, :, :-1]
            by_curve.append((before.unsqueeze(-1) * bases[level].unsqueeze(2)).flatten(-2))
            towards = before * slopes[level].unsqueeze(2)
            by_matrix.append(_outer(towards, values[level]))
        return result, torch.cat((*by_matrix[::-1], *by_curve[::-1]), -1)


def _ends(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.new_full((), -_REACH), x.new_full((), _REACH)


def _lines(matrix: Tensor, values: Tensor) -> Tensor:
    """``(S, N, in) -> (S, N, out)``; the last column of the matrix is the bias."""
    return torch.baddbmm(matrix[:, None, :, -1], values, matrix[..., :-1].mT)


def _sums(functions: Tensor, coefficients: Tensor) -> Tensor:
    """Curves ``(S, N, nodes)`` from basis functions ``(S, N, nodes, K)``."""
    return (functions * coefficients.unsqueeze(1)).sum(-1)


def _outer(towards: Tensor, values: Tensor) -> Tensor:
    """Derivatives by a matrix and its bias ``(S, N, m, out (in + 1))``."""
    by_weight = towards.unsqueeze(-1) * values[:, :, None, None]
    return torch.cat((by_weight, towards.unsqueeze(-1)), -1).flatten(-2)
