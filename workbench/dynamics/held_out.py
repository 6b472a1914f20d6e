"""How well a law predicts rows that its constants have not seen."""

import numpy as np

from workbench.dynamics.integration import integrated, segments
from workbench.dynamics.problem import Problem
from workbench.dynamics.searching import Law, rows_of
from workbench.dynamics.trajectories import Trajectories, Trajectory

_KEPT = 0.8


def simulation_errors(problem: Problem, law: Law) -> np.ndarray:
    """Errors of every state over the last fifth of every run, in its standard deviations, ``(d,)``.

    The constants are fitted to the other rows, and each simulation starts where its fit ends. The terms were
    chosen with all rows.
    """
    data = problem.data
    cuts = [round(_KEPT * len(run)) for run in data.runs]
    runs = zip(data.runs, cuts, strict=True)
    known = _like(data, [run.part(slice(cut)) for run, cut in runs])
    part = Problem(known, problem.symbols, problem.order)
    longest = law.pieces.times.shape[1]
    pieces = segments(known, longest).at_level(law.pieces.level)
    firsts = rows_of(problem, law)
    offsets = np.cumsum([0, *(len(run) for run in data.runs)])[:-1]
    place = np.cumsum([0, *cuts])
    run_of = np.searchsorted(place, pieces.first, side="right") - 1
    starts = firsts[offsets[run_of] + pieces.first - place[run_of]]
    shot = part.shoot(law.shot.system, law.shot.numbers, pieces, law.shot.noise, starts)
    there = rows_of(part, Law(shot, pieces))[place[1:] - 1]
    rest = [run.part(slice(cut - 1, None)) for run, cut in zip(data.runs, cuts, strict=True)]
    ahead = segments(_like(data, rest), 10**9).at_level(law.pieces.level)
    path = integrated(shot.system.rates, there[:, None], shot.numbers[None], ahead)[:, :, 0]
    found = path[..., : len(data.states)].transpose(1, 0, 2)
    with np.errstate(all="ignore"):
        squares = np.where(np.isnan(ahead.values), np.nan, (found - ahead.values) ** 2)[:, 1:]
        errors = np.sqrt(np.nanmean(squares, axis=(0, 1))) / data.spread
    lost = ~np.isfinite(found).all((0, 1))
    return np.where(lost, np.inf, errors)


def _like(data: Trajectories, runs: list[Trajectory]) -> Trajectories:
    return Trajectories(tuple(runs), data.time, data.states, data.controls)
