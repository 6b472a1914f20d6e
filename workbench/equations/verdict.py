"""How far a solution can be trusted, from approximations that were found on the way.

For two approximations u and v of a linear problem the residuals differ by L(u - v): how large a
difference of solutions goes with how large a difference of residuals is seen in every pair. The
largest such ratio times what is left of the residual at fresh points estimates the error; of a
nonlinear problem to first order, so that pairs that are near each other count alone where there are
some. No estimate is less than the share of the residual that is left, than the distance to another
solution that fulfils everything about as well, or than rounding.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from workbench.equations.inference import Scatter
from workbench.equations.objective import Rows
from workbench.equations.problem import Unknown
from workbench.equations.sampling import Sampler
from workbench.equations.solution import Coefficient, Solution
from workbench.kan.model import KAN

_CLOSE, _AS_WELL, _ROUNDING = 0.5, 10.0, 1e-12
_NEAR, _WORSE = 0.01, 2.0
_SAFETY, _TWICE, _QUANTILE = 2.0, 2.0, 1.959964


class Candidate(Protocol):
    """What may become a solution."""

    @property
    def model(self) -> KAN:
        """It as a network."""
        ...

    @property
    def width(self) -> tuple[object, ...]:
        """Of the network."""
        ...

    @property
    def grid_size(self) -> int:
        """Intervals of its finest curves."""
        ...

    @property
    def parameter_count(self) -> int:
        """Free numbers."""
        ...

    def values(self, points: Tensor) -> Tensor:
        """Fields ``(N, m)`` at points ``(N, d)``."""
        ...

    @property
    def unknowns(self) -> Tensor:
        """Coefficients of the equations that were to be found, ``(C,)``."""
        ...

    def scatter(self, drawn: Callable[[int], list[Rows]]) -> Scatter:
        """What the noise of measurements does; drawn are rows at so many points inside."""
        ...

    def residuals(self, rows: Sequence[Rows]) -> Tensor:
        """Weighted residuals, all in one ``(R,)``."""
        ...

    def losses(self, rows: Sequence[Rows]) -> Tensor:
        """Half their sum of squares, ``(1,)``."""
        ...


@dataclass(frozen=True)
class Judged:
    """An approximation at fresh points.

    Attributes:
        approximation: a single one.
        lineage: number of the shape and start that it comes from.
        values: ``(N, m)`` inside.
        residuals: of equations and conditions, weighted, ``(R,)``.
        misfit: half the sum of the squared residuals of data.
    """

    approximation: Candidate
    lineage: int
    values: Tensor
    residuals: Tensor
    misfit: float

    @classmethod
    def of(cls, approximation: Candidate, rows: Sequence[Rows], lineage: int) -> "Judged":
        """Judge an approximation.

        Args:
            approximation: a single one. rows: fresh ones, the first of which lie inside.
            lineage: see there.
        """
        exact = [part for part in rows if part.targets is None]
        measured = [part for part in rows if part.targets is not None]
        misfit = float(approximation.losses(measured)) if measured else 0.0
        misfit = misfit if math.isfinite(misfit) else math.inf
        values = approximation.values(rows[0].points)
        return cls(approximation, lineage, values, approximation.residuals(exact), misfit)

    @property
    def loss(self) -> float:
        """Half the sum of the squared residuals, data included."""
        return self.exact + self.misfit

    @property
    def exact(self) -> float:
        """Half the sum of the squared residuals of equations and conditions."""
        return 0.5 * self.left**2

    @property
    def left(self) -> float:
        """Norm of the residuals of equations and conditions."""
        found = float(self.residuals.norm())
        return found if math.isfinite(found) else math.inf

    def apart(self, other: "Judged") -> float:
        """Relative L² difference of another one's values."""
        size = float(self.values.norm())
        return float((other.values - self.values).norm()) / size if size else math.inf

    def through(self, other: "Judged") -> float:
        """Norm of the difference to another one's residuals."""
        return float((other.residuals - self.residuals).norm())

    def as_good(self, best: "Judged") -> bool:
        """Whether it fulfils everything, data included, about as well as another one."""
        return self.left < _AS_WELL * best.left and self.misfit <= _AS_WELL * best.misfit

    def differs(self, other: "Judged") -> bool:
        """Whether it is quite another solution."""
        return self.apart(other) >= _CLOSE


def estimated_error(best: Judged, others: Sequence[Judged], trivial: float) -> float:
    """Estimated relative L² error of the best approximation; infinite where nothing can be said.

    Args:
        best: the one with the least residual.
        others: approximations of the same problem at the same points.
        trivial: loss of a network that is zero everywhere.
    """
    pairs, left = _pairs(best, others), best.left
    if not pairs or not math.isfinite(left):
        return math.inf
    linear = _SAFETY * left * max(best.apart(other) / best.through(other) for other in pairs)
    return max(linear, left / math.sqrt(2 * trivial), _rival(best, others), _ROUNDING)


def _pairs(best: Judged, others: Sequence[Judged]) -> list[Judged]:
    """The approximations that say something of how the error goes with the residual."""
    found = [o for o in others if best.apart(o) < _CLOSE and best.through(o) > 0]
    near = [o for o in found if best.apart(o) < _NEAR and o.left > _WORSE * best.left]
    return near if len(near) > 1 else found


def _missed(best: Judged, others: Sequence[Judged]) -> Tensor:
    """What unknown coefficients are wrong by because equations are not fulfilled exactly, ``(C,)``."""
    known = best.approximation.unknowns
    ratios = [
        (other.approximation.unknowns - known).abs() / best.through(other)
        for other in _pairs(best, others)
    ]
    if not ratios or not math.isfinite(best.left):
        return torch.full_like(known, math.inf)
    return best.left * torch.stack(ratios).amax(0)


def _rival(best: Judged, others: Sequence[Judged]) -> float:
    """How far another solution is that fulfils everything about as well; 0 where there is none.

    The last one of every other lineage is compared with what the best one was on grids as fine.
    """
    last = {other.lineage: other for other in others if other.lineage != best.lineage}
    before = {o.approximation.parameter_count: o for o in others if o.lineage == best.lineage}
    found = [
        best.apart(other)
        for other in last.values()
        if other.as_good(before.get(other.approximation.parameter_count, best))
    ]
    return max((apart for apart in found if apart >= _CLOSE), default=0.0)


def told(
    best: Judged,
    others: Sequence[Judged],
    sampler: Sampler,
    trivial: float,
    *,
    tolerance: float,
    seconds: float,
    stopped: bool,
) -> Solution:
    """The solution with its verdict.

    Args:
        best: approximation. others: that were found on the way.
        sampler: of the problem. trivial: loss of a network that is zero everywhere.
        tolerance: below which an error counts as converged.
        seconds: that the work took. stopped: whether it was ended early.
    """
    error = estimated_error(best, others, trivial)
    approximation, unknowns = best.approximation, sampler.problem.unknowns
    outside = _outside(unknowns, approximation.unknowns.tolist())
    converged = error < tolerance and not outside
    wrong = _missed(best, others)
    if sampler.problem.measurements:
        scatter = approximation.scatter(sampler.rows)
        sizes = wrong.new_tensor([unknown.size for unknown in unknowns.values()])
        wrong = wrong.hypot(sizes * scatter.coefficients)
        size = float(best.values.square().mean().sqrt())
        error += _TWICE * scatter.solution / max(size, 1e-300)
    known = {
        name: Coefficient(value, value - _QUANTILE * half, value + _QUANTILE * half)
        for name, value, half in zip(
            unknowns, approximation.unknowns.tolist(), wrong.tolist(), strict=True
        )
    }
    return Solution(
        problem=sampler.problem,
        model=approximation.model.cpu(),
        error=error,
        converged=converged,
        sentences=tuple(_sentences(best, others, error, converged, outside)),
        coefficients=known,
        residuals=_left(approximation, sampler),
        seconds=seconds,
        stopped=stopped,
    )


def _sentences(
    best: Judged,
    others: Sequence[Judged],
    error: float,
    converged: bool,
    outside: Sequence[str],
) -> list[str]:
    found = []
    if not math.isfinite(error):
        found.append(
            "Not converged: no two approximations agree, so nothing is known of the error."
        )
    elif converged:
        found.append(f"Converged: the relative error is estimated as {error:.1e}.")
    else:
        found.append(f"Not converged: the relative error is estimated as {error:.1e}.")
    found.append(
        f"Network of width {best.approximation.width} with {best.approximation.grid_size} intervals a "
        f"curve and {best.approximation.parameter_count} parameters."
    )
    independent = [
        best.apart(other)
        for other in others
        if other.lineage != best.lineage and other.as_good(best)
    ]
    if independent:
        found.append(f"One that was found independently differs by {min(independent):.1e}.")
    if _rival(best, others):
        found.append(
            "Another network fulfils equations and conditions about as well and is quite different: the "
            "solution is not unique, or a condition is missing."
        )
    found += [f"{name} has left the range that was given for it." for name in outside]
    return found


def _outside(unknowns: Mapping[str, Unknown], values: Sequence[float]) -> list[str]:
    """Which coefficients are not where they were said to be."""
    return [
        name
        for (name, unknown), value in zip(unknowns.items(), values, strict=True)
        if not unknown.low <= value <= unknown.high
    ]


def _left(approximation: Candidate, sampler: Sampler) -> tuple[float, ...]:
    """Root mean square of every residual, in its own units."""
    plain = Sampler(sampler.problem, sampler.like, sampler.seed)
    found = []
    for part in plain.rows(1000, 999):
        for number in range(len(part.residuals)):
            single = Rows((part.residuals[number],), part.points, (1.0,), None, part.targets)
            found.append(float(approximation.residuals([single]).norm()))
    return tuple(found)
