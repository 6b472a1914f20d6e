"""Rules that choose one formula from a front; the choice can be changed after the search.

They compare the *expected* loss: that of all rows that are not held out, each under constants fitted without
it (``leave_one_out``). A handful of validation rows is no judge, and training rows alone flatter the longest.
"""

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from sympy import Add, Expr, Mul, Symbol

from workbench.formulas.law import Law

L = TypeVar("L", bound=Law)
_ROWS_UNKNOWN = 150
_STANDARD_ERRORS, _OF_MANY, _CLOSE = 2.0, 5.0, 0.05
_TOLD_APART, _NOTICEABLE = 8.0, 0.02
_SIMPLE_FACTOR = 2.0
_NATS_PER_NODE, _NATS_PER_SLOPE = 1.0, 3.0
REGRESSION = "regression"
"""What marks, in its provenance, a formula that the chosen one must not be significantly worse than."""
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

    Only those compete that are not significantly worse than a regression, which was chosen among few and so
    owes nothing to luck. Next to nothing is five standard errors of a loss, ``5 / sqrt(rows)``, 5 % at most,
    of what the leader leaves and of what it explains: so a constant is chosen only where its description is
    the shortest. Five, because the leader is the best of thousands that were tried.
    """
    able = _no_worse_than_regressions(formulas)
    leader = mdl(able)
    limit = _above(leader, min(_OF_MANY / math.sqrt(_rows(leader)), _CLOSE))
    near = [f for f in able if f is leader or expected(f) <= limit]
    return _fewest_numbers([f for f in near if f.complexity == min(g.complexity for g in near)])


def _above(leader: Law, share: float) -> float:
    """The loss by a share above another: of what that leaves, or of what it explains where this is less."""
    least, mean = expected(leader), of_the_mean(leader)
    return least + share * max(min(least, mean - least), 0.0)


def _fewest_numbers(formulas: Sequence[L]) -> L:
    """Of formulas of one length the one with fewest numbers, unless another is likelier: by e or more."""
    least = min(_rows(f) * _nats(f) for f in formulas)
    alike = [f for f in formulas if _rows(f) * _nats(f) <= least + 1]
    return min(alike, key=lambda f: len(f.constants))


def _no_worse_than_regressions(formulas: Sequence[L]) -> list[L]:
    """Formulas that no regression among them is significantly, and by more than nothing, better than.

    Where two formulas of losses b > a differ by what the better one explains in addition, their paired
    difference has two standard errors where the rows' likelihoods differ by eight nats.
    """
    regressions = [f for f in formulas if f.provenance.get(REGRESSION)]
    if not regressions:
        return list(formulas)
    rival = min(regressions, key=expected)
    limit = _rows(rival) * _nats(rival) + _TOLD_APART
    noticeable = min(_STANDARD_ERRORS / math.sqrt(_rows(rival)), _NOTICEABLE)
    return [
        f
        for f in formulas
        if _rows(f) * _nats(f) <= limit or expected(f) <= _above(rival, noticeable)
    ]


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
    expression costs one nat, an input of a sum of inputs three and its choice among all, where that is less;
    fitted numbers have paid with the rows that were left out (Dawid 1984).
    """
    return (_rows(formula) * _nats(formula) + _form(formula)) / math.log(2)


def _form(formula: Law) -> float:
    """Nats of the expressions without their numbers."""
    nodes = _NATS_PER_NODE * formula.complexity
    counts = [_summands(expression) for expression in formula.expressions]
    if None in counts:
        return nodes
    each = _NATS_PER_SLOPE + math.log(max(len(formula.names), 1))
    return min(nodes, len(counts) * _NATS_PER_NODE + each * sum(count or 0 for count in counts))


def _summands(expression: Expr) -> int | None:
    """How many multiples of inputs an expression is the sum of, however these are centred."""
    terms = [term for term in Add.make_args(expression) if not term.is_number]
    for term in terms:
        moving = [factor for factor in Mul.make_args(term) if not factor.is_number]
        inner = [part for part in Add.make_args(moving[0]) if not part.is_number]
        if len(moving) > 1 or len(inner) > 1 or not isinstance(inner[0], Symbol):
            return None
    return len(terms)


def _nats(formula: Law) -> float:
    """What a row costs, up to a constant."""
    value = max(expected(formula), 5e-324)
    return value if formula.task == "classification" else math.log(value)


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
