r"""Conserved quantities of a flow whose rates are known: functions whose derivative along it vanishes.

For fixed functions :math:`\theta_j` the condition :math:`f\cdot\nabla\sum_j c_j\theta_j = 0` is linear in c.
Functions are taken in one by one, the simple ones first; where the derivative of the next one lies in
the span of those before it, that combination is conserved. So the simplest are found first.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr, Symbol
from threadpoolctl import threadpool_limits

from workbench.errors import InputError
from workbench.formulas.evaluation import compiled
from workbench.search.structure.dictionary import products
from workbench.search.structure.problem import Problem

_VANISHES, _APART = 1e-11, 1e-8
"""Share of a column that others leave, below which it lies in their span, above which it does not."""
_MOST_ROWS, _MOST_TERMS = 2000, 8
_DENOMINATOR, _DIGITS, _FAINT = 16, 1e-9, 1e-5


@threadpool_limits.wrap(limits=1)
def conserved_by_flow(
    states: np.ndarray, rates: np.ndarray, names: Sequence[str], *, terms: int = 100
) -> tuple[Expr, ...]:
    """Sums of products of simple functions that stay the same along a flow, see ``conserved_quantities``.

    Args:
        states: points ``(N, d)``, more of them than ``terms``.
        rates: the state's time derivative there, ``(N, d)``, right to ten digits.
        names: of the coordinates.
        terms: how many products are combined.

    Raises:
        InputError: shapes do not fit together, numbers are not finite, or there are too few rows.
    """
    x, flow = (np.asarray(table, dtype=float)[:_MOST_ROWS] for table in (states, rates))
    _check(x, flow, names, terms)
    found: list[Expr] = []
    normals: list[np.ndarray] = []
    parts: list[Expr] = []
    slopes: list[np.ndarray] = []
    images: list[np.ndarray] = []
    for term, slope in _terms(x, names, terms):
        image = np.einsum("nd,nd->n", slope, flow)
        size = float(np.linalg.norm(np.abs(slope) * np.abs(flow)))
        weights, left = _projected(image, images, size)
        if left > _APART:
            parts, slopes, images = [*parts, term], [*slopes, slope], [*images, image]
        elif left <= _VANISHES and np.count_nonzero(weights) < _MOST_TERMS:
            normal = slope - sum(w * s for w, s in zip(weights, slopes, strict=True))
            if _independent([*normals, normal]):
                rest = (_number(w) * part for w, part in zip(weights, parts, strict=True))
                found.append(term - sympy.Add(*rest))
                normals.append(normal)
        if len(found) == len(names) - 1:
            break
    return tuple(found)


def _check(x: np.ndarray, flow: np.ndarray, names: Sequence[str], terms: int) -> None:
    if x.ndim != 2 or x.shape != flow.shape or x.shape[1] != len(names):
        raise InputError(
            "states and rates must be tables with a row for every point and a column for every name, "
            f"got {x.shape} and {flow.shape} for {len(names)} names"
        )
    if not (np.isfinite(x).all() and np.isfinite(flow).all()):
        raise InputError("states and rates must be finite, leave out the rows that are not")
    if len(x) <= terms:
        raise InputError(f"{terms} terms need more rows than that, got {len(x)}: give fewer terms")


def _terms(x: np.ndarray, names: Sequence[str], most: int) -> list[tuple[Expr, np.ndarray]]:
    """Products that are linearly independent of each other and of the constant, and their gradients."""
    symbols = tuple(Symbol(name, real=True) for name in names)
    problem = Problem(x, symbols, np.zeros(len(x)), np.ones(len(x)), 1.0, np.ones(len(x)))
    columns = [np.ones(len(x))]
    chosen = []
    for product in products(problem, most):
        size = float(np.linalg.norm(product.values))
        if _projected(product.values, columns, size)[1] > _APART:
            columns.append(product.values)
            chosen.append(product.expression)
    rows = [[term.diff(symbol) for symbol in symbols] for term in chosen]
    table = compiled(rows, symbols, shared=True)(*x.T)
    gradients = [np.stack([np.broadcast_to(s, len(x)) for s in row], 1) for row in table]
    return list(zip(chosen, gradients, strict=True))


def _projected(
    target: np.ndarray, columns: Sequence[np.ndarray], size: float
) -> tuple[np.ndarray, float]:
    """Weights of the columns that come closest to the target, and what they leave of its size."""
    weights = np.zeros(len(columns))
    if columns:
        table = np.stack(columns, 1)
        lengths = np.linalg.norm(table, axis=0)
        every = np.linalg.lstsq(table / lengths, target, rcond=None)[0]
        kept = np.abs(every) > _FAINT * size  # the others are rounding, of columns that are alike
        weights[kept] = np.linalg.lstsq(table[:, kept], target, rcond=None)[0]
        if np.linalg.norm(target - table @ weights) > _VANISHES * size:
            weights = every / lengths
        target = target - table @ weights
    return weights, float(np.linalg.norm(target)) / max(size, 1e-300)


def _independent(normals: Sequence[np.ndarray]) -> bool:
    """Whether gradients ``(N, d)`` are linearly independent at most of the points."""
    table = np.stack(normals, 1)
    table = table / np.maximum(np.linalg.norm(table, axis=2, keepdims=True), 1e-300)
    return bool(np.median(np.linalg.matrix_rank(table, tol=_APART)) == len(normals))


def _number(weight: float) -> Expr:
    """A weight as a fraction of small numbers where it is one."""
    near = Fraction(weight).limit_denominator(_DENOMINATOR)
    exact = abs(weight - near) <= _DIGITS * abs(weight)
    return sympy.Rational(near.numerator, near.denominator) if exact else sympy.Float(weight)
