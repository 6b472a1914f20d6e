"""Pictures of localization: a spectrum coloured by how far its states spread, and packets that spread."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from case_studies.localization.measures import dimension
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.packets import spreading, widths
from case_studies.localization.rings import ring_size
from workbench.boundaries import ImplicitFormula
from workbench.common.markup import Markup, element
from workbench.errors import InputError
from workbench.pictures.charts import Axes, chart
from workbench.pictures.drawing import label

_SITES, _STEPS = 144, 60
_WIDE, _HIGH = 160, 400
"""Columns and rows in which the edge of a law is looked for."""
_OUTER = 0.01
"""Share of the energies, at either end, that is left out: some models have poles."""
_SHADES = ("#4c1d95", "#3b5bbf", "#2a93a8", "#5fbf6a", "#e8b923")
"""From localized to extended."""
_STATE, _LINE = 2.6, 2.2


def spectrum(
    lattice: Lattice,
    along: str,
    fixed: Mapping[str, float] | None = None,
    *,
    law: ImplicitFormula | None = None,
    sites: int = _SITES,
    steps: int = _STEPS,
    phi: float = 0.4,
) -> Markup:
    """Energies against a parameter, coloured by the fractal dimension of their states.

    Args:
        lattice: which. along: the parameter of the horizontal axis. fixed: values of all others.
        law: whose edge is drawn. sites, steps: of each ring, and how many of them. phi: their phase.

    Raises:
        InputError: the lattice has no such parameters.
    """
    others: dict[str, Any] = dict(fixed or {})
    if along not in lattice.parameters or {along, *others} != set(lattice.parameters):
        raise InputError(
            f"{lattice.title} has the parameters {', '.join(lattice.parameters)}: one goes along, the "
            "others need values"
        )
    places = np.linspace(*lattice.parameters[along], steps)
    size = ring_size(min(sites, lattice.sites), lattice.period)
    with threadpool_limits(1):
        found = [lattice.eigenstates(size, phi, **(others | {along: p})) for p in places.tolist()]
    energies = np.array([e.real for e, _ in found])
    spread = np.array([dimension(lattice.weights(states)) for _, states in found])
    low, high = np.quantile(energies, (_OUTER, 1 - _OUTER)).tolist()
    axes = Axes(places[0], places[-1], low, high, top=30)
    parts = axes.frame(along, "E")
    shade = np.clip(spread * len(_SHADES), 0, len(_SHADES) - 1).astype(int)
    for number, colour in enumerate(_SHADES):
        at, rank = np.nonzero((shade == number) & (energies >= low) & (energies <= high))
        path = "".join(
            f"M{axes.point(places[i], energies[i, k])}h{_STATE}"
            for i, k in zip(at.tolist(), rank.tolist(), strict=True)
        )
        parts.append(element("path", d=path, stroke=colour, stroke_width=_STATE, fill="none"))
        x = 58 + 72 * number
        parts.append(element("rect", x=x, y=9, width=12, height=8, fill=colour))
        parts.append(label(f"D ≥ {number / len(_SHADES):g}", x + 16, 17, class_="soft"))
    if law is not None:
        edge = "".join(
            f"M{axes.point(x, e)}h{_LINE}"
            for x, e in _zeros(law, along, others, places, (low, high))
        )
        parts.append(element("path", d=edge, stroke="var(--kan-ink)", stroke_width=_LINE))
    told = "" if law is None else "; the line is the law"
    return chart(f"{lattice.title}: energies against {along}, coloured by dimension{told}", parts)


def packets(
    lattice: Lattice,
    cases: Sequence[Mapping[str, float]],
    *,
    until: float = 60.0,
    sites: int = 377,
    steps: int = 80,
) -> Markup:
    """Width in sites of a packet that starts on one site, against time, one curve for each of ``cases``.

    Args:
        lattice: which. cases: parameters, and "phi" if need be. until: last time, in units of one over the
            hopping. sites: of the ring. steps: of time.
    """
    times = np.linspace(0, until, steps)
    curves = [widths(spreading(lattice, times.tolist(), sites=sites, **case)) for case in cases]
    axes = Axes(0, until, 0, 1.1 * float(np.max(curves)))
    parts = axes.frame("time", "width in sites")
    for number, (case, width) in enumerate(zip(cases, curves, strict=True)):
        colour = _SHADES[-1 - number % len(_SHADES)]
        line = " ".join(axes.point(t, w) for t, w in zip(times.tolist(), width, strict=True))
        parts.append(element("polyline", points=line, stroke=colour, fill="none", stroke_width=2))
        x, y = (float(v) for v in axes.point(until, width[-1]).split(","))
        said = ", ".join(f"{name} = {value:g}" for name, value in case.items())
        parts.append(label(said, x - 4, max(y - 6, axes.top + 12), "end"))
    return chart(f"{lattice.title}: width of a packet against time", parts)


def _zeros(
    law: ImplicitFormula,
    along: str,
    fixed: Mapping[str, float],
    places: np.ndarray,
    energies: tuple[float, float],
) -> list[tuple[float, float]]:
    """Where a law changes its sign in the plane of a parameter and the energy, along either axis."""
    x, e = np.linspace(places[0], places[-1], _WIDE), np.linspace(*energies, _HIGH)
    plane = pd.DataFrame({along: np.repeat(x, _HIGH), "E": np.tile(e, _WIDE), **fixed})
    side = (law.value(plane) > 0).reshape(_WIDE, _HIGH)
    up, across = np.nonzero(np.diff(side, axis=1)), np.nonzero(np.diff(side, axis=0))
    found = [(x[i], (e[k] + e[k + 1]) / 2) for i, k in zip(*up, strict=True)]
    return found + [((x[i] + x[i + 1]) / 2, e[k]) for i, k in zip(*across, strict=True)]
