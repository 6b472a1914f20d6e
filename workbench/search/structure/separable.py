"""Sums and products of one curve per column, through a link: every curve is then given its function.

These are the networks (d, 1, 1) and, with one product node, (d, (0, 1), 1), fitted linearly: a sum at
once, a product by alternating least squares, in which all factors but one are held.
"""

import math
from collections.abc import Iterator

import numpy as np
import sympy
import torch
from scipy.interpolate import BSpline
from sympy import Expr

from workbench.network.candidates import Candidate, match
from workbench.network.expressions import Linear, apply
from workbench.search.structure.guess import Guess
from workbench.search.structure.links import Link
from workbench.search.structure.problem import Problem
from workbench.search.symbolic import ranked

_GRID, _DEGREE, _RIDGE = 12, 3, 1e-9
_SWEEPS, _STARTS = 25, 2
_POINTS = 128
_MOST_COLUMNS = 9
CLOSE = 0.05
_LEAST_NOISE = 1e-4


def separable(link: Link, problem: Problem) -> Iterator[Guess]:
    """A sum and a product of functions of single columns, where their curves come close."""
    if not 2 <= problem.width <= _MOST_COLUMNS:
        return
    designs = [curve_design(column, _GRID) for column in problem.x.T]
    for fitted, kind in ((_sum(designs, problem), "sum"), (_product(designs, problem), "product")):
        curves, error = fitted
        if error <= CLOSE:
            yield _named(link, problem, curves, kind, error)


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


def _named(
    link: Link, problem: Problem, curves: list[np.ndarray], kind: str, error: float
) -> Guess:
    parts: list[Linear] = []
    for column, curve, symbol in zip(problem.x.T, curves, problem.symbols, strict=True):
        best = _matched(column, curve, error)
        parts.append(_curve(best, symbol))
    shape = (
        sympy.Add(*(part.expression() for part in parts)) if kind == "sum" else _multiplied(parts)
    )
    return Guess(problem.back(shape), CLOSE, f"{link.name}, a {kind} of curves", len(parts), True)


def curve_expression(candidate: Candidate, symbol: Expr) -> Expr:
    """c·f(a·x + b) + d without the numbers that the function's own symmetry makes redundant."""
    return _curve(candidate, symbol).expression()


def _curve(candidate: Candidate, symbol: Expr) -> Linear:
    a, b, c, d = candidate.affine
    return apply(candidate.name, Linear(((a, symbol),), b)).scaled(c, d)


def _multiplied(factors: list[Linear]) -> Expr:
    """The product with one scale in front: data cannot tell the factors' own scales apart."""
    scale = math.prod(factor.lead for factor in factors)
    return sympy.Mul(sympy.Float(scale), *(f.divided(f.lead).expression() for f in factors))


def _matched(column: np.ndarray, curve: np.ndarray, error: float) -> Candidate:
    order = np.argsort(column)
    rows = order[np.linspace(0, len(order) - 1, min(_POINTS, len(order))).astype(int)]
    points, values = torch.from_numpy(column[rows].copy()), torch.from_numpy(curve[rows].copy())
    return ranked(match(points[None], values[None])[0], 1.0, max(error, _LEAST_NOISE))[0]
