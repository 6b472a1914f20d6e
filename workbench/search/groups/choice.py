"""Which constants of a form differ between groups: the choice that describes all rows most shortly.

Every set of constants is judged where the groups' own optima, to second order, say that it leads; the best
of these are fitted, and changed constant by constant as long as that helps.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

from workbench.search.groups.bank import Candidate
from workbench.search.groups.joint import ROUNDING, Joint, Panel, fitted

_FITTED = 4
_BORROWED = 3
_LEAST_LOG = math.log(50.0)
_NODE = 1.0
"""Cost of a node of the expression, constants among them, which have their own price."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A form with the constants that differ between groups, fitted.

    Attributes:
        candidate: the form. joint: its fit. score: how long rows and form are to describe, see ``score``.
    """

    candidate: Candidate
    joint: Joint
    score: float


def score(loss: float, count: int, rows: int, size: int) -> float:
    """Bayes' information criterion with a price for the expression; less is better.

    Args:
        loss: sum of squares of the whitened residuals. count: of fitted numbers. rows: how many.
        size: of the expression.

    A number costs more where there are nearly as many of them as rows: these fit by themselves.
    """
    free = rows - count
    if free <= 0:
        return math.inf
    price = max(math.log(rows), _LEAST_LOG) * count * rows / (rows - count / 2)
    return rows * math.log(max(loss / rows, ROUNDING)) + price + _NODE * size


def least_score(candidate: Candidate, loss: float, rows: int) -> float:
    """What no choice for a form can beat, given the loss where all constants differ."""
    return score(loss, len(candidate.form.constants), rows, candidate.size)


def apart(candidate: Candidate, panel: Panel) -> Joint:
    """The form with all its constants in every group its own, from the best of several starts."""
    form = candidate.form
    every = np.ones(len(form.constants), dtype=bool)

    def own(start: np.ndarray) -> Joint:
        return fitted(form, panel, np.tile(start, (panel.groups, 1)), every)

    best = reduce(_better_of_each, map(own, candidate.starts))
    order = np.argsort(best.losses / panel.sizes)
    for code in order[:_BORROWED]:
        best = _better_of_each(best, own(best.table[code]))
    return best


def _better_of_each(one: Joint, other: Joint) -> Joint:
    better = other.losses < one.losses
    return Joint(
        one.form,
        np.where(better[:, None], other.table, one.table),
        one.varying,
        np.where(better, other.losses, one.losses),
        np.where(better[:, None, None], other.grams, one.grams),
    )


def chosen(candidate: Candidate, panel: Panel, whole: Joint) -> Choice:
    """The form with the best set of varying constants.

    Args:
        candidate: the form. panel: the rows. whole: where all constants differ, see ``apart``.
    """
    known: dict[tuple[bool, ...], Choice] = {}

    def tried(varying: np.ndarray, start: np.ndarray) -> Choice:
        key = tuple(varying.tolist())
        if key not in known:
            joint = whole if varying.all() else fitted(candidate.form, panel, start, varying)
            known[key] = Choice(candidate, joint, _score(candidate, joint, panel))
        return known[key]

    for varying, start in _promising(candidate, panel, whole):
        tried(varying, start)
    best = min(known.values(), key=lambda choice: choice.score)
    while True:
        joint = best.joint
        for place in range(len(joint.varying)):
            other = joint.varying.copy()
            other[place] = not other[place]
            start, _ = joint.tied(other) if joint.varying[place] else (joint.table, 0.0)
            tried(other, start)
        now = min(known.values(), key=lambda choice: choice.score)
        if now.score >= best.score:
            return best
        best = now


def _score(candidate: Candidate, joint: Joint, panel: Panel) -> float:
    return score(joint.loss, joint.count, len(panel), candidate.size)


def _promising(
    candidate: Candidate, panel: Panel, whole: Joint
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The sets that look best to second order, each with the constants there."""
    count = len(whole.varying)
    guessed: list[tuple[float, int, np.ndarray, np.ndarray]] = []
    for bits in product((False, True), repeat=count):
        varying = np.array(bits)
        try:
            start, loss = (whole.table, whole.loss) if varying.all() else whole.tied(varying)
        except np.linalg.LinAlgError:
            continue
        fits = int(varying.sum()) * panel.groups + int((~varying).sum())
        guess = score(max(loss, whole.loss), fits, len(panel), candidate.size)
        guessed.append((guess, len(guessed), varying, start))
    guessed.sort(key=lambda entry: entry[:2])
    for _, _, varying, start in guessed[:_FITTED]:
        yield varying, start
    median = np.median(whole.table, axis=0)
    for varying in _simple(count):
        yield varying, np.where(varying, whole.table, median)


def _simple(count: int) -> Sequence[np.ndarray]:
    """Sets of one constant, and none: where the quadratic is far off, these lead to the others."""
    return [*(np.arange(count) == place for place in range(count)), np.zeros(count, dtype=bool)]
