r"""Sums of B-spline edges, fast for large batches: the heart of a layer's forward pass.

A sub-node is :math:`s_o = \sum_i \sum_k c_{oik} B_k(x_i)` and only ``degree + 1`` of the ``K`` basis
functions of an input differ from zero. Two ways to use that:

* *dense*: scatter the non-zero values into a matrix ``(N, n K)`` and multiply it by the coefficients.
  Best on coarse grids, where the matrix is hardly larger than its non-zeros.
* *rows*: add ``degree + 1`` rows of the coefficients per input, each weighted by its value
  (``embedding_bag``). Time and memory do not grow with the grid.

Both share a hand-written backward pass that keeps only what it needs. It differentiates a plain
formulation instead when a derivative of a derivative is asked for (``create_graph=True``); so do
``torch.compile`` and the transforms of ``torch.func``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workbench.kan import spline

DENSE_BELOW = 30
"""Grid size from which rows are faster than a dense matrix, forward and backward."""

DENSE_BELOW_FORWARD = 12
"""The same where no gradient is asked for."""


def edge_sums(x: Tensor, weights: Tensor, grid_range: Tensor, degree: int) -> Tensor:
    """Sums over the spline edges into each sub-node, ``(N, n) -> (N, o)``.

    Args:
        x: inputs ``(N, n)``.
        weights: coefficients ``(o, n, K)``, ``K = grid_size + degree``, zero where an edge is pruned.
        grid_range: ends of the grids, ``(n, 2)``.
        degree: polynomial degree.
    """
    traced = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    if traced:
        return _plain(x, weights, grid_range, degree)
    grid_size = weights.shape[-1] - degree
    if torch.is_grad_enabled() and (x.requires_grad or weights.requires_grad):
        method = _Dense if grid_size < DENSE_BELOW else _Rows
        total: Tensor = method.apply(x, weights, grid_range, degree)
        return total
    local = _Local(x, grid_range, grid_size, degree)
    if grid_size < DENSE_BELOW_FORWARD:
        return local.dense() @ weights.flatten(1).mT
    return _bag(local.columns().flatten(1), _rows(weights), local.values().flatten(1))


def _plain(x: Tensor, weights: Tensor, grid_range: Tensor, degree: int) -> Tensor:
    low, high = grid_range.unbind(-1)
    values = spline.basis(x, low, high, weights.shape[-1] - degree, degree)
    return values.flatten(1) @ weights.flatten(1).mT


class _Local:
    """Where each input lies on its grid, and the pieces of the basis that are non-zero there."""

    def __init__(self, x: Tensor, grid_range: Tensor, grid_size: int, degree: int) -> None:
        low, high = grid_range.unbind(-1)
        self.degree, self.size = degree, grid_size + degree
        self.inverse_step = grid_size / (high - low)
        u = (x - low) * self.inverse_step
        inside = u.clamp(0, grid_size)
        first = inside.floor().clamp_(max=grid_size - 1)
        self.t = inside - first
        self.beyond = u.sub_(inside)
        self.leaves = bool((self.beyond != 0).any())
        self.first = first.nan_to_num_(nan=0.0).long()

    def values(self) -> Tensor:
        """Values of the non-zero basis functions, ``(N, n, degree + 1)``."""
        return torch.stack(self._planes(), -1)

    def _planes(self) -> list[Tensor]:
        planes = spline.pieces(self.t, self.degree)
        if self.leaves:
            slopes = spline.pieces(self.t, self.degree, 1)
            for plane, slope in zip(planes, slopes, strict=True):
                plane.addcmul_(self.beyond, slope)
        return planes

    def slopes(self) -> list[Tensor]:
        """Their derivatives by x, a list of ``(N, n)``."""
        return [s.mul_(self.inverse_step) for s in spline.pieces(self.t, self.degree, 1)]

    def columns(self) -> Tensor:
        """Their places in a row of ``n K`` columns, ``(N, n, degree + 1)``."""
        device = self.first.device
        block = self.size * torch.arange(self.first.shape[1], device=device)
        return (self.first + block).unsqueeze(-1) + torch.arange(self.degree + 1, device=device)

    def places(self) -> Tensor:
        """Places of the first ones in the flattened dense matrix, ``(N n,)``."""
        count = self.first.numel()
        cells = self.size * torch.arange(count, device=self.first.device)
        return self.first.flatten() + cells

    def dense(self, places: Tensor | None = None) -> Tensor:
        """All basis functions, ``(N, n K)``."""
        rows, inputs = self.t.shape
        dense = self.t.new_zeros(rows * inputs * self.size)
        places = self.places() if places is None else places
        for piece, plane in enumerate(self._planes()):
            dense[piece:].scatter_(0, places, plane.flatten())
        return dense.view(rows, inputs * self.size)


def _second_order(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    """Gradients that can be differentiated again."""
    x, weights, grid_range = ctx.saved_tensors[:3]
    wanted = [t for t, asked in zip((x, weights), ctx.needs_input_grad, strict=False) if asked]
    total = _plain(x, weights, grid_range, ctx.degree)
    found = iter(torch.autograd.grad(total, wanted, gradient, create_graph=True))
    by_x, by_weights = (next(found) if asked else None for asked in ctx.needs_input_grad[:2])
    return by_x, by_weights, None, None


class _Dense(torch.autograd.Function):
    """Scatter and one matrix product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, grid_range: Tensor, degree: int) -> Tensor:
        local = _Local(x, grid_range, weights.shape[-1] - degree, degree)
        places = local.places()
        dense = local.dense(places)
        ctx.save_for_backward(x, weights, grid_range, dense, places, local.t)
        ctx.degree, ctx.local = degree, local
        return dense @ weights.flatten(1).mT

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            return _second_order(ctx, gradient)
        _, weights, _, dense, places, _ = ctx.saved_tensors
        by_x = by_weights = None
        if ctx.needs_input_grad[1]:
            by_weights = (gradient.mT @ dense).view_as(weights)
        if ctx.needs_input_grad[0]:
            by_dense = (gradient @ weights.flatten(1)).view(-1)
            for piece, slope in enumerate(ctx.local.slopes()):
                part = by_dense[piece:].index_select(0, places).view_as(slope)
                by_x = part.mul_(slope) if by_x is None else by_x.addcmul_(part, slope)
        return by_x, by_weights, None, None


class _Rows(torch.autograd.Function):
    """Weighted sums of rows of the coefficients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, grid_range: Tensor, degree: int) -> Tensor:
        local = _Local(x, grid_range, weights.shape[-1] - degree, degree)
        values = local.values().flatten(1).requires_grad_(ctx.needs_input_grad[0])
        rows = _rows(weights).requires_grad_(ctx.needs_input_grad[1])
        with torch.enable_grad():
            total = _bag(local.columns().flatten(1), rows, values)
        ctx.save_for_backward(x, weights, grid_range)
        ctx.degree, ctx.local, ctx.inner = degree, local, (total, values, rows)
        return total.detach()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            return _second_order(ctx, gradient)
        total, values, rows = ctx.inner
        weights = ctx.saved_tensors[1]
        wanted = [leaf for leaf in (values, rows) if leaf.requires_grad]
        found = iter(torch.autograd.grad(total, wanted, gradient.contiguous(), retain_graph=True))
        by_x = by_weights = None
        if values.requires_grad:
            by_values = next(found).view(*ctx.local.t.shape, -1)
            for piece, slope in enumerate(ctx.local.slopes()):
                part = by_values[..., piece]
                by_x = slope.mul_(part) if by_x is None else by_x.addcmul_(part, slope)
        if rows.requires_grad:
            by_weights = next(found).mT.unflatten(1, weights.shape[1:])
        return by_x, by_weights, None, None


def _rows(weights: Tensor) -> Tensor:
    return weights.detach().flatten(1).mT.contiguous()


def _bag(columns: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    return functional.embedding_bag(columns, rows, per_sample_weights=values, mode="sum")
