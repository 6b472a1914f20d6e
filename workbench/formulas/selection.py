"""Rules that choose one formula from a front; the choice can be changed after the search.

They compare the *expected* loss: that of all rows that are not held out, each under constants fitted without
it (``leave_one_out``). A handful of validation rows is no judge, and training rows alone flatter the longest.
"""

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from workbench.formulas.law import Law

L = TypeVar("L", bound=Law)
_ROWS_UNKNOWN = 150
_STANDARD_ERRORS, _CLOSE = 2.0, 0.05
_SIMPLE_FACTOR = 2.0
_NATS_PER_NODE = 1.0
CLEAR = 4.0
"""A score of lack of fit from which on a formula misses something; noise gets there once in 30,000."""
ROUNDING = 1e-10
"""Errors below this part of the target's spread are rounding."""


def loss(formula: Law) -> float:
    """Validation loss; infinite where it is unknown."""
    return _score(formula, "validation_loss")


def expected(formula: Law) -> float:
    """Expected loss of a new row; differences below rounding, relative to the target, are none.

    It is the validation loss where no rows were judged one by one, and infinite where nothing is known.
    """
    value = _score(formula, "expected_loss")
    value = value if "expected_loss" in formula.scores else loss(formula)
    floor = ROUNDING * of_the_mean(formula) if formula.task == "regression" else 0.0
    return value if math.isinf(floor) else max(value, floor)


def of_the_mean(formula: Law) -> float:
    """Expected loss of the mean, or of the shares of classes; infinite where it is unknown."""
    return _score(formula, "mean_loss")


def _score(formula: Law, name: str) -> float:
    value = formula.scores.get(name)
    return math.inf if value is None or math.isnan(value) else value


def _rows(formula: Law) -> float:
    scores = formula.scores
    return scores.get("judging_rows") or scores.get("validation_rows") or _ROWS_UNKNOWN


def best(formulas: Sequence[L]) -> L:
    """The simplest that loses next to nothing against the one of least description length.

    Next to nothing is two standard errors of a loss, ``2 / sqrt(rows)``, 5 % at most, of what that one
    leaves and of what it explains: so a constant is chosen only where its description is the shortest.
    """
    leader = mdl(formulas)
    least, mean = expected(leader), of_the_mean(leader)
    share = min(_STANDARD_ERRORS / math.sqrt(_rows(leader)), _CLOSE)
    limit = least + share * max(min(least, mean - least), 0.0)
    return next(f for f in formulas if f is leader or expected(f) <= limit)


def accurate(formulas: Sequence[L]) -> L:
    """The least expected loss, whatever it costs."""
    return min(formulas, key=lambda f: (expected(f), f.complexity))


def simple(formulas: Sequence[L]) -> L:
    """The simplest whose expected loss is within twice the least one."""
    limit = _SIMPLE_FACTOR * min(map(expected, formulas))
    return next(f for f in formulas if expected(f) <= limit)


def description_length(formula: Law) -> float:
    """Bits for the residuals of all judging rows and for the formula, up to a constant.

    A residual of RMSE s costs log2(s) bits a row; a cross-entropy of h nats h / ln 2. A node of the
    expression costs one nat; fitted numbers have paid with the rows that were left out (Dawid 1984).
    """
    value = max(expected(formula), 5e-324)
    bits = value / math.log(2) if formula.task == "classification" else math.log2(value)
    return _rows(formula) * bits + _NATS_PER_NODE / math.log(2) * formula.complexity


def mdl(formulas: Sequence[L]) -> L:
    """The least description length."""
    return min(formulas, key=description_length)


class Rule(Protocol):
    """Chooses one of several formulas, which go from simple to long."""

    def __call__(self, formulas: Sequence[L]) -> L: ...


RULES: dict[str, Rule] = {
    "best": best,
    "accurate": accurate,
    "simple": simple,
    "mdl": mdl,
}
"""Rules by name."""
