"""The terms that a law is made of: products of columns, sines of angles, saturation, forcing."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.dynamics.systems import Term

_MOST = 90
_DEGREE = 3
_ANGLE = 1.0
"""Radians that a column must reach before its sine is anything but the column."""
_SATURATION = (0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 5.0)
"""Half-saturations that are tried first, in units of the column's largest value."""


def products(symbols: Sequence[Symbol]) -> list[Term]:
    """All products of columns up to the third degree, the constant first; a lower degree for many columns."""
    degree = next(
        k for k in range(_DEGREE, 0, -1) if math.comb(len(symbols) + k, k) <= _MOST or k == 1
    )
    found = [Term(sympy.Integer(1))]
    for k in range(1, degree + 1):
        chosen = itertools.combinations_with_replacement(symbols, k)
        found += [Term(sympy.Mul(*factors)) for factors in chosen]
    return found


def sines(symbols: Sequence[Symbol], points: np.ndarray, cost: float) -> list[Term]:
    """Sine and cosine of the columns that go far enough to be angles.

    Args:
        symbols: of the columns ``points (n, len(symbols))``. cost: of such a term, see ``Term``.
    """
    wide = [s for s, x in zip(symbols, points.T, strict=True) if np.abs(x).max() > _ANGLE]
    return [Term(f(s), cost=cost) for s in wide for f in (sympy.sin, sympy.cos)]


def saturations(symbols: Sequence[Symbol], points: np.ndarray) -> Iterator[Term]:
    """x/(K + x), alone and times another column, for columns that keep their sign."""
    for symbol, x in zip(symbols, points.T, strict=True):
        low, high = x.min(), x.max()
        reach = high if high > 0 else low
        if high > low and (low > -0.1 * reach if high > 0 else True):
            others: list[Expr] = [s for s in symbols if s != symbol]
            for factor, share in itertools.product([sympy.Integer(1), *others], _SATURATION):
                size = sympy.Dummy("K", real=True)
                value = float(share * reach)
                yield Term(factor * symbol / (size + symbol), (size,), (value,), (abs(value),))


def frequencies(times: Sequence[np.ndarray]) -> np.ndarray:
    """Angular frequencies that rows at these times can tell apart, from half a period per run upwards."""
    longest = max(float(t[-1] - t[0]) for t in times)
    step = min(float(np.median(np.diff(t))) for t in times)
    least, most = math.pi / longest, math.pi / (4 * step)
    return np.arange(least, most, least / 2)[:400]


def forcing(time: Symbol, frequency: float, phase: float, longest: float) -> Term:
    """cos(ωt + φ) with both fitted."""
    rate, shift = sympy.Dummy("w", real=True), sympy.Dummy("f", real=True)
    return Term(
        sympy.cos(rate * time + shift),
        (rate, shift),
        (frequency, phase),
        (1 / longest, 1.0),
    )


def plain_forcing(term: Term, time: Symbol) -> list[Term]:
    """The same without a phase: cosine or sine alone."""
    rate = term.letters[0]
    start = (term.values[0],), (term.sizes[0],)
    return [Term(f(rate * time), (rate,), *start) for f in (sympy.cos, sympy.sin)]
