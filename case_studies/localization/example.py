"""A lattice as a user writes it: a mosaic chain whose sites without the wave lie at another energy.

``workbench run localization --lattice example.py`` finds its edge.
"""

import numpy as np

parameters = {"wave": (0.2, 2.5), "offset": (-1.0, 1.0)}
sites = 144


def hamiltonian(sites: int, phi: float, wave: float, offset: float) -> np.ndarray:
    """Every second site has the quasiperiodic energy, the others have ``offset``; hopping is 1."""
    n = np.arange(sites)
    energy = 2 * wave * np.cos(2 * np.pi * (np.sqrt(5) - 1) / 2 * n + phi)
    neighbours = np.eye(sites, k=1) + np.eye(sites, k=-1)
    return np.diag(np.where(n % 2 == 0, energy, offset)) + neighbours
