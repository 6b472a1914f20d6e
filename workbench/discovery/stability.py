"""How often a form wins when the rows are drawn again.

Two questions, two answers. ``selection_frequencies`` asks which of the formulas on the table would have
been chosen with other rows: constants move by one Gauss–Newton step from their fit, so that hundreds
of resamples cost milliseconds. ``workbench.recurrence`` repeats the whole search instead.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy
from scipy.special import log_softmax, softmax
from sympy import Expr
from torch import Tensor

from workbench.discovery.fence import attempt
from workbench.discovery.formula import Formula
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.parametric import Parametric, parametrize
from workbench.discovery.selection import RULES
from workbench.kan.data import Dataset

RESAMPLES = 200
_MOST_ROWS, _MOST_FORMULAS = 4000, 40
_NEAR = 3.0

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


def selection_frequencies(
    formulas: FormulaSet, data: Dataset, *, resamples: int = RESAMPLES, seed: int = 0
) -> FormulaSet:
    """The same formulas with "selection_frequency" and "resamples" among their scores.

    Training rows and validation rows are drawn again with replacement, constants follow, and the
    set's own rule chooses. Only formulas whose validation loss comes near the least one compete.

    Args:
        formulas: from ``symbolify`` or ``discover``. data: what they were found in.
        resamples: how often. seed: of the draws.
    """
    rivals = _rivals(formulas)
    if not rivals or not len(data.validation):
        return formulas
    random = np.random.default_rng(seed)
    rows = [random.permutation(len(data.train))[:_MOST_ROWS], np.arange(len(data.validation))]
    train = _arrays(data.split("train"), rows[0])
    validation = _arrays(data.split("validation"), rows[1])
    draws = [_counts(len(keep), resamples, random) for keep in rows]
    losses = np.full((len(rivals), resamples), np.inf)
    for place, rival in enumerate(rivals):
        with attempt("a formula on resampled rows"):
            found = _losses(rival, train, validation, *draws)
            losses[place] = np.where(np.isnan(found), np.inf, found)
    wins: Counter[Form] = Counter()
    for column in losses.T:
        wins[form(_winner(rivals, column, formulas.rule).expressions)] += 1
    return formulas.scored(
        {"selection_frequency": wins[form(f.expressions)] / resamples, "resamples": resamples}
        for f in formulas
    )


def _arrays(part: tuple[Tensor, Tensor], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = part
    return x.numpy()[rows], y.numpy()[rows]


def _rivals(formulas: FormulaSet) -> list[Formula]:
    eligible = formulas.eligible
    losses = [f.scores["validation_loss"] or 0.0 for f in eligible]
    limit = _NEAR * max(min(losses, default=0.0), 1e-10 * max(losses, default=0.0))
    near = [f for f, loss in zip(eligible, losses, strict=True) if loss <= limit]
    return near[:_MOST_FORMULAS]


def _winner(rivals: Sequence[Formula], losses: np.ndarray, rule: str) -> Formula:
    scored = [
        replace(f, scores={**f.scores, "validation_loss": float(loss)})
        for f, loss in zip(rivals, losses, strict=True)
    ]
    scored.sort(key=lambda f: (f.complexity, f.scores["validation_loss"]))
    return RULES[rule](scored)


def _counts(rows: int, resamples: int, random: np.random.Generator) -> np.ndarray:
    """How often each row is drawn in each resample, ``(B, N)``."""
    return random.multinomial(rows, np.full(rows, 1 / rows), size=resamples).astype(float)


def _losses(
    formula: Formula,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    train_counts: np.ndarray,
    validation_counts: np.ndarray,
) -> np.ndarray:
    """Validation loss in every resample, ``(B,)``: RMSE or cross-entropy."""
    parametric = parametrize(formula.expressions, formula.names)
    classes = formula.task == "classification"
    (fitted, slope), (held, held_slope) = (
        _linear(parametric, x, classes) for x, _ in (train, validation)
    )
    if classes:
        hot = np.eye(fitted.shape[1])
        pull = hot[train[1]] - softmax(fitted, 1)
        root = _root_of_curvature(softmax(fitted, 1))
    else:
        pull, root = train[1].reshape(fitted.shape) - fitted, None
    steps = _steps(slope, pull, root, train_counts)
    values = held + np.einsum("nmp,bp->bnm", held_slope, steps)
    if classes:
        picked = log_softmax(values, 2)[:, np.arange(len(held)), validation[1]]
        return np.asarray(-(validation_counts * picked).sum(1) / validation_counts.sum(1))
    square = np.square(values - validation[1].reshape(held.shape)).mean(2)
    return np.sqrt((validation_counts * square).sum(1) / validation_counts.sum(1))


def _linear(parametric: Parametric, x: np.ndarray, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values ``(N, m)`` and slopes ``(N, m, p)``; one logit becomes two."""
    values = parametric.outputs(x)
    slopes = parametric.jacobian(x, parametric.values)
    if classes and values.shape[1] == 1:
        values = np.concatenate((np.zeros_like(values), values), 1)
        slopes = np.concatenate((np.zeros_like(slopes), slopes), 1)
    return values, np.nan_to_num(slopes, posinf=0.0, neginf=0.0)


def _root_of_curvature(p: np.ndarray) -> np.ndarray:
    """R with RᵀR = diag(p) - p pᵀ, the Gauss–Newton matrix of a cross-entropy, ``(N, m, m)``."""
    root = np.sqrt(p)
    return root[:, :, None] * np.eye(p.shape[1]) - (root[:, :, None] * p[:, None, :])


def _steps(
    slope: np.ndarray, pull: np.ndarray, root: np.ndarray | None, counts: np.ndarray
) -> np.ndarray:
    """One Gauss–Newton step of the constants in every resample, ``(B, p)``."""
    size = np.maximum(np.sqrt(np.square(slope).sum((0, 1))), 1e-300)
    scaled = slope / size
    curved = scaled if root is None else np.einsum("nkm,nmp->nkp", root, scaled)
    gradient = counts @ np.einsum("nmp,nm->np", scaled, pull)
    outer = np.einsum("nmp,nmq->npq", curved, curved).reshape(len(slope), -1)
    matrix = (counts @ outer).reshape(len(counts), len(size), len(size))
    inverse = np.linalg.pinv(matrix, rcond=1e-12, hermitian=True)
    return np.asarray(np.einsum("bpq,bq->bp", inverse, gradient) / size)
