r"""What units say of a law before a row is looked at: groups without a dimension in place of columns.

By Buckingham's theorem a law of q columns whose units have rank r, with no constant that carries a unit, is
:math:`y = M\,g(\pi_1, \ldots, \pi_{q-r})`: r columns are taken as measures, M is the product of their powers
that has the target's unit, and each group :math:`\pi` is another column divided by such a product. Any
measures will do on paper; on data those come first that explain most by themselves, with simple powers, and
no root is taken of a column with negative rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import sympy
from sympy import Expr

from workbench.formulas.typesetting import to_text
from workbench.formulas.units import BASE, parse_all
from workbench.kan.data import Dataset
from workbench.search.structure.problem import Problem

_LARGEST_DENOMINATOR = 6
_ROUNDING = 1e-9
_VIEWS = 2
_RARE, _NEAR = 0.01, 0.05
_PER_POWER = 0.1
"""What a power costs, in decades of the target that are left to explain."""

Powers = tuple[Fraction, ...]
"""Exponents, of base units or of columns."""


@dataclass(frozen=True)
class Reduced:
    """A problem in groups without a dimension, and the sentence that says so."""

    problem: Problem
    sentence: str


def reductions(problem: Problem, data: Dataset) -> Iterator[Reduced]:
    """Views of a table's problem in groups without a dimension, the best first, two at most.

    There are none where a column or the target has no unit, where all are pure numbers, or where no product
    of powers has the target's unit: then the law needs a constant with a unit, which is no column.
    """
    units = parse_all(data.units)
    if not all(name in units for name in (*data.names, data.target)):
        return
    columns = np.array([[float(p) for p in units[name].powers] for name in data.names])
    target = np.array([float(p) for p in units[data.target].powers])
    rank = int(np.linalg.matrix_rank(columns)) if columns.size else 0
    if rank == 0:
        return
    views = []
    for measures in combinations(np.flatnonzero(columns.any(1)).tolist(), rank):
        powers = _powers(columns[list(measures)], np.vstack((columns, target)))
        if powers is not None and (cost := _cost(problem, measures, powers)) < np.inf:
            views.append((cost, measures, powers))
    found: dict[str, Reduced] = {}
    for _, measures, powers in sorted(views, key=lambda view: view[0]):
        reduced = _in_groups(problem, measures, powers)
        if reduced.sound:
            found.setdefault(sentence := _sentence(reduced), Reduced(reduced, sentence))
        if len(found) == _VIEWS:
            break
    yield from found.values()


def _powers(measures: np.ndarray, wanted: np.ndarray) -> list[Powers] | None:
    """What powers of measures ``(r, base units)`` have each of the wanted dimensions ``(k, base units)``."""
    found = np.linalg.lstsq(measures.T, wanted.T, rcond=None)[0].T
    if np.abs(found @ measures - wanted).max() > _ROUNDING * len(BASE):
        return None
    return [
        tuple(Fraction(float(p)).limit_denominator(_LARGEST_DENOMINATOR) for p in row)
        for row in found
    ]


def _cost(problem: Problem, measures: Sequence[int], powers: Sequence[Powers]) -> float:
    """Decades of the target that a view leaves open, and its powers; infinite where one has no value."""
    size = 0
    for place, column in enumerate(measures):
        used = [row[place] for k, row in enumerate(powers) if k not in measures]
        values = problem.x[:, column]
        if any(used[:-1]) and not _is_far_from_zero(values):
            return np.inf
        if any(used) and (values == 0).any():
            return np.inf
        if any(p.denominator > 1 for p in used) and (values < 0).any():
            return np.inf
        size += sum(abs(p.numerator) + p.denominator - 1 for p in used)
    known = problem.y != 0
    left = np.abs(problem.y[known] / _product(problem, measures, powers[-1])[0][known])
    return float(np.ptp(np.quantile(np.log10(left), (0.25, 0.75)))) + _PER_POWER * size


def _is_far_from_zero(values: np.ndarray) -> bool:
    """Whether columns may be divided by these values: a few rows near zero would outweigh all others."""
    least, middle = np.quantile(np.abs(values), (_RARE, 0.5))
    return bool(least > _NEAR * middle)


def _in_groups(problem: Problem, measures: Sequence[int], powers: Sequence[Powers]) -> Problem:
    others = [k for k in range(problem.width) if k not in measures]
    x, symbols = problem.x.copy(), list(problem.symbols)
    for column in others:
        values, symbol = _product(problem, measures, powers[column])
        x[:, column], symbols[column] = x[:, column] / values, symbols[column] / symbol
    values, symbol = _product(problem, measures, powers[-1])
    grouped = replace(problem, x=x[:, others], symbols=tuple(symbols[k] for k in others))
    return grouped.divided(values, symbol)


def _product(problem: Problem, measures: Sequence[int], powers: Powers) -> tuple[np.ndarray, Expr]:
    with np.errstate(all="ignore"):
        values = np.prod(
            [
                problem.x[:, m] ** (int(p) if p.denominator == 1 else float(p))
                for m, p in zip(measures, powers, strict=True)
            ],
            axis=0,
        )
    symbol = sympy.Mul(
        *(
            problem.symbols[m] ** sympy.Rational(p.numerator, p.denominator)
            for m, p in zip(measures, powers, strict=True)
        )
    )
    return values, symbol


def _sentence(reduced: Problem) -> str:
    groups = ", ".join(map(to_text, reduced.symbols))
    subject = to_text(reduced.subject)
    if not groups:
        return f"by its units {subject} is a pure number"
    return f"by its units {subject} depends on {groups} alone"
