r"""Penalties: sparsity of edges, smoothness of splines, a ridge.

The size of an edge is its *effect*: to first order the rms change of the output when the edge
becomes its mean, :math:`a_e^2 = c_e^T G_e c_e` with :math:`G_e = T^T H_{ee} T`,
:math:`T = I - \mathbf 1 \bar b_e^T`, where :math:`\mathbf 1` holds the coefficients of the curve
that is 1 everywhere. It is in units of the target and does not change when constants or scales are
traded between layers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.kan.checks import not_negative
from workbench.kan.ensemble import Ensemble
from workbench.kan.training.linearize import Columns

_FLOOR = 1e-3


@dataclass(frozen=True)
class Penalty:
    """Weights of the penalty terms, all 0 by default.

    Attributes:
        l1: weight of the sum of edge effects.
        entropy: weight of the entropy of the edge effects' shares (KAN paper, eq. 2.18).
        smoothness: weight of the squared second differences of the coefficients; one number, or one
            for every spline edge of every network, ``(S, E)``.
        roughness: weight of the squared third differences, which leave parabolas alone.
        ridge: weight of the squared parameters; keeps separable classes from running away.
    """

    l1: float = 0.0
    entropy: float = 0.0
    smoothness: float | Tensor = 0.0
    roughness: float = 0.0
    ridge: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            for number in value.flatten().tolist() if isinstance(value, Tensor) else [value]:
                not_negative(name, number)

    @property
    def sparse(self) -> bool:
        return self.l1 > 0 or self.entropy > 0

    def quadratic(self, columns: Columns, like: Tensor) -> Tensor | None:
        """The constant matrix ``R`` of the smoothness, roughness and ridge terms, or None.

        ``(P, P)``, or ``(S, P, P)`` where every network has a smoothness of its own. The blocks are
        mean squared derivatives of a curve on a unit range, so that a weight means the same on every
        grid.
        """
        smoothness = torch.as_tensor(self.smoothness, dtype=like.dtype, device=like.device)
        if not bool((smoothness > 0).any()) and self.roughness <= 0 and self.ridge <= 0:
            return None
        size, end = columns.basis_size, columns.spline_count
        curves = like.new_ones(end // size)
        ridge = self.ridge * torch.eye(columns.count, dtype=like.dtype, device=like.device)
        matrix = ridge.repeat(*smoothness.shape[:-1], 1, 1)
        for order, weight in ((2, smoothness), (3, self.roughness)):
            blocks = (weight * curves).unsqueeze(-1).unsqueeze(-1) * columns.like.roughness(order)
            for edge, block in enumerate(blocks.unbind(-3)):
                part = slice(edge * size, (edge + 1) * size)
                matrix[..., part, part] += block
        return matrix

    def majorizer(
        self, ensemble: Ensemble, x: Tensor, columns: Columns, matrix: Tensor, parameters: Tensor
    ) -> Tensor:
        r"""Quadratic ``(S, P, P)`` that lies above the sparsity terms and touches them here.

        Iterative reweighting: :math:`a_e \le (a_e^2 / a + a) / 2`. The entropy weighs an edge by
        :math:`-(\log p_e + S) / \sum a`, cut at zero so that the whole stays convex.
        """
        blocks = effect_blocks(ensemble, x, columns, matrix)
        size = columns.basis_size
        edges = columns.spline_count // size
        c = parameters[:, : columns.spline_count].unflatten(1, (edges, size))
        effect = torch.einsum("sek,sekl,sel->se", c, blocks, c).clamp(min=0).sqrt()
        share = (effect / effect.sum(1, keepdim=True).clamp(min=1e-12)).clamp(min=1e-12)
        entropy = -(share * share.log()).sum(1, keepdim=True)
        pull = -(share.log() + entropy) / effect.sum(1, keepdim=True).clamp(min=1e-12)
        weight = (self.l1 + self.entropy * pull).clamp(min=0) / (effect + _FLOOR)
        result = torch.zeros_like(matrix)
        for edge in range(edges):
            part = slice(edge * size, (edge + 1) * size)
            result[:, part, part] = weight[:, edge, None, None] * blocks[:, edge]
        return result


def effect_blocks(ensemble: Ensemble, x: Tensor, columns: Columns, matrix: Tensor) -> Tensor:
    """The centred Gauss–Newton block ``G_e`` of every spline edge, ``(S, E, K, K)``."""
    size = columns.basis_size
    nodes = ensemble.nodes(x)
    means = [
        layer.basis(nodes[level]).mean(1)[:, edges[:, 1]]
        for level, (layer, edges) in enumerate(
            zip(ensemble.layers, columns.spline_edges, strict=True)
        )
    ]
    mean = torch.cat(means, 1)
    identity = torch.eye(size, dtype=x.dtype, device=x.device)
    centre = identity - columns.like.constant.unsqueeze(-1) * mean.unsqueeze(-2)
    blocks = torch.stack(
        [
            matrix[:, e * size : (e + 1) * size, e * size : (e + 1) * size]
            for e in range(mean.shape[1])
        ],
        1,
    )
    return centre.mT @ blocks @ centre
