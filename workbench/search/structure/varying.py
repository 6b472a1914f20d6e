"""Laws that are linear in functions of one column, with coefficients that vary with the other.

y = φ₁(x) h₁(z) + φ₂(x) h₂(z) with simple known φ and unknown curves h (varying-coefficient models, Hastie and
Tibshirani 1993): pressure is such a sum in temperature, with curves of the volume. The curves are cubic
splines, fitted linearly for every pair of φ; those of the best pairs are then given families of laws.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import sympy
from sympy import Expr

from workbench.common.fence import attempts
from workbench.formulas.evaluation import compiled
from workbench.search.structure.families import family_guesses
from workbench.search.structure.guess import Guess
from workbench.search.structure.problem import Problem
from workbench.search.structure.separable import CLOSE, curve_design

_X = sympy.Symbol("x", real=True)
_FUNCTIONS: tuple[Expr, ...] = (
    sympy.Integer(1), _X, _X**2, _X**3, 1 / _X, 1 / _X**2, sympy.sqrt(_X), 1 / sympy.sqrt(_X),
    sympy.log(_X), sympy.exp(-_X), sympy.sin(_X), sympy.cos(_X),
)  # fmt: skip
_GRID, _RIDGE = 12, 1e-12
_PAIRS, _AS_GOOD, _NAMES, _POINTS = 2, 2.0, 3, 80
_ROWS_PER_NUMBER = 2
_WIDE = 4.0
"""Largest value by smallest from which on a column's curves are splines of its logarithm."""


def varying(problem: Problem) -> Iterator[Guess]:
    """Sums of two terms, from the pairs of functions that leave least."""
    if problem.width != 2 or len(problem.y) < _ROWS_PER_NUMBER * 2 * (_GRID + 3):
        return
    fits = [
        fit
        for turned in (problem, problem.turned())
        for fit in attempts("coefficients that vary", _fits(turned))
    ]
    fits.sort(key=lambda fit: fit[0])
    for error, pair, curves, turned in fits[:_PAIRS]:
        if error > min(CLOSE, _AS_GOOD * fits[0][0]):
            return
        known, other = turned.symbols
        named = [_named(curve, turned, other) for curve in curves]
        for parts in product(*named):
            terms = (p.xreplace({_X: known}) * part for p, part in zip(pair, parts, strict=True))
            expression = problem.back(sympy.Add(*terms))
            yield Guess(expression, CLOSE, "y, coefficients that vary", len(parts), rough=True)


_Fit = tuple[float, tuple[Expr, ...], list[np.ndarray], Problem]
"""Error, functions of the first column, values of their coefficients along the second, and the problem."""


def _fits(problem: Problem) -> Iterator[_Fit]:
    column = problem.x[:, 1]
    bend = np.log if column.min() > 0 and column.max() > _WIDE * column.min() else np.asarray
    ends = bend(np.array([column.min(), column.max()]))
    both = curve_design(np.concatenate((bend(column), bend(_points(problem)), ends)), _GRID)
    design, along = both[: len(column)], both[len(column) : -2]
    values = {f: v for f in _FUNCTIONS if (v := _values(f, problem.x[:, 0])) is not None}
    for pair in combinations(values, 2):
        table = np.concatenate([design * values[f][:, None] for f in pair], 1)
        weighted = table * problem.weights[:, None]
        size = np.linalg.norm(weighted, axis=0)
        size[size == 0] = 1.0
        weighted /= size
        matrix = weighted.T @ weighted + _RIDGE * np.eye(len(size))
        numbers = np.linalg.solve(matrix, weighted.T @ (problem.y * problem.weights)) / size
        curves = [along @ part for part in np.split(numbers, 2)]
        yield problem.error(table @ numbers), pair, curves, problem


def _values(function: Expr, column: np.ndarray) -> np.ndarray | None:
    """On a column; None where a row has none."""
    with np.errstate(all="ignore"):
        (found,) = compiled([function], [_X])(column)
    whole = np.broadcast_to(found, column.shape).astype(float)
    return whole if np.isfinite(whole).all() else None


def _points(problem: Problem) -> np.ndarray:
    """Of the second column, as dense as its rows; its very ends, which splines know least, left out."""
    return np.quantile(problem.x[:, 1], np.linspace(0.02, 0.98, _POINTS))


def _named(curve: np.ndarray, problem: Problem, symbol: Expr) -> list[Expr]:
    """The families that a curve may be, those with the shortest descriptions first."""
    spread = float(curve.std())
    if spread <= CLOSE**2 * float(np.abs(curve).max()):
        return [sympy.Float(curve.mean())]
    alone = replace(
        problem,
        x=_points(problem)[:, None],
        symbols=(symbol,),
        y=curve,
        weights=np.ones(_POINTS),
        counts=np.ones(_POINTS),
        spread=spread,
        back=lambda expression: expression,
    )
    found = sorted(family_guesses(alone), key=lambda guess: guess.bits(_POINTS))
    return [guess.expression for guess in found[:_NAMES]]
