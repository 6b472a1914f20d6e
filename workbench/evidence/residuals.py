"""Whether residuals are noise: neighbours in the inputs must not agree in them."""

import math

import numpy as np
from scipy.spatial import cKDTree

_LEAST_ROWS = 20
_AROUND = 9


def neighbours(x: np.ndarray) -> np.ndarray:
    """Rows and their nearest other rows in standardized inputs ``(N, d)``, each pair once: ``(P, 2)``."""
    scaled = _standardized(x)
    _, near = cKDTree(scaled).query(scaled, k=2)
    own = np.arange(len(x))
    other = np.where(near[:, 0] == own, near[:, 1], near[:, 0])
    # A pair that chose each other is one comparison, not two.
    pairs: np.ndarray = np.unique(np.sort(np.stack((own, other), 1), axis=1), axis=0)
    return pairs


def neighbours_median(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Median of values ``(N, m)`` over each row and its nearest ones in standardized inputs."""
    scaled = _standardized(x)
    _, near = cKDTree(scaled).query(scaled, k=min(_AROUND, len(x)))
    return np.asarray(np.median(values[near], axis=1))


def lack_of_fit(
    pairs: np.ndarray, residuals: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Standard score of the agreement between residuals of nearest neighbours.

    What a formula misses is smooth, and neighbours share it; noise is not shared. Residuals enter by
    their ranks, so that neither outliers nor a varying size of the noise count as agreement.

    Args:
        pairs: from ``neighbours`` of the inputs. residuals: ``(N,)``.
        weights: what every row counts, ``(N,)``; None where all count the same.

    Returns:
        Approximately standard normal under independent noise; NaN for fewer than 20 rows.
    """
    if len(residuals) < _LEAST_ROWS or np.ptp(residuals) == 0:
        return math.nan
    counts = np.ones(len(residuals)) if weights is None else weights / weights.mean()
    ranks = _ranks(residuals, counts)
    centre = np.average(ranks, weights=counts)
    ranks = (ranks - centre) / np.sqrt(np.average(np.square(ranks - centre), weights=counts))
    first, second = pairs.T
    both = np.sqrt(counts[first] * counts[second])
    shared = (both * ranks[first] * ranks[second]).sum()
    return float(shared / np.sqrt(np.square(both).sum()))


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How much weight lies below each value, and half of that beside it: ``(N,)``."""
    _, place = np.unique(values, return_inverse=True)
    at = np.bincount(place, weights=weights)
    return np.asarray((at.cumsum() - at / 2)[place])


def _standardized(x: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and deviation 1; of any size, as squares of 1e200 are none."""
    x = x / np.maximum(np.abs(x).max(0), 1e-300)
    return np.asarray((x - x.mean(0)) / np.maximum(x.std(0), 1e-300))
