"""What all steps of a search for a law share: rows, smoothed rows, scales, terms and what they cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Symbol

from workbench.dynamics.dictionary import products, sines
from workbench.dynamics.integration import FINEST, Segments, integrated
from workbench.dynamics.regression import Form, points_of, regression
from workbench.dynamics.shooting import Scales, Shot, shot
from workbench.dynamics.smoothing import Smoothed, smoothed
from workbench.dynamics.systems import System, Term, columns_of
from workbench.dynamics.trajectories import Trajectories

FLOOR = 1e-6
"""Share of a state's spread that no term is added for: integration and rounding leave as much."""
_FINE = 0.1
"""Error of integration in units of the noise."""
_START_ROWS = 20


@dataclass(frozen=True)
class Problem:
    """Trajectories whose law is looked for.

    Attributes:
        data: rows. symbols: of states, velocities (in second order), controls and time.
        order: of the time derivative that the law gives.
    """

    data: Trajectories
    symbols: tuple[Symbol, ...]
    order: int = 1

    @cached_property
    def curves(self) -> list[Smoothed]:
        """Smoothing splines of every run."""
        return [smoothed(run) for run in self.data.runs]

    @cached_property
    def points(self) -> np.ndarray:
        """Smoothed values of all symbols at all rows, ``(n, len(symbols))``."""
        return points_of(self.data, self.curves, self.order, [run.times for run in self.data.runs])

    @cached_property
    def rows(self) -> int:
        """Measured numbers."""
        return int(sum((~np.isnan(run.states)).sum() for run in self.data.runs))

    @cached_property
    def floor(self) -> np.ndarray:
        """What of every state is not looked into, in its units, ``(d,)``."""
        return FLOOR * self.data.spread

    @cached_property
    def noise(self) -> np.ndarray:
        """Noise of every state as the splines see it, ``(d,)``."""
        return self.at_least(np.sqrt(np.mean([curve.noise**2 for curve in self.curves], axis=0)))

    def at_least(self, noise: np.ndarray) -> np.ndarray:
        """Noise with the floor."""
        return np.sqrt(noise**2 + self.floor**2)

    @cached_property
    def library(self) -> tuple[Term, ...]:
        """Terms without numbers of their own."""
        autonomous, points = self.symbols[:-1], self.points[:, :-1]
        return (*products(autonomous), *sines(autonomous, points, math.log(self.rows)))

    @cached_property
    def price(self) -> float:
        """What a number costs in the criterion: of all rows, and of all terms it could have been."""
        return math.log(self.rows) + 2 * math.log(len(self.library))

    def cost(self, terms: Sequence[Term]) -> float:
        """What terms cost in the criterion."""
        return sum(term.size * self.price + term.cost for term in terms)

    def score(self, found: Shot) -> float:
        """Schwarz's criterion, the noise of every state fitted, extended by the choice among terms.

        The extension is that of Chen and Chen (2008) with γ = 1.
        """
        each = found.squares / found.rows + self.floor**2
        if not np.isfinite(each).all():
            return math.inf
        terms = [term for _, term in found.system.every]
        return float((found.rows * np.log(each)).sum()) + self.cost(terms)

    def exact(self, found: Shot) -> bool:
        """Whether nothing is left that could be explained."""
        return bool((found.noise <= self.floor).all())

    def system(self, terms: Sequence[Sequence[Term]]) -> System:
        """The system with these terms in its equations."""
        own = tuple(tuple(t) for t in terms)
        return System(self.symbols, len(self.data.states), self.order, own)

    def first_numbers(self, system: System) -> np.ndarray:
        """Factors by regression in the weak form, letters as they start."""
        every = list(dict.fromkeys(term for _, term in system.every))
        if not every:
            return np.zeros(0)
        form = Form(_START_ROWS)
        table = regression(every, self.symbols, self.data, self.curves, self.order, form)
        numbers: list[float] = []
        for place, own in enumerate(system.terms):
            columns = [every.index(term) for term in own]
            a = table.tables[place][:, columns]
            found = np.linalg.lstsq(a, table.targets[place], rcond=1e-12)[0] if own else []
            for value, size, term in zip(found, table.sizes[place][columns], own, strict=True):
                numbers += [value / size, *term.values]
        return np.array(numbers)

    @cached_property
    def _slopes(self) -> np.ndarray:
        runs = zip(self.curves, self.data.runs, strict=True)
        slopes = np.concatenate([curve(run.times, self.order) for curve, run in runs])
        return np.sqrt((slopes**2).mean(0))

    def scales(self, system: System, noise: np.ndarray) -> Scales:
        """What counts as a small change of a start or a number."""
        numbers: list[float] = []
        for place, term in system.every:
            values = columns_of([term], self.symbols, self.points)
            size = float(np.sqrt(np.mean(values**2)))
            numbers += [self._slopes[place] / max(size, 1e-300), *term.sizes]
        return Scales(self.points[:, : system.dimension].std(0), np.array(numbers), noise)

    def shoot(
        self,
        system: System,
        numbers: np.ndarray,
        pieces: Segments,
        noise: np.ndarray | None = None,
        starts: np.ndarray | None = None,
        *,
        steps: int = 25,
    ) -> Shot:
        """See ``shooting.shot``; starts are smoothed rows, and the noise that of the splines, by default."""
        if starts is None:
            starts = self.points[pieces.first, : system.dimension]
        noise = self.noise if noise is None else self.at_least(noise)
        return shot(system, numbers, starts, pieces, self.scales(system, noise), steps=steps)

    def path(self, found: Shot, pieces: Segments) -> np.ndarray:
        """What was found, integrated through the pieces: ``(L, S, D)``."""
        run = integrated(found.system.rates, found.starts[:, None], found.numbers[None], pieces)
        return run[:, :, 0]

    def fine(self, found: Shot, pieces: Segments) -> Segments:
        """The same pieces with as many steps of integration as the noise asks for."""
        noise, d = self.at_least(found.noise), len(self.data.states)
        before = self.path(found, pieces)
        while pieces.level < FINEST:
            finer = pieces.at_level(pieces.level + 1)
            after = self.path(found, finer)
            with np.errstate(all="ignore"):
                error = np.sqrt(np.nanmean((after - before) ** 2, axis=(0, 1)))[:d]
            if (error < _FINE * noise).all() or not np.isfinite(error).all():
                break
            pieces, before = finer, after
        return pieces
