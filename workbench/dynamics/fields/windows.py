"""Integrals of fields against bumps of one width, and what the noise of the fields does to them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import Polynomial

from workbench.dynamics.choice import Quadratic
from workbench.dynamics.fields.grid import Fields
from workbench.dynamics.fields.terms import FieldTerm

_POWER = 8  # of a bump (1 - s²)^p: smooth enough for four derivatives
_SHARES = (1 / 3, 1 / 6, 1 / 12, 1 / 24)
_STEPS, _MOST_CENTRES = (
    4,
    {2: 48, 3: 16},
)  # bumps in a half width, and along an axis by their number
_FEWEST_STEPS = 6
_INDEPENDENT, _FEWEST = 1.5, 8.0
_FLOOR = 1e-6
"""Share of the squares that quadrature and rounding may leave."""

Set = tuple[int, ...]
"""Terms of an equation."""


def halves_of(axis: np.ndarray) -> list[float]:
    """Half widths of bumps along an axis, wide ones first; all have enough points, or it is the widest."""
    length, step = float(np.ptp(axis)), float(np.median(np.diff(axis)))
    halves = [share * length for share in _SHARES]
    return [half for half in halves if half >= _FEWEST_STEPS * step] or halves[:1]


def _operator(axis: np.ndarray, half: float, order: int, centres: np.ndarray) -> np.ndarray:
    """Integrals against derivatives of bumps, as a matrix; their sign is that of parts.

    What has no such derivative, a polynomial of lower degree, leaves nothing: a large mean would else drown
    the rest.
    """
    bump = Polynomial([1, 0, -1]) ** _POWER
    s = (axis[None] - centres[:, None]) / half
    inside, steps = np.abs(s) < 1, np.gradient(axis)
    found: np.ndarray = np.where(inside, bump.deriv(order)(s), 0.0) * steps
    if order:
        powers = s[:, None] ** np.arange(order)[:, None]
        weighted = powers * (np.where(inside, bump(s), 0.0) * steps)[:, None]
        left = np.linalg.solve(weighted @ powers.mT, (powers @ found[..., None]))
        found = found - (weighted * left).sum(1)
    return found * (-1) ** order / half ** (order + 1)


def _along(table: np.ndarray, operators: Sequence[np.ndarray]) -> np.ndarray:
    """A matrix on every axis of a table."""
    for axis, operator in enumerate(operators):
        table = np.moveaxis(np.tensordot(table, operator, axes=(axis, 1)), -1, axis)
    return table


@dataclass(frozen=True)
class _Part:
    """One run's operators: of time without and with derivatives, and of space by their order."""

    fields: Fields
    plain: np.ndarray
    changed: np.ndarray
    space: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def of(
        cls,
        fields: Fields,
        halves: Sequence[float],
        centres: Sequence[np.ndarray],
        order: int,
        most: int,
    ) -> "_Part":
        time, *places = zip(fields.axes, halves, centres, strict=True)
        axis, half, at = time
        space = tuple(
            tuple(_operator(own, width, q, where) for q in range(most + 1))
            for own, width, where in places
        )
        return cls(fields, _operator(axis, half, 0, at), _operator(axis, half, order, at), space)

    def columns(self, terms: Sequence[FieldTerm]) -> np.ndarray:
        """Integrals of terms, ``(P, bumps in time, bumps in space, ...)``."""
        return np.stack([_along(t.values(self.fields.values), self.on(t.index)) for t in terms])

    def lefts(self) -> np.ndarray:
        """Integrals of the derivatives in time, ``(S, bumps)``."""
        return np.stack([_along(own, self.left).ravel() for own in self.fields.values])

    def on(self, index: Sequence[int]) -> list[np.ndarray]:
        """Operators that make a derivative of what they are used on."""
        return [self.plain, *(own[q] for own, q in zip(self.space, index, strict=True))]

    @cached_property
    def left(self) -> list[np.ndarray]:
        """Those of the derivative in time."""
        return [self.changed, *(own[0] for own in self.space)]

    def squares(self, one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> np.ndarray:
        """For every point of the grid the sum over bumps of what both make of it, ``(T, X, ...)``."""
        found = np.ones(())
        for a, b in zip(one, other, strict=True):
            found = np.multiply.outer(found, (a * b).sum(0))
        return found


def _centres(run: Fields, halves: Sequence[float]) -> list[np.ndarray]:
    """Where bumps stand along every axis, all of them inside."""
    limit, found = _MOST_CENTRES[len(halves)], []
    for axis, half in zip(run.axes, halves, strict=True):
        room = max(float(np.ptp(axis)) - 2 * half, 0.0)
        count = min(limit, int(_STEPS * room / half) + 1)
        found.append(np.linspace(axis[0] + half, axis[0] + half + room, count))
    return found


class Windows:
    """The regression for bumps of one width.

    Args:
        runs: the fields. noise: standard deviation of the errors of each field.
        terms: of the right sides. order: of the derivative in time.
        halves: half widths of the bumps, in time and along every coordinate of space.
    """

    def __init__(
        self,
        runs: Sequence[Fields],
        noise: np.ndarray,
        terms: Sequence[FieldTerm],
        order: int,
        halves: Sequence[float],
    ) -> None:
        self.noise, self.terms = noise, tuple(terms)
        most = max(max(term.index) for term in terms)
        centres = [_centres(run, halves) for run in runs]
        pairs = list(zip(runs, centres, strict=True))
        self._parts = [_Part.of(run, halves, at, order, most) for run, at in pairs]
        self._columns = [part.columns(terms) for part in self._parts]
        table = np.concatenate([c.reshape(len(c), -1) for c in self._columns], 1)
        left = np.concatenate([part.lefts() for part in self._parts], 1)
        self._matrix, self._moments = table @ table.T, table @ left.T
        self._totals = (left**2).sum(1)
        thin = [_Part.of(run.thinned(), halves, at, order, most) for run, at in pairs]
        other = np.concatenate([p.columns(terms).reshape(len(terms), -1) for p in thin], 1)
        self._apart = np.concatenate(
            (table - other, left - np.concatenate([p.lefts() for p in thin], 1))
        )
        """What every second point alone makes of terms and derivatives in time: the difference."""
        self.rows = sum(
            max(
                _FEWEST,
                _INDEPENDENT
                * math.prod(
                    np.ptp(axis) / half - 1 for axis, half in zip(run.axes, halves, strict=True)
                ),
            )
            for run in runs
        )
        """Rows that would be independent."""
        self._even = all(run.even for run in runs)
        self._squares()

    def _squares(self) -> None:
        """What noise adds to the normal equations."""
        count, fields = len(self.terms), len(self.noise)
        self._excess = np.zeros((count, count))
        self._across = np.zeros((count, fields))
        self._alone = np.zeros(fields)
        by_index: dict[tuple[int, ...], list[int]] = {}
        for number, term in enumerate(self.terms):
            by_index.setdefault(term.index, []).append(number)
        for part in self._parts:
            for field, sigma in enumerate(self.noise):
                slopes = np.stack([t.slope(part.fields.values, field) for t in self.terms])
                flat = slopes.reshape(count, -1)
                for one, ones in by_index.items():
                    for other, others in by_index.items():
                        weights = part.squares(part.on(one), part.on(other)).ravel()
                        block = (flat[ones] * weights) @ flat[others].T
                        self._excess[np.ix_(ones, others)] += sigma**2 * block
                    weights = part.squares(part.on(one), part.left).ravel()
                    self._across[ones, field] += sigma**2 * (flat[ones] @ weights)
                self._alone[field] += sigma**2 * part.squares(part.left, part.left).sum()

    @property
    def noisy(self) -> np.ndarray:
        """Share of every term's squares that is noise, ``(P,)``."""
        found: np.ndarray = np.diag(self._excess) / np.maximum(np.diag(self._matrix), 1e-300)
        return found

    @cached_property
    def problems(self) -> tuple[Quadratic, ...]:
        """The regression of every field, without what noise adds."""
        alone = tuple((number,) for number in range(len(self.terms)))
        totals = np.maximum(self._totals - self._alone, 0.0)
        moments = (self._moments - self._across).T
        matrix = self._matrix - self._excess
        return tuple(
            Quadratic(matrix, moment, float(total), alone)
            for moment, total in zip(moments, totals, strict=True)
        )

    def numbers(self, field: int, chosen: Set) -> np.ndarray:
        """Factors of all terms, 0 where they are not chosen."""
        found = np.zeros(len(self.terms))
        if chosen:
            parts = self.problems[field].numbers(chosen)
            found[list(chosen)] = [float(part[0]) for part in parts]
        return found

    def expected(self, field: int, numbers: np.ndarray) -> float:
        """Squares that noise alone would leave of an equation, and what quadrature may."""
        rough = max(_FLOOR, self.rough(field, numbers)) * self._totals[field]
        return self.from_noise(field, numbers) + float(rough)

    def from_noise(self, field: int, numbers: np.ndarray) -> float:
        """Squares that noise alone would leave of an equation."""
        across = numbers @ self._across[:, field]
        found = numbers @ self._excess @ numbers - 2 * across + self._alone[field]
        return float(max(found, 0.0))

    def rough(self, field: int, numbers: np.ndarray) -> float:
        """Squares that quadrature may leave of an equation, as a share of those of the derivative in time.

        On even grids its error falls exponentially with the points: as a share, it is about the square of
        what it is with half of them. On others it falls with the square of the steps.
        """
        apart = self._apart[len(self.terms) + field] - numbers @ self._apart[: len(self.terms)]
        share = min(float((apart**2).sum() / self._totals[field]), 1.0)
        return share**2 if self._even else max(share**2, share / 16)

    def left(self, field: int, numbers: np.ndarray) -> float:
        """Squares that are left of an equation."""
        found = numbers @ self._matrix @ numbers - 2 * numbers @ self._moments[:, field]
        return float(max(found + self._totals[field], 0.0))

    def total(self, field: int) -> float:
        """Squares of the derivative in time."""
        return float(self._totals[field])

    def covariance(self, field: int, chosen: Set, numbers: np.ndarray) -> np.ndarray:
        """Of the chosen factors: what the noise of every point of the grid does to them."""
        places = np.ix_(chosen, chosen)
        inverse = np.linalg.pinv((self._matrix - self._excess)[places], hermitian=True)
        spread = np.zeros((len(chosen), len(chosen)))
        for part, columns in zip(self._parts, self._columns, strict=True):
            for other, sigma in enumerate(self.noise):
                sides = [
                    self._felt(part, columns[a], numbers, chosen, other, field) for a in chosen
                ]
                flat = np.stack(sides).reshape(len(chosen), -1)
                spread += sigma**2 * flat @ flat.T
        slight = _FLOOR * self._totals[field] / self.rows
        found: np.ndarray = inverse @ spread @ inverse + slight * inverse
        return found

    def _felt(
        self,
        part: _Part,
        column: np.ndarray,
        numbers: np.ndarray,
        chosen: Set,
        other: int,
        field: int,
    ) -> np.ndarray:
        """How a moment of the residual feels another field at every point of the grid."""
        found = np.zeros(part.fields.values.shape[1:])
        for b in chosen:
            term = self.terms[b]
            back = _along(column, [o.T for o in part.on(term.index)])
            found += numbers[b] * back * term.slope(part.fields.values, other)
        if other == field:
            found -= _along(column, [o.T for o in part.left])
        return found
