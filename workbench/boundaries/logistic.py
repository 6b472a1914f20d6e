"""Laws judged and refined by labels: the likelihood of sides where g is a logit, with a few wrong labels."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from workbench.boundaries.reading import Numbers
from workbench.boundaries.terms import Sum

_WRONG = 0.01
"""Share of labels that are expected to be wrong far from the edge."""
_RIDGE = 1e-6
_DRAWS = 60


def likely(law: Sum, x: np.ndarray, inside: np.ndarray) -> tuple[Sum, float]:
    """The same terms with the coefficients that make the sides of rows ``x (N, d)`` likeliest.

    Returns:
        The law, positive inside, and the negative logarithm of its likelihood.
    """
    values = law.dictionary.at(x).values
    start = _oriented(law, values, inside)
    c, loss = _fitted(values, np.where(inside, 1.0, -1.0), start, law.folded, np.ones(len(x)))
    return Sum(law.dictionary, c, law.folded), loss


def spread_of(
    law: Sum,
    x: np.ndarray,
    inside: np.ndarray,
    groups: np.ndarray | None,
    random: np.random.Generator,
) -> Numbers:
    """Coefficients with errors from groups of rows, or rows, weighted anew (the bootstrap of Rubin 1981)."""
    values, y = law.dictionary.at(x).values, np.where(inside, 1.0, -1.0)
    own = np.arange(len(x)) if groups is None else np.unique(groups, return_inverse=True)[1]
    held = int(np.argmax(np.abs(law.c)))
    drawn = []
    for _ in range(_DRAWS):
        weights = random.exponential(size=own.max() + 1)[own]
        c, _ = _fitted(values, y, law.c, law.folded, weights / weights.mean())
        drawn.append(c / c[held])
    sizes = law.dictionary.sizes
    table = np.array(drawn) / sizes
    middle = np.median(table, 0) if len(table) else law.c / sizes
    found = law.c / law.c[held] / sizes
    deviations = table - middle
    reach = np.quantile(np.abs(deviations), 0.9, axis=0) + 1e-300
    kept = (np.abs(deviations) <= 3 * reach).all(1)
    covariance = np.atleast_2d(np.cov(deviations[kept].T)) + np.outer(
        found - middle, found - middle
    )
    return Numbers(found, covariance)


def _oriented(law: Sum, values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Coefficients as logits: of the sign that is right more often, steep as the rows are spread."""
    g = _logits(values, law.c, law.folded)[0]
    sign = 1.0 if np.mean((g > 0) == inside) >= 0.5 else -1.0
    c = law.c * sign
    return np.asarray(c * 5 / max(float(np.median(np.abs(g))), 1e-12))


def _logits(values: np.ndarray, c: np.ndarray, folded: bool) -> tuple[np.ndarray, np.ndarray]:
    """Logits ``(N,)`` and their slopes by the coefficients ``(N, k)``; c[0] decides which side is inside."""
    if not folded:
        return values @ c, values
    sign = np.sign(values[:, 1:] @ c[1:]) * (-np.sign(c[0]) if c[0] else 1.0)
    slopes = np.column_stack((values[:, 0], values[:, 1:] * sign[:, None]))
    return slopes @ c, slopes


def _fitted(
    values: np.ndarray, y: np.ndarray, start: np.ndarray, folded: bool, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    def loss(c: np.ndarray) -> tuple[float, np.ndarray]:
        g, slopes = _logits(values, c, folded)
        right = expit(y * g)
        p = _WRONG / 2 + (1 - _WRONG) * right
        pull = -weights * (1 - _WRONG) * right * (1 - right) * y / p
        return float(
            -(weights * np.log(p)).sum() + _RIDGE * c @ c
        ), slopes.T @ pull + 2 * _RIDGE * c

    found = minimize(loss, start, jac=True, method="BFGS", options={"maxiter": 200})
    better = np.isfinite(found.x).all() and found.fun <= loss(start)[0]
    c = found.x if better else start
    return c, loss(c)[0]
