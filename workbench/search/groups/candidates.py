"""Forms that are worth trying on several groups, from the search for structure and from the textbook."""

from collections.abc import Callable, Sequence

import sympy
from sympy import Float, Symbol

from workbench.common.fence import attempt
from workbench.search.groups.bank import Candidate, bank, candidate, merged, tables
from workbench.search.groups.joint import Panel
from workbench.search.structure.problem import Problem
from workbench.search.structure.propose import closed_forms

_MOST = 25
_FEWEST_ROWS = 12


def textbook(
    panel: Panel, names: Sequence[str], stop: Callable[[], bool] = lambda: False
) -> list[Candidate]:
    """Forms of the textbook that describe a few groups, and all in a common unit, best."""
    symbols = tuple(Symbol(name, real=True) for name in names)
    return bank(tables(panel, symbols), names, _MOST, stop)


def by_structure(
    panel: Panel, names: Sequence[str], *, seconds: float, stop: Callable[[], bool]
) -> list[Candidate]:
    """Closed forms that the search for structure finds in the same tables.

    Args:
        panel: rows of all groups. names: of the inputs.
        seconds: processor time, of which every table gets its part.
        stop: asked now and then; True ends the search.
    """
    parts = tables(panel, tuple(Symbol(name, real=True) for name in names))
    found: list[Candidate] = []
    for part in parts:
        if len(part.y) >= _FEWEST_ROWS and not stop():
            found += _structure(part, names, seconds / len(parts), stop)
    return merged(found)


def plain(symbols: Sequence[Symbol], names: Sequence[str]) -> list[Candidate]:
    """A constant, lines, a plane and a product of powers: what every law has to beat.

    A line stands also as slope times distance from a place, which groups may share.
    """
    half = Float(0.5)
    plane = sympy.Add(Float(0.1), *(half * s for s in symbols))
    forms = [
        Float(0.1),
        plane,
        *(half * s for s in symbols),
        *(Float(0.1) + half * s for s in symbols),
    ]
    forms += [sympy.Mul(half, s + Float(0.1), evaluate=False) for s in symbols]
    forms += [half * sympy.Mul(*(s**half for s in symbols))] if len(symbols) > 1 else []
    return merged([c for form in forms if (c := candidate(form, names)) is not None])


def _structure(
    problem: Problem, names: Sequence[str], seconds: float, stop: Callable[[], bool]
) -> list[Candidate]:
    with attempt("structure of a group"):
        guesses = closed_forms(problem, seconds=seconds, stop=stop)
        return [c for g in guesses if (c := candidate(g.expression, names)) is not None]
    return []
