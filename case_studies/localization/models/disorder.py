"""Random on-site energies: chains, where every state is localized, and square and cubic lattices.

``phi`` seeds the disorder: the same number gives the same lattice, at every length.
"""

import numpy as np
import scipy.sparse as sparse

from case_studies.localization.models.chains import chain, hopping
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import Values
from workbench.errors import InputError


def uniform(site: np.ndarray, phi: Values) -> np.ndarray:
    """Random numbers in [-1/2, 1/2) that follow from site and phase alone, in their common shape.

    SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) with the mixed phase as its start.
    """
    start = _mixed(np.atleast_1d(np.asarray(phi, dtype=np.float64)).view(np.uint64))
    step = np.asarray(site).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return _mixed(start + step) * 2.0**-64 - 0.5


def _mixed(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _box(site: np.ndarray, b: float, phi: Values, width: Values) -> np.ndarray:
    return width * uniform(site, phi)


def _cauchy(site: np.ndarray, b: float, phi: Values, width: Values) -> np.ndarray:
    return width * np.tan(np.pi * uniform(site, phi))


def _lloyd_exponent(energy: Values, width: Values) -> np.ndarray:
    """``4 cosh(gamma) = sqrt((2+E)² + W²) + sqrt((2-E)² + W²)`` with half width W (Thouless 1972)."""
    total = np.hypot(2 + np.asarray(energy), width) + np.hypot(2 - np.asarray(energy), width)
    return np.arccosh(np.maximum(total / 4, 1.0))


def cube(side: int, width: float, *, dimensions: int = 3, seed: int = 0) -> sparse.csr_matrix:
    """A periodic square or cubic lattice with box disorder, sparse, ``(side^d, side^d)``.

    Raises:
        InputError: fewer than 3 sites a side, where a neighbour would be met twice.
    """
    if side < 3:
        raise InputError(f"a periodic lattice needs at least 3 sites a side, got {side}")
    line = sparse.csr_matrix(hopping(side, ring=True))
    total = sparse.csr_matrix((1, 1))
    for _ in range(dimensions):
        total = sparse.kron(total, sparse.eye(side)) + sparse.kron(sparse.eye(total.shape[0]), line)
    random = np.random.default_rng(seed).uniform(-width / 2, width / 2, side**dimensions)
    return sparse.csr_matrix(total + sparse.diags(random))


def _lattice(dimensions: int, name: str, title: str, law: str, source: str) -> Lattice:
    def matrix(sites: int, phi: float, *, ring: bool, width: float) -> np.ndarray:
        side = round(sites ** (1 / dimensions))
        if side**dimensions != sites or not ring:
            raise InputError(f"the {title} is periodic, with a whole number of sites a side")
        seed = int(np.float64(phi).view(np.uint64))
        return np.asarray(cube(side, width, dimensions=dimensions, seed=seed).toarray())

    return Lattice(
        name=name, title=title, parameters={"width": (2.0, 25.0)}, matrix=matrix, law=law,
        limits={"width": (0.0, np.inf)}, sites=6**dimensions * (1 if dimensions == 3 else 16),
        source=source,
    )  # fmt: skip


RANDOM = chain(
    "RANDOM",
    "random chain",
    _box,
    {"width": (0.5, 4.0)},
    limits={"width": (0.0, np.inf)},
    edge=lambda energy, width: np.ones_like(energy * width),
    law="localized at every width; 1/gamma = 24 (4 - E^2)/width^2 for weak disorder, 105.0/width^2 at E = 0",
    source="Thouless (1979); Kappus and Wegner, Z. Phys. B 45, 15 (1981)",
)
LLOYD = chain(
    "LLOYD",
    "Lloyd chain",
    _cauchy,
    {"width": (0.1, 3.0)},
    limits={"width": (0.0, np.inf)},
    edge=lambda energy, width: np.ones_like(energy * width),
    exponent=_lloyd_exponent,
    law="localized at every width; gamma is known at every energy",
    source="Lloyd, J. Phys. C 2, 1717 (1969); Thouless, J. Phys. C 5, 77 (1972)",
)
SQUARE = _lattice(
    2, "SQUARE", "square lattice", "localized at every width, with a length that grows like exp(1/width²)",
    "Abrahams, Anderson, Licciardello and Ramakrishnan, Phys. Rev. Lett. 42, 673 (1979)",
)  # fmt: skip
CUBIC = _lattice(
    3, "CUBIC", "cubic lattice", "at E = 0 localized for width > 16.54",
    "Slevin and Ohtsuki, New J. Phys. 16, 015012 (2014)",
)  # fmt: skip
