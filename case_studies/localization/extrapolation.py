"""Where a measured decay ends: extrapolation to zero with an honest error."""

from dataclasses import dataclass

import numpy as np

_DEGREE = 3
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
    """Where gamma vanishes on a state's way, by cubics in the place; None where none fits.

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
    terms = np.vander(along / reach, _DEGREE + 1, increasing=True)
    # Neighbours err alike: together they say no more than one of them.
    alike = gamma.shape[1]
    decay, path = (_robust_fit(terms, v, usable, alike) for v in (values, energies[1:].ravel()))
    root = None if decay is None else _root(decay[0])
    if decay is None or path is None or root is None or abs(root) > 1:
        return None
    powers = np.arange(_DEGREE + 1)
    at, turn = root**powers, np.append(0.0, powers[1:] * root ** powers[:-1])
    error = float(np.hypot(np.sqrt(at @ decay[1] @ at), bias) / (turn @ decay[0]))
    if error > 1:
        return None
    energy_error = np.hypot(turn @ path[0] * error, np.sqrt(at @ path[1] @ at))
    return Zero(root * reach, error * reach, float(at @ path[0]), float(energy_error))


def _robust_fit(
    terms: np.ndarray, values: np.ndarray, usable: np.ndarray, alike: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients and their covariance by least squares without outliers; None for too few values.

    Args:
        alike: how many values share an error.
    """
    kept = usable
    for _ in range(3):
        if len(np.unique(terms[kept, 1])) <= terms.shape[1]:
            return None
        fit = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        rest = values - terms @ fit
        spread = np.sqrt((rest[kept] ** 2).sum() / (kept.sum() - terms.shape[1]))
        inverse = np.linalg.pinv(terms[kept].T @ terms[kept])
        kept = usable & (np.abs(rest) <= _OUTLYING * spread)
    return fit, inverse * spread**2 * alike


def _root(fit: np.ndarray) -> float | None:
    """Where a rising polynomial is zero, next to 0; None where it is nowhere."""
    curve = np.polynomial.Polynomial(fit)
    roots = curve.roots()
    rising = roots[np.isreal(roots)].real
    rising = rising[curve.deriv()(rising) > 0]
    return float(rising[np.argmin(np.abs(rising))]) if len(rising) else None
