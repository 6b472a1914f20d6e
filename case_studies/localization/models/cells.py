"""Models with two orbitals a site: a chain with pairing, and a ladder with a flat band."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from case_studies.localization.lyapunov import by_green
from case_studies.localization.models.chains import angle, hopping, log_ratio
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import GOLDEN, Values, frequency


def _excitations(sites: int, phi: float, *, ring: bool, lam: float, delta: float) -> np.ndarray:
    """``A + B`` of the pairing chain: hopping 1 + delta one way and 1 - delta the other, signs as usual."""
    b = frequency(sites, ring=ring)
    forth = np.eye(sites, k=1)
    if ring:
        forth[-1, 0] = 1
    found: np.ndarray = (
        np.diag(lam * np.cos(angle(np.arange(sites), b, phi)))
        - (1 - delta) * forth
        - (1 + delta) * forth.T
    )
    return found


def _pairing_matrix(sites: int, phi: float, *, ring: bool, lam: float, delta: float) -> np.ndarray:
    """Particles and holes of a site next to each other: energies come in pairs ±E."""
    both = _excitations(sites, phi, ring=ring, lam=lam, delta=delta)
    even, odd = (both + both.T) / 2, (both - both.T) / 2
    found = np.zeros((2 * sites, 2 * sites))
    found[::2, ::2], found[1::2, 1::2] = even, -even
    found[::2, 1::2], found[1::2, ::2] = odd, -odd
    return found


@dataclass(frozen=True, kw_only=True)
class Pairing(Lattice):
    """A chain with p-wave pairing; its excitation energies, which are positive, and their states."""

    def energies(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> np.ndarray:
        """Excitation energies ``(N,)``: the singular values of a matrix of half the size."""
        self.require(parameters)
        return np.sort(scipy.linalg.svdvals(_excitations(sites, phi, ring=ring, **parameters)))

    def eigenstates(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Energies ``(N,)`` and states ``(2N, N)``, particle and hole of a site next to each other."""
        self.require(parameters)
        left, energies, right = np.linalg.svd(_excitations(sites, phi, ring=ring, **parameters))
        states = np.empty((2 * sites, sites))
        states[::2], states[1::2] = (right.T + left) / 2, (right.T - left) / 2
        return energies[::-1], states[:, ::-1]

    def lyapunov(
        self,
        energies: np.ndarray,
        parameters: Mapping[str, Values],
        *,
        phi: Values = 0.0,
        length: int = 2000,
    ) -> np.ndarray:
        """The smaller of the two exponents, by a Green's function of 2x2 blocks."""
        lam = np.broadcast_to(parameters["lam"], energies.shape)
        delta = np.broadcast_to(parameters["delta"], energies.shape)
        one = np.ones_like(delta)
        hop = np.array([[-one, delta], [-delta, one]])
        sign = np.diag([1.0, -1.0])[..., None]

        def block(site: int) -> np.ndarray:
            value = lam * np.cos(2 * np.pi * GOLDEN * site + phi)
            found: np.ndarray = value * sign
            return found

        return by_green(energies, block, lambda site: hop, cells=length)


PAIRING = Pairing(
    name="PWAVE",
    title="chain with p-wave pairing",
    parameters={"lam": (0.05, 5.0), "delta": (0.05, 0.95)},
    limits={"delta": (-1.0, 1.0)},
    matrix=_pairing_matrix,
    orbitals=2,
    sites=233,
    edge=lambda energy, lam, delta: np.abs(lam) - 2 * (1 + np.abs(delta)) + 0 * energy,
    exponent=lambda energy, lam, delta: (
        log_ratio(np.abs(lam) / (2 * (1 + np.abs(delta)))) + 0 * energy
    ),
    law="lam > 2*(1 + delta)",
    source="Cai, Lang, Chen and Wang, Phys. Rev. Lett. 110, 176403 (2013)",
)


def _ladder_matrix(sites: int, phi: float, *, ring: bool, lam: float, t: float) -> np.ndarray:
    """Two legs; every site hops to both of the next rung with -1, along its own rung with -t."""
    wave = lam * np.cos(angle(np.arange(sites), frequency(sites, ring=ring), phi))
    found = -np.kron(hopping(sites, ring=ring), np.ones((2, 2)))
    found += np.kron(np.diag(wave), np.diag([1.0, -1.0]))
    found -= t * np.kron(np.eye(sites), np.array([[0.0, 1.0], [1.0, 0.0]]))
    return found


def _ladder_recursion(
    energy: Values, site: np.ndarray, b: float, phi: Values, lam: Values, t: Values
) -> np.ndarray:
    """The antisymmetric orbital has no hopping of its own: eliminated, it leaves a chain."""
    wave = lam * np.cos(angle(site, b, phi))
    found: np.ndarray = -(energy + t - wave**2 / (energy - t)) / 2
    return found


FLAT_BAND = Lattice(
    name="LADDER",
    title="ladder with a flat band",
    parameters={"lam": (0.05, 5.0), "t": (-1.5, 1.5)},
    matrix=_ladder_matrix,
    recursion=_ladder_recursion,
    orbitals=2,
    sites=89,
    edge=lambda energy, lam, t: lam**2 - 8 * np.abs(energy - t),
    exponent=lambda energy, lam, t: log_ratio(lam**2 / (8 * np.maximum(np.abs(energy - t), 1e-12))),
    law="lam^2 > 8*|E - t|",
    source="Danieli, Bodyfelt and Flach, Phys. Rev. B 91, 235134 (2015)",
)
