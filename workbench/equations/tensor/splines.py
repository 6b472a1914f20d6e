"""Tensor-product splines as an approximation to a solution, and as the network that they are."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from workbench.equations.inference import Scatter, variance
from workbench.equations.objective import Rows
from workbench.equations.problem import Problem
from workbench.equations.residuals import Residual
from workbench.equations.tensor.grid import TensorGrid, finer
from workbench.equations.tensor.least_squares import BandedLeastSquares
from workbench.kan.config import KANConfig
from workbench.kan.editing import greville
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN

_SAME_LOSS, _FINEST = 1.02, -16.0
_SCATTERED, _PER_PARAMETER = 100, 3


@dataclass(frozen=True)
class TensorSplines:
    """Splines on a grid.

    Attributes:
        problem: what they are to solve.
        grid: of both coordinates.
        coefficients: ``(fields, n, k)``, those of closed coordinates with what is repeated.
        unknowns: coefficients of the equations that are to be found, ``(C,)``.
        ranks: so many products make each field; None before these were counted.
    """

    problem: Problem
    grid: TensorGrid
    coefficients: Tensor
    unknowns: Tensor
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

    @property
    def sizes(self) -> dict[str, float]:
        """Of the unknown coefficients."""
        return {name: unknown.size for name, unknown in self.problem.unknowns.items()}

    @property
    def vector(self) -> Tensor:
        """All free numbers, unknown coefficients last, as multiples of their sizes."""
        sizes = self.unknowns.new_tensor(list(self.sizes.values()))
        return torch.cat((self.grid.vector(self.coefficients), self.unknowns / sizes))

    def at(self, vector: Tensor) -> "TensorSplines":
        """With other free numbers."""
        sizes = vector.new_tensor(list(self.sizes.values()))
        return replace(
            self,
            coefficients=vector[self.grid.places.to(vector.device)],
            unknowns=vector[self.grid.parameter_count :] * sizes,
        )

    def residuals(self, rows: Sequence[Rows]) -> Tensor:
        """Weighted residuals, all in one ``(R,)``."""
        return self._objective(rows).residuals(self.vector)

    def losses(self, rows: Sequence[Rows]) -> Tensor:
        """Half the sum of their squares, ``(1,)``."""
        return 0.5 * self.residuals(rows).square().sum(0, keepdim=True)

    def _objective(self, rows: Sequence[Rows]) -> BandedLeastSquares:
        return BandedLeastSquares(self.grid, [(part, 1) for part in rows], self.sizes)

    def scatter(self, drawn: Callable[[int], list[Rows]]) -> Scatter:
        """What the noise of measurements does.

        Args:
            drawn: rows at so many points inside, which are those of the first rows.
        """
        vector, unknowns = self.vector, len(self.unknowns)
        rows = drawn(_PER_PARAMETER * self.grid.parameter_count)
        some = rows[0].points[:_SCATTERED]
        values = [
            Rows((Residual.of((field, (0, 0))),), some, (1.0,))
            for field in range(len(self.problem.fields))
        ]
        sides = self._objective(values).jacobian(vector)
        sides = torch.cat((sides, torch.eye(len(vector)).to(vector)[len(vector) - unknowns :]))
        factored = self._objective(rows).linearize(vector)[1].factored()
        if factored is None:
            return Scatter(vector.new_full((unknowns,), math.inf), math.inf)
        directions = factored.solved(sides.mT)
        squares = vector.new_zeros(len(sides))
        for part in rows:
            if part.targets is not None:
                alone = self._objective([part])
                noise = variance(part, 0, alone.residuals(vector), unknowns)
                squares += noise * alone.along(vector, directions).square().sum(0)
        last = len(sides) - unknowns
        return Scatter(squares[last:].sqrt(), math.sqrt(float(squares[:last].sum())))

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
        bound = _SAME_LOSS * float(self.losses(rows))
        fine, coarse = _FINEST, max(_FINEST, math.log10(max(share, 1e-300)))
        middle = coarse
        for _ in range(max(self.grid.counts).bit_length() + 1):
            if float(self.above(10**middle).losses(rows)) <= bound:
                fine = middle
            else:
                coarse = middle
            middle = (fine + coarse) / 2
        return self.above(10**fine)

    def above(self, share: float) -> "TensorSplines":
        """With the products alone whose singular values are above a share of the largest."""
        parts, ranks = [], []
        for u, s, v in self._modes:
            rank = max(1, int((s > share * s[0]).sum()))
            parts.append((u[:, :rank] * s[:rank]) @ v[:rank])
            ranks.append(rank)
        return replace(self, coefficients=torch.stack(parts), ranks=tuple(ranks))

    @cached_property
    def _modes(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Singular value decomposition of the coefficients of each field."""
        found = [torch.linalg.svd(matrix, full_matrices=False) for matrix in self.coefficients]
        return [(u, s, v) for u, s, v in found]

    @cached_property
    def model(self) -> KAN:
        """The network of products: curves of both coordinates, multiplied, and summed by straight edges."""
        ranks = self.ranks or tuple(min(self.grid.counts) for _ in self.problem.fields)
        products, alone = sum(ranks), max(ranks) == 1
        width = (2, (0, products)) if alone else (2, (0, products), len(ranks))
        config = KANConfig(width, self.grid_size, self.grid.degree, 2)
        model = KAN.from_config(config, device=self.coefficients.device)
        with torch.no_grad():
            reach = self._fill_curves(model.layer(0), ranks)
            if not alone:
                _fill_sums(model.layer(1), ranks, reach)
        return model

    def _fill_curves(self, layer: KANLayer, ranks: Sequence[int]) -> Tensor:
        """Write the curves into a layer, one of each coordinate for a product; what these reach, ``(R,)``."""
        layer.grid_range.copy_(self.coefficients.new_tensor(self.grid.ranges))
        layer.mask.zero_()
        curves, product = torch.zeros_like(layer.coefficients), 0
        for (u, s, v), rank in zip(self._modes, ranks, strict=True):
            half = s[:rank].sqrt()
            for coordinate, modes in enumerate((u[:, :rank] * half, v[:rank].mT * half)):
                factors = slice(2 * product + coordinate, 2 * (product + rank), 2)
                curves[factors, coordinate] = finer(modes.mT, self.grid_size, self.grid.degree)
                layer.mask[factors, coordinate] = 1
            product += rank
        layer.coefficients.copy_(curves)
        # A curve lies between its least and largest coefficients.
        return curves.abs().amax((1, 2)).view(-1, 2).prod(1)

    def on(self, grid: TensorGrid) -> "TensorSplines":
        """The same functions on a grid that is finer by whole factors."""
        found = self.coefficients
        for coordinate, size in enumerate(grid.sizes):
            curves = finer(found.movedim(1 + coordinate, -1), size, grid.degree)
            found = curves.movedim(-1, 1 + coordinate)
        return replace(self, grid=grid, coefficients=found.contiguous())


def _fill_sums(layer: KANLayer, ranks: Sequence[int], reach: Tensor) -> None:
    """Write straight edges into a layer: a field is the sum of its products, which reach so far."""
    reach = torch.where(reach > 0, reach, 1.0)
    layer.grid_range.copy_(torch.stack((-reach, reach), 1))
    layer.mask.zero_()
    ends = np.cumsum(ranks)
    for field, (end, rank) in enumerate(zip(ends, ranks, strict=True)):
        layer.mask[field, end - rank : end] = 1
    for source in range(len(reach)):
        places = greville(layer, source)
        if places is None:
            raise TypeError("straight edges need splines")
        layer.coefficients[:, source] = places
