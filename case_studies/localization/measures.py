"""What is measured on eigenstates and spectra: participation, dimensions, level spacings."""

import math
from collections.abc import Sequence

import numpy as np

from workbench.errors import InputError

POISSON, GOE = 2 * math.log(2) - 1, 0.5307
"""Mean spacing ratio of levels that do not see each other, and of the Gaussian orthogonal ensemble."""


def participation(weights: np.ndarray) -> np.ndarray:
    """Inverse participation ratio ``(K,)`` of weights ``(N, K)``: 1/N extended, 1 on one site."""
    found: np.ndarray = (weights**2).sum(0) / weights.sum(0) ** 2
    return found


def dimension(weights: np.ndarray) -> np.ndarray:
    """Fractal dimension ``-ln IPR / ln N``, ``(K,)``: near 1 for extended, near 0 for localized states."""
    found: np.ndarray = -np.log(participation(weights)) / math.log(len(weights))
    return found


def multifractal(weights: np.ndarray, powers: Sequence[float]) -> np.ndarray:
    """Generalized dimensions ``D_q``, ``(powers, K)``, of weights ``(N, K)``.

    ``D_q = ln(sum w^q) / ((1 - q) ln N)``, at q = 1 the entropy over ``ln N``: all equal 1 for extended
    states, 0 for localized ones, and a curve that falls with q at a critical point.
    """
    share = weights / weights.sum(0)
    safe = np.where(share > 0, share, 1.0)
    found = []
    for q in powers:
        if q == 1:
            found.append(-(share * np.log(safe)).sum(0))
        else:
            found.append(np.log(np.where(share > 0, safe**q, 0.0).sum(0)) / (1 - q))
    return np.array(found) / math.log(len(weights))


def spacing_ratios(energies: np.ndarray) -> np.ndarray:
    """The smaller over the larger of each two neighbouring spacings, ``(N - 2,)``, of ascending energies.

    No unfolding is needed (Oganesyan and Huse, Phys. Rev. B 75, 155111 (2007)).

    Raises:
        InputError: fewer than three energies.
    """
    if len(energies) < 3:
        raise InputError(f"a ratio of spacings needs at least 3 energies, got {len(energies)}")
    spacing = np.diff(energies)
    larger = np.maximum(spacing[1:], spacing[:-1])
    found: np.ndarray = np.minimum(spacing[1:], spacing[:-1]) / np.where(larger > 0, larger, 1.0)
    return found
