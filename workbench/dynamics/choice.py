"""Which terms: sets that are changed by adding, dropping and exchanging while a criterion falls."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_WIDTH, _PATIENCE = 10, 4
"""Sets that are gone on from at a time, and rounds without a better one."""
_RIDGE, _COLLINEAR = 1e-13, 1e-10
"""Added to a matrix with ones on its diagonal; what others must leave of a column for it to say anything."""

Score = Callable[[float, Sequence[int]], float]
"""Of the squares that a set of terms leaves, and the set."""


@dataclass(frozen=True)
class Quadratic:
    """A least-squares problem in its normal equations.

    Attributes:
        matrix: ``(P, P)``. moment: ``(P,)``. total: squared sum of what is explained.
        groups: columns of each term.
    """

    matrix: np.ndarray
    moment: np.ndarray
    total: float
    groups: tuple[tuple[int, ...], ...]

    @cached_property
    def _size(self) -> np.ndarray:
        return np.sqrt(np.maximum(np.diag(self.matrix), 1e-300))

    @cached_property
    def _scaled(self) -> tuple[np.ndarray, np.ndarray]:
        scaled = self.matrix / np.outer(self._size, self._size)
        scaled[np.diag_indices_from(scaled)] += _RIDGE
        return scaled, self.moment / self._size

    def _places(self, terms: Sequence[int]) -> list[int]:
        return [p for term in terms for p in self.groups[term]]

    def numbers(self, terms: Sequence[int]) -> list[np.ndarray]:
        """The columns' factors, term by term."""
        scaled, moment = self._scaled
        places = self._places(terms)
        found = np.linalg.solve(scaled[np.ix_(places, places)], moment[places])
        ends = np.cumsum([len(self.groups[t]) for t in terms])
        return np.split(found / self._size[places], ends[:-1])

    def left(self, terms: Sequence[int]) -> float:
        """Squared sum that these terms leave."""
        scaled, moment = self._scaled
        places = self._places(terms)
        if not places:
            return self.total
        v = moment[places]
        return max(self.total - float(v @ np.linalg.solve(scaled[np.ix_(places, places)], v)), 0.0)

    def left_with(self, terms: Sequence[int]) -> np.ndarray:
        """Squared sums that these terms leave together with each of all terms, ``(terms,)``."""
        scaled, moment = self._scaled
        places = self._places(terms)
        own = scaled[np.ix_(places, places)]
        solved = np.linalg.solve(own, np.column_stack((scaled[places], moment[places])))
        base = self.total - float(moment[places] @ solved[:, -1])
        rest = moment - scaled[:, places] @ solved[:, -1]
        found = np.empty(len(self.groups))
        for terms_of_size, columns in self._by_size:
            block = scaled[columns[:, :, None], columns[:, None, :]]
            block = block - scaled[columns][:, :, places] @ solved[:, columns].transpose(1, 0, 2)
            if columns.shape[1] == 1:
                free = block[:, 0, 0]
                gains = rest[columns[:, 0]] ** 2 / np.maximum(free, _COLLINEAR)
                found[terms_of_size] = np.where(free > _COLLINEAR, gains, 0.0)
                continue
            block[:, range(columns.shape[1]), range(columns.shape[1])] += _COLLINEAR
            v = rest[columns][..., None]
            found[terms_of_size] = (v * np.linalg.solve(block, v)).sum((1, 2))
        return np.maximum(base - found, 0.0)

    @cached_property
    def _by_size(self) -> list[tuple[list[int], np.ndarray]]:
        """Terms of equally many columns, and those columns, ``(terms, size)``."""
        sizes = sorted({len(group) for group in self.groups})
        alike = [[t for t, group in enumerate(self.groups) if len(group) == s] for s in sizes]
        return [(terms, np.array([self.groups[t] for t in terms])) for terms in alike]

    def of(self, terms: Sequence[int]) -> "Quadratic":
        """The problem of these terms alone, numbered in this order."""
        places = self._places(terms)
        ends = np.cumsum([len(self.groups[t]) for t in terms])
        groups = [
            tuple(range(e - len(self.groups[t]), e)) for t, e in zip(terms, ends, strict=True)
        ]
        chosen = np.ix_(places, places)
        return Quadratic(self.matrix[chosen], self.moment[places], self.total, tuple(groups))


def searched(
    problem: Quadratic,
    score: Score,
    begins: Sequence[Sequence[int]] = ((),),
    allowed: Collection[int] | None = None,
    fixed: Sequence[int] = (),
) -> tuple[float, tuple[int, ...]]:
    """The set of terms with the least score that a beam of additions and omissions reaches.

    Args:
        problem: the terms. score: see ``Score``. begins: sets to start from.
        allowed: terms that may be added, all by default. fixed: terms that stay.
    """
    may = set(range(len(problem.groups)) if allowed is None else allowed) - {*fixed}
    first = {tuple(sorted({*begin, *fixed})) for begin in begins}
    beam = sorted((score(problem.left(s), s), s) for s in first)
    best, seen, waited = beam[0], set(first), 0
    while beam and waited < _PATIENCE:
        moves: dict[tuple[int, ...], float] = {}
        for _, here in beam:
            left = problem.left_with(here)
            sets = [(tuple(sorted((*here, t))), float(left[t])) for t in may.difference(here)]
            smaller = [tuple(t for t in here if t != out) for out in may.intersection(here)]
            sets += [(s, problem.left(s)) for s in smaller if s not in seen]
            moves |= {s: score(value, s) for s, value in sets if s not in seen}
        seen.update(moves)
        beam = sorted((value, s) for s, value in moves.items())[:_WIDTH]
        waited += 1
        if beam and beam[0] < best:
            best, waited = beam[0], 0
    return best
