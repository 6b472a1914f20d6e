"""Whether residuals are noise: neighbours in the inputs must not agree in them."""

import math

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import rankdata

CLEAR = 4.0
"""A score from which on a formula misses something; noise gets there once in thirty thousand."""
_LEAST_ROWS = 20


def neighbours(x: np.ndarray) -> np.ndarray:
    """Rows and their nearest other rows in standardized inputs ``(N, d)``, each pair once: ``(P, 2)``."""
    scaled = (x - x.mean(0)) / np.maximum(x.std(0), 1e-300)
    _, near = cKDTree(scaled).query(scaled, k=2)
    own = np.arange(len(x))
    other = np.where(near[:, 0] == own, near[:, 1], near[:, 0])
    # A pair that chose each other is one comparison, not two.
    pairs: np.ndarray = np.unique(np.sort(np.stack((own, other), 1), axis=1), axis=0)
    return pairs


def lack_of_fit(pairs: np.ndarray, residuals: np.ndarray) -> float:
    """Standard score of the agreement between residuals of nearest neighbours.

    What a formula misses is smooth, and neighbours share it; noise is not shared. Residuals enter by
    their ranks, so that neither outliers nor a varying size of the noise count as agreement.

    Args:
        pairs: from ``neighbours`` of the inputs. residuals: ``(N,)``.

    Returns:
        Approximately standard normal under independent noise; NaN for fewer than 20 rows.
    """
    if len(residuals) < _LEAST_ROWS or np.ptp(residuals) == 0:
        return math.nan
    ranks = rankdata(residuals)
    ranks = (ranks - ranks.mean()) / ranks.std()
    return float((ranks[pairs[:, 0]] * ranks[pairs[:, 1]]).sum() / math.sqrt(len(pairs)))
