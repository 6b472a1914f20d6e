"""Terms with numbers inside, proposed for one equation at a time: saturation, and a periodic force.

Regression in the weak form scans those numbers on a grid (variable projection: the factors follow from
linear equations); what is best there is fitted to the trajectories, which decide.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from workbench.dynamics.choice import Quadratic, searched
from workbench.dynamics.dictionary import force, frequencies, saturations, waves
from workbench.dynamics.problem import Problem
from workbench.dynamics.regression import Form, Regression, regression
from workbench.dynamics.selecting import criterion
from workbench.dynamics.systems import System, Term

_FORM = Form(50)
_TRIED = 3
"""Places of the scan that are gone into, of each family and equation."""


def extensions(problem: Problem, system: System) -> Iterator[tuple[int, list[Term]]]:
    """Equations, by their place, with the best set of terms that holds one with numbers inside.

    Args:
        problem: the rows. system: what was found with the terms of the library.
    """
    autonomous, points = problem.symbols[:-1], problem.points[:, :-1]
    ratios = saturations(autonomous, points)
    tones = frequencies([run.times for run in problem.data.runs])
    pairs = [term for tone in tones for term in waves(problem.symbols[-1], float(tone))]
    terms = (*problem.library, *ratios, *pairs)
    table = regression(terms, problem.symbols, problem.data, problem.curves, problem.order, _FORM)
    first, second = len(problem.library), len(problem.library) + len(ratios)
    groups: list[tuple[int, ...]] = [(k,) for k in range(second)]
    groups += [(k, k + 1) for k in range(second, len(terms), 2)]
    for place, own in enumerate(system.terms):
        choice = table.problem(place, groups)
        scan = _Scan(problem, terms, choice, len(table.targets[place]), own)
        for chosen in scan.best(range(first, second)):
            yield place, [terms[k] for k in chosen]
        for chosen in scan.best(range(second, len(groups))):
            force = chosen[-1]
            rest = [terms[k] for k in chosen[:-1]]
            factors = choice.numbers(chosen)[-1] / _sizes(table, place, groups[force])
            yield place, [*rest, _force(problem, float(tones[force - second]), factors)]


class _Scan:
    """The best sets of one equation that hold a given term."""

    def __init__(
        self,
        problem: Problem,
        terms: Sequence[Term],
        choice: Quadratic,
        rows: int,
        own: Sequence[Term],
    ) -> None:
        self.choice = choice
        self.library = range(len(problem.library))
        self.score = partial(self._score, problem, terms, rows)
        self.own = tuple(k for k, term in enumerate(problem.library) if term in own)

    def _score(
        self,
        problem: Problem,
        terms: Sequence[Term],
        rows: int,
        left: float,
        chosen: Sequence[int],
    ) -> float:
        known = [terms[k] for k in chosen if k < len(problem.library)]
        return criterion(problem, known, rows, self.choice.total, left, range(len(known)))

    def best(self, extra: range) -> list[tuple[int, ...]]:
        """Sets with the term last, the best first, of places that are not neighbours."""
        if not extra:
            return []
        bases = [self.own, (), *(tuple(k for k in self.own if k != out) for out in self.own)]
        ranks = np.min([self._ranks(base) for base in bases], axis=0)
        order = sorted(extra, key=lambda k: ranks[k])
        found: list[tuple[float, tuple[int, ...]]] = []
        tried: list[int] = []
        for k in order:
            if len(tried) == _TRIED:
                break
            if any(abs(k - other) < 2 for other in tried):
                continue
            tried.append(k)
            last = len(self.library)
            begins = [(*base, last) for base in bases]
            alone = self.choice.of([*self.library, k])
            value, chosen = searched(alone, self.score, begins, fixed=[last])
            found.append((value, (*(j for j in chosen if j != last), k)))
        return [chosen for _, chosen in sorted(found)[:1]]

    def _ranks(self, base: tuple[int, ...]) -> np.ndarray:
        left = self.choice.left_with(base)
        return np.array([self.score(float(value), base) for value in left])


def _sizes(table: Regression, place: int, columns: Sequence[int]) -> np.ndarray:
    return table.sizes[place][list(columns)]


def _force(problem: Problem, frequency: float, factors: np.ndarray) -> Term:
    longest = max(float(run.times[-1] - run.times[0]) for run in problem.data.runs)
    return force(problem.symbols[-1], frequency, factors.tolist(), longest)
