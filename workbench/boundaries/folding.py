r"""Laws \|A\| = const whose points lie on both branches: A² = const² is linear in products of terms."""

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement

import numpy as np

from workbench.boundaries.algebra import Cloud, nearest
from workbench.boundaries.terms import Dictionary, is_monomial

_TERMS, _MOST_TOGETHER = 24, 3
_DRAWS, _DRAWN = 8, 4
"""Small samples, some of which hold no wrong point; and how many points to an unknown one has."""
_LEAST_SHARE = 0.02


def folded(
    dictionary: Dictionary,
    cloud: Cloud,
    weights: np.ndarray,
    random: np.random.Generator,
    most: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The most promising sets of terms, the constant first, with coefficients ``(K, k)``.

    Besides all points, with weights ``(N,)``, small random samples are asked: a wrong point counts with the
    square of its distance here, and may spoil the form of two branches altogether.
    """
    inside = np.array(
        [p for p, term in enumerate(dictionary.terms) if term and is_monomial(term)][:_TERMS]
    )
    products, place = _products(cloud, inside)
    values = cloud.values[:, inside]
    for size in range(1, min(_MOST_TOGETHER, len(inside)) + 1):
        chosen = np.array(list(combinations(range(len(inside)), size)))
        squares = np.array(
            [[0, *(place[p] for p in combinations_with_replacement(s, 2))] for s in chosen.tolist()]
        )
        for drawn in _samples(weights, _DRAWN * squares.shape[1], random):
            m, n = products.moments(drawn)
            where = squares[:, :, None], squares[:, None, :]
            q, ratio = nearest(m[where], n[where])
            root, known = _roots(q, size)
            cost = np.where(known, ratio, np.inf)
            best = np.argsort(cost)[:most]
            best = best[_both_branches(values, chosen[best], root[best]) & np.isfinite(cost[best])]
            if len(best):
                constant = np.zeros((len(best), 1), dtype=int)
                sets = np.concatenate((constant, inside[chosen[best]]), 1)
                yield sets, np.concatenate((-np.ones((len(best), 1)), root[best]), 1)


def _samples(weights: np.ndarray, count: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """The weights, and those of small samples."""
    yield weights
    for _ in range(_DRAWS if count < len(weights) else 0):
        drawn = np.zeros(len(weights))
        drawn[random.choice(len(weights), count, replace=False, p=weights / weights.sum())] = 1.0
        yield drawn


def _products(cloud: Cloud, inside: np.ndarray) -> tuple[Cloud, dict[tuple[int, int], int]]:
    """One and all products of two terms, with the place of each."""
    pairs = list(combinations_with_replacement(range(len(inside)), 2))
    first, second = np.array(pairs).T
    a, b = cloud.values[:, inside], cloud.steps[:, inside]
    values = np.concatenate((np.ones((len(a), 1)), a[:, first] * a[:, second]), 1)
    steps = a[:, first, None] * b[:, second] + b[:, first] * a[:, second, None]
    steps = np.concatenate((np.zeros_like(steps[:, :1]), steps), 1)
    place = {pair: number + 1 for number, pair in enumerate(pairs)}
    return Cloud(values, steps, cloud.stray, cloud.least), place


def _roots(q: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients a with (a·φ)² = 1 nearest to quadratic forms ``q``, and where there are any."""
    matrix = np.zeros((len(q), size, size))
    for number, (i, j) in enumerate(combinations_with_replacement(range(size), 2)):
        matrix[:, i, j] += q[:, number + 1] / 2
        matrix[:, j, i] += q[:, number + 1] / 2
    constant = q[:, 0]
    matrix = -matrix / np.where(constant == 0, 1.0, constant)[:, None, None]
    values, vectors = np.linalg.eigh(matrix)
    known = (constant != 0) & (values[:, -1] > 0)
    return vectors[:, :, -1] * np.sqrt(np.maximum(values[:, -1:], 0)), known


def _both_branches(values: np.ndarray, chosen: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Whether points lie on both branches."""
    inner = np.einsum("nba,ba->nb", values[:, chosen], root)
    share = (inner > 0).mean(0)
    return np.asarray((share > _LEAST_SHARE) & (share < 1 - _LEAST_SHARE))
