"""A formula for a set of columns that determine each other: which one it is of, and the search for it."""

import warnings
from collections.abc import Callable

import pandas as pd

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.selection import CLEAR
from workbench.kan.data import Dataset
from workbench.relations.additive import Additive
from workbench.relations.quadratic import Quadratic
from workbench.relations.relation import LAW, Relation
from workbench.relations.table import Table
from workbench.search.automatic import discover

_EXPLICIT = 0.5


def formula_of(
    table: Table, relation: Relation, seconds: float, seed: int, stop: Callable[[], bool]
) -> Formula | None:
    """What ``discover`` finds for the column that the others say best, or for its square.

    Args:
        table: of the columns. relation: whose formula is looked for. seconds: wall time.
        seed: of the search. stop: see ``find_relations``.
    """
    names = sorted(relation.columns)
    if len(names) == 2:
        tried = [
            _searched(table.frame(names), name, seconds / 2, seed, stop)
            for name in sorted(names, key=lambda name: name != relation.target)
        ]
        return min(filter(None, tried), key=lambda found: found.complexity, default=None)
    shares = {name: _explicit(table, names, name) for name in names}
    target = min(names, key=lambda name: shares[name])
    frame = table.frame(names)
    if shares[target] > _EXPLICIT:  # both signs fit, as on a sphere
        target = f"{relation.target}_squared"
        frame[target] = frame.pop(relation.target) ** 2
    return _searched(frame, target, seconds, seed, stop)


def _searched(
    frame: pd.DataFrame, target: str, seconds: float, seed: int, stop: Callable[[], bool]
) -> Formula | None:
    """The formula of a column, where one holds on rows held out and leaves nothing that neighbours share.

    Another one is a curve, and no law: the columns determine each other, and no formula is stated.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = Dataset.from_frame(frame, target, task="regression", seed=seed)
            found = discover(
                data,
                effort="quick",
                seed=seed,
                seconds=seconds,
                workers=1,
                report=lambda *_: stop(),
            ).formula
    except InputError:
        return None
    score, lack = found.scores.get("test_r2"), found.scores.get("lack_of_fit")
    holds = score is not None and 1 - score <= LAW
    return found if holds and (lack or 0.0) <= CLEAR else None


def _explicit(table: Table, names: list[str], target: str) -> float:
    """Share of a column's variance that the others leave where it stands alone on its side."""
    others = [name for name in names if name != target]
    numbers = {name: table.numbers[name] for name in names}
    squares = Quadratic(numbers, table.folds).judged(target, others).misfit
    ranks = {name: table.ranks[name] for name in names}
    return min(squares, Additive(ranks, table.folds).explicit(others, ranks[target]))
