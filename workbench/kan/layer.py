r"""One layer of activations: every input node is joined to every sub-node by a learnable curve.

The mathematics is written once, in ``Activations``, for a stack of ``S`` independent copies of a
layer, because second-order training runs many starts at once. ``KANLayer`` is the ``torch.nn``
face of a stack of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from workbench.errors import InputError
from workbench.kan import spline
from workbench.kan.bases import BSplines, base_values, find_base, find_basis
from workbench.kan.checks import require_place, whole
from workbench.kan.edge_sums import edge_sums
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

    A free edge is a curve :math:`\phi(x) = \sum_k c_k B_k(x)`, a fixed one
    :math:`\phi(x) = c\,f(a x + b) + d`; a masked edge is zero. With a base function the last
    coefficient of an edge is its ``scale_base``, and the last basis function the base itself.

    Shapes: ``coefficients (S, o, n, K)``, ``affine (S, o, n, 4)``, ``grid_range (S, n, 2)``,
    ``mask (S, o, n)``, ``locked (S, o, n)``.
    """

    coefficients: Tensor
    affine: Tensor
    grid_range: Tensor
    mask: Tensor
    locked: Tensor
    degree: int
    fixed: tuple[FixedGroup, ...] = ()
    family: str = BSplines.name
    base: str | None = None

    @property
    def grid_size(self) -> int:
        return self.coefficients.shape[-1] - self.degree - (self.base is not None)

    @property
    def free(self) -> Tensor:
        """Mask of the living spline edges, ``(S, o, n)``."""
        if not self.fixed:
            return self.mask
        mask = self.mask.clone()
        for group in self.fixed:
            mask[:, group.targets, group.sources] = 0
        return mask

    @property
    def constant(self) -> Tensor:
        """Coefficients ``(K,)`` of the curve that is 1 everywhere."""
        splines = self.grid_size + self.degree
        found = find_basis(self.family).constant(self.coefficients, splines)
        return found if self.base is None else torch.cat((found, found.new_zeros(1)))

    def roughness(self, order: int) -> Tensor:
        """Matrix ``(K, K)`` of the mean squared derivative of a curve, its grid scaled to length 1.

        The base does not count: it cannot be bent.
        """
        splines = self.grid_size + self.degree
        found = self.coefficients.new_zeros(
            self.coefficients.shape[-1], self.coefficients.shape[-1]
        )
        found[:splines, :splines] = find_basis(self.family).roughness(
            found, self.grid_size, self.degree, order
        )
        return found

    def basis(self, x: Tensor, derivative: int = 0) -> Tensor:
        """Basis functions at ``x (S, N, n)``, the base last: ``(S, N, n, K)``."""
        low, high = self.grid_range.unsqueeze(1).unbind(-1)
        values = find_basis(self.family).values(
            x, low, high, self.grid_size, self.degree, derivative
        )
        if self.base is None:
            return values
        return torch.cat((values, base_values(self.base, x, derivative).unsqueeze(-1)), -1)

    def basis_and_slopes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``basis`` at ``x (S, N, n)`` and its first derivative, ``(S, N, n, K)`` each."""
        if self.base is not None:
            return self.basis(x), self.basis(x, 1)
        low, high = self.grid_range.unsqueeze(1).unbind(-1)
        return find_basis(self.family).with_slopes(x, low, high, self.grid_size, self.degree)

    def with_grid(
        self, grid_range: Tensor, grid_size: int, *, follows: bool = False
    ) -> "Activations":
        """The same curves on other grids: ranges ``(S, n, 2)`` and a number of intervals.

        Exact where ``spline.transfer`` is; the base and the fixed edges do not depend on a grid.
        A grid that ``follows`` the data beyond its ends takes its end pieces along.
        """
        family = find_basis(self.family)
        splines = self.grid_size + self.degree
        coefficients = spline.transfer(
            self.coefficients[..., :splines],
            (self.grid_range[..., 0], self.grid_range[..., 1]),
            (grid_range[..., 0], grid_range[..., 1]),
            grid_size,
            self.degree,
            family.values,
            family.continued if follows else None,
        )
        if self.base is not None:
            coefficients = torch.cat((coefficients, self.coefficients[..., splines:]), -1)
        return replace(self, coefficients=coefficients, grid_range=grid_range)

    def _argument(self, group: FixedGroup, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        affine = self.affine[:, None, group.targets, group.sources]
        weight = self.mask[:, None, group.targets, group.sources]
        return affine[..., 0] * x[..., group.sources] + affine[..., 1], affine, weight

    def _sums(self, x: Tensor, weights: Tensor, basis: Tensor | None) -> Tensor:
        if basis is not None:
            return basis.flatten(2) @ weights.flatten(2).mT
        if len(x) > 1 or self.family != BSplines.name:
            return self.basis(x).flatten(2) @ weights.flatten(2).mT
        splines = self.grid_size + self.degree
        alone = edge_sums(x[0], weights[0, ..., :splines], self.grid_range[0], self.degree)
        if self.base is not None:
            alone = alone + base_values(self.base, x[0]) @ weights[0, ..., -1].mT
        return alone.unsqueeze(0)

    def forward(self, x: Tensor, basis: Tensor | None = None) -> Tensor:
        """Sums over the edges into each sub-node, ``(S, N, n) -> (S, N, o)``."""
        weights = self.coefficients * self.free.unsqueeze(-1)
        total = self._sums(x, weights, basis)
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

    def slopes(self, x: Tensor, basis: Tensor | None = None) -> Tensor:
        """The derivative of every edge by its input, ``(S, N, n) -> (S, N, o, n)``.

        ``basis`` is the first derivative of the basis functions at ``x``, where it is known already.
        """
        weights = self.coefficients * self.free.unsqueeze(-1)
        basis = self.basis(x, 1) if basis is None else basis
        slope = (basis.transpose(1, 2) @ weights.permute(0, 2, 3, 1)).permute(0, 2, 3, 1)
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
        basis: family of the curves: "bspline", "chebyshev", "rbf" or "fourier".
        base: None, "silu" or a known function: every edge is then scale_base·base(x) + curve(x).
        fixed: functions of fixed edges, keyed by ``(target, source)``.
        generator: source of the random coefficients; a fresh one with seed 0 by default.
        dtype, device: as everywhere in torch; float64 by default.

    Attributes:
        coefficients: parameter ``(out, in, grid_size + degree)``, with a base one more: scale_base.
        affine: parameter ``(out, in, 4)``: a, b, c, d of fixed edges, unused on free ones.
        grid_range: buffer ``(in, 2)``. mask: buffer ``(out, in)``, 0 = pruned.
        locked: boolean buffer ``(out, in)``; a locked edge gets no gradient and keeps its numbers.

    Raises:
        InputError: a size is too small, a name unknown.
    """

    coefficients: nn.Parameter
    affine: nn.Parameter
    grid_range: Tensor
    mask: Tensor
    locked: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        grid_size: int = 3,
        degree: int = 3,
        *,
        basis: str = BSplines.name,
        base: str | None = None,
        fixed: Mapping[tuple[int, int], str] | None = None,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("in_features", in_features),
            ("out_features", out_features),
            ("grid_size", grid_size),
            ("degree", degree),
        ):
            whole(name, value)
        require_place(dtype, device)
        find_basis(basis)
        if base is not None:
            find_base(base)
        self.in_features, self.out_features = in_features, out_features
        self.degree, self.basis, self.base = degree, basis, base
        self.fixed: dict[tuple[int, int], str] = dict(fixed or {})
        shape = (out_features, in_features)
        options = {"dtype": dtype, "device": device}
        count = grid_size + degree + (base is not None)
        self.coefficients = nn.Parameter(torch.empty(*shape, count, **options))  # type: ignore[arg-type]
        identity = torch.tensor(AFFINE_IDENTITY, **options)  # type: ignore[arg-type]
        self.affine = nn.Parameter(identity.repeat(*shape, 1))
        unit = torch.tensor([-1.0, 1.0], **options)  # type: ignore[arg-type]
        self.register_buffer("grid_range", unit.repeat(in_features, 1))
        self.register_buffer("mask", torch.ones(shape, **options))  # type: ignore[arg-type]
        self.register_buffer("locked", torch.zeros(shape, dtype=torch.bool, device=device))
        self.reset_parameters(generator)

    @property
    def grid_size(self) -> int:
        return self.coefficients.shape[-1] - self.degree - (self.base is not None)

    @property
    def constant(self) -> Tensor:
        """Coefficients ``(K,)`` of the curve that is 1 everywhere."""
        return self.activations().constant

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw coefficients from N(0, 1/in): second-order training wants curves of size one."""
        generator = generator or torch.Generator().manual_seed(0)
        shape = self.coefficients.shape
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            self.coefficients.copy_(drawn / self.in_features**0.5)

    def activations(self) -> Activations:
        """The layer as a stack of one, sharing its tensors; no gradient reaches a locked edge."""
        held = self.locked.unsqueeze(-1)
        return Activations(
            coefficients=_held(self.coefficients, held).unsqueeze(0),
            affine=_held(self.affine, held).unsqueeze(0),
            grid_range=self.grid_range.unsqueeze(0),
            mask=self.mask.unsqueeze(0),
            locked=self.locked.unsqueeze(0),
            degree=self.degree,
            fixed=fixed_groups(self.fixed, self.coefficients.device),
            family=self.basis,
            base=self.base,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Sub-node values, ``(..., in) -> (..., out)``.

        Raises:
            InputError: the last dimension or the dtype of ``x`` is not the layer's.
        """
        if x.shape[-1] != self.in_features or x.dtype != self.coefficients.dtype:
            raise InputError(
                f"the layer needs inputs of shape (..., {self.in_features}) and dtype "
                f"{self.coefficients.dtype}, got shape {tuple(x.shape)} and {x.dtype}"
            )
        flat = x.reshape(1, -1, self.in_features)
        return self.activations().forward(flat).reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        return (
            f"{self.in_features} -> {self.out_features}, grid_size={self.grid_size}, "
            f"degree={self.degree}, basis={self.basis!r}, base={self.base!r}, fixed={len(self.fixed)}, "
            f"locked={int(self.locked.sum())}"
        )


def _held(parameter: Tensor, held: Tensor) -> Tensor:
    return (
        torch.where(held, parameter.detach(), parameter) if parameter.requires_grad else parameter
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
