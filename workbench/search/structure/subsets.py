r"""The few columns of a large dictionary that explain a target best.

All pairs are tried, all triples of the first columns (the cheap ones of a dictionary), and a beam beyond.

With the constant projected out and columns of unit length, the gain of a pair is
:math:`(c_i^2 + c_j^2 - 2 g_{ij} c_i c_j) / (1 - g_{ij}^2)` with the correlations c and the Gram matrix g.
"""

from dataclasses import dataclass

import numpy as np

_PAIRS, _BEAM, _NEXT = 12, 6, 6
_TRIPLE, _CHEAP = 3, 150
_PARALLEL = 1e-7
_SOLVED = 1e-18


@dataclass(frozen=True)
class Subset:
    """Chosen columns with their coefficients, and the share of the squares that they leave."""

    columns: tuple[int, ...]
    weights: tuple[float, ...]
    constant: float
    left: float


def best_subsets(
    table: np.ndarray, y: np.ndarray, weights: np.ndarray, *, most: int = 6
) -> list[Subset]:
    """The best subset of every size up to ``most``, with a constant; stops when nothing is left.

    Args:
        table: columns ``(N, P)``. y: target ``(N,)``. weights: of the residuals ``(N,)``.
    """
    unit = weights / np.linalg.norm(weights)
    columns = table * weights[:, None]
    columns = columns - np.outer(unit, unit @ columns)
    size = np.linalg.norm(columns, axis=0)
    kept = np.flatnonzero(size > _PARALLEL * np.linalg.norm(table * weights[:, None], axis=0))
    if not len(kept):
        return []
    columns = columns[:, kept] / size[kept]
    target = y * weights
    target = target - unit * (unit @ target)
    norm = float(np.linalg.norm(target))
    if norm == 0:
        return []
    target = target / norm
    solve = _Solver(table[:, kept], y, weights, kept, norm)
    cosine = columns.T @ target
    order = np.argsort(-np.abs(cosine))
    found = [solve((int(order[0]),))]
    beam: list[tuple[int, ...]] = [(int(k),) for k in order[:_BEAM]]
    if found[-1].left > _SOLVED and most > 1 and len(kept) > 1:
        beam = _pairs(columns, cosine)
        found.append(min((solve(pair) for pair in beam[:_BEAM]), key=lambda s: s.left))
    while found[-1].left > _SOLVED and len(beam[0]) < min(most, len(kept)):
        beam = _longer(columns, target, beam)
        if not beam:
            break
        if len(beam[0]) == _TRIPLE:
            cheap = _triples(columns[:, :_CHEAP], cosine[:_CHEAP])
            beam = sorted({*beam, *cheap}, key=lambda chosen: solve(chosen).left)[:_BEAM]
        found.append(solve(beam[0]))
    return found


class _Solver:
    """Weighted least squares on some columns and a constant."""

    def __init__(
        self, table: np.ndarray, y: np.ndarray, weights: np.ndarray, names: np.ndarray, norm: float
    ) -> None:
        self._table, self._y, self._weights = table, y, weights
        self._names, self._norm = names, norm

    def __call__(self, chosen: tuple[int, ...]) -> Subset:
        part = np.column_stack((self._table[:, chosen], np.ones(len(self._y))))
        part = part * self._weights[:, None]
        size = np.linalg.norm(part, axis=0)
        numbers = np.linalg.lstsq(part / size, self._y * self._weights, rcond=None)[0] / size
        gap = part @ numbers - self._y * self._weights
        left = float(gap @ gap) / self._norm**2
        names = tuple(int(self._names[c]) for c in chosen)
        return Subset(names, tuple(map(float, numbers[:-1])), float(numbers[-1]), left)


def _pairs(columns: np.ndarray, cosine: np.ndarray) -> list[tuple[int, ...]]:
    """The best pairs, by the Gram matrix in blocks of rows."""
    best: list[tuple[float, int, int]] = []
    block = 512
    for start in range(0, columns.shape[1], block):
        mine = slice(start, min(start + block, columns.shape[1]))
        gram = columns[:, mine].T @ columns
        a = cosine[mine, None]
        apart = 1 - gram**2
        gain = (a**2 + cosine**2 - 2 * gram * a * cosine) / np.maximum(apart, _PARALLEL)
        gain[apart < _PARALLEL] = 0
        places = (
            np.argpartition(gain.ravel(), -2 * _PAIRS)[-2 * _PAIRS :]
            if gain.size > 2 * _PAIRS
            else np.arange(gain.size)
        )
        for place in places:
            i, j = divmod(int(place), gain.shape[1])
            if start + i < j:
                best.append((float(gain[i, j]), start + i, j))
            elif start + i > j:
                best.append((float(gain[i, j]), j, start + i))
    unique: dict[tuple[int, ...], None] = {
        (i, j): None for _, i, j in sorted(set(best), reverse=True)
    }
    return list(unique)[:_PAIRS]


def _longer(
    columns: np.ndarray, target: np.ndarray, beam: list[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Every subset of the beam with its best further columns; the best of all of these."""
    grown: dict[tuple[int, ...], float] = {}
    for chosen in beam:
        left, gain = _gains(columns, target, chosen)
        for place in np.argsort(-gain)[:_NEXT]:
            grown[tuple(sorted((*chosen, int(place))))] = float(left - gain[place])
    return sorted(grown, key=grown.__getitem__)[:_BEAM]


def _triples(columns: np.ndarray, cosine: np.ndarray) -> list[tuple[int, ...]]:
    """The best triples of the first columns: after one of them is projected out, the rest are pairs."""
    gram = columns.T @ columns
    best: list[tuple[float, tuple[int, ...]]] = []
    for first in range(len(gram) - 2):
        after = slice(first + 1, None)
        beside = gram[first, after]
        inner = gram[after, after] - np.outer(beside, beside)
        aim = cosine[after] - beside * cosine[first]
        size = np.diag(inner).copy()
        alone = size < _PARALLEL
        size[alone] = 1.0
        inner, aim = inner / np.sqrt(np.outer(size, size)), aim / np.sqrt(size)
        aim[alone] = 0.0
        apart = 1 - inner**2
        gain = (aim[:, None] ** 2 + aim**2 - 2 * inner * aim[:, None] * aim) / np.maximum(
            apart, _PARALLEL
        )
        gain[(apart < _PARALLEL) | alone[:, None] | alone] = 0.0
        second, third = np.unravel_index(int(gain.argmax()), gain.shape)
        found = sorted((first, first + 1 + int(second), first + 1 + int(third)))
        best.append((float(cosine[first] ** 2 + gain.max()), tuple(found)))
    return [triple for _, triple in sorted(best, reverse=True)[:_BEAM] if len(set(triple)) == 3]


def _gains(
    columns: np.ndarray, target: np.ndarray, chosen: tuple[int, ...]
) -> tuple[float, np.ndarray]:
    """Squares that are left by some columns, and how many fewer each further column would leave."""
    basis, _ = np.linalg.qr(columns[:, chosen])
    rest = target - basis @ (basis.T @ target)
    apart = 1 - np.square(basis.T @ columns).sum(0)
    gain = np.square(rest @ columns) / np.maximum(apart, _PARALLEL)
    gain[apart < _PARALLEL] = 0
    return float(rest @ rest), gain
