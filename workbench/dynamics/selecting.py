"""Sets of terms: from regressions to begin with, then from the trajectories linearized about a law."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from workbench.dynamics.choice import Quadratic, Score, searched
from workbench.dynamics.integration import Segments
from workbench.dynamics.problem import FLOOR, Problem
from workbench.dynamics.regression import Form, regression
from workbench.dynamics.shooting import Shot
from workbench.dynamics.systems import System, Term

_UNDECIDED = 6.0
"""Difference of the criterion below which two sets are not told apart: odds of twenty to one."""


def regressed(problem: Problem, form: Form, shares: Sequence[float]) -> list[System]:
    """The systems that regressions choose.

    Args:
        form: slopes, or the weak form. shares: of the rows that count, for each a system: neighbouring
            residuals have the errors of the splines in common.
    """
    terms = problem.library
    table = regression(terms, problem.symbols, problem.data, problem.curves, problem.order, form)
    groups = [(k,) for k in range(len(terms))]
    found = []
    for share in shares:
        sets = []
        for place, target in enumerate(table.targets):
            choice = table.problem(place, groups)
            rows = share * len(target)
            score = partial(criterion, problem, terms, rows, choice.total)
            sets.append([terms[k] for k in searched(choice, score)[1]])
        found.append(problem.system(sets))
    return found


def criterion(
    problem: Problem,
    terms: Sequence[Term],
    rows: float,
    total: float,
    left: float,
    chosen: Sequence[int],
) -> float:
    """The criterion of a regression, see ``Problem.score``."""
    return rows * math.log(left / total + FLOOR**2) + problem.cost([terms[k] for k in chosen])


def reselected(problem: Problem, found: Shot, pieces: Segments) -> tuple[System, np.ndarray]:
    """The best set of terms for the trajectories linearized about what was found, with its numbers."""
    choice, score, system, begin = _linearized(problem, found, pieces)
    halves = [[k for k in begin if system.every[k][0] != i] for i in range(len(system.terms))]
    _, chosen = searched(choice, score, [begin, [], *halves])
    return _chosen(problem, found, system, chosen, choice)


def _linearized(
    problem: Problem, found: Shot, pieces: Segments
) -> tuple[Quadratic, Score, System, tuple[int, ...]]:
    """The choice among all terms, its criterion, the system of all of them, and which ones it has."""
    noise = problem.at_least(found.noise)
    system, numbers = _with_all_terms(problem, found)
    here = problem.shoot(system, numbers, pieces, noise, found.starts, steps=0)
    every = [term for _, term in system.every]
    ends = np.cumsum(system.sizes)
    groups = tuple(tuple(range(e - s, e)) for e, s in zip(ends, system.sizes, strict=True))
    firsts = [group[0] for group in groups]
    factors = np.zeros(len(numbers))
    factors[firsts] = numbers[firsts]
    squares = float((here.squares / noise**2).sum())
    total = squares + float(factors @ (2 * here.moment + here.matrix @ factors))
    choice = Quadratic(here.matrix, here.moment + here.matrix @ factors, total, groups)
    least = float(((problem.floor / noise) ** 2 * here.rows).sum())

    def score(left: float, terms: Sequence[int]) -> float:
        return problem.rows * math.log(left + least) + problem.cost([every[k] for k in terms])

    return choice, score, system, tuple(k for k, first in enumerate(firsts) if numbers[first])


def _with_all_terms(problem: Problem, found: Shot) -> tuple[System, np.ndarray]:
    """The system with the terms of the library beside its own, and numbers that leave it as it is."""
    terms: list[list[Term]] = []
    numbers: list[float] = []
    place = 0
    for own in found.system.terms:
        others = [t for t in problem.library if t not in own]
        size = sum(term.size for term in own)
        numbers += [*found.numbers[place : place + size], *(0.0 for _ in others)]
        place += size
        terms.append([*own, *others])
    return problem.system(terms), np.array(numbers)


def _chosen(
    problem: Problem, shot: Shot, system: System, chosen: Sequence[int], choice: Quadratic
) -> tuple[System, np.ndarray]:
    _, numbers = _with_all_terms(problem, shot)
    terms: list[list[Term]] = [[] for _ in system.terms]
    found: list[float] = []
    for k, value in zip(chosen, choice.numbers(chosen) if chosen else [], strict=True):
        place, term = system.every[k]
        terms[place].append(term)
        letters = numbers[list(choice.groups[k][1:])] + value[1:]
        found += [float(value[0]), *letters.tolist()]
    return problem.system(terms), np.array(found)


def rivals(problem: Problem, found: Shot, pieces: Segments) -> list[str]:
    """Sentences on terms that the rows do not tell from others.

    Each term is left out in turn and the best set without it looked for; where that is as good, the
    rows do not decide between both.
    """
    choice, score, system, begin = _linearized(problem, found, pieces)
    every = system.every
    best = score(choice.left(begin), begin)
    told = []
    for k in begin:
        allowed = [j for j in range(len(every)) if j != k]
        rest = [j for j in begin if j != k]
        value, other = searched(choice, score, [rest], allowed)
        place, term = every[k]
        new = [every[j][1].text for j in other if j not in begin and every[j][0] == place]
        if value < best + _UNDECIDED and new:
            told.append(
                f"These rows do not tell {term.text} in the equation of "
                f"{problem.data.states[place]} from {' with '.join(new)}: a run from another start would."
            )
    return told
