"""Slab after slab in time: each starts from where the last one ended, and none is seen again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from workbench.equations.objective import Rows
from workbench.equations.problem import Problem
from workbench.equations.residuals import Residual
from workbench.equations.tensor.grid import TensorGrid, finer
from workbench.equations.tensor.least_squares import BandedLeastSquares, minimized

_STEPS, _GUESS_STEPS = 12, 3
_OVERSAMPLED = 1.5
_START_POINTS, _SIDE_POINTS = 4, 4
_SLIGHT = 1e-6
_HELPS, _CLEARLY = 0.5, 4.0


def marches(problem: Problem) -> bool:
    """Whether everything about a problem happens in the order of time, from its beginning on.

    What is measured later may say something of what was unknown before.
    """
    if problem.clock is None or problem.unknowns or problem.measurements:
        return False
    begin = problem.domain.ranges[problem.clock][0]
    moments = [c.at[problem.time] for c in problem.held if problem.time in c.at]
    return bool(moments) and all(moment == begin for moment in moments)


def points_each(grid: TensorGrid) -> tuple[int, int]:
    """Points of every interval along each coordinate: half as many again as there are functions."""
    first, second = (
        max(2, int(np.ceil(_OVERSAMPLED * count / size)))
        for count, size in zip(grid.counts, grid.sizes, strict=True)
    )
    return first, second


def marched(
    problem: Problem, grid: TensorGrid, like: Tensor, over: Callable[[], bool]
) -> tuple[Tensor, tuple[int, int]]:
    """A solution that is continued interval by interval.

    Args:
        problem: one that ``marches``. grid: of the splines.
        like: a tensor of their precision and device. over: whether to stop; nothing follows then.

    Returns:
        Coefficients ``(fields, *grid.counts)``, and by how many times each coordinate wants more intervals:
        that is tried on the slab where most is left of the equations.
    """
    course = _Course(problem, grid, like, over)
    slabs = course.run()
    return course.joined(slabs), course.wanted(slabs)


@dataclass(frozen=True)
class _Slab:
    """One interval of time.

    Attributes:
        grid: of one interval there. vector: of the coefficients.
        left: mean square of what is left of each equation.
    """

    grid: TensorGrid
    vector: Tensor
    left: tuple[float, ...]


@dataclass(frozen=True)
class _Course:
    problem: Problem
    grid: TensorGrid
    like: Tensor
    over: Callable[[], bool]

    @property
    def clock(self) -> int:
        return self.problem.clock or 0

    def run(self) -> list[_Slab]:
        """One slab after the other."""
        low, high = self.problem.domain.ranges[self.clock]
        ends = np.linspace(low, high, self.grid.sizes[self.clock] + 1)
        found: list[_Slab] = []
        for begin, end in pairwise(ends.tolist()):
            if self.over() and found:
                break
            grid = self._local(self.grid, (begin, end))
            found.append(self._slab(grid, found[-1] if found else None))
        return found

    def wanted(self, slabs: Sequence[_Slab]) -> tuple[int, int]:
        """Which coordinates need twice as many intervals."""
        worst = max(range(len(slabs)), key=lambda k: sum(slabs[k].left))
        here, before = slabs[worst], slabs[worst - 1] if worst else None
        begin, end = here.grid.ranges[self.clock]
        space = [2, 2]
        space[self.clock] = 1
        wider = here.grid.finer((space[0], space[1]))
        shorter = self._local(here.grid, (begin, (begin + end) / 2))
        in_space, in_time = (self._share(here, self._slab(g, before)) for g in (wider, shorter))
        found = [2, 2]
        if min(in_space, in_time) < _HELPS:
            found[1 - self.clock] = 1 + (in_space < _CLEARLY * in_time)
            found[self.clock] = 1 + (in_time < _CLEARLY * in_space)
        return found[0], found[1]

    def _share(self, old: _Slab, new: _Slab) -> float:
        """What a slab has left as a share of another one, the largest of all equations."""
        parts = zip(old.left, new.left, strict=True)
        return max((b / a for a, b in parts if a), default=1.0)

    def _slab(self, grid: TensorGrid, before: _Slab | None) -> _Slab:
        start = self._first(grid) if before is None else self._handed(grid, before)
        cells = grid.gauss(points_each(grid), self.like)
        share = cells.shape[1]
        begin = (
            self._steady(grid, cells, start) if before is None else self._continued(grid, before)
        )
        equations = (self._rows(self.problem.inside, cells.flatten(0, 1)), share)
        whole = BandedLeastSquares(grid, [equations, *start, *self._sides(grid)])
        whole = whole.weighted(whole.balanced(begin))
        vector, _ = minimized(whole, begin, steps=_STEPS, over=self.over)
        alone = [
            BandedLeastSquares(grid, [(self._rows((part,), cells.flatten(0, 1)), share)])
            for part in self.problem.inside
        ]
        left = [float(part.residuals(vector).square().sum()) for part in alone]
        return _Slab(grid, vector, tuple(left))

    def _steady(self, grid: TensorGrid, cells: Tensor, start: Sequence[tuple[Rows, int]]) -> Tensor:
        """What the problem begins with, without change in time."""
        still = [_derivative(field, self.clock, 1) for field in range(grid.fields)]
        plain = BandedLeastSquares(
            grid, [*start, (self._rows(still, cells.flatten(0, 1)), cells.shape[1])]
        )
        zero = self.like.new_zeros(grid.parameter_count)
        *shares, slight = plain.balanced(zero)
        plain = plain.weighted([*shares, tuple(_SLIGHT * weight for weight in slight)])
        return minimized(plain, zero, steps=_GUESS_STEPS, over=lambda: False)[0]

    def _continued(self, grid: TensorGrid, before: _Slab) -> Tensor:
        """What the slab before ends with, without change in time."""
        old = before.grid
        curves = before.vector[old.places.to(before.vector.device)].movedim(1 + self.clock, -1)
        end = self.like.new_tensor([old.ranges[self.clock][1]])
        last = curves @ self._functions(old, end).mT
        size = grid.sizes[1 - self.clock]
        last = finer(last.squeeze(-1), size, grid.degree).unsqueeze(-1)
        same = last.expand(*last.shape[:-1], grid.counts[self.clock])
        return grid.vector(same.movedim(-1, 1 + self.clock))

    def _local(self, grid: TensorGrid, ends: tuple[float, float]) -> TensorGrid:
        """The grid of one slab: one interval in time."""
        ranges, sizes = list(grid.ranges), list(grid.sizes)
        ranges[self.clock], sizes[self.clock] = ends, 1
        return replace(grid, ranges=(ranges[0], ranges[1]), sizes=(sizes[0], sizes[1]))

    def _rows(
        self, residuals: Sequence[Residual], points: Tensor, targets: Tensor | None = None
    ) -> Rows:
        return Rows(tuple(residuals), points, (1.0,) * len(residuals), None, targets)

    def _first(self, grid: TensorGrid) -> list[tuple[Rows, int]]:
        """The conditions at the beginning."""
        count = _START_POINTS * grid.counts[1 - self.clock]
        found = []
        for number, (condition, residual) in enumerate(
            zip(self.problem.held, self.problem.outside, strict=True)
        ):
            if self.problem.time in condition.at:
                points = self.problem.points_of(condition, count, number)
                found.append((self._rows((residual,), self._tensor(points)), 1))
        return found

    def _sides(self, grid: TensorGrid) -> list[tuple[Rows, int]]:
        """The other conditions, during the slab."""
        low, high = self.problem.domain.ranges[self.clock]
        begin, end = grid.ranges[self.clock]
        count = 2 * _SIDE_POINTS * grid.counts[self.clock]
        found = []
        for number, (condition, residual) in enumerate(
            zip(self.problem.held, self.problem.outside, strict=True)
        ):
            if self.problem.time not in condition.at:
                points = self.problem.points_of(condition, count, number)
                moved = self._tensor(points)
                share = (moved[:, self.clock] - low) / (high - low)
                moved[:, self.clock] = begin + share * (end - begin)
                if len(moved):
                    found.append((self._rows((residual,), moved), 1))
        return found

    def _handed(self, grid: TensorGrid, before: _Slab) -> list[tuple[Rows, int]]:
        """What the slab before ends with: fields, and those derivatives by time that make a state."""
        each = points_each(grid)[1 - self.clock]
        along = grid.nodes(1 - self.clock, each, self.like)
        points = torch.full((len(along), 2), grid.ranges[self.clock][0]).to(self.like)
        points[:, 1 - self.clock] = along
        found = []
        for field in range(grid.fields):
            order = max(residual.order(field, self.clock) for residual in self.problem.inside)
            for k in range(order):
                state = _derivative(field, self.clock, k)
                rows = self._rows((state,), points)
                old = BandedLeastSquares(before.grid, [(rows, 1)])
                ended = old.residuals(before.vector)
                known = ended * len(points) ** 0.5
                found.append((replace(rows, targets=known), each))
        return found

    def _tensor(self, table: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(table, dtype=float)).to(self.like)

    def joined(self, slabs: Sequence[_Slab]) -> Tensor:
        """All slabs as splines on the whole grid, by least squares; what is missing goes on as it ended."""
        grid, clock = self.grid, self.clock
        samples, moments = [], []
        for slab in slabs:
            part, vector = slab.grid, slab.vector
            nodes = part.nodes(clock, grid.degree + 3, self.like)
            curves = vector[part.places.to(vector.device)].movedim(1 + clock, -1)
            samples.append(curves @ self._functions(part, nodes).mT)
            moments.append(nodes)
        last = samples[-1][..., -1:]
        low, high = slabs[-1].grid.ranges[clock]
        for number in range(len(slabs), grid.sizes[clock]):
            moments.append(moments[len(slabs) - 1] + (number - len(slabs) + 1) * (high - low))
            samples.append(last.expand(*last.shape[:-1], len(moments[-1])))
        design = self._functions(grid, torch.cat(moments))
        values = torch.cat(samples, -1).flatten(0, 1)
        found = torch.linalg.lstsq(design, values.mT).solution.mT
        shape = (grid.fields, grid.counts[1 - clock], grid.counts[clock])
        return found.reshape(shape).movedim(-1, 1 + clock).contiguous()

    def _functions(self, grid: TensorGrid, moments: Tensor) -> Tensor:
        """All functions of time at some moments, ``(N, counts)``."""
        points = torch.zeros(len(moments), 2).to(moments)
        points[:, self.clock] = moments
        pieces = grid.pieces(points, (0, 0))[self.clock][0]
        reach = torch.arange(grid.degree + 1, device=moments.device)
        columns = grid.cells(points)[:, self.clock, None] + reach
        empty = moments.new_zeros(len(moments), grid.counts[self.clock])
        return empty.scatter(1, columns, pieces)


def _derivative(field: int, clock: int, order: int) -> Residual:
    """A derivative by time as a residual."""
    index = (0, order) if clock else (order, 0)
    return Residual.of((field, index))
