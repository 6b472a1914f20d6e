"""Output links: functions T such that T(y) may be simpler than y, with the way back for SymPy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from sympy import Expr

from workbench.formulas.parsing import parse_expression
from workbench.search.structure.problem import Problem

_FAR = 1e8
_Y = sympy.Symbol("y", real=True)
_BRANCH = 1e-3
_Array = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Link:
    """T with its slope and inverse.

    Attributes:
        name: how it is written, with y. value, slope: T and T' on arrays; not finite where undefined.
        inverse: y as an expression of T(y); ``sign`` is that of y where T loses it.
        domain: whether y may be linked at all.
        sign: whether T loses the sign of y, so that it must be the same in all rows.
    """

    name: str
    value: _Array
    slope: _Array
    inverse: Callable[[Expr], Expr]
    domain: Callable[[np.ndarray], bool] = lambda y: True
    sign: bool = False

    def named(self, subject: Expr) -> Expr:
        """What it makes of a target, to be read: a function that SymPy names otherwise stays as written."""
        return self._expression.xreplace({_Y: subject})

    @cached_property
    def _expression(self) -> Expr:
        return parse_expression(self.name, ["y"], unknown=True)


def _one_sign(y: np.ndarray) -> bool:
    return bool((y > 0).all() or (y < 0).all())


def _positive(y: np.ndarray) -> bool:
    return bool((y > 0).all())


def _within(low: float, high: float) -> Callable[[np.ndarray], bool]:
    return lambda y: bool((y >= low).all() and (y <= high).all())


_TURN = np.pi / 2
LINKS: tuple[Link, ...] = (
    Link("y", lambda y: y, np.ones_like, lambda t: t),
    Link("y**2", np.square, lambda y: 2 * y, sympy.sqrt, _one_sign, sign=True),
    Link("1/y", lambda y: 1 / y, lambda y: -1 / y**2, lambda t: 1 / t),
    Link("log(y)", lambda y: np.log(np.abs(y)), lambda y: 1 / y, sympy.exp, _one_sign, sign=True),
    Link(
        "1/y**2",
        lambda y: y**-2,
        lambda y: -2 * y**-3,
        lambda t: 1 / sympy.sqrt(t),
        _one_sign,
        sign=True,
    ),
    Link("sqrt(y)", np.sqrt, lambda y: 0.5 / np.sqrt(y), lambda t: t**2, _positive),
    Link("1/sqrt(y)", lambda y: y**-0.5, lambda y: -0.5 * y**-1.5, lambda t: t**-2, _positive),
    Link("exp(y)", np.exp, np.exp, sympy.log, _within(-20, 20)),
    Link(
        "log(1 + 1/y)",
        lambda y: np.log1p(1 / y),
        lambda y: -1 / (y * (y + 1)),
        lambda t: 1 / (sympy.exp(t) - 1),
        _positive,
    ),
    Link(
        "log(1 + y)",
        np.log1p,
        lambda y: 1 / (1 + y),
        lambda t: sympy.exp(t) - 1,
        lambda y: bool((y > -1).all()),
    ),
    Link("sin(y)", np.sin, np.cos, sympy.asin, _within(-_TURN, _TURN)),
    Link("cos(y)", np.cos, lambda y: -np.sin(y), sympy.acos, _within(0, np.pi)),
    Link("tan(y)", np.tan, lambda y: 1 + np.tan(y) ** 2, sympy.atan, _within(-_TURN, _TURN)),
    Link("artanh(y)", np.arctanh, lambda y: 1 / (1 - y**2), sympy.tanh, _within(-1, 1)),
    Link("arcsin(y)", np.arcsin, lambda y: (1 - y**2) ** -0.5, sympy.sin, _within(-1, 1)),
    Link("arccos(y)", np.arccos, lambda y: -((1 - y**2) ** -0.5), sympy.cos, _within(-1, 1)),
)
"""Output links, the plain target first."""


def linked(problem: Problem) -> Iterator[tuple[Link, Problem]]:
    """The problem through every link that its values allow."""
    for link in LINKS:
        if not link.domain(problem.y):
            continue
        with np.errstate(all="ignore"):
            values, slopes = link.value(problem.y), link.slope(problem.y)
        # Where T is flat it cannot be undone: such a row would outweigh all others.
        known = np.isfinite(values) & np.isfinite(slopes) & (slopes != 0)
        if not known.any():
            continue
        known &= np.abs(values) <= _FAR * np.median(np.abs(values[known]))
        if known.mean() < 1 - _BRANCH:
            continue
        inverse = _negated(link.inverse) if link.sign and problem.y[0] < 0 else link.inverse
        name = link.named(problem.subject)
        found = problem.rows(known).linked(values[known], slopes[known], inverse, name)
        if found.sound:
            yield link, found


def _negated(inverse: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    return lambda expression: -inverse(expression)
