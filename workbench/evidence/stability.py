"""What the rows say about the choice: how often it is made again, and which other forms they allow.

Every formula on the table is judged by the same rows, those that are not held out, each under constants
fitted without it (``leave_one_out``). Rows drawn again from these losses make other choices; two forms whose
paired losses differ by less than two standard errors are not told apart. ``workbench.recurrence`` repeats
the whole search instead.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy
from scipy.stats import wilcoxon
from sympy import Expr

from workbench.common.fence import attempt
from workbench.evidence.leave_one_out import judging_rows, losses_of
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.selection import ROUNDING, RULES, description_length, expected
from workbench.kan.data import Dataset

RESAMPLES = 200
_MOST_FORMULAS = 40
_STANDARD_ERRORS, _LEVEL = 2.0, 0.0228
_EVIDENCE = 2.0
_WORDY = 2.0

Form = tuple[Expr, ...]


def form(expressions: Sequence[Expr]) -> Form:
    """Expressions without the numbers that a fit or a snap may change.

    Factors go, summands become one symbol: a/2, 0.5001·a and a are one form, a and a + 1 are not.
    """
    return tuple(_without_numbers(e) for e in expressions)


_NUMBER = sympy.Symbol("_number")


def _without_numbers(expression: Expr) -> Expr:
    if expression.is_number:
        return _NUMBER
    if expression.is_Mul:
        return sympy.Mul(*(_without_numbers(a) for a in expression.args if not a.is_number))
    if expression.is_Pow and expression.exp.is_Rational:
        return sympy.Pow(_without_numbers(expression.base), expression.exp)
    if not expression.args:
        return expression
    if expression.is_Add:
        # Of a set: two numbers cannot meet in a sum, but forms can become equal.
        return sympy.Add(*{_without_numbers(a) for a in expression.args})
    return expression.func(*(_without_numbers(a) for a in expression.args))


def weighed(
    formulas: FormulaSet, data: Dataset, *, resamples: int = RESAMPLES, seed: int = 0
) -> FormulaSet:
    """The same formulas with what the rows say about the choice among them.

    That is "selection_frequency" and "resamples" among their scores, and their ``rivals``. For the first,
    all rows that are not held out are drawn again with replacement, and the set's own rule chooses.

    Args:
        formulas: from ``symbolify`` or ``discover``. data: what they were found in.
        resamples: how often. seed: of the draws.
    """
    near = _near(formulas)
    if not near:
        return formulas
    sample, _ = judging_rows(data)
    weights = sample.counts
    floor = 0.0 if sample.classes else (ROUNDING * sample.spread) ** 2
    rows = np.full((len(near), len(weights)), np.inf)
    for place, formula in enumerate(near):
        with attempt("a formula on resampled rows"):
            rows[place] = np.maximum(losses_of(formula.expressions, data), floor)
    counts = _counts(weights, resamples, np.random.default_rng(seed))
    losses = np.nan_to_num(rows @ counts.T, nan=np.inf, posinf=np.inf) / counts.sum(1)
    if data.task == "regression":
        losses = np.sqrt(losses)
    wins: Counter[Form] = Counter()
    for column in losses.T:
        wins[form(_winner(near, column, formulas.rule).expressions)] += 1
    shares = [wins[form(f.expressions)] / resamples for f in formulas]
    scores = [{"selection_frequency": share, "resamples": resamples} for share in shares]
    return formulas.scored(scores).with_rivals(_not_told_apart(near, rows, weights))


def _counts(weights: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    """How much each row counts in each resample, ``(B, N)``."""
    rows = len(weights)
    return random.multinomial(rows, np.full(rows, 1 / rows), size=resamples) * weights


def _not_told_apart(
    near: Sequence[Formula], rows: np.ndarray, weights: np.ndarray
) -> dict[Form, tuple[str, ...]]:
    """By the expressions of each formula, other forms that the rows do not tell apart from it.

    The form that it had before its numbers were snapped is none, nor is one that takes far more words.
    """
    kinds = [form(f.expressions) for f in near]
    found: dict[Form, tuple[str, ...]] = {}
    for formula, kind, own in zip(near, kinds, rows, strict=True):
        alike: dict[Form, str] = {}
        same = (kind, form(formula.as_fitted))
        for other, another, losses in zip(near, kinds, rows, strict=True):
            if another in same or another in alike or _wordy(other, formula):
                continue
            if not differ(own, losses, weights):
                alike[another] = str(other)
        found[formula.expressions] = tuple(alike.values())
    return found


def _wordy(formula: Formula, beside: Formula) -> bool:
    return formula.complexity > _WORDY * beside.complexity


def differ(losses: np.ndarray, others: np.ndarray, weights: np.ndarray) -> bool:
    """Whether rows tell two formulas apart: by the mean of the paired differences, or by their ranks.

    Two standard errors of the mean; ranks see a difference that is everywhere but uneven, as between an
    exact law and one that is nearly right, whose few large errors spoil the mean's own error. But both have
    to be a matter of at least two nats of evidence: equal forms differ in the last digits of their fits.
    """
    gap = (losses - others) * weights
    if not np.isfinite(gap).all():
        return not np.array_equal(losses, others)
    least, most = sorted((float(losses @ weights), float(others @ weights)))
    if most - least <= _EVIDENCE * 2 / len(gap) * most:
        return False
    error = gap.std() / math.sqrt(len(gap))
    return bool(abs(gap.mean()) > _STANDARD_ERRORS * error or wilcoxon(gap).pvalue < 2 * _LEVEL)


def _near(formulas: FormulaSet) -> list[Formula]:
    """The formulas that may compete, from simple to accurate.

    Those of least description length, and those that no simpler one matches: a rule may take one of these
    although many longer ones have the shorter description.
    """
    eligible = [f for f in formulas.eligible if math.isfinite(expected(f))]
    near = sorted(eligible, key=description_length)[:_MOST_FORMULAS]
    near += [*FormulaSet(eligible).pareto(), *([formulas.best] if eligible else [])]
    return [f for f in eligible if any(f is other for other in near)]


def _winner(rivals: Sequence[Formula], losses: np.ndarray, rule: str) -> Formula:
    scored = [
        replace(f, scores={**f.scores, "expected_loss": float(loss)})
        for f, loss in zip(rivals, losses, strict=True)
    ]
    return RULES[rule](scored)
