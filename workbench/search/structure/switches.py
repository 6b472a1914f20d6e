"""Laws that change at a place of one column: another sum of simple terms on either side of it.

The place is looked for with polynomials of degree two on both sides, by running sums of their normal
equations, so that every gap between two rows is tried; then both sides get terms of the dictionary.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from sympy import Expr

from workbench.search.structure.dictionary import Product, products
from workbench.search.structure.guess import Guess
from workbench.search.structure.problem import Problem
from workbench.search.structure.subsets import Subset, best_subsets

_MOST_COLUMNS, _TERMS, _LONGEST = 4, 150, 3
_ROWS_PER_NUMBER, _MARGIN = 3, 0.03
_LESS = 0.5
"""Share of the squares that two sides may leave of what one law leaves."""
_ROUNDS, _RIDGE, _NOTHING = 2, 1e-12, 1e-18


@dataclass(frozen=True)
class _Side:
    """A sum of terms and a constant: its values on all rows, and what it is."""

    values: np.ndarray
    expression: Expr
    terms: int


def switches(problem: Problem) -> Iterator[Guess]:
    """For every column the best law that has another form on either side of a place of it."""
    if not 1 <= problem.width <= _MOST_COLUMNS:
        return
    table = products(problem, _TERMS)
    values = np.stack([term.values for term in table], 1) if table else np.ones((len(problem.y), 0))
    powers = _polynomial(problem.x)
    whole = float(_left(powers, problem.y, problem.weights))
    for column in range(problem.width):
        place = _broken(problem, powers, column, whole)
        if place is not None:
            yield from _laws(problem, table, values, column, place)


def _polynomial(x: np.ndarray) -> np.ndarray:
    """Monomials to degree two of columns between -1 and 1, ``(N, P)``."""
    low, span = x.min(0), np.ptp(x, axis=0)
    z = 2 * (x - low) / np.where(span > 0, span, 1.0) - 1
    pairs = [z[:, i] * z[:, j] for i, j in combinations(range(x.shape[1]), 2)]
    return np.column_stack((np.ones(len(z)), z, z**2, *pairs))


def _left(table: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    weighted = table * weights[:, None]
    factors = np.linalg.lstsq(weighted, y * weights, rcond=None)[0]
    return float(np.square(y * weights - weighted @ factors).sum())


def _broken(problem: Problem, powers: np.ndarray, column: int, whole: float) -> int | None:
    """How many rows lie before the best place, in the column's order; None where none is worth it."""
    order = np.argsort(problem.x[:, column], kind="stable")
    table = (powers * problem.weights[:, None])[order]
    target = (problem.y * problem.weights)[order]
    grams = np.cumsum(table[:, :, None] * table[:, None, :], 0)
    aims = np.cumsum(table * target[:, None], 0)
    least = _ROWS_PER_NUMBER * table.shape[1]
    steps = np.flatnonzero(np.diff(problem.x[order, column]) > 0)
    ends = steps[(steps + 1 >= least) & (steps + 1 <= len(target) - least)]
    if not len(ends):
        return None
    gain = _gains(grams[ends], aims[ends]) + _gains(grams[-1] - grams[ends], aims[-1] - aims[ends])
    best = int(gain.argmax())
    if float(target @ target) - gain[best] > _LESS * whole:
        return None
    return int(ends[best]) + 1


def _gains(grams: np.ndarray, aims: np.ndarray) -> np.ndarray:
    """Squares that the best factors explain, ``(S,)``."""
    size = np.trace(grams, axis1=1, axis2=2)[:, None, None]
    ridged = grams + _RIDGE * size * np.eye(grams.shape[-1])
    found: np.ndarray = (aims[..., None] * np.linalg.solve(ridged, aims[..., None])).sum((1, 2))
    return found


def _laws(
    problem: Problem, table: Sequence[Product], values: np.ndarray, column: int, place: int
) -> Iterator[Guess]:
    """Both sides with terms of their own, and the place between the rows where these agree best."""
    order = np.argsort(problem.x[:, column], kind="stable")
    low = high = _Side(np.zeros(len(order)), sympy.Integer(0), 0)
    for _ in range(_ROUNDS):
        margin = round(_MARGIN * len(order))  # rows whose side is not sure yet
        low = _side(problem, table, values, order[: max(place - margin, place // 2)])
        high = _side(
            problem, table, values, order[min(place + margin, (place + len(order)) // 2) :]
        )
        place = _between(problem, order, low.values, high.values, place)
    ends = problem.x[order[place - 1], column], problem.x[order[place], column]
    edge = _shortest(*map(float, ends)) - problem.symbols[column]
    law = low.expression * sympy.Heaviside(edge) + high.expression * sympy.Heaviside(-edge)
    first = np.zeros(len(order), dtype=bool)
    first[order[:place]] = True
    error = problem.error(np.where(first, low.values, high.values))
    yield Guess(problem.back(law), error, "y", low.terms + high.terms)


def _side(
    problem: Problem, table: Sequence[Product], values: np.ndarray, rows: np.ndarray
) -> _Side:
    y, weights = problem.y[rows], problem.weights[rows]
    mean = float(np.average(y, weights=weights**2))
    spread = float(np.square((y - mean) * weights).sum())
    if not values.shape[1] or spread == 0:
        return _Side(np.full(len(problem.y), mean), sympy.Float(mean), 0)
    found = best_subsets(values[rows], y, weights, most=_LONGEST)
    each = math.log(len(rows)) + 2 * math.log(len(table))  # a term is the best of so many

    def bits(subset: Subset) -> float:
        return len(rows) * math.log(max(subset.left, _NOTHING)) + each * len(subset.columns)

    return _told(table, values, min(found, key=bits))


def _told(table: Sequence[Product], values: np.ndarray, chosen: Subset) -> _Side:
    numbers = zip(chosen.weights, chosen.columns, strict=True)
    terms = [sympy.Float(factor) * table[k].expression for factor, k in numbers]
    total = values[:, chosen.columns] @ np.array(chosen.weights) + chosen.constant
    return _Side(total, sympy.Add(*terms, sympy.Float(chosen.constant)), len(terms))


def _between(
    problem: Problem, order: np.ndarray, low: np.ndarray, high: np.ndarray, place: int
) -> int:
    """The number of rows before the place that leaves the least; of places as good, the nearest."""
    gaps = np.stack([(side - problem.y) * problem.weights for side in (low, high)])[:, order]
    with np.errstate(over="ignore"):
        squares = np.square(gaps)
    before = np.concatenate(([0.0], np.cumsum(squares[0])))
    after = np.concatenate((np.cumsum(squares[1][::-1])[::-1], [0.0]))
    left = (before + after)[1:-1]
    near = np.flatnonzero(left <= left.min() * (1 + 1e-9)) + 1
    return int(near[np.abs(near - place).argmin()])


def _shortest(low: float, high: float) -> sympy.Float:
    """The number with fewest digits between two others: somebody wrote it, if it is one."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        number = float(f"{middle:.{digits}g}")
        if low < number <= high:
            return sympy.Float(number)
    return sympy.Float(middle)
