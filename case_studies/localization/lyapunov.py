"""Lyapunov exponents: the inverse localization length of a state, measured on long chains."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from case_studies.localization.rings import GOLDEN, Values

ELSEWHERE = 2.0
"""Difference in phase between the lattice that gives energies and the chain on which their decay is measured.

On the chain whose eigenvalue it is, a state would grow up to its centre and decay from there.
"""
_RESCALE = 8
_CHUNK = 256
_SKIPPED = 0.05
"""Share of the chain in which a vector turns to the direction that grows; it is not counted."""


def by_recursion(
    factor: Callable[..., np.ndarray],
    energies: np.ndarray,
    parameters: Mapping[str, Values],
    *,
    phi: Values = 0.0,
    length: int = 2000,
) -> np.ndarray:
    """Exponents ``(K,)`` of ``w[n+1] = factor[n] w[n] - w[n-1]``, the product of 2x2 transfer matrices.

    All samples go through the chain together; their norms are taken out every few sites.

    Args:
        factor: from energy, site, frequency, phase and parameters, see ``Lattice.recursion``.
        energies: ``(K,)``, real or complex. parameters: a number or ``(K,)`` each.
        phi: a number or ``(K,)``. length: of the chain in sites.
    """
    growth = _Slope(length, len(energies))
    x, y = np.ones_like(energies), np.full_like(energies, 0.3)
    for site, value in _factors(factor, energies, parameters, phi, length):
        x, y = value * x - y, x
        if site % _RESCALE == 0:
            size = np.sqrt(np.abs(x) ** 2 + np.abs(y) ** 2)
            growth.add(site, np.log(size))
            x, y = x / size, y / size
    return growth.value


def _factors(
    factor: Callable[..., np.ndarray],
    energies: np.ndarray,
    parameters: Mapping[str, Values],
    phi: Values,
    length: int,
) -> Iterator[tuple[int, np.ndarray]]:
    """The factors ``(K,)`` of every site, a few hundred sites at a time."""
    for first in range(0, length, _CHUNK):
        sites = np.arange(first, min(first + _CHUNK, length))
        block = factor(energies[None], sites[:, None], GOLDEN, phi, **parameters)
        yield from zip(sites.tolist(), block, strict=True)


def by_green(
    energies: np.ndarray,
    blocks: Callable[[int], np.ndarray],
    hops: Callable[[int], np.ndarray],
    *,
    cells: int,
) -> np.ndarray:
    r"""The smallest positive exponent per cell ``(K,)``, by a Green's function that grows cell by cell.

    :math:`G_n = (E - H_n - V^\dagger G_{n-1} V)^{-1}` and :math:`G_{1n} = G_{1,n-1} V G_n`; the decay of
    its norm is the exponent (MacKinnon, Z. Phys. B 59, 385 (1985)). Needs no inverse of the hopping.

    Args:
        energies: ``(K,)``. blocks: of a cell's number its matrix, ``(m, m, 1)`` or ``(m, m, K)``.
        hops: of a cell's number ``V``, from it to the next, in the same shapes. cells: how many.
    """
    level = np.eye(len(hops(0)))[..., None] * energies
    green = _inverse(level - blocks(0))
    across = green
    decay = _Slope(cells, len(energies))
    for cell in range(1, cells):
        hop = hops(cell - 1)
        back = np.conj(np.swapaxes(hop, 0, 1))
        green = _inverse(level - blocks(cell) - _times(_times(back, green), hop))
        across = _times(across, _times(hop, green))
        if cell % _RESCALE == 0:
            norm = np.sqrt((np.abs(across) ** 2).sum((0, 1)))
            decay.add(cell, -np.log(norm))
            across = across / norm
    return decay.value


class _Slope:
    """The growth of a logarithm per site, as the slope of a straight line through all of the chain.

    What a vector happens to do at the two ends weighs little in it, unlike in their difference.
    """

    def __init__(self, length: int, samples: int) -> None:
        self.middle = (1 + _SKIPPED) * length / 2
        self.start = _SKIPPED * length
        self.total, self.moment, self.spread = np.zeros(samples), np.zeros(samples), 0.0
        self.sum_total, self.sum_place, self.count = np.zeros(samples), 0.0, 0

    def add(self, site: int, step: np.ndarray) -> None:
        """A logarithm that was taken out at a site."""
        self.total += step
        if site < self.start:
            return
        place = site - self.middle
        self.moment += place * self.total
        self.sum_total += self.total
        self.sum_place += place
        self.spread += place**2
        self.count += 1

    @property
    def value(self) -> np.ndarray:
        """The slope ``(K,)``."""
        mean = self.sum_place / self.count
        found: np.ndarray = (self.moment - mean * self.sum_total) / (
            self.spread - mean * self.sum_place
        )
        return found


def slope_of(values: np.ndarray) -> float:
    """The slope of a straight line through equally spaced values ``(N,)``."""
    place = np.arange(len(values)) - (len(values) - 1) / 2
    return float(place @ values / (place @ place))


def _times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Products of matrices whose last axis counts samples: small ones are fastest in this order."""
    return np.einsum("ijk,jlk->ilk", left, right)


def _inverse(matrices: np.ndarray) -> np.ndarray:
    if len(matrices) == 1:
        return np.asarray(1 / matrices)
    if len(matrices) == 2:
        (a, b), (c, d) = matrices
        return np.array([[d, -b], [-c, a]]) / (a * d - b * c)
    return np.moveaxis(np.linalg.inv(np.moveaxis(matrices, -1, 0)), 0, -1)
