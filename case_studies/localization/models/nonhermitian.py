"""A chain with gain and loss: its spectrum turns complex where its states are localized."""

import numpy as np

from case_studies.localization.models.chains import angle, hopping, log_ratio
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import Values, frequency


def _matrix(sites: int, phi: float, *, ring: bool, lam: float, h: float) -> np.ndarray:
    wave = angle(np.arange(sites), frequency(sites, ring=ring), phi)
    return hopping(sites, ring=ring) + np.diag(lam * np.cos(wave + 1j * h))


def _recursion(
    energy: Values, site: np.ndarray, b: float, phi: Values, lam: Values, h: Values
) -> np.ndarray:
    found: np.ndarray = energy - lam * np.cos(angle(site, b, phi) + 1j * np.asarray(h))
    return found


GAIN_LOSS = Lattice(
    name="GAINLOSS",
    title="Aubry–André chain with gain and loss",
    parameters={"lam": (0.05, 4.0), "h": (0.0, 1.5)},
    limits={"h": (-20.0, 20.0)},
    matrix=_matrix,
    recursion=_recursion,
    hermitian=False,
    edge=lambda energy, lam, h: lam * np.exp(np.abs(h)) - 2 + 0 * np.real(energy),
    exponent=lambda energy, lam, h: log_ratio(lam * np.exp(np.abs(h)) / 2) + 0 * np.real(energy),
    law="lam*exp(h) > 2",
    source="Longhi, Phys. Rev. Lett. 122, 237601 (2019)",
)
