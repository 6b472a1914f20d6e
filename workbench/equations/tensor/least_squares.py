"""Residuals of tensor-product splines, and Gauss–Newton steps with their banded matrix."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor

from workbench.equations.objective import Rows
from workbench.equations.residuals import Entry, Residual
from workbench.equations.tensor.grid import TensorGrid
from workbench.equations.tensor.normal import Normal

_BLOCK_NUMBERS, _KEPT_NUMBERS = 4_000_000, 8_000_000
_LEAST_DAMPING, _FIRST_DAMPING, _MORE, _MOST_DAMPING = 1e-13, 1e-6, 100.0, 1e3
_FALL, _SLIGHT = 0.3, 1e-8
_SHARES = (1.0, 0.5, 0.25, 0.1, 0.03)


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

    def value(
        self, entries: dict[Entry, Tensor], part: Residual, coefficients: Mapping[str, Tensor]
    ) -> Tensor:
        """A residual before its weight, ``(N,)``."""
        points = self.points.flatten(0, 1)
        value = part.value(entries, points, coefficients)
        value = value if self.targets is None else value - self.targets
        return value.expand(1, len(points))[0]

    def factor(self, weight: float) -> Tensor | float:
        """Square root of the weight of each point."""
        return (weight / self.share) ** 0.5 * self.scales

    def linear(
        self, vector: Tensor, part: Residual, weight: float, coefficients: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Weighted residuals ``(K, n)`` with derivatives.

        These are by the near numbers, ``(K, n, J)``, and by each unknown coefficient, ``(K, n)``.
        """
        groups, size = self.points.shape[:2]
        entries = {e: v.detach().requires_grad_() for e, v in self.entries(vector, part).items()}
        spread = {
            name: coefficients[name].expand(1, groups * size).clone().requires_grad_()
            for name in part.uses
        }
        leaves = [*entries.values(), *spread.values()]
        with torch.enable_grad():
            value = self.value(entries, part, spread)
            slopes = torch.autograd.grad(value.sum(), leaves, allow_unused=True) if leaves else ()
        first, second = self.pieces
        factor = self.factor(weight)
        jacobian = vector.new_zeros(groups, size, *self.near.shape[1:])
        for (field, (a, b)), slope in zip(entries, slopes[: len(entries)], strict=True):
            if slope is not None:
                along = first[a] * (slope[0] * factor).view(groups, size, 1)
                jacobian[:, :, field] += along.unsqueeze(3) * second[b].unsqueeze(2)
        others = {
            name: (slope[0] * factor).view(groups, size)
            for name, slope in zip(spread, slopes[len(entries) :], strict=True)
            if slope is not None
        }
        return (value.detach() * factor).view(groups, size), jacobian.flatten(2), others


class BandedLeastSquares:
    """The sum of squares over rows, as a function of the vector of a grid and of what else is unknown.

    Args:
        grid: of the splines.
        rows: what is to vanish, with the number of points that follow each other in one cell.
        sizes: of the unknown coefficients, by name; the end of a vector is multiples of these.
    """

    def __init__(
        self,
        grid: TensorGrid,
        rows: Sequence[tuple[Rows, int]],
        sizes: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self.grid, self.rows, self.sizes = grid, tuple(rows), sizes
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

    def _coefficients(self, vector: Tensor) -> dict[str, Tensor]:
        last = vector[self.grid.parameter_count :]
        return {
            name: size * value for (name, size), value in zip(self.sizes.items(), last, strict=True)
        }

    def residuals(self, vector: Tensor) -> Tensor:
        """Weighted residuals ``(R,)``."""
        known = self._coefficients(vector)
        found = [
            block.value(block.entries(vector, part), part, known) * block.factor(weight)
            for block in self._blocks
            for part, weight in zip(block.rows.residuals, block.rows.weights, strict=True)
        ]
        return torch.cat(found)

    def value(self, vector: Tensor) -> float:
        """Half the sum of squares."""
        return 0.5 * float(self.residuals(vector).square().sum())

    def linearize(self, vector: Tensor) -> tuple[float, Normal, Tensor]:
        """Loss, Gauss–Newton matrix and gradient ``(P + C,)``."""
        count, band = self.grid.parameter_count, self.grid.band
        outside = (band + 1) * count
        matrix, gradient = vector.new_zeros(outside + 1), torch.zeros_like(vector)
        border = vector.new_zeros(count, len(self.sizes))
        corner = vector.new_zeros(len(self.sizes), len(self.sizes))
        loss = 0.0
        for number, near, value, jacobian, others in self._linear(vector):
            loss += 0.5 * float(value.square().sum())
            square = torch.bmm(jacobian.mT, jacobian)
            matrix.index_add_(0, self._places(number, near, outside), square.flatten())
            slope = torch.bmm(jacobian.mT, value.unsqueeze(2))
            gradient.index_add_(0, near.flatten(), slope.flatten())
            if others.any():
                across = torch.bmm(jacobian.mT, others)
                border.index_add_(0, near.flatten(), across.flatten(0, 1))
                flat = others.flatten(0, 1)
                corner += flat.mT @ flat
                gradient[count:] += flat.mT @ value.flatten()
        return loss, Normal(matrix[:outside].view(band + 1, count), border, corner), gradient

    def _linear(self, vector: Tensor) -> Iterator[tuple[int, Tensor, Tensor, Tensor, Tensor]]:
        """Block by block: its number, near places ``(K, J)``, residuals and both kinds of derivatives."""
        known = self._coefficients(vector)
        for number, block in enumerate(self._blocks):
            near = block.near.flatten(1)
            for part, weight in zip(block.rows.residuals, block.rows.weights, strict=True):
                value, jacobian, named = block.linear(vector, part, weight, known)
                others = value.new_zeros(*value.shape, len(self.sizes))
                for place, (name, size) in enumerate(self.sizes.items()):
                    if name in named:
                        others[..., place] = size * named[name]
                yield number, near, value, jacobian, others

    def along(self, vector: Tensor, directions: Tensor) -> Tensor:
        """Derivatives of all weighted residuals along directions ``(P + C, M)``, ``(R, M)``."""
        count = self.grid.parameter_count
        parts = []
        for _, near, _, jacobian, others in self._linear(vector):
            found = torch.bmm(jacobian, directions[near]) + others @ directions[count:]
            parts.append(found.flatten(0, 1))
        return torch.cat(parts)

    def jacobian(self, vector: Tensor) -> Tensor:
        """Derivatives of all weighted residuals, ``(R, P + C)``, dense: for few rows."""
        parts = []
        for _, near, value, jacobian, others in self._linear(vector):
            rows = vector.new_zeros(*value.shape, len(vector))
            rows.scatter_add_(2, near.unsqueeze(1).expand(-1, value.shape[1], -1), jacobian)
            rows[..., self.grid.parameter_count :] = others
            parts.append(rows.flatten(0, 1))
        return torch.cat(parts)

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
        return BandedLeastSquares(self.grid, rows, self.sizes)

    def balanced(self, vector: Tensor) -> tuple[tuple[float, ...], ...]:
        """Weights that make every residual as sensitive to the coefficients as any other."""
        found = []
        known = self._coefficients(vector)
        for rows, group in self.rows:
            plain = replace(rows, weights=(1.0,) * len(rows.residuals))
            alone = [_Block.of(self.grid, plain, slice(None), group)]
            sizes = [
                sum(float(b.linear(vector, part, 1.0, known)[1].square().sum()) for b in alone)
                for part in rows.residuals
            ]
            found.append(tuple(1 / size if size else 1.0 for size in sizes))
        return tuple(found)


def minimized(
    problem: BandedLeastSquares, vector: Tensor, *, steps: int, over: Callable[[], bool]
) -> tuple[Tensor, float]:
    """Gauss–Newton steps while they help.

    Unknown coefficients are changed between solutions of the equations that belong to those of the moment
    (variable projection, Golub & Pereyra 1973, *SIAM Journal on Numerical Analysis* 10): equations hold
    far more strictly than measurements, and a step of both at once would have to stay in a narrow, bent
    valley.

    Args:
        problem: what to minimize. vector: where to begin.
        steps: at most so many. over: asked before every step, whether to stop.

    Returns:
        The vector, and half its sum of squares.
    """
    vector, loss = _descended(problem, vector, steps, over)
    for _ in range(steps if problem.sizes else 0):
        if over():
            break
        _, matrix, gradient = problem.linearize(vector)
        factored = matrix.factored()
        if factored is None:
            break
        step = factored.solved(gradient)
        if not float(gradient @ step) > _SLIGHT * loss:
            break
        for share in _SHARES:
            trial, found = _descended(problem, vector - share * step, steps, over)
            if found < loss:
                vector, loss = trial, found
                break
        else:
            break
    return vector, loss


def _descended(
    problem: BandedLeastSquares, vector: Tensor, steps: int, over: Callable[[], bool]
) -> tuple[Tensor, float]:
    """Steps of the splines alone, damped where they do not descend."""
    damping, loss, count = 0.0, problem.value(vector), problem.grid.parameter_count
    for _ in range(steps):
        if over():
            break
        _, matrix, gradient = problem.linearize(vector)
        before = loss
        while damping < _MOST_DAMPING:
            factored = matrix.banded.factored(damping)
            found = float("inf")
            if factored is not None:
                step = torch.zeros_like(vector)
                step[:count] = factored.solved(gradient[:count])
                trial = vector - step
                found = problem.value(trial)
            if found <= loss:
                vector, loss = trial, found
                break
            damping = max(_MORE * damping, _FIRST_DAMPING)
        damping /= _MORE**2
        damping = damping if damping > _LEAST_DAMPING else 0.0
        if loss > _FALL * before:
            break
    return vector, loss
