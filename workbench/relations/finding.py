"""The way from a table without a target to its relations and their formulas.

A claim has to hold on rows that it was not made from, by more than chance among all columns allows, and to be
better than the same made of shuffled rows.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import norm, spearmanr
from threadpoolctl import threadpool_limits

from workbench.errors import InputError
from workbench.kan.checks import seed_of
from workbench.relations.additive import Additive
from workbench.relations.bounds import bounds
from workbench.relations.codes import determined
from workbench.relations.elimination import Judge, Judged, eliminated
from workbench.relations.naming import formula_of
from workbench.relations.quadratic import Quadratic
from workbench.relations.relation import DEPENDENCE, LAW, ORDER, Relation, Relations
from workbench.relations.table import Table, table_of

_FOLDS, _SHUFFLES = 5, 19
_CHANCE = 1e-3
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Found:
    """A column, the least set that explains it, and how well."""

    target: str
    others: tuple[str, ...]
    judged: Judged

    @property
    def columns(self) -> frozenset[str]:
        return frozenset({self.target, *self.others})

    @property
    def law(self) -> bool:
        return self.judged.misfit <= LAW


def find_relations(
    frame: Any,
    *,
    formulas: bool = True,
    seed: int = 0,
    seconds: float = 60.0,
    stop: Stop | None = None,
) -> Relations:
    """Relations among the columns of a table, none of which is the target.

    Looked for are columns that are monotone functions of others, sums of curves Σ f(x) = 0 behind any link,
    polynomials of degree two, inequalities with rows at their edge, and labels that follow from labels. Sets
    of columns that determine one of them are handed to ``discover`` for a formula. Laws of another form,
    such as ``sin(a*b)``, are seen where a sum of curves or a polynomial comes near them.

    Args:
        frame: a table of pandas, polars or pyarrow, or columns by name; rows with gaps in numbers are
            left out, and of more than 4,000 rows a random sample is used.
        formulas: whether they are looked for, which takes most of the time.
        seed: of the sample, the parts that are held out, and the search for formulas.
        seconds: wall time that it may take; what is left without a formula then has none.
        stop: asked now and then; True ends the search, and what was found is returned.

    Raises:
        InputError: it is no table, has fewer than 50 complete rows or two columns that vary, or there is no
            time.
    """
    if not seconds > 0:
        raise InputError(f"seconds must be positive, got {seconds!r}")
    clock = _Clock(seconds, stop)
    table = table_of(frame, seed_of(seed), _FOLDS)
    twins = _twins(table)
    ranks = {name: x for name, x in table.ranks.items() if name not in twins}
    with threadpool_limits(1):  # the matrices are small
        found = _merged(_screened(table, ranks, clock))
        found = [one for one in found if _beats_shuffled(table, one, seed)]
    relations = [_twin(name, first) for name, first in twins.items()]
    relations += [_relation(table, one) for one in found]
    known = [relation.columns for relation in relations if relation.kind != "dependence"]
    if not clock.over:
        relations += _of_labels(table, known)
        relations += _of_edges(table, known, seed)
    ordered = sorted(relations, key=lambda one: (ORDER.index(one.kind), one.misfit))
    return Relations(
        tuple(_with_formulas(table, ordered, clock, seed) if formulas else ordered),
        table.names,
        table.notes,
        clock.seconds,
        not clock.over,
    )


class _Clock:
    """How long it takes, and whether it has to end."""

    def __init__(self, limit: float, stop: Stop | None) -> None:
        self.start, self.limit, self.stop = time.monotonic(), limit, stop

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    @property
    def left(self) -> float:
        return self.limit - self.seconds

    @property
    def over(self) -> bool:
        return self.left <= 0 or (self.stop is not None and self.stop())


def _twins(table: Table) -> dict[str, str]:
    """Columns whose ranks are those of an earlier one, or their reverse, by name."""
    found: dict[str, str] = {}
    names = list(table.numbers)
    ranks = table.ranks
    close = 1 / len(table.folds) ** 2
    for number, name in enumerate(names):
        for first in names[:number]:
            if first in found:
                continue
            one, other = ranks[name], ranks[first]
            if min(np.abs(one - other).max(), np.abs(one + other - 1).max()) < close:
                found[name] = first
                break
    return found


def _screened(table: Table, ranks: dict[str, np.ndarray], clock: _Clock) -> Iterable[Found]:
    """For every column the least set that explains it, where one does better than chance."""
    names = list(ranks)
    if len(names) < 2:
        return
    additive = Additive(ranks, table.folds).judged
    quadratic = Quadratic({name: table.numbers[name] for name in names}, table.folds).judged
    sure = norm.isf(_CHANCE / len(names))
    for target in names:
        if clock.over:
            return
        others = [name for name in names if name != target]
        judges: list[tuple[Judged, Judge]] = [
            (judge(target, others), judge) for judge in (additive, quadratic)
        ]
        for whole, judge in sorted(judges, key=lambda pair: pair[0].misfit):
            if whole.misfit < DEPENDENCE and whole.z > sure:
                kept, judged = eliminated(judge, target, others)
                yield Found(target, kept, judged)


def _merged(found: Iterable[Found]) -> list[Found]:
    """One claim for every set, none for a set that holds another, and dependences only of other columns.

    What a law, or a smaller one of its target, says already is not said again.
    """
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (not one.law, len(one.columns), one.judged.misfit)):
        laws = [other for other in kept if other.law]
        told = (
            any(other.columns <= one.columns for other in kept)
            or any(one.target == other.target for other in kept)
            or (not one.law and any(one.target in other.columns for other in laws))
        )
        if not told:
            kept.append(one)
    return kept


def _beats_shuffled(table: Table, one: Found, seed: int) -> bool:
    """Whether no shuffling of the target is explained as well by the same columns."""
    random = np.random.default_rng(seed)
    ranks = {name: table.ranks[name] for name in one.columns}
    for _ in range(_SHUFFLES):
        shuffled = ranks | {one.target: random.permutation(ranks[one.target])}
        if (
            Additive(shuffled, table.folds).judged(one.target, one.others).misfit
            <= one.judged.misfit
        ):
            return False
    return True


def _twin(name: str, first: str) -> Relation:
    return Relation(frozenset({name, first}), "duplicate", 0.0, name)


def _relation(table: Table, one: Found) -> Relation:
    misfit = one.judged.misfit
    if misfit > LAW:
        return Relation(one.columns, "dependence", misfit, one.target)
    if len(one.columns) == 2:
        together = spearmanr(*(table.numbers[name] for name in one.columns)).statistic
        if 1 - together**2 <= LAW:
            return Relation(one.columns, "duplicate", misfit, one.target)
    return Relation(one.columns, "law", misfit, one.target)


def _of_labels(table: Table, known: Collection[frozenset[str]]) -> list[Relation]:
    return [
        Relation(
            frozenset(pair),
            "duplicate" if both else "dependence",
            0.0,
            pair[0],
            statement=f"{pair[0]} is the same for all rows with the same {pair[1]}",
        )
        for *pair, both in determined(table)
        if frozenset(pair) not in known
    ]


def _of_edges(table: Table, known: list[frozenset[str]], seed: int) -> list[Relation]:
    return [
        Relation(
            frozenset({bound.small, bound.large}),
            "inequality",
            0.0,
            bound.small,
            statement=str(bound),
        )
        for bound in bounds(table, known, seed)
    ]


def _with_formulas(
    table: Table, relations: list[Relation], clock: _Clock, seed: int
) -> Iterable[Relation]:
    """The relations, those that can have a formula with one, while there is time."""
    waiting = sum(one.nameable for one in relations)
    for one in relations:
        if one.nameable and not clock.over:
            named = formula_of(table, one, clock.left / waiting, seed, lambda: clock.over)
            waiting -= 1
            one = replace(one, formula=named)
        yield one
