"""Sums and products of one curve per column, through a link: every curve is then given its function.

These are the networks (d, 1, 1) and, with one product node, (d, (0, 1), 1), fitted linearly: a sum at
once, a product by alternating least squares, in which all factors but one are held.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
import torch
from scipy.interpolate import BSpline
from sympy import Expr

from workbench.common.fence import attempts
from workbench.network.candidates import Candidate, match
from workbench.network.expressions import Linear, apply
from workbench.search.structure.guess import Guess
from workbench.search.structure.links import Link
from workbench.search.structure.problem import Problem
from workbench.search.symbolic import lost_bits, ranked

_GRID, _FINE, _DEGREE, _RIDGE = 12, 36, 3, 1e-9
_ROWS_PER_NUMBER = 4
_SWEEPS, _STARTS = 25, 2
_POINTS = 128
_MOST_COLUMNS = 9
CLOSE = 0.05
_NEARLY = 0.1
"""How far, as a part of it, a curve may be from 0 at 0 that is told as one that begins there."""
_LEAST_NOISE, _POWER_BITS = 1e-4, 6
_TURNED = ("y", "log(y)")
"""Links through which curves are also tried as functions of a power."""


@dataclass(frozen=True)
class _Fit:
    """One curve per column, whose sum or product comes close to the values of a view."""

    link: Link
    problem: Problem
    kind: str
    curves: list[np.ndarray]
    error: float


def separable(views: Sequence[tuple[Link, Problem]]) -> Iterator[Guess]:
    """A sum and a product of functions of single columns, through every link where they come close.

    All curves are given their functions at once: a match of many takes hardly longer than one of few.
    """
    fits = [
        fit
        for link, problem in views
        for fit in attempts(f"separable {link.name}", _fits(link, problem))
    ]
    if not fits:
        return
    named = iter(_matched(fits))
    for fit in fits:
        pairs = [(symbol, *next(named)) for symbol in fit.problem.symbols]
        parts = [_curve(candidate, symbol**power) for symbol, candidate, power in pairs]
        saturating = [_saturating(c, symbol**power) for symbol, c, power in pairs]
        told = [parts]
        if any(saturating):
            told.append([full or part for full, part in zip(saturating, parts, strict=True)])
        product = fit.kind == "product"
        for curves in told:
            shape = _multiplied(curves) if product else sympy.Add(*(c.expression() for c in curves))
            name = f"{fit.link.name}, a {fit.kind} of curves"
            yield Guess(fit.problem.back(shape), CLOSE, name, len(curves), rough=True)


def _fits(link: Link, problem: Problem) -> Iterator[_Fit]:
    if not 2 <= problem.width <= _MOST_COLUMNS:
        return
    grids = (_GRID, _FINE) if link.name == "y" and _pays(problem) else (_GRID,)
    for kind, fitted in (("sum", _sum), ("product", _product)):
        for grid in grids:
            curves, error = fitted([curve_design(x, grid) for x in problem.x.T], problem)
            if error <= CLOSE:
                yield _Fit(link, problem, kind, curves, error)
                break


def _pays(problem: Problem) -> bool:
    """Whether the rows can pay for curves of many waves."""
    return len(problem.y) >= _ROWS_PER_NUMBER * problem.width * (_FINE + _DEGREE)


def curve_design(column: np.ndarray, grid: int) -> np.ndarray:
    """Cubic B-splines over the range of a column with so many intervals: ``(N, grid + 3)``."""
    low, high = column.min(), column.max()
    step = max(float(high - low), 1e-300) / grid
    knots = low + step * np.arange(-_DEGREE, grid + _DEGREE + 1)
    inside = np.clip(column, low, high - 1e-9 * (high - low))
    found: np.ndarray = BSpline.design_matrix(inside, knots, _DEGREE).toarray()
    return found


def _solve(table: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    weighted = table * weights[:, None]
    matrix = weighted.T @ weighted
    matrix += _RIDGE * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    found: np.ndarray = np.linalg.solve(matrix, weighted.T @ (y * weights))
    return found


def _sum(designs: list[np.ndarray], problem: Problem) -> tuple[list[np.ndarray], float]:
    table = np.concatenate(designs, 1)
    numbers = _solve(table, problem.y, problem.weights)
    parts = np.split(numbers, np.cumsum([d.shape[1] for d in designs])[:-1])
    curves = [d @ part for d, part in zip(designs, parts, strict=True)]
    return curves, problem.error(np.sum(curves, axis=0))


def _product(designs: list[np.ndarray], problem: Problem) -> tuple[list[np.ndarray], float]:
    best: tuple[list[np.ndarray], float] = ([], np.inf)
    for seed in range(_STARTS):
        random = np.random.default_rng(seed)
        curves = [d @ random.uniform(0.5, 1.5, d.shape[1]) for d in designs]
        error = np.inf
        for _ in range(_SWEEPS):
            for place, design in enumerate(designs):
                others = np.prod([c for i, c in enumerate(curves) if i != place], axis=0)
                numbers = _solve(design * others[:, None], problem.y, problem.weights)
                curves[place] = design @ numbers
                size = np.sqrt(np.square(curves[place]).mean())
                if place + 1 < len(designs) and size > 0:
                    curves[place] = curves[place] / size
            before, error = error, problem.error(np.prod(curves, axis=0))
            if error > 0.999 * before:
                break
        if error < best[1]:
            best = (list(curves), error)
        if error <= CLOSE:
            break
    return best


def curve_expression(candidate: Candidate, symbol: Expr) -> Expr:
    """c·f(a·x + b) + d without the numbers that the function's own symmetry makes redundant."""
    return _curve(candidate, symbol).expression()


def _curve(candidate: Candidate, symbol: Expr) -> Linear:
    a, b, c, d = candidate.affine
    return apply(candidate.name, Linear(((a, symbol),), b)).scaled(c, d)


def _saturating(candidate: Candidate, symbol: Expr) -> Linear | None:
    """d·x/(x + k), one number less, where a reciprocal c/(a·x + b) + d comes close to that; else None."""
    a, b, c, d = candidate.affine
    if candidate.name != "reciprocal" or not abs(d * b + c) < _NEARLY * abs(d * b):
        return None
    return Linear(((d, symbol / (symbol + sympy.Float(b / a))),), 0.0)


def _multiplied(factors: list[Linear]) -> Expr:
    """The product with one scale in front: data cannot tell the factors' own scales apart."""
    scale = math.prod(factor.lead for factor in factors)
    return sympy.Mul(sympy.Float(scale), *(f.divided(f.lead).expression() for f in factors))


def _matched(fits: Sequence[_Fit]) -> list[tuple[Candidate, int]]:
    """The function of every curve and the power of the column that it is a function of, fit after fit."""
    count = min(_POINTS, *(len(fit.problem.y) for fit in fits))
    points, values, owners = [], [], []
    curves = [
        (fit, *pair) for fit in fits for pair in zip(fit.problem.x.T, fit.curves, strict=True)
    ]
    for place, (fit, column, curve) in enumerate(curves):
        order = np.argsort(column)
        rows = order[np.linspace(0, len(order) - 1, count).astype(int)]
        for power in _powers(column) if fit.link.name in _TURNED else (1,):
            points.append(column[rows] ** power)
            values.append(curve[rows])
            owners.append((place, power))
    found = match(torch.from_numpy(np.array(points)), torch.from_numpy(np.array(values)))
    best: dict[int, tuple[float, Candidate, int]] = {}
    for (place, power), row in zip(owners, found, strict=True):
        noise = max(curves[place][0].error, _LEAST_NOISE)
        candidate = ranked(row, 1.0, noise)[0]
        bits = lost_bits(candidate, 1.0, noise) + (power != 1) * _POWER_BITS
        if place not in best or bits < best[place][0]:
            best[place] = bits, candidate, power
    return [best[place][1:] for place in range(len(curves))]


def _powers(column: np.ndarray) -> tuple[int, ...]:
    """Powers whose functions a curve may be: sin(a·x²) and exp(a/x) are no c·f(a·x + b) + d."""
    one_sign = bool((column > 0).all() or (column < 0).all())
    return (1, 2, -1) if one_sign else (1, 2)
