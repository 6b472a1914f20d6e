"""Mobility edges of quasiperiodic chains, from nothing but the lattice to a law.

    python benchmarks/localization.py [--seeds 10] [--most N] [--quick]

Every seed draws other lines through the parameters, other phases and other states. A law is *right* when its
terms are those of the exact edge, with every ratio within a hundredth of the largest; "off" is the largest
such error, its median over the seeds; "held" are intervals of free ratios that hold the exact value (those
of laws between bars are not counted). "states": what the law loses to the exact edge on fresh
states, in points, the worst seed. The last two are lattices from a file, as users write them.
"""

from pathlib import Path
from statistics import median

import measure
import numpy as np
from boundaries import Known, held, ratios
from tables import write

from case_studies.localization import example
from case_studies.localization.models import EDGES, Lattice
from case_studies.localization.own import from_file, from_function
from case_studies.localization.sampling import EdgeSampler
from workbench.boundaries import discover_boundary

FIRST = 100
"""Seed of the first draw; others were used while the search was written."""
_ENERGIES = (-6.0, 6.0)
_CLOSE = 0.01
_STATES = 4000


def tilted(sites: int, phi: float, t: float, lam: float, b: float) -> np.ndarray:
    """The generalized chain with a hopping of its own."""
    wave = np.cos(2 * np.pi * (np.sqrt(5) - 1) / 2 * np.arange(sites) + phi)
    return np.diag(2 * lam * wave / (1 - b * wave)) + t * (np.eye(sites, k=1) + np.eye(sites, k=-1))


def edges() -> list[tuple[Lattice, str]]:
    """Every lattice with its exact edge."""
    texts = {
        "AA": "lam - 2",
        "MM2": "lam*abs(E) - 2",
        "MM3": "abs(lam*(E^2 - 1)) - 2",
        "GAAM": "abs(alpha*E + 2*lam) - 2",
        "GAAM2": "abs(alpha*(E^2 - 2) + 2*lam*E) - 2",
        "MAAM": "lam*cosh(p) - E - exp(p)",
        "PWAVE": "lam - 2 - 2*delta",
    }
    own = from_function(
        tilted,
        {"t": (0.5, 1.5), "lam": (0.1, 2.0), "b": (-0.8, 0.8)},
        name="tilted chain of a user",
    )
    return [
        *((EDGES[name], text) for name, text in texts.items()),
        (from_file(Path(example.__file__)), "abs(wave*(E - offset)) - 1"),
        (own, "b*E + 2*lam - 2*t"),
    ]


def line(lattice: Lattice, text: str, seeds: range) -> list[object]:
    """What comes out of every seed, counted."""
    ranges = {**lattice.parameters, "E": _ENERGIES}
    known = Known(lattice.title, text, ranges)
    right, off, intervals, lost, seconds = 0, [], [], [], []
    for seed in seeds:
        clock = measure.Clock()
        sampler = EdgeSampler(lattice)
        found = discover_boundary(sampler, seed=seed)
        seconds.append(clock.seconds)
        if found.formula is None:
            continue
        errors = ratios(known, found.formula)
        if errors is not None and max(errors) <= _CLOSE:
            right += 1
            off.append(max(errors))
            intervals += held(known, found.formula)
        states = sampler.states(_STATES, seed=seed + 1000)
        ours = found.formula.inside(states) == states["inside"]
        lost.append(float(((known(states) > 0) == states["inside"]).mean() - ours.mean()))
    return [
        lattice.title,
        f"`{text}`",
        f"{right} of {len(seeds)}",
        f"{100 * median(off):.2f} %" if off else "–",
        f"{sum(intervals)} of {len(intervals)}" if intervals else "–",
        f"{100 * max(lost):.2f}" if lost else "–",
        f"{median(seconds):.0f}",
    ]


def main() -> None:
    chosen = measure.options(__doc__, seeds=(10, 1), most=(None, 1))
    rows = []
    for lattice, text in edges()[: chosen.most]:
        rows.append(line(lattice, text, range(FIRST, FIRST + chosen.seeds)))
        print(*rows[-1], sep=" | ", flush=True)
    write(
        "localization",
        ["lattice", "exact edge, inside > 0", "right", "off", "held", "states", "CPU s"],
        rows,
    )


if __name__ == "__main__":
    main()
