"""How far a solution can be trusted, from approximations that were found on the way.

For two approximations u and v of a linear problem the residuals differ by L(u - v): how large a
difference of solutions goes with how large a difference of residuals is seen in every pair. The
largest such ratio times what is left of the residual at fresh points estimates the error; of a
nonlinear problem to first order. No estimate is less than the share of the residual that is left, than
the distance to another solution that fulfils everything about as well, or than rounding.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from workbench.equations.approximation import Approximation
from workbench.equations.inference import coefficients, covariance, scatter
from workbench.equations.objective import Rows
from workbench.equations.sampling import Sampler
from workbench.equations.solution import Coefficient, Solution
from workbench.kan.model import KAN

_CLOSE, _AS_WELL, _ROUNDING = 0.5, 10.0, 1e-12
_SAFETY, _TWICE = 2.0, 2.0
_PER_PARAMETER = 3


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
        values = approximation.values(rows[0].points)
        return cls(approximation, lineage, values, approximation.residuals(exact), misfit)

    @property
    def loss(self) -> float:
        """Half the sum of the squared residuals, data included."""
        left = 0.5 * float(self.residuals.square().sum()) + self.misfit
        return left if math.isfinite(left) else math.inf

    @property
    def left(self) -> float:
        """Norm of the residuals of equations and conditions."""
        found = float(self.residuals.norm())
        return found if math.isfinite(found) else math.inf

    def apart(self, other: "Judged") -> float:
        """Relative L² difference of another one's values."""
        size = float(self.values.norm())
        return float((other.values - self.values).norm()) / size if size else math.inf


def estimated_error(best: Judged, others: Sequence[Judged], trivial: float) -> float:
    """Estimated relative L² error of the best approximation; infinite where nothing can be said.

    Args:
        best: the one with the least residual.
        others: approximations of the same problem at the same points.
        trivial: loss of a network that is zero everywhere.
    """
    left = best.left
    ratios = []
    for other in others:
        apart, through = best.apart(other), float((other.residuals - best.residuals).norm())
        if through > 0 and apart < _CLOSE:
            ratios.append(apart / through)
    if not ratios or not math.isfinite(left):
        return math.inf
    linear = _SAFETY * max(ratios) * left
    return max(linear, left / math.sqrt(2 * trivial), _rival(best, others), _ROUNDING)


def _rival(best: Judged, others: Sequence[Judged]) -> float:
    """How far another solution is that fulfils everything about as well; 0 where there is none."""
    found = [
        best.apart(other)
        for other in others
        if other.lineage != best.lineage and _as_good(other, best)
    ]
    return max((apart for apart in found if apart >= _CLOSE), default=0.0)


def _as_good(other: Judged, best: Judged) -> bool:
    """Whether another one fulfils everything, data included, about as well."""
    return other.left < _AS_WELL * best.left and other.misfit <= _AS_WELL * best.misfit


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
    converged = error < tolerance
    known: dict[str, Coefficient] = {}
    approximation = best.approximation
    if isinstance(approximation, Approximation) and sampler.problem.measurements:
        rows = sampler.rows(_PER_PARAMETER * approximation.parameter_count)
        spread = covariance(approximation, rows)
        known = coefficients(approximation, spread)
        size = float(best.values.square().mean().sqrt())
        error += _TWICE * scatter(approximation, spread, rows[0].points) / max(size, 1e-300)
    elif isinstance(approximation, Approximation) and sampler.problem.unknowns:
        values = approximation.coefficients[0].tolist()
        names = sampler.problem.unknowns
        known = {n: Coefficient(v, v, v) for n, v in zip(names, values, strict=True)}
    return Solution(
        problem=sampler.problem,
        model=approximation.model.cpu(),
        error=error,
        converged=converged,
        sentences=tuple(_sentences(best, others, error, converged, known, sampler)),
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
    known: dict[str, Coefficient],
    sampler: Sampler,
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
        if other.lineage != best.lineage and _as_good(other, best)
    ]
    if independent:
        found.append(f"One that was found independently differs by {min(independent):.1e}.")
    if _rival(best, others):
        found.append(
            "Another network fulfils equations and conditions about as well and is quite different: the "
            "solution is not unique, or a condition is missing."
        )
    for name, unknown in sampler.problem.unknowns.items():
        if not unknown.low <= known[name].value <= unknown.high:
            found.append(f"{name} has left the range that was given for it.")
    return found


def _left(approximation: Candidate, sampler: Sampler) -> tuple[float, ...]:
    """Root mean square of every residual, in its own units."""
    plain = Sampler(sampler.problem, sampler.like, sampler.seed)
    found = []
    for part in plain.rows(1000, 999):
        for number in range(len(part.residuals)):
            single = Rows((part.residuals[number],), part.points, (1.0,), None, part.targets)
            found.append(float(approximation.residuals([single]).norm()))
    return tuple(found)
