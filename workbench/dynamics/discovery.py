"""From a table of time series to equations of motion."""

import math
import time as clock
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm
from sympy import Expr, Symbol

from workbench.common.labels import Label
from workbench.dynamics.held_out import simulation_errors
from workbench.dynamics.problem import Problem
from workbench.dynamics.result import Dynamics, TermFit, coordinates
from workbench.dynamics.searching import Law, rows_of, search
from workbench.dynamics.selecting import rivals
from workbench.dynamics.trajectories import GROUPS, Trajectories, read_trajectories
from workbench.errors import InputError
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula

_QUANTILE = float(norm.ppf(0.975))


def discover_dynamics(
    table: Any,
    time: str = "t",
    *,
    states: Sequence[str] | None = None,
    groups: str = GROUPS,
    controls: Sequence[str] = (),
    order: int = 1,
    seconds: float = math.inf,
    stop: Callable[[], bool] = lambda: False,
) -> Dynamics:
    """Find the differential equations that rows in time follow.

    Terms are products of columns up to the third degree, and sines and cosines of columns that are wide
    enough to be angles; ratios x/(K + x) and a force cos(ωt + φ) are tried after them. Regressions on
    slopes and in the weak form propose sets of terms; which ones stay, and their numbers, the trajectories
    decide, by multiple shooting.

    Args:
        table: a pandas or polars frame, a mapping of columns, or a file as for ``read_table``; steps
            need not be equal, and a state may be missing in some rows.
        time: column of time.
        states: columns that the equations are for; all that are left by default.
        groups: column that names the runs, each a trajectory; without it all rows are one.
        controls: columns that act on the states: inputs, linear between rows, and parameters.
        order: 1 for x' = f(x, t); 2 for x'' = f(x, x', t), where velocities are not measured.
        seconds: wall time that the search may take.
        stop: asked again and again; True ends the search with the best law so far.

    Raises:
        InputError: a column lacks or holds no numbers, a run is too short, a state stands still, or an
            option is not known.
    """
    if order not in (1, 2):
        raise InputError(f"order must be 1 or 2, got {order!r}")
    if not seconds > 0:
        raise InputError(f"seconds must be positive, got {seconds!r}")
    data = read_trajectories(table, time=time, states=states, groups=groups, controls=controls)
    begun = clock.perf_counter()
    names = (*coordinates(data, order), *data.controls, data.time)
    problem = Problem(data, tuple(Symbol(name, real=True) for name in names), order)

    def ended() -> bool:
        return stop() or clock.perf_counter() - begun > seconds

    law = search(problem, ended)
    errors = simulation_errors(problem, law)
    told = () if ended() else tuple(rivals(problem, law.shot, law.pieces))
    return _result(problem, law, errors, told, clock.perf_counter() - begun)


def _result(
    problem: Problem, law: Law, errors: np.ndarray, told: Sequence[str], seconds: float
) -> Dynamics:
    data, states = problem.data, problem.data.states
    fits = _fits(law)
    expressions = law.shot.system.expressions(law.shot.numbers.tolist())
    equations = {
        state: _formula(problem, state, expression, own)
        for state, expression, own in zip(states, expressions, fits, strict=True)
    }
    return Dynamics(
        equations=equations,
        data=data,
        order=problem.order,
        terms=dict(zip(states, fits, strict=True)),
        noise=dict(zip(states, law.shot.noise.tolist(), strict=True)),
        scores=dict(zip(states, errors.tolist(), strict=True)),
        starts=_starts(problem, law),
        sentences=(*data.notes, *told),
        seconds=seconds,
        complete=law.complete,
    )


def _starts(problem: Problem, law: Law) -> dict[Label, tuple[float, ...]]:
    """Where the fitted trajectory of every run begins."""
    path = rows_of(problem, law)
    firsts = np.cumsum([0, *(len(run) for run in problem.data.runs)])[:-1]
    runs = zip(problem.data.runs, firsts, strict=True)
    return {run.label: tuple(path[first].tolist()) for run, first in runs}


def _fits(law: Law) -> list[tuple[TermFit, ...]]:
    """Every number with its error, from the curvature of the trajectories' fit."""
    shot = law.shot
    errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(shot.matrix, hermitian=True)), 0.0))
    found: list[list[TermFit]] = [[] for _ in shot.system.terms]
    place = 0
    for equation, term in shot.system.every:
        roles = ("factor", *(letter.name for letter in term.letters))
        for role in roles:
            value, sigma = float(shot.numbers[place]), float(errors[place])
            ends = value - _QUANTILE * sigma, value + _QUANTILE * sigma
            found[equation].append(TermFit(term.text, role, value, sigma, ends))
            place += 1
    return [tuple(own) for own in found]


def _formula(problem: Problem, state: str, expression: Expr, fits: Sequence[TermFit]) -> Formula:
    names = tuple(symbol.name for symbol in problem.symbols)
    constants = [
        Constant(fit.value, fit.sigma, interval=fit.interval, digits=fit.digits) for fit in fits
    ]
    low, high = problem.points.min(0), problem.points.max(0)
    ranges = {n: (float(a), float(b)) for n, a, b in zip(names, low, high, strict=True)}
    mark = problem.data.time if problem.order == 1 else f"{problem.data.time}²"
    return Formula(
        expressions=(expression,),
        names=names,
        target=f"d{state}/d{mark}" if problem.order == 1 else f"d²{state}/d{mark}",
        domain=ranges,
        constants=tuple(constants),
        provenance={"rows": problem.rows, "runs": len(problem.data.runs)},
    )


def described(data: Trajectories) -> str:
    """How much there is, in a sentence."""
    rows = sum(len(run) for run in data.runs)
    return f"{rows} rows in {len(data.runs)} runs, {len(data.states)} states."
