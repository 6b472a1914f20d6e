"""Frequencies in unevenly spaced values, the strongest first."""

import numpy as np
from scipy.optimize import minimize_scalar

_TONES, _PER_CYCLE, _MOST = 5, 4, 4000
_CHIRP_ROWS, _CHIRP_STEP, _CHIRP_RADIANS, _CHIRPS = 100, 1.0, 200.0, 2
_CHANCE = 1e-4
"""Probability that noise alone has so strong a wave at any of the frequencies."""


def tones_in(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Angular frequencies, each the strongest in what those before it and a line leave.

    A periodogram of least squares (Lomb 1976; Scargle 1982) whose found waves are all fitted together before
    the next is looked for (CLEAN, Roberts et al. 1987). Up to half a wave per row is looked for; what noise
    might have as well ends the list.
    """
    span, rows = float(np.ptp(x)), len(np.unique(x))
    if rows < 3:
        return np.array([])
    step = 2 * np.pi / span / _PER_CYCLE
    grid = step * np.arange(1, min(_PER_CYCLE * rows // 2, _MOST))
    line = np.stack((weights, weights * x / span), 1)
    found: list[float] = []
    while len(found) < _TONES:
        free = len(y) - 2 * len(found) - 5
        rest = _rest(y * weights, [line, *(_wave(w, x, weights) for w in found)])
        power = _power(grid, x, rest, weights)
        tone, share = _nearby(grid[power.argmax()], step, x, rest, weights)
        if free < 1 or rows / 2 * (1 - share) ** (free / 2) > _CHANCE:
            break
        found.append(tone)
        for place in range(len(found)):  # each had a part of those that were not found yet
            others = [w for k, w in enumerate(found) if k != place]
            rest = _rest(y * weights, [line, *(_wave(w, x, weights) for w in others)])
            found[place], _ = _nearby(found[place], step, x, rest, weights)
    return np.array(found)


def chirps_in(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies at 0 and their rates of change of the rising or falling tones that explain most.

    Every tone is tried that is nowhere faster than half a wave per row, nor than some thirty waves over the
    column, on a part of the rows: they lie at random, so that few of them tell tones apart.
    """
    radians = min(np.pi * len(np.unique(x)) / 2, _CHIRP_RADIANS)
    few = slice(_CHIRP_ROWS)
    x, y, weights = x[few], y[few], weights[few]
    low, span = float(x.min()), float(np.ptp(x)) or 1.0
    # At the column's beginning; a tone that falls is one of negative frequency that rises.
    first = np.arange(-radians, radians, 2 * _CHIRP_STEP) / span
    rates = np.arange(0, radians, _CHIRP_STEP) / span**2
    rest = _rest(y * weights, [weights[:, None]])
    power = np.stack(
        [_power_of(first[:, None] * (x - low) + r * (x - low) ** 2, rest, weights) for r in rates]
    )
    at, tone = np.unravel_index(np.argsort(-power, axis=None)[:_CHIRPS], power.shape)
    return first[tone] - 2 * rates[at] * low, rates[at]


def _wave(tone: float, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.stack((np.sin(tone * x), np.cos(tone * x)), 1) * weights[:, None]


def _rest(target: np.ndarray, known: list[np.ndarray]) -> np.ndarray:
    basis, _ = np.linalg.qr(np.concatenate(known, 1))
    return np.asarray(target - basis @ (basis.T @ target))


def _nearby(
    tone: float, step: float, x: np.ndarray, rest: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """The frequency within a step that explains most, and its share of the squares."""

    def power(w: float) -> float:
        return float(_power(np.array([w]), x, rest, weights)[0])

    ends = (max(tone - step, step / 2), tone + step)
    best = float(minimize_scalar(lambda w: -power(w), bounds=ends, method="bounded").x)
    squares = float(rest @ rest)
    return best, min(power(best) / squares, 1.0) if squares else 0.0


def _power(grid: np.ndarray, x: np.ndarray, rest: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Squares that a wave of each frequency explains."""
    return _power_of(grid[:, None] * x, rest, weights)


def _power_of(angle: np.ndarray, rest: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Squares that waves with these angles ``(K, N)`` explain."""
    table = np.stack((np.sin(angle), np.cos(angle)), 2) * weights[:, None]
    gram = table.swapaxes(1, 2) @ table + 1e-9 * (weights @ weights) * np.eye(2)
    aim = (table.swapaxes(1, 2) @ rest)[..., None]
    power: np.ndarray = (aim * np.linalg.solve(gram, aim)).sum((1, 2))
    return power
