r"""Many laws :math:`c \cdot \varphi(x) = 0` at once, fitted to points of their zero sets.

What is small at a good law is not g but the distance :math:`r = g / |\sigma \nabla g|` of the points from its
zero set, to first order and in units of their errors (Sampson 1982). Its mean square is about
:math:`c^T M c / c^T N c`, with M of the terms' values and N of their slopes, whose least value is a
generalized eigenproblem (Taubin 1991, IEEE PAMI 13, 1115): no term has to be chosen as the left side.
Weighted again by the slopes found and by how likely each point is none of the edge, it is robust.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from workbench.boundaries.terms import Values

STRAY = 0.05
"""Share of points that are expected to be wrong."""
EXACT = 1e-8
"""Distances below it, in scaled columns, are rounding."""
OVERSTATED = 0.1
"""Share of the stated errors that the true ones may be: people are careful, and some errors are shared."""
_RIDGE = 1e-13
_ROUNDS = 8
_TURNS, _LAST_TURNS = 2, 6
_NORMAL_MEDIAN = 1.4826
_STRAY_RANGE = 4.0
"""Standard deviations of the states that a wrong point may lie away from the edge."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """Terms at the points.

    Attributes:
        values: ``(N, P)``. steps: how far one error of each variable moves them, ``(N, P, d)``.
        stray: density of a wrong point, in units of the errors, ``(N,)``.
        least: share of the errors that the true ones are at least; of errors that nothing is known of, which
            are then the columns' scales, that of rounding.
    """

    values: np.ndarray
    steps: np.ndarray
    stray: np.ndarray
    least: float

    @classmethod
    def of(
        cls,
        terms: Values,
        scales: np.ndarray,
        sigma: np.ndarray | None,
        least: float = OVERSTATED,
    ) -> Self:
        """From values and slopes, scales of the columns ``(d,)`` and stated errors ``(N, d)`` or None."""
        rows = len(terms.values)
        errors = np.broadcast_to(scales, (rows, len(scales)))
        if sigma is not None:
            errors = np.maximum(sigma, EXACT * scales)
        stray = (errors / scales).max(1) / _STRAY_RANGE
        least = EXACT if sigma is None else least
        return cls(terms.values, terms.slopes * errors[:, None, :], stray, least)

    def rows(self, chosen: np.ndarray) -> "Cloud":
        """Some of the points."""
        return Cloud(self.values[chosen], self.steps[chosen], self.stray[chosen], self.least)

    def moments(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """M and N, each ``(P, P)``, with weights ``(N,)``."""
        share = weights / weights.sum()
        values = self.values * np.sqrt(share)[:, None]
        steps = (self.steps * np.sqrt(share)[:, None, None]).transpose(0, 2, 1)
        steps = steps.reshape(-1, self.values.shape[1])
        return values.T @ values, steps.T @ steps


def nearest(m: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients with the least cᵀMc / cᵀNc, and that value.

    Args:
        m, n: symmetric, not negative, ``(B, k, k)``.

    Returns:
        ``(B, k)`` of length one, and ``(B,)``.
    """
    k = m.shape[-1]
    size = np.trace(m, axis1=1, axis2=2)[:, None, None] / k
    lower = np.linalg.cholesky(m + _RIDGE * np.maximum(size, 1e-300) * np.eye(k))
    half = np.linalg.solve(lower, n)
    whole = np.linalg.solve(lower, half.transpose(0, 2, 1))
    found, vectors = np.linalg.eigh((whole + whole.transpose(0, 2, 1)) / 2)
    c = np.linalg.solve(lower.transpose(0, 2, 1), vectors[:, :, -1:])[:, :, 0]
    return c / np.linalg.norm(c, axis=1)[:, None], 1 / np.maximum(found[:, -1], 1e-300)


@dataclass(frozen=True, eq=False)
class Fits:
    """Laws of k terms fitted robustly to N points.

    Attributes:
        c: coefficients of length one, ``(K, k)``. distances: signed, in units of the errors, ``(K, N)``.
        size: by how much the errors are larger than stated (or what they are, in scaled columns), ``(K,)``.
        weights: probability of every point to be one of the edge, ``(K, N)``.
        loss: negative logarithm of the likelihood, ``(K,)``.
    """

    c: np.ndarray
    distances: np.ndarray
    size: np.ndarray
    weights: np.ndarray
    loss: np.ndarray


def fitted(cloud: Cloud, sets: np.ndarray, c: np.ndarray, *, folded: bool = False) -> Fits:
    r"""Laws of the terms ``sets (K, k)`` fitted robustly, from coefficients ``c (K, k)``.

    Args:
        folded: laws \|A\| = const, the constant being the first term: each point is on the branch that the
            sign of A there says.
    """
    values = cloud.values[:, sets].transpose(1, 0, 2)
    steps = cloud.steps[:, sets].transpose(1, 0, 3, 2)
    for turn in range(_ROUNDS + 1):
        f, d = _unfolded(values, steps, c) if folded else (values, steps)
        g = np.einsum("Kna,Ka->Kn", f, c)
        q = np.einsum("Knda,Ka->Knd", d, c)
        q = np.maximum((q**2).sum(2), 1e-300)
        r = g / np.sqrt(q)
        if turn == _ROUNDS:
            return Fits(c, r, *mixture(r, cloud))
        weights = mixture(r, cloud, turns=_TURNS)[1]
        w = np.sqrt(weights / q)
        w /= np.sqrt((w**2).mean(1))[:, None]
        f, d = f * w[:, :, None], d * w[:, :, None, None]
        d = d.reshape(len(c), -1, c.shape[1])
        c, _ = nearest(f.transpose(0, 2, 1) @ f, d.transpose(0, 2, 1) @ d)
        c *= np.where(c[:, :1] > 0, -1.0, 1.0)
    raise AssertionError  # pragma: no cover


def _unfolded(
    values: np.ndarray, steps: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Terms with the sign of the branch of every point."""
    signs = np.sign(np.einsum("Kna,Ka->Kn", values[:, :, 1:], c[:, 1:]))
    signs[signs == 0] = 1.0
    every = np.concatenate(
        (np.ones_like(signs)[:, :, None], np.repeat(signs[:, :, None], c.shape[1] - 1, 2)), 2
    )
    return values * every, steps * every[:, :, None, :]


def mixture(
    r: np.ndarray, cloud: Cloud, *, turns: int = _LAST_TURNS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Size of the errors ``(K,)``, weights ``(K, N)`` and loss ``(K,)`` of distances ``(K, N)``.

    A point is near, with a normal error, or anywhere.
    """
    size = np.maximum(_NORMAL_MEDIAN * np.median(np.abs(r), 1), cloud.least)
    for _ in range(turns):
        near = _density(r, size)
        weights = near / (near + STRAY * cloud.stray)
        size = np.sqrt((weights * r**2).sum(1) / np.maximum(weights.sum(1), 1e-12))
        size = np.maximum(size, cloud.least)
    near = _density(r, size)
    whole = near + STRAY * cloud.stray
    return size, near / whole, -np.log(whole).sum(1)


def _density(r: np.ndarray, size: np.ndarray) -> np.ndarray:
    with np.errstate(under="ignore"):
        near = np.exp(-0.5 * (r / size[:, None]) ** 2)
    return (1 - STRAY) / np.sqrt(2 * np.pi) * near / size[:, None]
