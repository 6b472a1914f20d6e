"""A law in numbers made one that reads well: refined, in whole numbers where it can be, with intervals.

g is known up to a factor. That one is taken which makes most coefficients whole numbers where the points do
not notice; without any, one coefficient is 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.optimize import least_squares
from scipy.stats import chi2, norm
from sympy import Expr

from workbench.boundaries.algebra import EXACT, Cloud
from workbench.boundaries.implicit import Coefficient, ImplicitFormula, domain_of
from workbench.boundaries.points import INSIDE, Points
from workbench.boundaries.terms import Dictionary, Sum, expression_of
from workbench.formulas.digits import significant
from workbench.formulas.typesetting import to_text

_MOST_FACTOR, _LARGEST = 12, 24
_NEAR = 2.5
_CHANCE = 0.25
_JOINT = 0.99
_LEAST_ERROR = 1e-10
_SPARE_DIGITS = 2
_WHOLE = 1e-12


@dataclass(frozen=True, eq=False)
class Numbers:
    """Coefficients in the columns' units, up to a factor.

    Attributes:
        c: ``(k,)``. covariance: of them, ``(k, k)``, where one of them is held.
    """

    c: np.ndarray
    covariance: np.ndarray

    def per(self, place: int, factor: float = 1.0) -> "Numbers":
        """In units of one of them, times a factor."""
        unit = factor / self.c[place]
        slopes = np.eye(len(self.c)) * unit
        slopes[:, place] -= self.c * unit / self.c[place]
        covariance = slopes @ self.covariance @ slopes.T
        return Numbers(self.c * unit, covariance)

    @property
    def sigma(self) -> np.ndarray:
        """Standard errors, ``(k,)``, no smaller than rounding."""
        found = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return np.asarray(np.maximum(found, _LEAST_ERROR * np.abs(self.c)))


def refined(law: Sum, cloud: Cloud, weights: np.ndarray) -> Numbers:
    """Coefficients by orthogonal distances to first order, from the points with their weights.

    Args:
        law: to start from. cloud: its own terms at the points. weights: of the points, ``(N,)``.
    """
    values, steps = cloud.values, cloud.steps
    if law.folded:
        signs = np.sign(values[:, 1:] @ law.c[1:])
        values = np.column_stack((values[:, 0], values[:, 1:] * signs[:, None]))
        steps = np.concatenate((steps[:, :1], steps[:, 1:] * signs[:, None, None]), 1)
    held = int(np.argmax(np.abs(law.c) * np.sqrt((values**2).mean(0))))
    start = law.c / law.c[held]
    free = np.arange(len(start)) != held
    root = np.sqrt(weights)

    def whole(numbers: np.ndarray) -> np.ndarray:
        c = np.ones(len(start))
        c[free] = numbers
        return c

    def distances(numbers: np.ndarray) -> np.ndarray:
        c = whole(numbers)
        steep = np.sqrt((np.einsum("nkd,k->nd", steps, c) ** 2).sum(1))
        return np.asarray(root * (values @ c) / np.maximum(steep, 1e-300))

    covariance = np.zeros((len(start), len(start)))
    c = start
    if free.any():
        found = least_squares(
            distances, start[free], x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        c = whole(found.x)
        dof = max(float(weights.sum()) - free.sum(), 1.0)
        variance = (found.fun**2).sum() / dof
        variance = max(variance, 1.0) if cloud.least > EXACT else variance
        covariance[np.ix_(free, free)] = variance * np.linalg.pinv(found.jac.T @ found.jac)
    scale = 1 / law.dictionary.sizes
    return Numbers(c * scale, covariance * np.outer(scale, scale))


@dataclass(frozen=True, eq=False)
class Reading:
    """How a law is written.

    Attributes:
        expression: g. constants: its numbers.
    """

    expression: Expr
    constants: tuple[Coefficient, ...]


def read_well(
    dictionary: Dictionary, numbers: Numbers, *, folded: bool, sign: float, prefer: int
) -> Reading:
    r"""The law as it is printed.

    Args:
        dictionary: its own terms. numbers: its coefficients. folded: whether it is \|A\| and a constant.
        sign: what makes it positive inside. prefer: place of the term whose coefficient is 1 where no number
            becomes whole.
    """
    place, factor, whole = _best_unit(numbers, prefer)
    scaled = numbers.per(place, factor)
    shown, kept = _snapped(scaled, whole)
    values = [_number(v, s, w) for v, s, w in zip(shown, scaled.sigma, kept, strict=True)]
    half = norm.ppf(0.975) * scaled.sigma
    constants = tuple(
        Coefficient(
            to_text(dictionary.symbolic(k)),
            float(values[k]),
            None if k == place else (float(scaled.c[k] - half[k]), float(scaled.c[k] + half[k])),
            None if k == place else float(scaled.sigma[k]),
            str(values[k]) if kept[k] and k != place else "",
            k == place,
        )
        for k in range(len(values))
    )
    return Reading(_oriented(dictionary, values, folded=folded, sign=sign), constants)


def _oriented(dictionary: Dictionary, values: Sequence[Expr], *, folded: bool, sign: float) -> Expr:
    """The expression that is positive inside; the sign of A between bars is the one that reads better."""
    if not folded:
        return expression_of(dictionary, values if sign > 0 else [-v for v in values], folded=False)
    inner = values[1:]
    if sum(bool(v < 0) for v in inner) > len(inner) / 2:
        inner = [-v for v in inner]
    law = expression_of(dictionary, [-abs(values[0]), *inner], folded=True)
    return law if sign > 0 else sympy.Add(*(-part for part in sympy.Add.make_args(law)))


def _best_unit(numbers: Numbers, prefer: int) -> tuple[int, int, np.ndarray]:
    """The place of the unit, its whole value, and where others become whole, ``(k,)``."""
    best: tuple[float, ...] = (-1.0,)
    chosen = prefer, 1, np.arange(len(numbers.c)) == prefer
    order = [prefer, *(p for p in range(len(numbers.c)) if p != prefer)]
    for rank, place in enumerate(order):
        for factor in range(1, _MOST_FACTOR + 1):
            scaled = numbers.per(place, factor)
            nearest = np.round(scaled.c)
            whole = (nearest != 0) & (np.abs(nearest) <= _LARGEST)
            whole &= np.abs(scaled.c - nearest) <= _NEAR * scaled.sigma + _WHOLE * np.abs(scaled.c)
            whole &= 2 * _NEAR * scaled.sigma * factor < _CHANCE
            whole[place] = True
            score = (float(whole.sum()), -float(np.abs(nearest[whole]).sum()), -rank)
            if score > best and _together(scaled, nearest, whole):
                best, chosen = score, (place, factor, whole)
    return chosen


def _together(scaled: Numbers, nearest: np.ndarray, whole: np.ndarray) -> bool:
    """Whether all whole numbers together are within the errors."""
    moved = np.where(whole, nearest - scaled.c, 0.0)
    free = whole & (np.diag(scaled.covariance) > 0)
    if not free.any():
        return True
    part = scaled.covariance[np.ix_(free, free)]
    floor = np.diag((_LEAST_ERROR * scaled.c[free]) ** 2)
    return bool(
        moved[free] @ np.linalg.solve(part + floor, moved[free]) < chi2.ppf(_JOINT, free.sum())
    )


def _snapped(scaled: Numbers, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values with the whole ones whole and the others moved as their errors go with those, and where."""
    values = np.where(whole, np.round(scaled.c), scaled.c)
    free = whole & (np.diag(scaled.covariance) > 0)
    others = ~whole
    if free.any() and others.any():
        moved = (values - scaled.c)[free]
        floor = np.diag((_LEAST_ERROR * scaled.c[free]) ** 2)
        part = scaled.covariance[np.ix_(free, free)] + floor
        values[others] += scaled.covariance[np.ix_(others, free)] @ np.linalg.solve(part, moved)
    return values, whole


def _number(value: float, sigma: float, whole: bool) -> Expr:
    """A whole number, or one with the digits that its error leaves and two more."""
    if whole:
        return sympy.Integer(round(value))
    digits = _SPARE_DIGITS + max(0, math.ceil(math.log10(abs(value) / sigma))) if value else 1
    return sympy.Float(significant(value, min(digits, 15)))


def formula_of(law: Sum, numbers: Numbers, points: Points, scales: np.ndarray) -> ImplicitFormula:
    """A law as a formula that reads well, with the sign that is positive inside where sides are known.

    Args:
        law: of numbers. numbers: its coefficients. points: the domain, the variables and the sides.
        scales: of the variables, ``(d,)``.
    """
    names, x = points.variables, points.x
    if points.labelled is not None:
        x = np.vstack((x, points.labelled[list(names)].to_numpy(dtype=float)))
    formula = _formula(law, numbers, names, x, scales, points.column or "", 1.0)
    if points.labelled is None:
        return formula
    right = formula.inside(points.labelled) == points.labelled[INSIDE].to_numpy(dtype=bool)
    if right.mean() >= 0.5:
        return formula
    return _formula(law, numbers, names, x, scales, points.column or "", -1.0)


def _formula(
    law: Sum,
    numbers: Numbers,
    names: tuple[str, ...],
    x: np.ndarray,
    scales: np.ndarray,
    column: str,
    sign: float,
) -> ImplicitFormula:
    prefer = next((p for p, term in enumerate(law.dictionary.terms) if term), 0)
    reading = read_well(law.dictionary, numbers, folded=law.folded, sign=sign, prefer=prefer)
    units = dict(zip(names, map(float, scales), strict=True))
    return ImplicitFormula(
        reading.expression, names, reading.constants, domain_of(names, x), units, column
    )
