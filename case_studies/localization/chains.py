r"""Quasiperiodic chains, their eigenstates, and the laws that are known of them.

Hopping between neighbours is 1. On a ring of :math:`N = F_m` sites the golden ratio is replaced by
:math:`F_{m-1}/F_m`, so the potential closes and there are no edge states.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

GOLDEN = (math.sqrt(5) - 1) / 2
_RESCALE = 8


@dataclass(frozen=True)
class Chain:
    """A family of chains.

    Attributes:
        name: short, of the family. title: for people.
        potential: on-site energies from ``theta = 2 pi b n + phi`` and the parameters by name.
        ranges: from which every parameter is drawn.
        edge: what the known law says: positive where a state is localized, from parameters and energy.
        edge_text: that law for people.
        source: of the law.
    """

    name: str
    title: str
    potential: Callable[..., np.ndarray]
    ranges: dict[str, tuple[float, float]]
    edge: Callable[..., np.ndarray]
    edge_text: str
    source: str


def _aubry_andre(theta: np.ndarray, *, lam: float) -> np.ndarray:
    return lam * np.cos(theta)


def _generalized(theta: np.ndarray, *, lam: float, alpha: float) -> np.ndarray:
    wave = np.cos(theta)
    found: np.ndarray = 2 * lam * wave / (1 - alpha * wave)
    return found


AUBRY_ANDRE = Chain(
    name="AA",
    title="Aubry–André chain",
    potential=_aubry_andre,
    ranges={"lam": (0.05, 5.0)},
    edge=lambda E, lam: lam - 2,  # noqa: N803 - the energy's own letter
    edge_text="lam > 2",
    source="Aubry and André, Ann. Israel Phys. Soc. 3, 133 (1980)",
)
GENERALIZED = Chain(
    name="GAAM",
    title="Generalized Aubry–André chain",
    potential=_generalized,
    ranges={"alpha": (-0.95, 0.95), "lam": (0.05, 2.0)},
    edge=lambda E, lam, alpha: np.abs(alpha * E + 2 * lam) - 2,  # noqa: N803
    edge_text="|alpha*E + 2*lam| > 2",
    source="Ganeshan, Pixley and Das Sarma, Phys. Rev. Lett. 114, 146601 (2015)",
)
CHAINS = {chain.name: chain for chain in (AUBRY_ANDRE, GENERALIZED)}


def fibonacci(sites: int) -> int:
    """The Fibonacci number before ``sites``; a ``ValueError`` when ``sites`` is none."""
    before, number = 1, 1
    while number < sites:
        before, number = number, before + number
    if number != sites:
        raise ValueError(
            f"a ring needs a Fibonacci number of sites, such as 233 or 377, got {sites}"
        )
    return before


def ring(
    chain: Chain, sites: int, phi: float, **parameters: float
) -> tuple[np.ndarray, np.ndarray]:
    """Energies ``(N,)`` and eigenstates ``(N, N)`` in columns, of a closed chain."""
    theta = 2 * np.pi * fibonacci(sites) / sites * np.arange(sites) + phi
    hamiltonian = np.diag(chain.potential(theta, **parameters))
    hop = np.arange(sites)
    hamiltonian[hop, (hop + 1) % sites] += 1
    hamiltonian[(hop + 1) % sites, hop] += 1
    energies, states = np.linalg.eigh(hamiltonian)
    return energies, states


def participation(states: np.ndarray) -> np.ndarray:
    """Inverse participation ratio of every column, between 1/N (extended) and 1 (one site)."""
    weight = states**2
    found: np.ndarray = (weight**2).sum(0) / weight.sum(0) ** 2
    return found


def dimension(states: np.ndarray) -> np.ndarray:
    """Fractal dimension ``-ln IPR / ln N``: near 1 for extended, near 0 for localized states."""
    found: np.ndarray = -np.log(participation(states)) / math.log(len(states))
    return found


def lyapunov(
    chain: Chain,
    energies: np.ndarray,
    phi: float,
    *,
    parameters: Mapping[str, float],
    length: int = 2000,
) -> np.ndarray:
    """Inverse localization length of every energy, by transfer matrices of an endless chain.

    Only physical for energies in the spectrum: in a gap it grows although nothing lives there.
    """
    theta = 2 * np.pi * GOLDEN * np.arange(length) + phi
    potential = chain.potential(theta, **parameters)
    x, y = np.ones_like(energies), np.zeros_like(energies)
    total = np.zeros_like(energies)
    for site, value in enumerate(potential, start=1):
        x, y = (energies - value) * x - y, x
        if site % _RESCALE == 0:
            size = np.hypot(x, y)
            total += np.log(size)
            x, y = x / size, y / size
    found: np.ndarray = (total + np.log(np.hypot(x, y))) / length
    return found
