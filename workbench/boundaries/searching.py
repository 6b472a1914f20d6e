"""Which terms make the law that points of an edge obey: best subsets, judged by distances and length."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from workbench.boundaries.algebra import Cloud, Fits, fitted, mixture, nearest
from workbench.boundaries.distances import distances as zero_distances
from workbench.boundaries.distances import feet
from workbench.boundaries.folding import folded
from workbench.boundaries.terms import Dictionary, Sum, is_monomial, reducible

_MOST_EXHAUSTIVE = 110
_MOST_TERMS, _KEPT, _BEST = 6, 30, 30
_MOST_POINTS = 400
_IDENTITY = 1e-14
_PASSES, _NO_STRAY = 2, 0.99
_BIT = np.log(2.0)
_BATCH = 20_000
_FOLD_BITS, _APART, _MOSTLY = 2.0, 4.0, 0.8
_KIND_BITS, _POWERS = 5.0, frozenset({"1", "2", "3", "abs"})
Stop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Edge:
    """What is known of the edge, as numbers.

    Attributes:
        x: points ``(N, d)``. errors: of the points, or scales of the columns, ``(N, d)``.
        cloud: the terms there. states: rows all over the domain, ``(B, d)``.
        inside: the side of each, ``(B,)``, or None.
    """

    x: np.ndarray
    errors: np.ndarray
    cloud: Cloud
    states: np.ndarray
    inside: np.ndarray | None = None

    def wrong_side(self, law: Sum) -> float:
        """Nats that sides cost which do not follow from the law; they count as the points do, not more."""
        if self.inside is None:
            return 0.0
        wrong = np.mean((law.at(self.states)[0] > 0) != self.inside)
        share = (len(self.inside) * min(wrong, 1 - wrong) + 0.5) / (len(self.inside) + 1)
        lost = -share * np.log(share) - (1 - share) * np.log(1 - share)
        return float(lost * min(len(self.x), len(self.inside)))


@dataclass(frozen=True, eq=False)
class Candidate:
    """A law and its evidence.

    Attributes:
        places: of its terms in the dictionary. law: in numbers. size: of the errors, see ``Fits``.
        cost: length of the data's description with it, in nats.
        weights: probability of every point to be one of the edge, ``(N,)``.
        distances: signed ones of the points in units of their errors, ``(N,)``.
    """

    places: tuple[int, ...]
    law: Sum
    size: float
    cost: float
    weights: np.ndarray
    distances: np.ndarray

    @property
    def key(self) -> tuple[tuple[int, ...], bool]:
        """What tells forms apart."""
        return tuple(sorted(self.places)), self.law.folded


def length(
    places: Sequence[int], dictionary: Dictionary, rows: int, *, bars: bool = False
) -> float:
    """Nats that a law takes: half a logarithm of the rows for a free ratio, and the choice of its terms.

    A law seldom has functions of several kinds: each kind beside powers is paid for once more.
    """
    free = len(places) - 1
    kinds = {name for p in places for _, name in dictionary.terms[p]} - _POWERS
    chosen = (
        float(dictionary.bits[list(places)].sum()) + _FOLD_BITS * bars + _KIND_BITS * len(kinds)
    )
    return free * (0.5 * np.log(rows) + np.log(len(dictionary))) + _BIT * chosen


def search(
    dictionary: Dictionary, edge: Edge, *, seed: int = 0, stop: Stop = lambda: False
) -> list[Candidate]:
    """Laws of the points, the best first.

    Args:
        dictionary: the terms. edge: the points.
        seed: of the points that are taken where there are many. stop: True ends it with what is found.
    """
    rows = len(edge.x)
    random = np.random.default_rng(seed)
    some = np.sort(random.permutation(rows)[:_MOST_POINTS])
    part = replace(edge, x=edge.x[some], errors=edge.errors[some], cloud=edge.cloud.rows(some))
    background = dictionary.at(edge.states).values
    background = background.T @ background / len(background)
    weights = np.ones(len(some))
    found: dict[tuple[tuple[int, ...], bool], Candidate] = {}
    best: list[Candidate] = []
    for _ in range(_PASSES):
        for sets, c, bars in _screened(dictionary, part.cloud, weights, background, random):
            if stop() and found:
                break
            for one in _made(dictionary, sets, fitted(part.cloud, sets, c, folded=bars), bars):
                if one.key not in found or one.cost < found[one.key].cost:
                    found[one.key] = one
        best = _projected(dictionary, part, list(found.values()))
        weights = best[0].weights
        if weights.mean() > _NO_STRAY:
            break
    if len(some) < rows:
        best = [one for two in best for one in _again(dictionary, edge, two)]
    return sorted(best, key=lambda one: one.cost)


def _again(dictionary: Dictionary, edge: Edge, one: Candidate) -> Iterator[Candidate]:
    """The same form fitted to all points."""
    sets = np.array([one.places])
    fits = fitted(edge.cloud, sets, one.law.c[None], folded=one.law.folded)
    yield from (
        judged(dictionary, edge, new) for new in _made(dictionary, sets, fits, one.law.folded)
    )


def _projected(dictionary: Dictionary, edge: Edge, found: list[Candidate]) -> list[Candidate]:
    """The best by true distances, which are no smaller than those to first order where g is zero twice."""
    heap = [(one.cost, number, one, False) for number, one in enumerate(found)]
    heapq.heapify(heap)
    best: list[Candidate] = []
    while heap and len(best) < _BEST:
        _, number, one, done = heapq.heappop(heap)
        if done:
            best.append(one)
        else:
            new = judged(dictionary, edge, one)
            heapq.heappush(heap, (max(new.cost, one.cost), number, new, True))
    return sorted(best, key=lambda one: one.cost)


def judged(dictionary: Dictionary, edge: Edge, one: Candidate) -> Candidate:
    """A law with the cost that its true distances give."""
    distances = zero_distances(one.law.at, edge.x, edge.errors)
    distances = np.where(np.isfinite(distances), distances, 1e6)
    bars = one.law.folded
    size, weights, loss = mixture(distances[None], edge.cloud)
    cost = float(loss[0]) + length(one.places, dictionary, len(edge.x), bars=bars)
    cost += edge.wrong_side(one.law)
    apart = _apart if bars else _passed_once
    if not apart(one.law, edge, float(size[0]), weights[0]):
        cost = np.inf
    return replace(one, size=float(size[0]), cost=cost, weights=weights[0], distances=distances)


def _apart(law: Sum, edge: Edge, size: float, weights: np.ndarray) -> bool:
    """Whether two branches are farther apart than errors are large; else they are one, seen double."""
    g, slopes = law.at(edge.x)
    middle = g - law.c[0] / law.dictionary.sizes[0]
    away = middle / np.sqrt(((edge.errors * slopes) ** 2).sum(1))
    return (
        bool(np.quantile(away[weights > 0.5], 0.1) > _APART * size)
        if (weights > 0.5).any()
        else False
    )


def _passed_once(law: Sum, edge: Edge, size: float, weights: np.ndarray) -> bool:
    """Whether g rises through its zero as far as errors reach.

    Roots closer than that are one, seen several times.
    """
    near = weights > 0.5
    if not near.any():
        return False
    errors = edge.errors[near]
    at = feet(law.at, edge.x[near], errors)
    _, slopes = law.at(at)
    with np.errstate(all="ignore"):
        steep = np.sqrt(((errors * slopes) ** 2).sum(1, keepdims=True))
        across = errors**2 * slopes / steep
        beyond = [law.at(at + way * _APART * size * across)[1] for way in (-1, 1)]
    rises = [(one * across).sum(1) > 0 for one in beyond]
    return bool((rises[0] & rises[1]).mean() > _MOSTLY)


def _made(dictionary: Dictionary, sets: np.ndarray, fits: Fits, bars: bool) -> Iterator[Candidate]:
    rows = fits.distances.shape[1]
    for number, places in enumerate(sets.tolist()):
        yield Candidate(
            tuple(places),
            Sum(dictionary.part(places), fits.c[number], bars),
            float(fits.size[number]),
            float(fits.loss[number]) + length(places, dictionary, rows, bars=bars),
            fits.weights[number],
            fits.distances[number],
        )


def _screened(
    dictionary: Dictionary,
    cloud: Cloud,
    weights: np.ndarray,
    background: np.ndarray,
    random: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """The most promising sets of every size with their coefficients, and whether they are folded."""
    m, n = cloud.moments(weights)
    rows = float(weights.sum())
    bare = [p for p, term in enumerate(dictionary.terms) if len(term) == 1 and term[0][1] == "1"]
    yield np.array(bare)[:, None], np.ones((len(bare), 1)), False
    sets = np.array(list(combinations(range(len(dictionary)), 2)))
    for size in range(2, _MOST_TERMS + 1):
        sets = sets[[not reducible([dictionary.terms[p] for p in s]) for s in sets.tolist()]]
        c, cost = _solved(dictionary, m, n, sets, background, rows)
        best = np.argsort(cost)[:_KEPT]
        yield sets[best], c[best], False
        exhaustive = size == 2 and len(dictionary) <= _MOST_EXHAUSTIVE
        sets = _triples(len(dictionary)) if exhaustive else _grown(sets[best], len(dictionary))
    for chosen in _eliminated(dictionary, m, n):
        if not reducible([dictionary.terms[p] for p in chosen]):
            yield chosen[None], nearest(*_parts(m, n, chosen[None]))[0], False
    yield from ((*laws, True) for laws in folded(dictionary, cloud, weights, random, _KEPT))


def _triples(count: int) -> np.ndarray:
    return np.array(list(combinations(range(count), 3)))


def _grown(sets: np.ndarray, count: int) -> np.ndarray:
    """Sets with one term more, each once."""
    more = {tuple(sorted((*s, p))) for s in sets.tolist() for p in range(count) if p not in s}
    return np.array(sorted(more))


def _parts(m: np.ndarray, n: np.ndarray, sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    where = sets[:, :, None], sets[:, None, :]
    return m[where], n[where]


def _solved(
    dictionary: Dictionary,
    m: np.ndarray,
    n: np.ndarray,
    sets: np.ndarray,
    background: np.ndarray,
    rows: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of all sets and their costs; those that are zero everywhere cost infinitely much."""
    c, ratio = np.empty(sets.shape), np.empty(len(sets))
    for start in range(0, len(sets), _BATCH):
        part = slice(start, start + _BATCH)
        c[part], ratio[part] = nearest(*_parts(m, n, sets[part]))
    everywhere = np.einsum("ba,bac,bc->b", c, background[sets[:, :, None], sets[:, None, :]], c)
    cost = 0.5 * rows * np.log(np.maximum(ratio, 1e-16))
    cost += 0.5 * (sets.shape[1] - 1) * np.log(rows) + _BIT * dictionary.bits[sets].sum(1)
    return c, np.where(everywhere > _IDENTITY, cost, np.inf)


def _eliminated(dictionary: Dictionary, m: np.ndarray, n: np.ndarray) -> Iterator[np.ndarray]:
    """From all terms of degree one, two or three, those that are missed least go one by one."""
    for degree in (1, 2, 3):
        chosen = np.array(
            [
                p
                for p, term in enumerate(dictionary.terms)
                if is_monomial(term) and sum(int(name) for _, name in term) <= degree
            ]
        )
        while len(chosen) > 1:
            if len(chosen) <= _MOST_TERMS + 1:
                yield chosen
            fewer = np.array([np.delete(chosen, p) for p in range(len(chosen))])
            _, ratio = nearest(*_parts(m, n, fewer))
            chosen = fewer[np.argmin(ratio)]
