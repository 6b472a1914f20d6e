r"""Numbers of a system fitted to the trajectories themselves, by multiple shooting (Bock 1983).

Every segment has a start of its own. With the residuals :math:`r` of all rows, in units of the noise, the
starts are eliminated from the normal equations of each Gauss–Newton step, segment by segment: what is
left is the matrix of the numbers alone.
"""

from dataclasses import dataclass

import numpy as np

from workbench.dynamics.integration import Segments, integrated
from workbench.dynamics.systems import System

_STEP = 1e-5
"""Of central differences, in units of each number: the best for a third derivative of order one."""
_STEPS, _GAIN, _LEAST_GAIN = 25, 1e-4, 1e-10
_DAMPING, _MOST_DAMPING = 1e-3, 1e8
_NOTHING = 1e-4
"""Mean squared residual, in units of the noise, below which nothing is left to be fitted."""


@dataclass(frozen=True)
class Shot:
    """A system with its numbers and what they leave.

    Attributes:
        system: whose. numbers: ``(p,)``. starts: of the segments, ``(S, D)``.
        squares: sum of squared residuals of every state, in its own units, ``(d,)``.
        rows: measured ones of every state, ``(d,)``.
        matrix, moment: of the normal equations of the numbers, in units of the noise, without the starts.
    """

    system: System
    numbers: np.ndarray
    starts: np.ndarray
    squares: np.ndarray
    rows: np.ndarray
    matrix: np.ndarray
    moment: np.ndarray

    @property
    def noise(self) -> np.ndarray:
        """Standard deviation of what is left of every state."""
        free = len(self.numbers) / len(self.rows) + self.starts.size / len(self.rows)
        return np.sqrt(self.squares / np.maximum(self.rows - free, 1))


@dataclass(frozen=True)
class Scales:
    """Sizes against which steps are measured.

    Attributes:
        states: of what is integrated, ``(D,)``. numbers: of the system's numbers, ``(p,)``.
        noise: of the measured states, ``(d,)``.
    """

    states: np.ndarray
    numbers: np.ndarray
    noise: np.ndarray


def shot(
    system: System,
    numbers: np.ndarray,
    starts: np.ndarray,
    pieces: Segments,
    scales: Scales,
    *,
    steps: int = _STEPS,
) -> Shot:
    """Numbers and starts with the least squared residuals, by Levenberg–Marquardt.

    Args:
        system: what is integrated. numbers: ``(p,)``, starts: ``(S, D)``, to begin with.
        pieces: rows. scales: see there. steps: at most so many; none linearizes at what is given.
    """
    damping = _DAMPING
    here = _linearized(system, numbers, starts, pieces, scales)
    for _ in range(steps):
        if not _NOTHING * here.residuals.size < here.cost < np.inf:
            break
        gained = None
        while damping <= _MOST_DAMPING:
            trial_numbers, trial_starts = here.stepped(damping)
            cost = _cost(system, trial_numbers, trial_starts, pieces, scales)
            if cost < here.cost:
                gained = (here.cost - cost) / here.cost
                break
            damping *= 8
        if gained is None:
            break
        damping = max(damping / 8, 1e-12)
        here = _linearized(system, trial_numbers, trial_starts, pieces, scales)
        if gained < _LEAST_GAIN or (gained < _GAIN and damping < 1e-5):
            break
    return here.shot()


@dataclass(frozen=True)
class _Linear:
    """Residuals and their derivatives at a point, in units of the noise."""

    system: System
    numbers: np.ndarray
    starts: np.ndarray
    residuals: np.ndarray  # (S, R)
    by_numbers: np.ndarray  # (S, R, p)
    by_starts: np.ndarray  # (S, R, D)
    squares: np.ndarray
    rows: np.ndarray

    @property
    def cost(self) -> float:
        return float((self.residuals**2).sum())

    def _blocks(self, damping: float) -> tuple[np.ndarray, ...]:
        turned = self.by_starts.transpose(0, 2, 1)
        own = turned @ self.by_starts
        size = own.shape[-1]
        diagonal = own[:, range(size), range(size)]
        own[:, range(size), range(size)] += damping * diagonal + 1e-12 * diagonal.max(1)[:, None]
        mixed = turned @ self.by_numbers
        right = (turned @ self.residuals[..., None])[..., 0]
        return own, mixed, right

    def reduced(self, damping: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Matrix and right side of the numbers' equations, with the starts eliminated."""
        own, mixed, right = self._blocks(damping)
        flat = self.by_numbers.reshape(-1, self.by_numbers.shape[-1])
        solved = np.linalg.solve(own, np.concatenate((mixed, right[..., None]), 2))
        turned = mixed.transpose(0, 2, 1)
        matrix = flat.T @ flat - (turned @ solved[..., :-1]).sum(0)
        moment = flat.T @ self.residuals.ravel() - (turned @ solved[..., -1:])[..., 0].sum(0)
        return matrix, moment

    def stepped(self, damping: float) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and starts after a step; residuals are data minus model."""
        matrix, moment = self.reduced(damping)
        diagonal = np.diag(matrix).copy()
        size = np.sqrt(np.maximum(diagonal, 1e-300))
        scaled = matrix / np.outer(size, size)
        scaled[np.diag_indices_from(scaled)] += damping + 1e-14
        step = np.linalg.lstsq(scaled, moment / size, rcond=1e-15)[0] / size
        own, mixed, right = self._blocks(damping)
        inner = np.linalg.solve(own, (right - mixed @ step)[..., None])[..., 0]
        return self.numbers + step, self.starts + inner

    def shot(self) -> Shot:
        if not np.isfinite(self.cost):
            p = len(self.numbers)
            lost = np.full(len(self.rows), np.inf)
            return Shot(
                self.system, self.numbers, self.starts, lost, self.rows, np.eye(p), np.zeros(p)
            )
        return Shot(
            self.system, self.numbers, self.starts, self.squares, self.rows, *self.reduced()
        )


def _linearized(
    system: System, numbers: np.ndarray, starts: np.ndarray, pieces: Segments, scales: Scales
) -> _Linear:
    dimension = starts.shape[1]
    steps = np.concatenate((_STEP * scales.states, _STEP * scales.numbers))
    moves = np.concatenate((np.zeros((1, len(steps))), np.diag(steps), -np.diag(steps)))
    every = starts[:, None, :] + moves[:, :dimension]
    found = integrated(system.rates, every, numbers + moves[:, dimension:], pieces)
    found = found[..., : system.states].transpose(1, 0, 3, 2)  # (S, L, d, M)
    known = ~np.isnan(pieces.values)
    weight = np.where(known, 1 / scales.noise, 0.0)[..., None]
    data = np.where(known, pieces.values, 0.0)
    middle = np.where(known, data - found[..., 0], 0.0)
    count = len(steps)
    with np.errstate(all="ignore"):
        squares = (middle**2).sum((0, 1))
        slopes = (found[..., 1 : 1 + count] - found[..., 1 + count :]) / (2 * steps) * weight
    slopes = np.where(known[..., None], slopes, 0.0).reshape(len(starts), -1, count)
    residuals = (middle * weight[..., 0]).reshape(len(starts), -1)
    if not np.isfinite(slopes).all():
        residuals = np.full_like(residuals, np.inf)
    return _Linear(
        system,
        numbers,
        starts,
        residuals,
        slopes[..., dimension:],
        slopes[..., :dimension],
        squares,
        known.sum((0, 1)),
    )


def _cost(
    system: System, numbers: np.ndarray, starts: np.ndarray, pieces: Segments, scales: Scales
) -> float:
    found = integrated(system.rates, starts[:, None, :], numbers[None], pieces)[:, :, 0]
    found = found[..., : system.states].transpose(1, 0, 2)
    with np.errstate(all="ignore"):
        squares = np.nansum(((pieces.values - found) / scales.noise) ** 2)
    known = ~np.isnan(pieces.values)
    return float(squares) if np.isfinite(found[known]).all() else np.inf
