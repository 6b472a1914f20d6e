"""Aubry–André's potential with hopping that falls off exponentially over all distances."""

import numpy as np

from case_studies.localization.models.chains import angle
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import Values, frequency


def _matrix(sites: int, phi: float, *, ring: bool, lam: float, p: float) -> np.ndarray:
    b = frequency(sites, ring=ring)
    apart = np.abs(np.subtract.outer(np.arange(sites), np.arange(sites)))
    if ring:
        apart = np.minimum(apart, sites - apart)
    found = np.exp(-p * (apart - 1.0))
    np.fill_diagonal(found, lam * np.cos(angle(np.arange(sites), b, phi)))
    return found


def _recursion(
    energy: Values, site: np.ndarray, b: float, phi: Values, lam: Values, p: Values
) -> np.ndarray:
    """The inverse of ``exp(-p|n-m|)`` is tridiagonal, so the model is a chain of neighbours."""
    rest = energy + np.exp(p) - lam * np.cos(angle(site, b, phi))
    found: np.ndarray = 2 * np.cosh(p) - 2 * np.exp(p) * np.sinh(p) / rest
    return found


def _exponent(energy: Values, lam: Values, p: Values) -> np.ndarray:
    """From ``lam cosh(p - gamma) = E + exp(p)``; never faster than the hopping itself."""
    ratio = (np.asarray(energy) + np.exp(p)) / lam
    found: np.ndarray = np.maximum(p - np.arccosh(np.maximum(ratio, 1.0)), 0.0)
    return found


def _edge(energy: Values, lam: Values, p: Values) -> np.ndarray:
    found: np.ndarray = lam * np.cosh(p) - energy - np.exp(p)
    return found


MODIFIED = Lattice(
    name="MAAM",
    title="modified Aubry–André chain",
    parameters={"lam": (0.05, 5.0), "p": (1.0, 3.0)},
    limits={"lam": (0.0, np.inf), "p": (0.0, np.inf)},
    matrix=_matrix,
    recursion=_recursion,
    edge=_edge,
    exponent=_exponent,
    law="lam*cosh(p) > E + exp(p)",
    source="Biddle and Das Sarma, Phys. Rev. Lett. 104, 070601 (2010)",
)
