"""Where a measured decay ends: extrapolation to zero with an honest error."""

from dataclasses import dataclass

import numpy as np

_OUTLYING = 3.0
"""Times the scatter about a fit from which on a value is left out of it."""


@dataclass(frozen=True)
class Zero:
    """Where gamma is zero along a line, and the energy there, with standard errors."""

    place: float
    place_error: float
    energy: float
    energy_error: float


def zero_of(
    places: np.ndarray,
    energies: np.ndarray,
    gamma: np.ndarray,
    *,
    least: float,
    most: float,
    bias: float,
) -> Zero | None:
    """Where gamma vanishes on a state's way, by parabolas in the place; None where none fits.

    Args:
        places: ``(P,)``, the first beyond the edge: a state that decays there, too, lives in a gap, at an
            end of the lattice, and says nothing of the edge.
        energies, gamma: ``(P, K)`` of the state and its neighbours.
        least, most: gamma is used between half of the one and the other.
        bias: what may be wrong with all of gamma, in its own unit.
    """
    if np.median(gamma[0]) > least / 2:
        return None
    along = np.repeat(places[1:], gamma.shape[1])
    values = gamma[1:].ravel()
    reach = float(np.ptp(along))
    usable = (values > least / 2) & (values < most)
    if reach == 0:
        return None
    terms = np.vander(along / reach, 3, increasing=True)
    decay, path = (_robust_fit(terms, v, usable) for v in (values, energies[1:].ravel()))
    root = None if decay is None else _root(decay[0])
    if decay is None or path is None or root is None or abs(root) > 1:
        return None
    at, turn = np.array([1.0, root, root**2]), np.array([0.0, 1.0, 2 * root])
    error = float(np.hypot(np.sqrt(at @ decay[1] @ at), bias) / (turn @ decay[0]))
    if error > 1:
        return None
    energy_error = np.hypot(turn @ path[0] * error, np.sqrt(at @ path[1] @ at))
    return Zero(root * reach, error * reach, float(at @ path[0]), float(energy_error))


def _robust_fit(
    terms: np.ndarray, values: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients and their covariance by least squares without outliers; None for too few values."""
    kept = usable
    for _ in range(3):
        if kept.sum() < 2 * terms.shape[1]:
            return None
        fit = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        rest = values - terms @ fit
        spread = np.sqrt((rest[kept] ** 2).sum() / (kept.sum() - terms.shape[1]))
        inverse = np.linalg.pinv(terms[kept].T @ terms[kept])
        kept = usable & (np.abs(rest) <= _OUTLYING * spread)
    return fit, inverse * spread**2


def _root(fit: np.ndarray) -> float | None:
    """Where a rising parabola is zero, next to 0; None where it is nowhere."""
    roots = np.roots(fit[::-1])
    rising = roots[np.isreal(roots)].real
    rising = rising[fit[1] + 2 * fit[2] * rising > 0]
    return float(rising[np.argmin(np.abs(rising))]) if len(rising) else None
