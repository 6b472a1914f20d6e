"""Pictures of time series and of the law that was found in them."""

from collections.abc import Sequence

import numpy as np

from workbench.common.markup import Markup, element
from workbench.formulas.naming import shortened
from workbench.pictures.charts import Axes, chart, dot

_DOTS = 600

Curves = Sequence[tuple[np.ndarray, np.ndarray]]
"""Of every run, places along both axes, ``(n,)`` each."""


def curves_chart(rows: Curves, law: Curves, across: str, up: str) -> Markup:
    """Measured rows as dots and the law as lines: a state against time, or against another state.

    Args:
        rows: measured; NaN where nothing was. law: simulated.
        across: name of the horizontal axis. up: of the vertical one.
    """
    every = np.concatenate([np.stack(pair, 1) for pair in (*rows, *law)])
    every = every[np.isfinite(every).all(1)]
    if not len(every):
        return chart("No finite rows", [])
    low, high = every.min(0).tolist(), every.max(0).tolist()
    axes = Axes(low[0], high[0], low[1], high[1])
    parts = axes.frame(shortened(across), shortened(up))
    points = np.concatenate([np.stack(pair, 1) for pair in rows])
    points = points[np.isfinite(points).all(1)]
    kept = np.linspace(0, len(points) - 1, min(len(points), _DOTS)).astype(int)
    parts += [dot(axes.point(*points[k].tolist())) for k in kept]
    for x, y in law:
        known = np.isfinite(x) & np.isfinite(y)
        line = " ".join(axes.point(a, b) for a, b in zip(x[known], y[known], strict=True))
        parts.append(element("polyline", class_="validation", points=line))
    return chart(f"{up} against {across}: rows as dots, the law as lines", parts)
