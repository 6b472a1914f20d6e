"""Runge–Kutta steps of many starts and many sets of numbers at once, through the rows of segments.

Steps are fixed, so that what comes out is a smooth function of the numbers. Coarse ones are the classical
method of fourth order, fine ones that of Dormand and Prince of eighth order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.integrate import DOP853

from workbench.dynamics.trajectories import Trajectories

Rates = Callable[[np.ndarray, Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]
"""States ``(D, S, M)``, inputs ``(S, 1)`` each and numbers ``(M,)`` each to rates ``(D, S, M)``."""


class _Method(NamedTuple):
    """A table of Butcher: where its stages are, what they are made of, and their weights."""

    nodes: Sequence[float]
    stages: np.ndarray
    weights: np.ndarray


_CLASSICAL = _Method(
    (0.0, 0.5, 0.5, 1.0),
    np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 1.0]]),
    np.array([1, 2, 2, 1]) / 6,
)
_EIGHTH = _Method(DOP853.C, DOP853.A, DOP853.B)
_LEVELS = ((_CLASSICAL, 1), (_CLASSICAL, 2), (_EIGHTH, 1), (_EIGHTH, 2), (_EIGHTH, 4), (_EIGHTH, 8))
FINEST = len(_LEVELS) - 1


@dataclass(frozen=True)
class Segments:
    """Pieces of trajectories, each with a start of its own.

    Attributes:
        times: ``(S, L)``; the last is repeated where a piece is shorter. values: ``(S, L, d)``, NaN where
            nothing was measured. controls: ``(S, L, c)``. level: how finely is integrated between two
            rows, up to ``FINEST``.
        first: row of the table of all runs where each piece begins, ``(S,)``.
    """

    times: np.ndarray
    values: np.ndarray
    controls: np.ndarray
    first: np.ndarray
    level: int = 0

    def at_level(self, level: int) -> "Segments":
        """The same with other steps of integration."""
        return replace(self, level=level)


def segments(data: Trajectories, rows: int) -> Segments:
    """Trajectories cut into pieces of about so many rows."""
    pieces = []
    offset = 0
    for run in data.runs:
        count = max(1, round(len(run) / rows))
        ends = np.linspace(0, len(run), count + 1).round().astype(int)
        pieces += [(run.part(slice(a, b)), offset + a) for a, b in pairwise(ends)]
        offset += len(run)
    longest = max(len(piece) for piece, _ in pieces)

    def padded(table: np.ndarray, fill: bool) -> np.ndarray:
        more = longest - len(table)
        last = np.repeat(table[-1:], more, axis=0)
        return np.concatenate((table, last if fill else np.full_like(last, np.nan)))

    return Segments(
        np.stack([padded(p.times, True) for p, _ in pieces]),
        np.stack([padded(p.states, False) for p, _ in pieces]),
        np.stack([padded(p.controls, True) for p, _ in pieces]),
        np.array([first for _, first in pieces]),
    )


def integrated(
    rates: Rates, starts: np.ndarray, numbers: np.ndarray, pieces: Segments
) -> np.ndarray:
    """States at all rows of the segments, ``(L, S, M, D)``; not finite where they run away.

    Args:
        rates: see there. starts: ``(S, M, D)``. numbers: ``(M, p)``. pieces: the rows.
    """
    own = list(numbers.T)
    x = starts.transpose(2, 0, 1)
    out = np.empty((pieces.times.shape[1], *x.shape))
    out[0] = x
    method, substeps = _LEVELS[pieces.level]
    with np.errstate(all="ignore"):
        for row in range(1, len(out)):
            h = ((pieces.times[:, row] - pieces.times[:, row - 1]) / substeps)[:, None]
            for k in range(substeps):
                inputs = [_inputs(pieces, row, (k + c) / substeps) for c in method.nodes]
                x = _step(method, rates, x, h, inputs, own)
            out[row] = x
    return out.transpose(0, 2, 3, 1)


def _inputs(pieces: Segments, row: int, share: float) -> list[np.ndarray]:
    """Controls and time at a share of the way to a row, ``(S, 1)`` each."""
    before, after = pieces.controls[:, row - 1], pieces.controls[:, row]
    begin, end = pieces.times[:, row - 1], pieces.times[:, row]
    u = before + share * (after - before)
    return [*u.T[:, :, None], (begin + share * (end - begin))[:, None]]


def _step(
    method: _Method,
    rates: Rates,
    x: np.ndarray,
    h: np.ndarray,
    inputs: Sequence[Sequence[np.ndarray]],
    numbers: Sequence[np.ndarray],
) -> np.ndarray:
    slopes = np.empty((len(method.nodes), *x.shape))
    flat = slopes.reshape(len(slopes), -1)
    slopes[0] = rates(x, inputs[0], numbers)
    for stage in range(1, len(slopes)):
        ahead = (method.stages[stage, :stage] @ flat[:stage]).reshape(x.shape)
        slopes[stage] = rates(x + h * ahead, inputs[stage], numbers)
    return x + h * (method.weights @ flat).reshape(x.shape)
