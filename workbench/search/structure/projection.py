"""Least squares over letters of a law whose other numbers are linear, from many starts at once.

The linear factors are projected out (variable projection, Golub and Pereyra 1973): a start is judged by
what the best factors leave, all of a grid in one batch, and only its best local minima are refined, again in
one batch: by Levenberg–Marquardt with slopes from differences, each start with its own damping.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import minimum_filter

_BATCH, _REFINED, _STEPS = 2_000_000, 6, 100
_DAMPING, _EASED, _STIFFENED, _STIFFEST = 1e-3, 5.0, 8.0, 1e8
_DIFFERENCE, _CONVERGED, _NO_VALUE = 1e-7, 1e-8, 1e3
_RIDGE, _LARGEST = 1e-11, 1e120
_CANCELLING = 1e4
"""How many times larger than the values terms may be that cancel: beyond, they stand for a derivative."""


@dataclass(frozen=True)
class Projection:
    """Terms of a law on the rows of a table.

    Attributes:
        terms: values of every linear term at arrays of the columns and of the letters.
        columns: of the table, ``(N,)`` each. y, weights: values and what their residuals count, ``(N,)``.
    """

    terms: Callable[..., list[Any]]
    columns: tuple[np.ndarray, ...]
    y: np.ndarray
    weights: np.ndarray

    def best(
        self,
        grid: Sequence[np.ndarray],
        jumps: Sequence[int] = (),
        *,
        refined: int = _REFINED,
        steps: int = _STEPS,
    ) -> np.ndarray | None:
        """The letters that leave the least, from every point of a grid of starts.

        ``jumps`` are letters that stand for places of the first column at which a term jumps; so many of
        the best starts are ``refined``, in at most so many ``steps``. Where these are several, so are those
        beside the best: in a curved valley the least point of a coarse grid may lie in the wrong basin.

        None where the law has no value on these rows at any of them, or there is none.
        """
        if not all(map(len, grid)):
            return None
        starts = np.stack([g.ravel() for g in np.meshgrid(*grid, indexing="ij")], 1)
        size = max(1, _BATCH // (8 * len(self.y)))
        left = np.concatenate(
            [self._left(starts[i : i + size]) for i in range(0, len(starts), size)]
        )
        shape = tuple(map(len, grid))
        least = left.reshape(shape) == minimum_filter(left.reshape(shape), size=3, mode="nearest")
        places = np.flatnonzero(least.ravel() & np.isfinite(left))
        if not len(places):
            return None
        chosen = places[np.argsort(left[places], kind="stable")][:refined]
        if refined > 1:
            chosen = np.unique([*chosen, *_beside(int(chosen[0]), shape)])
        costs, tried = self._refined(starts[chosen], steps)
        found = tried[costs.argmin()]
        for letter in jumps:
            found = self._between_rows(found, letter)
        return found

    def _between_rows(self, letters: np.ndarray, letter: int) -> np.ndarray:
        """The same with one letter at the best of all places between two rows."""
        places = np.unique(self.columns[0])
        tried = np.tile(letters, (len(places), 1))
        tried[1:, letter] = (places[1:] + places[:-1]) / 2
        return np.asarray(tried[self._left(tried).argmin()])

    def factors(self, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The best linear factors ``(K,)`` and the values ``(N,)``.

        None where a row has no value, or where terms are huge and cancel.
        """
        table = self._table(letters[None])[0]
        if not _sound(table):
            return None
        size = np.linalg.norm(table, axis=0)
        size[size == 0] = 1.0
        target = self.y * self.weights
        sizes = np.linalg.lstsq(table / size, target, rcond=None)[0]
        if np.abs(sizes).max() > _CANCELLING * np.linalg.norm(target):
            return None
        factors = sizes / size
        return factors, table @ factors / self.weights

    def _table(self, letters: np.ndarray) -> np.ndarray:
        """Weighted terms, ``(S, N, K)``."""
        columns = [column[None] for column in self.columns]
        shape = (len(letters), len(self.y))
        with np.errstate(all="ignore"):
            found = self.terms(*columns, *letters.T[..., None])
        return np.stack([np.broadcast_to(part, shape) for part in found], 2) * self.weights[:, None]

    def _left(self, letters: np.ndarray) -> np.ndarray:
        """Squares that the best factors leave, ``(S,)``; infinite where a term has no value."""
        table = self._table(letters)
        sound = _sound(table)
        table = np.where(sound[:, None, None], table, 0.0)
        size = np.linalg.norm(table, axis=1, keepdims=True)
        table = table / np.where(size > 0, size, 1.0)
        target = self.y * self.weights
        gram = table.swapaxes(1, 2) @ table
        gram += _RIDGE * np.eye(gram.shape[-1])
        aim = (table.swapaxes(1, 2) @ target)[..., None]
        gain = (aim * np.linalg.solve(gram, aim)).sum((1, 2))
        return np.where(sound, target @ target - gain, np.inf)

    def _refined(self, letters: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Squares that are left ``(S,)`` and letters ``(S, L)`` after so many steps from each start."""
        at, damping = letters.copy(), np.full(len(letters), _DAMPING)
        if not at.shape[1]:
            return np.square(self._residuals(at)).sum(1), at
        residuals = self._residuals(at)
        cost = np.square(residuals).sum(1)
        busy = np.ones(len(at), dtype=bool)
        for _ in range(steps):
            slopes = self._slopes(at[busy], residuals[busy])
            step = _damped(slopes, residuals[busy], damping[busy])
            tried = at[busy] + step * _scale(at[busy])
            found = self._residuals(tried)
            costs = np.square(found).sum(1)
            better, known = costs < cost[busy], cost[busy]
            still = ~better | (known - costs > _CONVERGED * known)
            places = np.flatnonzero(busy)
            taken = places[better]
            at[taken], residuals[taken], cost[taken] = tried[better], found[better], costs[better]
            damping[places] *= np.where(better, 1 / _EASED, _STIFFENED)
            busy[places] = still & (damping[places] < _STIFFEST)
            if not busy.any():
                break
        return cost, at

    def _residuals(self, letters: np.ndarray) -> np.ndarray:
        """What the best factors leave on every row, ``(S, N)``; far too much where a term has no value."""
        table, target = self._table(letters), self.y * self.weights
        sound = _sound(table)
        table = np.where(sound[:, None, None], table, 0.0)
        size = np.linalg.norm(table, axis=1, keepdims=True)
        basis = np.linalg.qr(table / np.where(size > 0, size, 1.0))[0]
        left = target - (basis @ (basis.swapaxes(1, 2) @ target)[..., None])[..., 0]
        return np.where(sound[:, None], left, _NO_VALUE * np.abs(target).max())

    def _slopes(self, letters: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Derivatives of the residuals by the letters, in units of ``_scale``: ``(S, N, L)``."""
        count = letters.shape[1]
        shifts = _DIFFERENCE * _scale(letters)
        moved = letters[:, None] + shifts[:, None] * np.eye(count)
        found = self._residuals(moved.reshape(-1, count)).reshape(len(letters), count, -1)
        return ((found - residuals[:, None]) / _DIFFERENCE).swapaxes(1, 2)


def _beside(place: int, shape: tuple[int, ...]) -> list[int]:
    """The points of a grid next to one along every axis."""
    at = np.array(np.unravel_index(place, shape))
    steps = np.concatenate((np.eye(len(shape), dtype=int), -np.eye(len(shape), dtype=int)))
    near = [tuple(at + step) for step in steps]
    inside = [point for point in near if all(0 <= p < n for p, n in zip(point, shape, strict=True))]
    return [int(np.ravel_multi_index(point, shape)) for point in inside]


def _damped(slopes: np.ndarray, residuals: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Steps of Levenberg and Marquardt, ``(S, L)``: a letter that no row feels stays."""
    gram = slopes.swapaxes(1, 2) @ slopes
    felt = np.diagonal(gram, axis1=1, axis2=2)
    least = np.maximum(_RIDGE * felt.max(1, keepdims=True), 1e-300)
    gram = gram + (damping[:, None] * felt + least)[:, None] * np.eye(gram.shape[-1])
    down = slopes.swapaxes(1, 2) @ residuals[..., None]
    found: np.ndarray = -np.linalg.solve(gram, down)[..., 0]
    return found


def _sound(table: np.ndarray) -> np.ndarray:
    """Whether all terms have a value whose square has one, too: ``(N, K)`` or for each of ``(S, N, K)``."""
    with np.errstate(invalid="ignore"):
        found: np.ndarray = (np.abs(table) < _LARGEST).all((-2, -1))
    return found


def _scale(letters: np.ndarray) -> np.ndarray:
    """The size of every letter, ``(S, L)``."""
    sizes = np.abs(letters)
    return np.maximum(sizes, np.maximum(1e-3 * sizes.max(1, keepdims=True), 1e-300))
