"""Finer and finer grids, each coordinate as it needs."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from workbench.equations.domains import Box
from workbench.equations.objective import Rows
from workbench.equations.problem import Problem
from workbench.equations.sampling import measured
from workbench.equations.tensor.grid import TensorGrid
from workbench.equations.tensor.least_squares import BandedLeastSquares, minimized
from workbench.equations.tensor.slabs import marched, marches, points_each
from workbench.equations.tensor.splines import TensorSplines

_LEAST_DEGREE, _SMOOTHER = 6, 4
_COARSE, _COARSE_TIME, _COARSE_SPACE = 16, 8, 32
_UNEVEN, _STALLED, _MOST_STALLS, _ROUGH = 8.0, 0.25, 1, 0.3
_MOST_NUMBERS = 6e7
_STEPS, _SIDE_POINTS = 30, 4
_DATA_SHARE = 1e-7
"""Weight of measurements against equations, which can hold that strictly here."""


def holds(problem: Problem) -> bool:
    """Whether splines of two coordinates can solve a problem, which is on a box."""
    return len(problem.names) == 2 and isinstance(problem.domain, Box)


def levels(
    problem: Problem,
    like: Tensor,
    loss: Callable[[TensorSplines], float],
    over: Callable[[], bool],
) -> Iterator[TensorSplines]:
    """Solutions on one grid after the other.

    The coordinate that needs it gets twice as many intervals; the end is where that helps no more.

    Args:
        problem: one that ``holds``. like: a tensor of their precision and device.
        loss: of a solution, at points that it was not fitted to.
        over: asked after every step, whether to stop; the last one is then unfinished.
    """
    grid, in_time = _coarse(problem), marches(problem)
    known: TensorSplines | None = None
    coarser: TensorSplines | None = None
    wanted, left, stalls = (2, 2), math.inf, 0
    while in_time or grid.parameter_count * (grid.band + 1) < _MOST_NUMBERS:
        before, last = wanted, left
        if in_time:
            coefficients, wanted = marched(problem, grid, like, over)
            known = TensorSplines(problem, grid, coefficients, like.new_zeros(0))
        else:
            known = _at_once(problem, grid, like, known, over)
            wanted = _needed(known)
        yield known
        left = loss(known)
        stalls = stalls + 1 if left > _STALLED * last and _resolved(known) else 0
        if stalls > _MOST_STALLS:
            break
        if stalls and coarser is not None and before != (2, 2):
            # The coordinate that helped not is not kept finer; it was the other one.
            known, grid, wanted = coarser, coarser.grid, (before[1], before[0])
        coarser, grid = known, grid.finer(wanted)


def _coarse(problem: Problem) -> TensorGrid:
    first, second = problem.domain.ranges
    closed_first, closed_second = (name in problem.domain.periodic for name in problem.names)
    sizes = [_COARSE, _COARSE]
    if marches(problem):
        sizes = [_COARSE_SPACE, _COARSE_SPACE]
        sizes[problem.clock or 0] = _COARSE_TIME
    return TensorGrid(
        (first, second),
        (sizes[0], sizes[1]),
        max(_LEAST_DEGREE, problem.order + _SMOOTHER),
        (closed_first, closed_second),
        len(problem.fields),
    )


def _needed(known: TensorSplines) -> tuple[int, int]:
    """Which coordinates are to have twice as many intervals."""
    first, second = known.roughness(0), known.roughness(1)
    return 1 + (first * _UNEVEN > second), 1 + (second * _UNEVEN > first)


def _resolved(known: TensorSplines) -> bool:
    """Whether differences of the coefficients are smaller than those of random numbers would be."""
    order = known.grid.degree + 1
    return max(known.roughness(0), known.roughness(1)) < _ROUGH * math.comb(2 * order, order) ** 0.5


def _at_once(
    problem: Problem,
    grid: TensorGrid,
    like: Tensor,
    known: TensorSplines | None,
    over: Callable[[], bool],
) -> TensorSplines:
    """All coefficients by Gauss–Newton steps, from what a coarser grid knows."""
    rows = [_inside(problem, grid, like)]
    for number, (condition, residual) in enumerate(zip(problem.held, problem.outside, strict=True)):
        points = problem.points_of(condition, _SIDE_POINTS * max(grid.counts), number)
        rows.append((Rows((residual,), torch.from_numpy(points).to(like), (1.0,)), 1))
    rows += [(part, 1) for part in measured(problem, like)]
    if known is None:
        curves = like.new_zeros(grid.fields, *grid.counts)
        start = like.new_tensor([unknown.start for unknown in problem.unknowns.values()])
        known = TensorSplines(problem, grid, curves, start)
    known = known.on(grid)
    plain = BandedLeastSquares(grid, rows, known.sizes)
    weights = plain.balanced(known.vector)
    share = _DATA_SHARE * min(weights[0]) / _coarse_weight(problem, like, known)
    weights = tuple(
        own if part.targets is None else tuple(share * w for w in own)
        for (part, _), own in zip(rows, weights, strict=True)
    )
    found, _ = minimized(plain.weighted(weights), known.vector, steps=_STEPS, over=over)
    return known.at(found)


def _inside(problem: Problem, grid: TensorGrid, like: Tensor) -> tuple[Rows, int]:
    """The equations in all cells."""
    cells = grid.gauss(points_each(grid), like)
    return Rows(problem.inside, cells.flatten(0, 1), (1.0,) * len(problem.inside)), cells.shape[1]


def _coarse_weight(problem: Problem, like: Tensor, known: TensorSplines) -> float:
    """Least weight of an equation on the coarsest grid.

    On a finer one derivatives make equations more sensitive and their weights less, those of values stay;
    measurements must not gain by that.
    """
    grid = _coarse(problem)
    zero = torch.cat(
        (like.new_zeros(grid.parameter_count), known.vector[known.grid.parameter_count :])
    )
    equations = BandedLeastSquares(grid, [_inside(problem, grid, like)], known.sizes)
    return min(equations.balanced(zero)[0])
