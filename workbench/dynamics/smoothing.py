"""Smoothing splines: states, slopes and noise of a trajectory, before any law is known."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline, make_smoothing_spline

from workbench.dynamics.trajectories import Trajectory

_MOST = 300
"""Rows on which the smoothness is chosen; its cost grows with their third power."""
_CAUTION = 1.4
"""What a degree of freedom counts in cross-validation (Kim and Gu 2004): 1 follows noise too often."""
_LEVELS = np.logspace(-9, 9, 73)


@dataclass(frozen=True)
class Smoothed:
    """A trajectory without its noise.

    Attributes:
        splines: of every state. noise: standard deviation of every state's noise, ``(d,)``.
    """

    splines: tuple[BSpline, ...]
    noise: np.ndarray

    def __call__(self, times: np.ndarray, order: int = 0) -> np.ndarray:
        """States ``(n, d)`` at times, or their derivatives."""
        return np.stack([spline(times, nu=order) for spline in self.splines], 1)


def smoothed(run: Trajectory) -> Smoothed:
    """Cubic smoothing splines of a trajectory, as smooth as generalized cross-validation asks for."""
    splines, noise = [], []
    for column in run.states.T:
        known = ~np.isnan(column)
        spline, sigma = _spline(run.times[known], column[known])
        splines.append(spline)
        noise.append(sigma)
    return Smoothed(tuple(splines), np.array(noise))


def _spline(times: np.ndarray, values: np.ndarray) -> tuple[BSpline, float]:
    step = float(np.median(np.diff(times)))
    x = (times - times[0]) / step  # the units of time must not matter
    smoothness, sigma = _chosen(x[:_MOST], values[:_MOST])
    spline = make_smoothing_spline(x, values, lam=smoothness)
    knots = times[0] + step * spline.t
    return BSpline(knots, spline.c, spline.k), sigma


def _chosen(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The smoothness with the least generalized cross-validation, and the noise it leaves.

    In the eigenbasis of the roughness penalty (Green and Silverman 1994, section 2.3) every smoothness
    costs one sum.
    """
    n = len(x)
    h = np.diff(x)
    q = np.zeros((n, n - 2))
    columns = np.arange(n - 2)
    q[columns, columns] = 1 / h[:-1]
    q[columns + 1, columns] = -1 / h[:-1] - 1 / h[1:]
    q[columns + 2, columns] = 1 / h[1:]
    r = np.diag((h[:-1] + h[1:]) / 3) + np.diag(h[1:-1] / 6, 1) + np.diag(h[1:-1] / 6, -1)
    roughness, basis = np.linalg.eigh(q @ np.linalg.solve(r, q.T))
    parts = (basis.T @ y) ** 2
    left = 1 / (1 + 1 / np.maximum(_LEVELS[:, None] * np.maximum(roughness, 0), 1e-300))
    squares = (left**2) @ parts
    freedom = left.sum(1)
    usable = n - _CAUTION * (n - freedom) > 0
    scores = np.where(usable, squares / np.maximum(n - _CAUTION * (n - freedom), 1e-9) ** 2, np.inf)
    best = int(np.argmin(scores))
    return float(_LEVELS[best]), float(np.sqrt(squares[best] / freedom[best]))
