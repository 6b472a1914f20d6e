"""A packet that starts on one site: how far it has spread after a time."""

from collections.abc import Sequence

import numpy as np

from case_studies.localization.models.lattice import Lattice
from workbench.errors import InputError


def spreading(
    lattice: Lattice,
    times: Sequence[float],
    *,
    sites: int | None = None,
    phi: float = 0.0,
    **parameters: float,
) -> np.ndarray:
    """Probability ``(times, sites)`` of a packet that was on the middle site at time 0.

    Times are in units of one over the hopping. The packet lives on a ring, so it meets itself after a
    time of about a quarter of its sites.

    Raises:
        InputError: the lattice has gain or loss, or parameters that it does not take.
    """
    if not lattice.hermitian:
        raise InputError(f"a packet on the {lattice.title} does not keep its size")
    size = lattice.sites if sites is None else sites
    matrix = lattice.hamiltonian(size, phi, ring=True, **parameters)
    energies, states = np.linalg.eigh(matrix)
    start = lattice.orbitals * (size // 2)
    phases = np.exp(-1j * np.outer(np.asarray(times, dtype=float), energies))
    amplitude = (phases * np.conj(states[start])) @ states.T
    return lattice.weights(amplitude.T).T


def widths(probability: np.ndarray) -> np.ndarray:
    """Root mean square distance ``(times,)`` from the middle site, of probabilities ``(times, sites)``."""
    away = np.arange(probability.shape[1]) - probability.shape[1] // 2
    found: np.ndarray = np.sqrt((probability * away**2).sum(1))
    return found
