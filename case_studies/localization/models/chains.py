"""Quasiperiodic chains with hopping between neighbours, and those that can be brought to that form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from case_studies.localization.models.lattice import Lattice, Span
from case_studies.localization.rings import GOLDEN, Values, frequency


@dataclass(frozen=True, kw_only=True)
class Chain(Lattice):
    """A chain with hopping 1 between neighbours: one potential says everything.

    Attributes:
        potential: on-site energies from sites, frequency, phase and parameters.
    """

    potential: Callable[..., np.ndarray]

    def energies(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> np.ndarray:
        """Energies ``(N,)`` alone, by a tridiagonal or, on a ring, a five-banded matrix."""
        self.require(parameters)
        b = frequency(sites, period=self.period, ring=ring)
        energy = self.potential(np.arange(sites), b, phi, **parameters)
        if not ring:
            return scipy.linalg.eigvalsh_tridiagonal(energy, np.ones(sites - 1))
        # Sites 0, N-1, 1, N-2, … in this order: what is next to each other on the ring is at most two apart.
        order = np.empty(sites, dtype=int)
        order[::2] = np.arange((sites + 1) // 2)
        order[1::2] = sites - 1 - np.arange(sites // 2)
        bands = np.zeros((3, sites))
        bands[0] = energy[order]
        bands[1, 0] = bands[1, sites - 2] = 1
        bands[2, : sites - 2] = 1
        return scipy.linalg.eigvals_banded(bands, lower=True)

    def levels(self, shares: np.ndarray, sites: int, phi: float, **parameters: float) -> np.ndarray:
        """As of every lattice, of an open chain by bisection: no other energies are computed."""
        self.require(parameters)
        energy = self.potential(np.arange(sites), GOLDEN, phi, **parameters)
        middle = np.clip(np.round(shares * sites - 0.5), 1, sites - 2).astype(int)
        found = [
            scipy.linalg.eigvalsh_tridiagonal(
                energy, np.ones(sites - 1), select="i", select_range=(rank - 1, rank + 1)
            )
            for rank in middle
        ]
        return np.array(found)

    def affordable(self, sites: int) -> int:
        """All that are wanted, up to a thousand: bisection is cheap."""
        return min(sites, 1000)


def chain(
    name: str,
    title: str,
    potential: Callable[..., np.ndarray],
    parameters: Mapping[str, Span],
    *,
    period: int = 1,
    **more: object,
) -> Chain:
    """A chain with its matrix and its recursion, which follow from the potential."""

    def matrix(sites: int, phi: float, *, ring: bool, **values: float) -> np.ndarray:
        b = frequency(sites, period=period, ring=ring)
        return hopping(sites, ring=ring) + np.diag(potential(np.arange(sites), b, phi, **values))

    def recursion(
        energy: Values, site: np.ndarray, b: float, phi: Values, **values: Values
    ) -> np.ndarray:
        found: np.ndarray = energy - potential(site, b, phi, **values)
        return found

    return Chain(
        name=name, title=title, parameters=parameters, matrix=matrix, recursion=recursion,
        potential=potential, period=period, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def hopping(sites: int, *, ring: bool) -> np.ndarray:
    """The matrix ``(N, N)`` that is 1 between neighbours."""
    found = np.eye(sites, k=1) + np.eye(sites, k=-1)
    if ring:
        found[0, -1] = found[-1, 0] = 1
    return found


def angle(site: np.ndarray, b: float, phi: Values) -> np.ndarray:
    """The angle of the quasiperiodic wave at a site."""
    found: np.ndarray = 2 * np.pi * b * site + phi
    return found


def deformed(wave: np.ndarray, lam: Values, alpha: Values) -> np.ndarray:
    """The potential of the generalized chain from a cosine; plain where ``alpha`` is 0."""
    found: np.ndarray = 2 * lam * wave / (1 - alpha * wave)
    return found


def log_ratio(strength: np.ndarray) -> np.ndarray:
    """``max(0, ln strength)``, 0 where the strength is 0."""
    found: np.ndarray = np.log(np.maximum(strength, 1.0))
    return found


def mosaic(kappa: int) -> Chain:
    """The mosaic chain, whose potential acts on every kappa-th site; kappa = 1 is Aubry–André's.

    ``lam |a(E)| > 2`` with ``a = U_(kappa-1)(E/2)``, a Chebyshev polynomial: 1, E, E² - 1.
    """
    law = {1: "lam > 2", 2: "lam*|E| > 2", 3: "lam*|E^2 - 1| > 2"}

    def potential(site: np.ndarray, b: float, phi: Values, lam: Values) -> np.ndarray:
        found: np.ndarray = lam * np.cos(angle(site, b, phi)) * (site % kappa == 0)
        return found

    def strength(energy: Values, lam: Values) -> np.ndarray:
        found: np.ndarray = lam * np.abs(
            scipy.special.eval_chebyu(kappa - 1, np.asarray(energy) / 2)
        )
        return found

    return chain(
        "AA" if kappa == 1 else f"MM{kappa}",
        "Aubry–André chain" if kappa == 1 else f"mosaic chain, one site in {kappa}",
        potential,
        {"lam": (0.05, 5.0)},
        period=kappa,
        sites=233 * kappa if kappa < 3 else 3 * 233,
        edge=lambda energy, lam: strength(energy, lam) - 2,
        exponent=lambda energy, lam: log_ratio(strength(energy, lam) / 2) / kappa,
        law=law.get(kappa, f"lam*|U_{kappa - 1}(E/2)| > 2"),
        source="Aubry and André, Ann. Israel Phys. Soc. 3, 133 (1980)"
        if kappa == 1
        else "Wang et al., Phys. Rev. Lett. 125, 196604 (2020)",
    )


def generalized(kappa: int = 1) -> Chain:
    """The generalized Aubry–André chain, or its mosaic with kappa = 2.

    A site between two modulated ones is eliminated exactly, which gives the same chain with
    ``E² - 2`` for the energy and ``E`` times the potential.
    """

    def potential(
        site: np.ndarray, b: float, phi: Values, lam: Values, alpha: Values
    ) -> np.ndarray:
        found: np.ndarray = deformed(np.cos(angle(site, b, phi)), lam, alpha) * (site % kappa == 0)
        return found

    def reach(energy: Values, lam: Values, alpha: Values) -> np.ndarray:
        if kappa == 1:
            return np.abs(alpha * energy + 2 * lam)
        return np.abs(alpha * (np.asarray(energy) ** 2 - 2) + 2 * lam * energy)

    def exponent(energy: Values, lam: Values, alpha: Values) -> np.ndarray:
        size, bend = reach(energy, lam, alpha), np.abs(alpha)
        root = np.sqrt(np.maximum(size**2 - 4 * bend**2, 0))
        found: np.ndarray = log_ratio((size + root) / (2 * (1 + np.sqrt(1 - bend**2)))) / kappa
        return found

    return chain(
        "GAAM" if kappa == 1 else f"GAAM{kappa}",
        "generalized Aubry–André chain" + ("" if kappa == 1 else f", mosaic, one site in {kappa}"),
        potential,
        {"lam": (-2.0, 2.0), "alpha": (-0.95, 0.95)},
        limits={"alpha": (-1.0, 1.0)},
        period=kappa,
        sites=233 * kappa,
        edge=lambda energy, lam, alpha: reach(energy, lam, alpha) - 2,
        exponent=exponent,
        law="|alpha*E + 2*lam| > 2" if kappa == 1 else "|alpha*(E^2 - 2) + 2*lam*E| > 2",
        source="Ganeshan, Pixley and Das Sarma, Phys. Rev. Lett. 114, 146601 (2015)",
    )


def _slowly(site: np.ndarray, b: float, phi: Values, lam: Values, nu: Values) -> np.ndarray:
    # The frequency changes with the site: nothing repeats, so there is no ring.
    found: np.ndarray = lam * np.cos(np.pi * b * site**nu + phi)
    return found


AUBRY_ANDRE = mosaic(1)
MOSAIC_2, MOSAIC_3 = mosaic(2), mosaic(3)
GENERALIZED, GENERALIZED_2 = generalized(), generalized(2)
SLOWLY_VARYING = chain(
    "SLOW",
    "slowly varying chain",
    _slowly,
    {"lam": (0.05, 1.9), "nu": (0.3, 0.8)},
    limits={"nu": (0.0, 1.0), "lam": (-2.0, 2.0)},
    edge=lambda energy, lam, nu: np.abs(energy) - (2 - np.abs(lam)),
    law="|E| > 2 - lam",
    source="Das Sarma, He and Xie, Phys. Rev. Lett. 61, 2144 (1988)",
)
