r"""One layer of activations: every input node is joined to every sub-node by a learnable curve.

The mathematics is written once, in ``Activations``, for a stack of ``S`` independent copies of a
layer, because second-order training runs many starts at once. ``KANLayer`` is the ``torch.nn``
face of a stack of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbench.kan import spline
from workbench.kan.functions import lookup

AFFINE_IDENTITY = (1.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class FixedGroup:
    """The edges of a layer that share one fixed function: index tensors of shape ``(E,)``."""

    name: str
    targets: Tensor
    sources: Tensor


@dataclass(frozen=True)
class Activations:
    r"""``S`` copies of a layer with :math:`n` inputs and :math:`o` sub-nodes.

    A free edge is the spline :math:`\phi(x) = \sum_k c_k B_k(x)`, a fixed one
    :math:`\phi(x) = c\,f(a x + b) + d`; a masked edge is zero.

    Shapes: ``coefficients (S, o, n, K)``, ``affine (S, o, n, 4)``, ``grid_range (S, n, 2)``,
    ``mask (S, o, n)``.
    """

    coefficients: Tensor
    affine: Tensor
    grid_range: Tensor
    mask: Tensor
    degree: int
    fixed: tuple[FixedGroup, ...] = ()

    @property
    def grid_size(self) -> int:
        return self.coefficients.shape[-1] - self.degree

    @property
    def free(self) -> Tensor:
        """Mask of the living spline edges, ``(S, o, n)``."""
        mask = self.mask.clone()
        for group in self.fixed:
            mask[:, group.targets, group.sources] = 0
        return mask

    def basis(self, x: Tensor, derivative: int = 0) -> Tensor:
        """Basis functions at ``x (S, N, n)``: ``(S, N, n, K)``."""
        low, high = self.grid_range.unsqueeze(1).unbind(-1)
        return spline.basis(x, low, high, self.grid_size, self.degree, derivative)

    def _argument(self, group: FixedGroup, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        affine = self.affine[:, None, group.targets, group.sources]
        weight = self.mask[:, None, group.targets, group.sources]
        return affine[..., 0] * x[..., group.sources] + affine[..., 1], affine, weight

    def forward(self, x: Tensor, basis: Tensor | None = None) -> Tensor:
        """Sums over the edges into each sub-node, ``(S, N, n) -> (S, N, o)``."""
        values = self.basis(x) if basis is None else basis
        weights = self.coefficients * self.free.unsqueeze(-1)
        total = values.flatten(2) @ weights.flatten(2).mT
        for group in self.fixed:
            u, affine, weight = self._argument(group, x)
            phi = weight * (affine[..., 2] * lookup(group.name).value(u) + affine[..., 3])
            total = total.index_add(2, group.targets, phi)
        return total

    def postacts(self, x: Tensor) -> Tensor:
        """The value of every edge, ``(S, N, n) -> (S, N, o, n)``."""
        weights = self.coefficients * self.free.unsqueeze(-1)
        phi = torch.einsum("snik,soik->snoi", self.basis(x), weights)
        for group in self.fixed:
            u, affine, weight = self._argument(group, x)
            value = weight * (affine[..., 2] * lookup(group.name).value(u) + affine[..., 3])
            phi[:, :, group.targets, group.sources] = value
        return phi

    def slopes(self, x: Tensor) -> Tensor:
        """The derivative of every edge by its input, ``(S, N, n) -> (S, N, o, n)``."""
        weights = self.coefficients * self.free.unsqueeze(-1)
        slope = torch.einsum("snik,soik->snoi", self.basis(x, 1), weights)
        for group in self.fixed:
            u, affine, weight = self._argument(group, x)
            value = weight * affine[..., 2] * affine[..., 0] * lookup(group.name).slope(u)
            slope[:, :, group.targets, group.sources] = value
        return slope

    def affine_jacobian(self, group: FixedGroup, x: Tensor) -> Tensor:
        """Derivative of the edges of a fixed group by ``(a, b, c, d)``: ``(S, N, E, 4)``."""
        u, affine, weight = self._argument(group, x)
        function = lookup(group.name)
        slope = affine[..., 2] * function.slope(u)
        columns = (slope * x[..., group.sources], slope, function.value(u), torch.ones_like(u))
        return torch.stack(columns, -1) * weight.unsqueeze(-1)


class KANLayer(nn.Module):
    """All activations between two layers of nodes; usable inside any ``torch.nn.Sequential``.

    Args:
        in_features: number of input nodes.
        out_features: number of sub-nodes (sums, then the factors of products).
        grid_size: spline intervals, at least 1.
        degree: polynomial degree of the splines, 3 = cubic.
        fixed: functions of fixed edges, keyed by ``(target, source)``.
        generator: source of the random coefficients; a fresh one with seed 0 by default.
        dtype, device: as everywhere in torch; float64 by default.

    Attributes:
        coefficients: parameter ``(out, in, grid_size + degree)``.
        affine: parameter ``(out, in, 4)``: a, b, c, d of fixed edges, unused on free ones.
        grid_range: buffer ``(in, 2)``. mask: buffer ``(out, in)``, 0 = pruned.
    """

    coefficients: nn.Parameter
    affine: nn.Parameter
    grid_range: Tensor
    mask: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        grid_size: int = 3,
        degree: int = 3,
        *,
        fixed: Mapping[tuple[int, int], str] | None = None,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.degree = degree
        self.fixed: dict[tuple[int, int], str] = dict(fixed or {})
        shape = (out_features, in_features)
        options = {"dtype": dtype, "device": device}
        self.coefficients = nn.Parameter(torch.empty(*shape, grid_size + degree, **options))  # type: ignore[arg-type]
        identity = torch.tensor(AFFINE_IDENTITY, **options)  # type: ignore[arg-type]
        self.affine = nn.Parameter(identity.repeat(*shape, 1))
        unit = torch.tensor([-1.0, 1.0], **options)  # type: ignore[arg-type]
        self.register_buffer("grid_range", unit.repeat(in_features, 1))
        self.register_buffer("mask", torch.ones(shape, **options))  # type: ignore[arg-type]
        self.reset_parameters(generator)

    @property
    def grid_size(self) -> int:
        return self.coefficients.shape[-1] - self.degree

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw coefficients from N(0, 1/in): second-order training wants curves of size one."""
        generator = generator or torch.Generator().manual_seed(0)
        shape = self.coefficients.shape
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            self.coefficients.copy_(drawn / self.in_features**0.5)

    def activations(self) -> Activations:
        """The layer as a stack of one, sharing its tensors."""
        return Activations(
            coefficients=self.coefficients.unsqueeze(0),
            affine=self.affine.unsqueeze(0),
            grid_range=self.grid_range.unsqueeze(0),
            mask=self.mask.unsqueeze(0),
            degree=self.degree,
            fixed=fixed_groups(self.fixed, self.coefficients.device),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Sub-node values, ``(N, in) -> (N, out)``."""
        return self.activations().forward(x.unsqueeze(0)).squeeze(0)

    def extra_repr(self) -> str:
        return (
            f"{self.in_features} -> {self.out_features}, grid_size={self.grid_size}, "
            f"degree={self.degree}, fixed={len(self.fixed)}"
        )


def fixed_groups(
    fixed: Mapping[tuple[int, int], str], device: torch.device | str
) -> tuple[FixedGroup, ...]:
    """Fixed edges gathered by function, so that each function is evaluated once."""
    return tuple(
        FixedGroup(
            name,
            torch.tensor([t for (t, _), n in fixed.items() if n == name], device=device),
            torch.tensor([s for (_, s), n in fixed.items() if n == name], device=device),
        )
        for name in sorted(set(fixed.values()))
    )
