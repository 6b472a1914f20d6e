"""Points and weights: what of a problem the sum of squares holds."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from workbench.equations.objective import Objective, Rows
from workbench.equations.problem import Problem
from workbench.equations.residuals import Residual

_FEWEST, _BOUNDARY_SHARE, _FEWEST_BOUNDARY = 150, 4.0, 24
_ROUNDING = 1e-12
DATA_SHARE = 1e-4
"""Weight of measurements against equations: these hold exactly, those up to noise."""


@dataclass(frozen=True)
class Sampler:
    """Draws the rows of a problem.

    Attributes:
        problem: whose.
        like: a tensor of their precision and device.
        seed: of the points.
        weights: of the mean square of every residual: equations, conditions, data.
    """

    problem: Problem
    like: Tensor
    seed: int
    weights: tuple[float, ...] = ()

    def rows(self, count: int, draw: int = 0, until: float | None = None) -> list[Rows]:
        """Rows at ``count`` points inside, and fewer on the boundary.

        Args:
            count: of points inside. draw: another number gives other points.
            until: only what happens up to this time.
        """
        problem, seed = self.problem, self.seed + 7919 * (draw + 1)
        weights = iter(self.weights or [1.0] * self.residuals)
        inside = self._early(problem.domain.inside(max(count, _FEWEST), seed), until)
        corners = problem.domain.distance_from_corners(inside)
        own = tuple(next(weights) for _ in problem.inside)
        found = [self._rows(problem.inside, inside, own, None if corners.min() == 1 else corners)]
        dimension = len(problem.names)
        fewer = round(_BOUNDARY_SHARE * len(inside) ** ((dimension - 1) / dimension))
        for number, (condition, residual) in enumerate(
            zip(problem.held, problem.outside, strict=True)
        ):
            points = problem.points_of(condition, max(fewer, _FEWEST_BOUNDARY), seed + number + 1)
            if problem.time not in condition.at:
                points = self._early(points, until)
            found.append(self._rows((residual,), points, (next(weights),)))
        found += [replace(rows, weights=(next(weights),)) for rows in measured(problem, self.like)]
        kept = [rows if until is None else _before(rows, problem, until) for rows in found]
        return [rows for rows in kept if len(rows.points)]

    def _early(self, points: np.ndarray, until: float | None) -> np.ndarray:
        """Points drawn together to what happens before a time."""
        clock = self.problem.clock
        if until is None or clock is None:
            return points
        low, high = self.problem.domain.ranges[clock]
        moved = points.copy()
        moved[:, clock] = low + (points[:, clock] - low) * (until - low) / (high - low)
        return moved

    @property
    def residuals(self) -> int:
        """How many residuals there are."""
        return len(self.problem.inside) + len(self.problem.outside) + len(self.problem.measurements)

    def _rows(
        self,
        residuals: tuple[Residual, ...],
        points: np.ndarray,
        weights: tuple[float, ...],
        scales: np.ndarray | None = None,
    ) -> Rows:
        scaled = None if scales is None else _tensor(scales, self.like)
        return Rows(residuals, _tensor(points, self.like), weights, scaled)

    def balanced(self, objective: Objective, parameters: Tensor) -> "Sampler":
        """With weights that make every residual as sensitive to the parameters as any other.

        The trace of its share of the Gauss–Newton matrix is what is balanced (Wang, Yu & Perdikaris
        2022, *Journal of Computational Physics* 449, for gradient descent); no unit of a coordinate or
        field then matters.

        Args:
            objective: with weights of 1. parameters: random ones, ``(S, P)``.
        """
        sizes: dict[tuple[int, int], Tensor] = {}
        for rows, number, _, jacobian in objective.jacobians(parameters):
            key = (id(rows), number)
            sizes[key] = sizes.get(key, 0) + jacobian.square().sum((1, 2))
        shares = [1 / max(float(size.median()), 1e-300) for size in sizes.values()]
        measured = len(self.problem.measurements)
        plain = shares[: len(shares) - measured]
        return replace(self, weights=(*plain, *(DATA_SHARE * w for w in shares[len(plain) :])))


def measured(problem: Problem, like: Tensor) -> list[Rows]:
    """The data of a problem, with weights of 1.

    Args:
        problem: whose. like: a tensor of the precision and device.
    """
    found = []
    for data in problem.measurements:
        points, values, errors, field = problem.measured(data)
        scales = None if errors is None else _tensor(1 / errors, like)
        value = Residual.of((field, (0,) * len(problem.names)))
        place, targets = _tensor(points, like), _tensor(values, like)
        found.append(Rows((value,), place, (1.0,), scales, targets))
    return found


def _tensor(table: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.array(table, dtype=float)).to(like)


def _before(rows: Rows, problem: Problem, until: float) -> Rows:
    """What happens before a time, up to rounding."""
    times = rows.points[:, problem.clock or 0]
    return rows.only((times <= until + _ROUNDING * abs(until)).nonzero()[:, 0])
