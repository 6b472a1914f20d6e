r"""Terms chosen by linear regression, on slopes or in the weak form, before trajectories are fitted.

The weak form multiplies the law with test functions and integrates by parts. With steps as test functions
that is its integral, :math:`x(t) = x(t_0) + \sum_k c_k \int_{t_0}^t \theta_k\,ds` (Schaeffer and McCalla
2017): what was measured stands on its left without a derivative, so its noise stays white. In second
order the integral is twofold, and a start has a velocity too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Symbol

from workbench.dynamics.choice import Quadratic
from workbench.dynamics.smoothing import Smoothed
from workbench.dynamics.systems import Term, columns_of
from workbench.dynamics.trajectories import Trajectories

_EDGE = 0.04
"""Share of the rows at either end of a run where slopes of a spline are poor."""


@dataclass(frozen=True)
class Form:
    """How derivatives are had.

    Attributes:
        rows: of the pieces over which the law is integrated; 0 takes slopes of the splines.
    """

    rows: int = 0


@dataclass(frozen=True)
class Regression:
    """Columns of terms against each state, ready for choices.

    Attributes:
        table: ``(n, P)`` for every equation, of unit length. sizes: their lengths before, ``(P,)`` each.
        targets: ``(n,)`` for every equation.
    """

    tables: tuple[np.ndarray, ...]
    sizes: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...]

    def problem(self, equation: int, groups: Sequence[tuple[int, ...]]) -> Quadratic:
        """The choice of terms for one equation; each term's columns are a group."""
        table, target = self.tables[equation], self.targets[equation]
        return Quadratic(table.T @ table, table.T @ target, float(target @ target), tuple(groups))


def points_of(
    data: Trajectories, curves: Sequence[Smoothed], order: int, times: Sequence[np.ndarray]
) -> np.ndarray:
    """Smoothed states, their velocities in second order, controls and time, at times of every run."""
    found = []
    for run, curve, t in zip(data.runs, curves, times, strict=True):
        states = [curve(t, k) for k in range(order)]
        controls = [np.interp(t, run.times, column) for column in run.controls.T]
        found.append(np.column_stack((*states, *controls, t)))
    return np.concatenate(found)


def regression(
    terms: Sequence[Term],
    symbols: Sequence[Symbol],
    data: Trajectories,
    curves: Sequence[Smoothed],
    order: int,
    form: Form,
) -> Regression:
    """Columns of terms, in slopes or in the weak form.

    Args:
        terms: with the letters they start from. symbols: of ``points_of``. curves: of every run.
    """
    blocks: list[list[np.ndarray]] = [[] for _ in data.states]
    targets: list[list[np.ndarray]] = [[] for _ in data.states]
    rows = [run.times for run in data.runs]
    halves = [(t[1:] + t[:-1]) / 2 for t in rows]
    there = columns_of(terms, symbols, points_of(data, curves, order, rows))
    between = columns_of(terms, symbols, points_of(data, curves, order, halves))
    at, mid = 0, 0
    for run, curve in zip(data.runs, curves, strict=True):
        n = len(run)
        values, middle = there[at : at + n], between[mid : mid + n - 1]
        at, mid = at + n, mid + n - 1
        slopes = curve(run.times, order)
        edge = max(1, round(_EDGE * n))
        for place in range(len(data.states)):
            if form.rows == 0:
                blocks[place].append(values[edge:-edge])
                targets[place].append(slopes[edge:-edge, place])
                continue
            for a, b in _pieces(n, form.rows):
                known = ~np.isnan(run.states[a:b, place])
                if known.sum() > 2 * order:
                    integral = _integral(run.times[a:b], values[a:b], middle[a : b - 1], order)
                    free = _free(run.times[a:b][known], order)
                    blocks[place].append(free @ integral[known])
                    targets[place].append(free @ run.states[a:b, place][known])
    tables = [np.concatenate(own) for own in blocks]
    sizes = [np.maximum(np.linalg.norm(np.nan_to_num(t), axis=0), 1e-300) for t in tables]
    usable = [
        np.nan_to_num(t, posinf=0.0, neginf=0.0) / s for t, s in zip(tables, sizes, strict=True)
    ]
    return Regression(tuple(usable), tuple(sizes), tuple(np.concatenate(t) for t in targets))


def _pieces(rows: int, length: int) -> list[tuple[int, int]]:
    ends = np.linspace(0, rows, max(1, round(rows / length)) + 1).round().astype(int)
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


def _integral(times: np.ndarray, values: np.ndarray, middle: np.ndarray, order: int) -> np.ndarray:
    """Integrals from the first time to all, by Simpson's rule; twofold in second order."""

    def once(rows: np.ndarray, half: np.ndarray) -> np.ndarray:
        h = np.diff(times)[:, None]
        steps = h / 6 * (rows[:-1] + 4 * half + rows[1:])
        return np.concatenate((np.zeros((1, rows.shape[1])), np.cumsum(steps, axis=0)))

    if order == 1:
        return once(values, middle)
    t = (times - times[0])[:, None]
    half = (t[1:] + t[:-1]) / 2
    return t * once(values, middle) - once(t * values, half * middle)


def _free(times: np.ndarray, order: int) -> np.ndarray:
    """The projection that takes away what a start may be: a number, or a line."""
    t = times - times.mean()
    basis, _ = np.linalg.qr(np.stack([t**k for k in range(order)], 1))
    return np.eye(len(t)) - basis @ basis.T
