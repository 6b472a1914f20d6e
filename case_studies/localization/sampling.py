"""A lattice as a phase diagram that can be asked: states with their side, and points of the mobility edge."""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from case_studies.localization.edges import EdgePoint, Progress, Tracer
from case_studies.localization.lyapunov import ELSEWHERE
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.rings import ring_size
from workbench.boundaries.points import INSIDE, Points
from workbench.boundaries.sampling import Near
from workbench.errors import InputError

LENGTH = 4000
"""Sites of the chains on which decay is measured."""
_SITES, _STATES_EACH, _POINTS_A_LINE = 144, 20, 2
_MOST_ROUNDS = 3
_TRUSTED = 2.0
_CLEAR = 2.0
"""Times the smallest sure decay from which on, up and down, there is no doubt of a state's side."""


@dataclass(frozen=True)
class EdgeSampler:
    """States and mobility-edge points of a lattice; inside is where states are localized.

    Attributes:
        lattice: whose edge. length: of the chains on which the decay is measured, at most the lattice's own.
        executor, progress: see ``Tracer``.
    """

    lattice: Lattice
    length: int = LENGTH
    executor: Executor | None = None
    progress: Progress | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        return self.lattice.variables

    @property
    def tracer(self) -> Tracer:
        """What measures the points."""
        lattice = self.lattice
        sites = ring_size(min(_SITES, lattice.sites), lattice.period)
        length = min(self.length, lattice.longest)
        return Tracer(lattice, sites, length, self.executor, self.progress)

    def states(self, count: int, *, seed: int, near: Near | None = None) -> pd.DataFrame:
        """States of lattices with random parameters: variables, "inside", "gamma" and "realization".

        The measured decay tells the side. States are left out where it neither is clearly 0 nor clearly
        above: so near the edge longer chains would be needed to tell.
        """
        tracer, random = self.tracer, np.random.default_rng([seed, 1])
        realizations = -(-count // _STATES_EACH)
        low, high = np.array(list(self.lattice.parameters.values())).T
        values = low + (high - low) * random.random((realizations, len(low)))
        phases = random.uniform(0, 2 * np.pi, realizations)
        energies = []
        with threadpool_limits(1):
            for row, phi in zip(values.tolist(), phases.tolist(), strict=True):
                named = dict(zip(self.lattice.parameters, row, strict=True))
                spectrum = self.lattice.energies(tracer.sites, phi, **named).real
                chosen = random.permutation(len(spectrum))[:_STATES_EACH]
                energies.append(spectrum[np.sort(chosen)])
        number = np.repeat(np.arange(realizations), [len(e) for e in energies])
        energy = np.concatenate(energies)
        named = {n: values[number, i] for i, n in enumerate(self.lattice.parameters)}
        gamma = self.lattice.lyapunov(
            energy, named, phi=phases[number] + ELSEWHERE, length=tracer.length
        )
        told = (gamma < tracer.least / _CLEAR) | (gamma > _CLEAR * tracer.least)
        table = pd.DataFrame({**named, "E": energy, INSIDE: gamma > tracer.least})
        return table.assign(gamma=gamma, realization=number)[told].reset_index(drop=True)

    def points(self, count: int, *, seed: int, near: Near | None = None) -> Points:
        """Points of the edge with their errors, from lines all over the box; about so many, or fewer.

        Raises:
            InputError: no state stops to decay anywhere: the lattice shows no mobility edge here.
        """
        random = np.random.default_rng([seed, 2])
        found: list[EdgePoint] = []
        for _ in range(_MOST_ROUNDS):
            lines = max((count - len(found)) // _POINTS_A_LINE, 1)
            found += self.tracer.trace(lines, random, _POINTS_A_LINE)
            if len(found) >= count or not found:
                break
        low, high = np.array(list(self.lattice.parameters.values())).T
        # What is extrapolated beyond the ranges is left out.
        found = [p for p in found if ((p.values[:-1] >= low) & (p.values[:-1] <= high)).all()]
        if not found:
            raise InputError(
                f"{self.lattice.title}: no state changes from extended to localized in these ranges"
            )
        names = list(self.variables)
        errors = np.array([p.errors for p in found])
        return Points(
            pd.DataFrame([p.values for p in found], columns=names),
            # What the extrapolation itself gets wrong is in no point's own error: none counts for more than
            # a typical one.
            pd.DataFrame(np.hypot(errors, _TRUSTED * np.median(errors, axis=0)), columns=names),
        )
