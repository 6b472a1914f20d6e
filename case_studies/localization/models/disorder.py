"""Random on-site energies: chains, where every state is localized, and square and cubic lattices.

``phi`` seeds the disorder: the same number gives the same lattice.
"""

import numpy as np
import scipy.sparse as sparse

from case_studies.localization.models.chains import hopping
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import Values
from workbench.errors import InputError


def _generator(phi: float) -> np.random.Generator:
    return np.random.default_rng(np.float64(phi).view(np.uint64))


def _box(sites: int, phi: float, *, ring: bool, width: float) -> np.ndarray:
    energies = _generator(phi).uniform(-width / 2, width / 2, sites)
    return hopping(sites, ring=ring) + np.diag(energies)


def _cauchy(sites: int, phi: float, *, ring: bool, width: float) -> np.ndarray:
    return hopping(sites, ring=ring) + np.diag(width * _generator(phi).standard_cauchy(sites))


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


RANDOM = Lattice(
    name="RANDOM",
    title="random chain",
    parameters={"width": (0.5, 4.0)},
    limits={"width": (0.0, np.inf)},
    matrix=_box,
    edge=lambda energy, width: np.ones_like(energy * width),
    law="localized at every width; 1/gamma = 24 (4 - E^2)/width^2 for weak disorder, 105.0/width^2 at E = 0",
    source="Thouless (1979); Kappus and Wegner, Z. Phys. B 45, 15 (1981)",
)
LLOYD = Lattice(
    name="LLOYD",
    title="Lloyd chain",
    parameters={"width": (0.1, 3.0)},
    limits={"width": (0.0, np.inf)},
    matrix=_cauchy,
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
