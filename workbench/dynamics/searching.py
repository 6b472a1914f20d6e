"""The search for a law: regressions begin it, trajectories refine, extend and judge it.

Pieces of the trajectories grow while it goes on: on short ones almost any start leads to the law, long ones
tell its terms apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.dynamics.extending import extensions
from workbench.dynamics.integration import Segments, segments
from workbench.dynamics.problem import Problem
from workbench.dynamics.regression import Form
from workbench.dynamics.selecting import regressed, reselected
from workbench.dynamics.shooting import Shot
from workbench.dynamics.systems import System, Term

_FORMS = (Form(20), Form(50), Form())
_SHARES = (1.0, 0.1)
_FIRST_ROWS, _MIDDLE_ROWS = 25, 50
_ROUNDS = 6
_WORSE = 1.5
"""Growth of what is left from which on longer pieces are beyond what can be predicted."""

Stop = Callable[[], bool]


@dataclass(frozen=True)
class Law:
    """A law with the pieces that it was fitted on."""

    shot: Shot
    pieces: Segments
    complete: bool = True


def search(problem: Problem, stop: Stop) -> Law:
    """The system that the trajectories choose.

    Args:
        problem: rows and terms. stop: True ends the search with the best law so far.
    """
    law = _begun(problem, stop)
    law = settled(problem, law, stop)
    if not problem.exact(law.shot):
        law = _extended(problem, law, stop)
    rows = _MIDDLE_ROWS
    longest = max(len(run) for run in problem.data.runs)
    while not stop():
        longer = _on_longer(problem, law, min(rows, longest))
        if longer is None:
            break
        law = settled(problem, longer, stop)
        if rows >= longest or problem.exact(law.shot):
            break
        rows *= 2
    return Law(law.shot, law.pieces, not stop())


def _begun(problem: Problem, stop: Stop) -> Law:
    """The best of what regressions propose, on short pieces."""
    pieces = segments(problem.data, _FIRST_ROWS)
    best: Law | None = None
    seen: set[tuple[object, ...]] = set()
    for form in _FORMS:
        for system in regressed(problem, form, _SHARES):
            if system.terms in seen or (best is not None and stop()):
                continue
            seen.add(system.terms)
            shot = problem.shoot(system, problem.first_numbers(system), pieces)
            if best is None or problem.score(shot) < problem.score(best.shot):
                best = Law(shot, pieces)
    if best is None or not np.isfinite(problem.score(best.shot)):
        empty = problem.system([() for _ in problem.data.states])
        best = Law(problem.shoot(empty, np.zeros(0), pieces), pieces)
    return best


def settled(problem: Problem, law: Law, stop: Stop) -> Law:
    """Terms are chosen again and fitted until nothing changes."""
    law = refined(problem, law)
    for _ in range(_ROUNDS):
        if stop() or not np.isfinite(problem.score(law.shot)):
            break
        system, numbers = reselected(problem, law.shot, law.pieces)
        if _same(system, law.shot.system):
            break
        shot = problem.shoot(system, numbers, law.pieces, law.shot.noise, law.shot.starts)
        if not problem.score(shot) < problem.score(law.shot):
            break
        law = refined(problem, Law(shot, law.pieces))
    return law


def _extended(problem: Problem, law: Law, stop: Stop) -> Law:
    """The law with terms that have numbers inside, where trajectories of middle length ask for them."""
    longer = _on_longer(problem, law, _MIDDLE_ROWS)
    law = law if longer is None else longer
    for place, terms in extensions(problem, law.shot.system):
        if stop():
            break
        system, numbers = _replaced(problem, law.shot, place, terms)
        shot = problem.shoot(system, numbers, law.pieces, starts=law.shot.starts)
        if problem.score(shot) < problem.score(law.shot):
            law = Law(shot, law.pieces)
    return _plainer(problem, settled(problem, law, stop))


def _plainer(problem: Problem, law: Law) -> Law:
    """The law with terms that have fewer numbers inside, where the trajectories do not miss them."""
    for place, own in enumerate(law.shot.system.terms):
        for old in own:
            for new in old.plain:
                terms = [new if term is old else term for term in own]
                system, numbers = _replaced(problem, law.shot, place, terms)
                shot = problem.shoot(system, numbers, law.pieces, law.shot.noise, law.shot.starts)
                if problem.score(shot) < problem.score(law.shot):
                    law = Law(shot, law.pieces)
    return law


def _replaced(
    problem: Problem, shot: Shot, place: int, terms: Sequence[Term]
) -> tuple[System, np.ndarray]:
    """The system with other terms in one equation, the numbers of the others as they were fitted."""
    before = shot.system.terms
    system = problem.system([*before[:place], terms, *before[place + 1 :]])
    first = sum(term.size for own in before[:place] for term in own)
    last = first + sum(term.size for term in before[place])
    new = problem.first_numbers(system)[first : first + sum(term.size for term in terms)]
    return system, np.concatenate((shot.numbers[:first], new, shot.numbers[last:]))


def refined(problem: Problem, law: Law) -> Law:
    """Fitted with as many steps of integration and the weights that what is left asks for."""
    shot, pieces = law.shot, problem.fine(law.shot, law.pieces)
    noise = shot.noise if np.isfinite(shot.noise).all() else problem.noise
    shot = problem.shoot(shot.system, shot.numbers, pieces, noise, shot.starts)
    return Law(shot, pieces)


def _on_longer(problem: Problem, law: Law, rows: int) -> Law | None:
    """The same law fitted on longer pieces; None where it cannot be followed that far."""
    pieces = segments(problem.data, rows).at_level(law.pieces.level)
    starts = rows_of(problem, law)[pieces.first]
    shot = problem.shoot(law.shot.system, law.shot.numbers, pieces, law.shot.noise, starts)
    before = problem.at_least(law.shot.noise)
    if not (problem.at_least(shot.noise) < _WORSE * before).all():
        return None
    return Law(shot, pieces)


def rows_of(problem: Problem, law: Law) -> np.ndarray:
    """The law's states at all rows, ``(n, D)``."""
    path = problem.path(law.shot, law.pieces).transpose(1, 0, 2)
    ends = [*law.pieces.first[1:], sum(len(run) for run in problem.data.runs)]
    lengths = np.array(ends) - law.pieces.first
    return np.concatenate([piece[:n] for piece, n in zip(path, lengths, strict=True)])


def _same(one: System, other: System) -> bool:
    return [set(own) for own in one.terms] == [set(own) for own in other.terms]
