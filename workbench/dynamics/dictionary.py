"""The terms that a law is made of: products of columns, sines of angles, saturation, forcing."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.dynamics.systems import Term

_MOST = 90
_DEGREE = 3
_ANGLE = 0.5
"""Radians that a column must reach before its sine is anything but the column: they differ by 4 % there."""
_CROSSING = 0.1
"""How far noise may take such a column beyond zero, in units of its largest value."""
_MOST_FREQUENCIES = 300
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


def saturations(symbols: Sequence[Symbol], points: np.ndarray) -> list[Term]:
    """x/(K + x), alone and times another column, for columns that keep their sign, K on a grid.

    Args:
        symbols: of the columns ``points (n, len(symbols))``.
    """
    found = []
    for symbol, x in zip(symbols, points.T, strict=True):
        reach = float(x[np.argmax(np.abs(x))])
        if x.max() == x.min() or (x / reach).min() < -_CROSSING:
            continue
        factors: list[Expr] = [sympy.Integer(1), *(s for s in symbols if s != symbol)]
        for factor, share in itertools.product(factors, _SATURATION):
            size = sympy.Dummy("K", real=True)
            value = share * reach
            found.append(Term(factor * symbol / (size + symbol), (size,), (value,), (abs(value),)))
    return found


def frequencies(times: Sequence[np.ndarray]) -> np.ndarray:
    """Angular frequencies that rows at these times tell apart, from half a period of a run upwards."""
    longest = max(float(t[-1] - t[0]) for t in times)
    step = min(float(np.median(np.diff(t))) for t in times)
    least = math.pi / longest
    return np.arange(least, math.pi / (4 * step), least / 2)[:_MOST_FREQUENCIES]


def waves(time: Symbol, frequency: float) -> tuple[Term, Term]:
    """Cosine and sine of a known frequency."""
    return Term(sympy.cos(frequency * time)), Term(sympy.sin(frequency * time))


def force(time: Symbol, frequency: float, factors: Sequence[float], longest: float) -> Term:
    """A periodic force cos(ωt + φ) with both fitted.

    Args:
        time: its symbol. frequency: to start from. factors: of cosine and sine at that frequency.
        longest: span of the longest run.
    """
    rate, phase = sympy.Dummy("omega", real=True), sympy.Dummy("phi", real=True)
    value, size = (frequency,), (1 / longest,)
    plain = tuple(Term(f(rate * time), (rate,), value, size) for f in (sympy.cos, sympy.sin))
    shift = math.atan2(-factors[1], factors[0])
    letters = (rate, phase)
    return Term(sympy.cos(rate * time + phase), letters, (*value, shift), (*size, 1.0), plain)
