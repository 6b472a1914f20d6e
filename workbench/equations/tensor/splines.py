"""Tensor-product splines as an approximation to a solution, and as the network that they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from workbench.equations.objective import Rows
from workbench.equations.problem import Problem
from workbench.equations.tensor.grid import TensorGrid, finer
from workbench.equations.tensor.least_squares import BandedLeastSquares
from workbench.kan.config import KANConfig
from workbench.kan.editing import greville
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN

_SAME_LOSS, _FINEST = 1.02, -16.0


@dataclass(frozen=True)
class TensorSplines:
    """Splines on a grid.

    Attributes:
        problem: what they are to solve.
        grid: of both coordinates.
        coefficients: ``(fields, n, k)``, those of closed coordinates with what is repeated.
        ranks: so many products make each field; None before these were counted.
    """

    problem: Problem
    grid: TensorGrid
    coefficients: Tensor
    ranks: tuple[int, ...] | None = None

    @property
    def grid_size(self) -> int:
        """Intervals of the finer coordinate."""
        return max(self.grid.sizes)

    @property
    def parameter_count(self) -> int:
        """Numbers of the curves of the network, as far as they are not repeated."""
        if self.ranks is None:
            return self.grid.parameter_count
        return sum(self.ranks) * sum(
            size if closed else size + self.grid.degree
            for size, closed in zip(self.grid.sizes, self.grid.closed, strict=True)
        )

    @property
    def width(self) -> tuple[object, ...]:
        """Of the network."""
        return self.model.config.width

    def values(self, points: Tensor) -> Tensor:
        """Fields ``(N, m)`` at points ``(N, 2)``."""
        x, y = (parts[0] for parts in self.grid.pieces(points, (0, 0)))
        near = self.grid.near(self.grid.cells(points))
        local = self.grid.vector(self.coefficients)[near]
        return torch.einsum("nmij,ni,nj->nm", local, x, y)

    def residuals(self, rows: Sequence[Rows]) -> Tensor:
        """Weighted residuals, all in one ``(R,)``."""
        return self._objective(rows).residuals(self.grid.vector(self.coefficients))

    def losses(self, rows: Sequence[Rows]) -> Tensor:
        """Half the sum of their squares, ``(1,)``."""
        return 0.5 * self.residuals(rows).square().sum(0, keepdim=True)

    def _objective(self, rows: Sequence[Rows]) -> BandedLeastSquares:
        return BandedLeastSquares(self.grid, [(part, 1) for part in rows])

    def roughness(self, coordinate: int) -> float:
        """Share of the coefficients that their differences of order ``degree + 1`` are along a coordinate.

        The error of a spline goes with them, so they say which coordinate wants a finer grid.
        """
        bent = self.coefficients.diff(n=self.grid.degree + 1, dim=1 + coordinate)
        return float(bent.norm() / self.coefficients.norm().clamp(min=1e-300))

    def compressed(self, rows: Sequence[Rows], share: float) -> "TensorSplines":
        """With the fewest products that leave the loss on some rows as it is.

        Args:
            rows: of the loss.
            share: singular values above this share of the largest are kept in any case.
        """
        bases = [torch.linalg.svd(matrix, full_matrices=False) for matrix in self.coefficients]
        sizes = [len(values) for _, values, _ in bases]
        bound = _SAME_LOSS * float(self.losses(rows))

        def above(logarithm: float) -> TensorSplines:
            """What singular values above a share of the largest make."""
            least = 10**logarithm
            ranks = [max(1, int((s > least * s[0]).sum())) for _, s, _ in bases]
            parts = [(u[:, :k] * s[:k]) @ v[:k] for (u, s, v), k in zip(bases, ranks, strict=True)]
            return replace(self, coefficients=torch.stack(parts), ranks=tuple(ranks))

        fine, coarse = _FINEST, max(_FINEST, math.log10(max(share, 1e-300)))
        middle = coarse
        for _ in range(max(sizes).bit_length() + 1):
            if float(above(middle).losses(rows)) <= bound:
                fine = middle
            else:
                coarse = middle
            middle = (fine + coarse) / 2
        return above(fine)

    @cached_property
    def model(self) -> KAN:
        """The network of products: curves of both coordinates, multiplied, and summed by straight edges."""
        ranks = self.ranks or tuple(min(self.grid.counts) for _ in self.problem.fields)
        products, size, degree = sum(ranks), self.grid_size, self.grid.degree
        config = KANConfig((2, (0, products), len(ranks)), size, degree, 2)
        model = KAN.from_config(config, device=self.coefficients.device)
        first, last = model.layer(0), model.layer(1)
        first.grid_range.copy_(self.coefficients.new_tensor(self.grid.ranges))
        first.mask.zero_()
        last.mask.zero_()
        curves, product = torch.zeros_like(first.coefficients), 0
        for field, rank in enumerate(ranks):
            u, s, v = torch.linalg.svd(self.coefficients[field], full_matrices=False)
            half = s[:rank].sqrt()
            for coordinate, modes in enumerate((u[:, :rank] * half, v[:rank].mT * half)):
                factors = slice(2 * product + coordinate, 2 * (product + rank), 2)
                curves[factors, coordinate] = finer(modes.mT, size, degree)
                first.mask[factors, coordinate] = 1
            last.mask[field, product : product + rank] = 1
            product += rank
        # A curve lies between its least and largest coefficients.
        reach = curves.abs().amax((1, 2)).view(-1, 2).prod(1)
        reach = torch.where(reach > 0, reach, 1.0)
        last.grid_range.copy_(torch.stack((-reach, reach), 1))
        lines = torch.stack([_line(last, source) for source in range(products)])
        with torch.no_grad():
            first.coefficients.copy_(curves)
            last.coefficients.copy_(lines.expand_as(last.coefficients))
        return model

    def on(self, grid: TensorGrid) -> "TensorSplines":
        """The same functions on a grid that is finer by whole factors."""
        found = self.coefficients
        for coordinate, size in enumerate(grid.sizes):
            curves = finer(found.movedim(1 + coordinate, -1), size, grid.degree)
            found = curves.movedim(-1, 1 + coordinate)
        return replace(self, grid=grid, coefficients=found.contiguous())


def _line(layer: KANLayer, source: int) -> Tensor:
    """Coefficients of the straight line y = x."""
    places = greville(layer, source)
    if places is None:
        raise TypeError("straight edges need splines")
    return places
