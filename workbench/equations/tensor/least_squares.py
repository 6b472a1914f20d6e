"""Residuals of tensor-product splines, and Gauss–Newton steps with their banded matrix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import cho_solve_banded, cholesky_banded
from torch import Tensor

from workbench.equations.objective import Rows
from workbench.equations.residuals import Entry, Residual
from workbench.equations.tensor.grid import TensorGrid

_BLOCK_NUMBERS, _KEPT_NUMBERS = 4_000_000, 8_000_000
_ROUNDING, _FIRST_DAMPING, _MORE, _MOST_DAMPING = 1e-13, 1e-6, 100.0, 1e3
_FALL = 0.3


@dataclass(frozen=True)
class _Block:
    """Points in groups: those of a group, all of one size, lie in the same cell."""

    rows: Rows
    points: Tensor
    share: int
    near: Tensor
    pieces: list[list[Tensor]]
    targets: Tensor | None
    scales: Tensor | float

    @classmethod
    def of(cls, grid: TensorGrid, rows: Rows, part: slice, group: int) -> "_Block":
        chosen = rows.only(torch.arange(len(rows.points), device=rows.points.device)[part])
        points = chosen.points.unflatten(0, (-1, group))
        asked = [index for r in rows.residuals for _, index in r.asked]
        orders = [max((index[k] for index in asked), default=0) for k in (0, 1)]
        return cls(
            rows,
            points,
            len(rows.points),
            grid.near(grid.cells(points[:, 0])),
            grid.pieces(points, orders),
            chosen.targets,
            1.0 if chosen.scales is None else chosen.scales,
        )

    def entries(self, vector: Tensor, part: Residual) -> dict[Entry, Tensor]:
        """The derivatives that a residual asks for, ``(1, N)`` each."""
        near, (first, second) = vector[self.near], self.pieces
        found: dict[Entry, Tensor] = {}
        for field, (a, b) in part.asked:
            along = torch.bmm(near[:, field], second[b].mT)
            found[field, (a, b)] = (first[a].mT * along).sum(1).reshape(1, -1)
        return found

    def value(self, entries: dict[Entry, Tensor], part: Residual) -> Tensor:
        """A residual before its weight, ``(N,)``."""
        points = self.points.flatten(0, 1)
        value = part.value(entries, points, {})
        value = value if self.targets is None else value - self.targets
        return value.expand(1, len(points))[0]

    def factor(self, weight: float) -> Tensor | float:
        """Square root of the weight of each point."""
        return (weight / self.share) ** 0.5 * self.scales

    def linear(self, vector: Tensor, part: Residual, weight: float) -> tuple[Tensor, Tensor]:
        """Weighted residuals ``(K, n)`` and their derivatives by the near numbers, ``(K, n, J)``."""
        entries = {e: v.detach().requires_grad_() for e, v in self.entries(vector, part).items()}
        with torch.enable_grad():
            value = self.value(entries, part)
            leaves = list(entries.values())
            slopes = torch.autograd.grad(value.sum(), leaves, allow_unused=True) if leaves else ()
        first, second = self.pieces
        groups, size = self.points.shape[:2]
        factor = self.factor(weight)
        jacobian = vector.new_zeros(groups, size, *self.near.shape[1:])
        for (field, (a, b)), slope in zip(entries, slopes, strict=True):
            if slope is not None:
                along = first[a] * (slope[0] * factor).view(groups, size, 1)
                jacobian[:, :, field] += along.unsqueeze(3) * second[b].unsqueeze(2)
        return (value.detach() * factor).view(groups, size), jacobian.flatten(2)


class BandedLeastSquares:
    """The sum of squares over rows, as a function of the vector of a grid.

    Args:
        grid: of the splines.
        rows: what is to vanish, with the number of points that follow each other in one cell.
    """

    def __init__(self, grid: TensorGrid, rows: Sequence[tuple[Rows, int]]) -> None:
        self.grid, self.rows = grid, tuple(rows)
        self._blocks = [block for part, group in self.rows for block in self._split(part, group)]

        count = sum(block.near.flatten(1).shape[1] ** 2 * len(block.near) for block in self._blocks)
        self._kept: dict[int, Tensor] | None = {} if count <= _KEPT_NUMBERS else None

    def _split(self, rows: Rows, group: int) -> list[_Block]:
        near = self.grid.fields * (self.grid.degree + 1) ** 2
        step = max(1, _BLOCK_NUMBERS // near // max(near, group)) * group
        return [
            _Block.of(self.grid, rows, slice(start, start + step), group)
            for start in range(0, len(rows.points), step)
        ]

    def residuals(self, vector: Tensor) -> Tensor:
        """Weighted residuals ``(R,)``."""
        found = [
            block.value(block.entries(vector, part), part) * block.factor(weight)
            for block in self._blocks
            for part, weight in zip(block.rows.residuals, block.rows.weights, strict=True)
        ]
        return torch.cat(found)

    def value(self, vector: Tensor) -> float:
        """Half the sum of squares."""
        return 0.5 * float(self.residuals(vector).square().sum())

    def linearize(self, vector: Tensor) -> tuple[float, Tensor, Tensor]:
        """Loss, Gauss–Newton matrix and gradient ``(P,)``.

        Of the matrix the diagonals from the main one downwards, ``(band + 1, P)``.
        """
        count, band = self.grid.parameter_count, self.grid.band
        outside = (band + 1) * count
        matrix, gradient = vector.new_zeros(outside + 1), vector.new_zeros(count)
        loss = 0.0
        for number, block in enumerate(self._blocks):
            near = block.near.flatten(1)
            places = self._places(number, near, outside)
            for part, weight in zip(block.rows.residuals, block.rows.weights, strict=True):
                value, jacobian = block.linear(vector, part, weight)
                loss += 0.5 * float(value.square().sum())
                square = torch.bmm(jacobian.mT, jacobian)
                matrix.index_add_(0, places, square.flatten())
                slope = torch.bmm(jacobian.mT, value.unsqueeze(2))
                gradient.index_add_(0, near.flatten(), slope.flatten())
        return loss, matrix[:outside].view(band + 1, count), gradient

    def _places(self, number: int, near: Tensor, outside: int) -> Tensor:
        """Where the products of near numbers stand in the band; those above the diagonal ``outside``."""
        if self._kept is not None and number in self._kept:
            return self._kept[number]
        below = near[:, :, None] - near[:, None, :]
        inside = below * self.grid.parameter_count + near[:, None, :]
        places = torch.where(below >= 0, inside, outside).flatten()
        if self._kept is not None:
            self._kept[number] = places
        return places

    def weighted(self, weights: Sequence[tuple[float, ...]]) -> "BandedLeastSquares":
        """The same rows with other weights."""
        rows = [
            (replace(part, weights=own), group)
            for (part, group), own in zip(self.rows, weights, strict=True)
        ]
        return BandedLeastSquares(self.grid, rows)

    def balanced(self, vector: Tensor) -> tuple[tuple[float, ...], ...]:
        """Weights that make every residual as sensitive to the coefficients as any other."""
        found = []
        for rows, group in self.rows:
            plain = replace(rows, weights=(1.0,) * len(rows.residuals))
            alone = [_Block.of(self.grid, plain, slice(None), group)]
            sizes = [
                sum(float(b.linear(vector, part, 1.0)[1].square().sum()) for b in alone)
                for part in rows.residuals
            ]
            found.append(tuple(1 / size if size else 1.0 for size in sizes))
        return tuple(found)


def minimized(
    problem: BandedLeastSquares, vector: Tensor, *, steps: int, over: Callable[[], bool]
) -> tuple[Tensor, float]:
    """Gauss–Newton steps, damped where they do not descend, while they help.

    Args:
        problem: what to minimize. vector: where to begin.
        steps: at most so many. over: asked before every step, whether to stop.

    Returns:
        The vector, and half its sum of squares.
    """
    damping, loss = 0.0, problem.value(vector)
    for _ in range(steps):
        if over():
            break
        _, matrix, gradient = problem.linearize(vector)
        before = loss
        while damping < _MOST_DAMPING:
            step = _solved(matrix, gradient, damping)
            trial = vector if step is None else vector - step
            found = problem.value(trial) if step is not None else float("inf")
            if found <= loss:
                vector, loss = trial, found
                break
            damping = max(_MORE * damping, _FIRST_DAMPING)
        damping /= _MORE**2
        damping = damping if damping > _ROUNDING else 0.0
        if loss > _FALL * before:
            break
    return vector, loss


def _solved(matrix: Tensor, gradient: Tensor, damping: float) -> Tensor | None:
    """A damped step; None where the matrix is singular to rounding."""
    band = matrix.cpu().numpy().copy()
    band[0] += (damping + _ROUNDING) * band[0] + _ROUNDING * band[0].mean()
    if not np.isfinite(band).all():
        return None
    try:
        factor = cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    found = cho_solve_banded((factor, True), gradient.cpu().numpy(), check_finite=False)
    return torch.from_numpy(found).to(gradient)
