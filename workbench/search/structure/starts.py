"""What the free numbers of a law start from, read off a column."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.search.structure.problem import Problem
from workbench.search.structure.tones import chirps_in, tones_in


@dataclass(frozen=True)
class Seen:
    """A column beside the values of a problem."""

    x: np.ndarray
    problem: Problem

    @cached_property
    def span(self) -> float:
        return float(np.ptp(self.x)) or 1.0

    @cached_property
    def size(self) -> float:
        return float(np.median(np.abs(self.x))) or 1.0

    @cached_property
    def tones(self) -> np.ndarray:
        """Angular frequencies, see ``tones_in``."""
        return tones_in(self.x, self.problem.y, self.problem.weights)

    @cached_property
    def chirps(self) -> tuple[np.ndarray, np.ndarray]:
        """Rising and falling tones, see ``chirps_in``."""
        return chirps_in(self.x, self.problem.y, self.problem.weights)


Starts = Callable[[Seen], np.ndarray]
"""The values that a number is started from; none where the column does not suggest any."""


def fixed(*values: float) -> Starts:
    """The same for every column."""
    return lambda seen: np.array(values)


def powers(seen: Seen) -> np.ndarray:
    """Exponents, none of them 0 or 1, which terms of their own have."""
    return np.array([-6, -3.5, -2.5, -1.5, -0.7, -0.3, 0.3, 0.7, 1.4, 2.5, 3.5, 6])


def orders(seen: Seen) -> np.ndarray:
    """Positive exponents of saturation."""
    return np.array([0.6, 1.3, 2, 4, 8])


def roots(seen: Seen) -> np.ndarray:
    """Exponents of a sum, of either sign."""
    return np.array([-3, -1.5, -0.7, -0.3, 0.3, 0.7, 1.5, 3])


def rates(seen: Seen) -> np.ndarray:
    """Of growth and decay, from a third of an e-fold over the column to thirty."""
    return np.array([-30, -17, -10, -5.5, -3, -1.7, -1, -0.3, 0.3, 1, 3, 10]) / seen.span


def dampings(seen: Seen) -> np.ndarray:
    """Rates of waves that are still seen at the other end."""
    return np.array([-20, -6, -2, -0.5, 0.5, 2]) / seen.span


def sizes(seen: Seen) -> np.ndarray:
    """Around the column's typical magnitude."""
    return np.array([0.1, 0.3, 1, 3, 10, 30]) * seen.size


def places(seen: Seen) -> np.ndarray:
    """Along the column, as dense as its rows."""
    return np.quantile(seen.x, np.linspace(0.04, 0.96, 24))


def widths(seen: Seen) -> np.ndarray:
    """Of peaks and steps."""
    return np.array([0.02, 0.06, 0.2, 0.6]) * seen.span


def shifts(seen: Seen) -> np.ndarray:
    """What makes the whole column positive."""
    return np.array([0.01, 0.04, 0.1, 0.2, 0.5, 2]) * seen.span - seen.x.min()


def ends(seen: Seen) -> np.ndarray:
    """Beyond the column's largest value."""
    return seen.x.max() + np.array([0.001, 0.01, 0.05, 0.2, 0.6]) * seen.span


def frequencies(seen: Seen) -> np.ndarray:
    """The strongest tones."""
    return seen.tones[:4]


def tone(number: int) -> Starts:
    """The tone of this rank alone."""
    return lambda seen: seen.tones[number : number + 1]


def cycles(seen: Seen) -> np.ndarray:
    """Up to eight waves over the second of two columns, in steps of a half."""
    return np.pi * np.arange(1, 17) / (float(np.ptp(seen.problem.x[:, -1])) or 1.0)


def ways(seen: Seen) -> np.ndarray:
    """Up to eight waves over the first of two columns, running either way."""
    return np.pi * np.arange(-16, 17) / seen.span


def chirp_tones(seen: Seen) -> np.ndarray:
    """At 0, of tones that rise or fall."""
    return seen.chirps[0]


def chirp_rates(seen: Seen) -> np.ndarray:
    """How fast a tone may rise or fall."""
    return seen.chirps[1]


def beats(seen: Seen) -> np.ndarray:
    """Distances of the other tones from the strongest: what modulates it has them."""
    return np.abs(seen.tones[1:] - seen.tones[:1])


def depths(seen: Seen) -> np.ndarray:
    """Of a modulation."""
    return np.array([0.3, 1, 2.5])


def phases(seen: Seen) -> np.ndarray:
    """The four quarters of a cycle."""
    return np.arange(4) * np.pi / 2
