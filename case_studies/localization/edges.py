"""Points on a mobility edge: states are followed along lines in parameter space until their decay ends.

Along a line the state of a given rank has an energy and a measured inverse localization length gamma.
Where gamma leaves zero, states on the localized side are measured again, closer, and gamma is
extrapolated to zero; the scatter about the extrapolation is the error of the point.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from case_studies.localization.extrapolation import Zero, zero_of
from case_studies.localization.lyapunov import ELSEWHERE
from case_studies.localization.models.lattice import Lattice

Progress = Callable[[str, float], bool]

_GRID = 14
_STATES = 8
"""States that are followed along a line."""
_STEPS = 8
_CLEAR = 1.6
"""gamma times the root of the length from which on it is fitted.

On chains of 4000 sites that is 0.025: there a state is smaller by e^100 at the other end.
"""
_ROUGHLY = 3
"""By how much shorter the chains are on which crossings are looked for."""
_SETTLED = 10.0
"""gamma times the sites of a lattice from which on its energies are those of an endless one."""
_FURTHEST = 4.0
"""How far the measurement goes, in gamma, as a multiple of the smallest that is sure."""
_BIAS = 0.5
"""What may be wrong with all of a state's gamma times length: seen against exact laws."""


@dataclass(frozen=True)
class Line:
    """A straight line through parameter space, from face to face of its box.

    Attributes:
        start, end: parameters ``(P,)``. phi: phase of the lattices along it.
    """

    start: np.ndarray
    end: np.ndarray
    phi: float

    def at(self, place: np.ndarray | float) -> np.ndarray:
        """Parameters ``(..., P)`` at places between 0 and 1."""
        found: np.ndarray = self.start + np.multiply.outer(place, self.end - self.start)
        return found


@dataclass(frozen=True)
class Crossing:
    """A state that stops to decay along a line: where about, to which side it decays, and how fast."""

    line: int
    share: float
    place: float
    side: int
    slope: float


@dataclass(frozen=True)
class EdgePoint:
    """A point of the edge: values ``(P + 1,)``, the energy last, and their standard errors."""

    values: np.ndarray
    errors: np.ndarray
    line: int


@dataclass(frozen=True)
class Tracer:
    """How points are measured.

    Attributes:
        lattice: whose edge. sites: of each ring. length: of the chains on which gamma is measured.
        executor: diagonalizes; this process does by default. progress: True interrupts.
    """

    lattice: Lattice
    sites: int
    length: int
    executor: Executor | None = None
    progress: Progress | None = None

    @property
    def least(self) -> float:
        """The smallest gamma that is surely not 0."""
        return least_of(self.length)

    def lines(self, count: int, random: np.random.Generator) -> list[Line]:
        """Random lines: through a random point, in a random direction, to the faces of the box."""
        spans = np.array(list(self.lattice.parameters.values()))
        found = []
        for _ in range(count):
            middle, way = random.uniform(size=len(spans)), random.normal(size=len(spans))
            ends = np.sort([-middle / way, (1 - middle) / way], axis=0)
            faces = middle + np.outer([ends[0].max(), ends[1].min()], way)
            start, end = spans[:, 0] + faces * (spans[:, 1] - spans[:, 0])
            found.append(Line(start, end, float(random.uniform(0, 2 * np.pi))))
        return found

    def trace(self, count: int, random: np.random.Generator, levels: int = 2) -> list[EdgePoint]:
        """Points from this many lines, at most ``levels`` from each."""
        lines = self.lines(count, random)
        crossings = self._crossings(lines, random, levels)
        return self._measured(lines, crossings)

    def _crossings(
        self, lines: Sequence[Line], random: np.random.Generator, levels: int
    ) -> list[Crossing]:
        """States of random rank whose gamma leaves zero somewhere along their line."""
        places, names = np.linspace(0, 1, _GRID), list(self.lattice.parameters)
        shares = [np.sort(random.uniform(size=_STATES)) for _ in lines]
        tasks = [
            (self.lattice, part, self.sites, line.phi, names, line.at(places))
            for line, part in zip(lines, shares, strict=True)
        ]
        energies = np.array(self.run(spectra, tasks, "following states"))
        length = self.length // _ROUGHLY
        gamma = self._gamma(lines, np.tile(places, (len(lines), 1)), energies, length)
        found = []
        for number, (part, values) in enumerate(zip(shares, gamma, strict=True)):
            here = [
                Crossing(number, share, *about)
                for share, column in zip(part.tolist(), values.T, strict=True)
                for about in _leaves_zero(places, column, least_of(length))
            ]
            found += [here[i] for i in random.permutation(len(here))[:levels]]
        return found

    def _measured(self, lines: Sequence[Line], crossings: Sequence[Crossing]) -> list[EdgePoint]:
        """The crossings, measured closely on their localized side and extrapolated."""
        if not crossings:
            return []
        least = max(self.least, _SETTLED / self.lattice.affordable(self.length))
        wanted = np.append(-1, np.linspace(1, _FURTHEST, _STEPS)) * least
        places = np.array([np.clip(c.place + c.side * wanted / c.slope, 0, 1) for c in crossings])
        names = list(self.lattice.parameters)
        tasks = [
            (
                self.lattice,
                np.array([c.share]),
                self.length,
                lines[c.line].phi,
                names,
                lines[c.line].at(row),
            )
            for c, row in zip(crossings, places, strict=True)
        ]
        energies = np.array(self.run(levels, tasks, "measuring the edge"))[:, :, 0]
        gamma = self._gamma([lines[c.line] for c in crossings], places, energies, self.length)
        found = []
        for number, values in enumerate(gamma):
            crossing = crossings[number]
            zero = zero_of(
                (places[number] - crossing.place) * crossing.side,
                energies[number],
                values,
                least=least,
                most=2 * _FURTHEST * least,
                bias=_BIAS / self.length,
            )
            if zero is not None:
                found.append(self._point(lines[crossing.line], crossing, zero))
        return found

    def _point(self, line: Line, crossing: Crossing, zero: Zero) -> EdgePoint:
        values = np.append(line.at(crossing.place + crossing.side * zero.place), zero.energy)
        errors = np.append(np.abs(line.end - line.start) * zero.place_error, zero.energy_error)
        return EdgePoint(values, errors, crossing.line)

    def run(
        self, job: Callable[..., np.ndarray], tasks: Sequence[Any], phase: str
    ) -> list[np.ndarray]:
        """All tasks, by the executor where there is one."""
        found = []
        # Many BLAS threads on small matrices slow each other down a hundredfold on a busy machine.
        with threadpool_limits(1):
            results = (
                map(job, tasks)
                if self.executor is None
                else self.executor.map(partial(on_one_thread, job), tasks)
            )
            for result in results:
                found.append(result)
                if self.progress is not None and self.progress(phase, len(found) / len(tasks)):
                    raise KeyboardInterrupt
        return found

    def _gamma(
        self, lines: Sequence[Line], places: np.ndarray, energies: np.ndarray, length: int
    ) -> np.ndarray:
        """Measured exponents ``(K, P, S)`` of states, at P places ``(K, P)`` of K lines."""
        values = np.array([line.at(row) for line, row in zip(lines, places, strict=True)])
        values = np.broadcast_to(values[:, :, None], (*energies.shape, values.shape[-1]))
        # On one piece of the potential all would be wrong alike: every place has its own.
        phi = ELSEWHERE + 2 * np.pi * math.sqrt(2) * np.arange(places.size).reshape(places.shape)
        phi = np.broadcast_to(phi[:, :, None], energies.shape)
        parameters = {
            name: values[..., i].ravel() for i, name in enumerate(self.lattice.parameters)
        }
        gamma = self.lattice.lyapunov(energies.ravel(), parameters, phi=phi.ravel(), length=length)
        return gamma.reshape(energies.shape)


def least_of(length: int) -> float:
    """The smallest gamma that is surely not 0 on a chain of so many sites."""
    return _CLEAR / math.sqrt(length)


def on_one_thread(job: Callable[..., np.ndarray], task: Any) -> np.ndarray:
    """What a job gives in a process of its own."""
    with threadpool_limits(1):
        return job(task)


def levels(task: tuple[Lattice, np.ndarray, int, float, list[str], np.ndarray]) -> np.ndarray:
    """Energies ``(places, K, 3)`` of some states and their neighbours, at parameters ``(places, P)``."""
    lattice, shares, sites, phi, names, values = task
    size = lattice.affordable(sites)
    return np.array(
        [
            lattice.levels(shares, size, phi, **dict(zip(names, row, strict=True)))
            for row in values.tolist()
        ]
    )


def spectra(task: tuple[Lattice, np.ndarray, int, float, list[str], np.ndarray]) -> np.ndarray:
    """Energies ``(places, K)`` of the states below which shares of a ring's spectrum lie."""
    lattice, shares, sites, phi, names, values = task
    found = [
        lattice.energies(sites, phi, **dict(zip(names, row, strict=True)))
        for row in values.tolist()
    ]
    return np.array([e[(shares * len(e)).astype(int)] for e in found])


def _leaves_zero(
    places: np.ndarray, gamma: np.ndarray, least: float
) -> list[tuple[float, int, float]]:
    """Where a curve of gamma rises from about 0 to clearly above: place, side, and slope."""
    found = []
    for side in (1, -1):
        at, values = places[::side], gamma[::side]
        for i in range(len(at) - 2):
            first, second = values[i + 1], values[i + 2]
            if values[i] < least / 2 and least < first < second:
                slope = float((second - first) / abs(at[i + 2] - at[i + 1]))
                start = at[i + 1] - side * first / slope
                inside = min(max(start, min(at[i], at[i + 1])), max(at[i], at[i + 1]))
                found.append((float(inside), side, slope))
    return found
