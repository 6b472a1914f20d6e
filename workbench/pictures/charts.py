"""Static charts as SVG: loss curve, predicted against true, importance. No script, light and dark."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from workbench.common.markup import Markup, element
from workbench.formulas.naming import shortened
from workbench.pictures.drawing import label, svg

_WIDTH, _HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 40
_LEGEND = 16
"""Room above the plot, so that no curve runs into the legend."""
_DIGIT = 6.2
"""Width of a digit of a label."""
_WHOLE = 5
"""Digits before the point up to which numbers are written in full."""
_DOTS = 800
_CHART_STYLE = """
.kan .axis { stroke: var(--kan-soft); stroke-opacity: .5; fill: none; }
.kan .grid { stroke: var(--kan-soft); stroke-opacity: .15; }
.kan .train { fill: none; stroke: var(--kan-spline); stroke-width: 1.8; }
.kan .validation { fill: none; stroke: var(--kan-fixed); stroke-width: 1.8; stroke-dasharray: 5 3; }
.kan .dot { fill: var(--kan-spline); fill-opacity: .45; } .kan .bar { fill: var(--kan-spline); }
.kan .law { stroke: var(--kan-ink); stroke-opacity: .6; stroke-dasharray: 4 3; }
"""


def loss_chart(
    train: Sequence[float], validation: Sequence[float | None], unit: str = "loss"
) -> Markup:
    """Training and validation loss against the iteration, on a logarithmic scale."""
    known = [v for v in [*train, *validation] if v is not None and math.isfinite(v) and v > 0]
    if not known:
        return chart("No iterations were recorded", [])
    low, high = math.log10(min(known)), math.log10(max(known))
    axes = Axes(0, max(len(train) - 1, 1), low, high, top=_TOP + _LEGEND, logarithmic=True)
    parts = axes.frame("iteration", unit)
    for name, values in (("train", train), ("validation", validation)):
        points = [
            axes.point(i, math.log10(v))
            for i, v in enumerate(values)
            if v is not None and math.isfinite(v) and v > 0
        ]
        parts.append(element("polyline", class_=name, points=" ".join(points)))
    for name, x in (("train", _WIDTH - 190), ("validation", _WIDTH - 110)):
        parts.append(element("path", class_=name, d=f"M{x} {_TOP}h24"))
        parts.append(label(name, x + 30, _TOP + 4))
    return chart(f"Loss over {len(train)} iterations", parts)


def scatter_chart(true: np.ndarray, predicted: np.ndarray, name: str) -> Markup:
    """Predicted against true values ``(N,)``; the diagonal is a perfect prediction."""
    known = np.isfinite(true) & np.isfinite(predicted)
    true, predicted = true[known], predicted[known]
    if not len(true):
        return chart("No finite predictions", [])
    keep = np.linspace(0, len(true) - 1, min(len(true), _DOTS)).astype(int)
    true, predicted = true[keep], predicted[keep]
    low, high = float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))
    axes = Axes(low, high, low, high)
    parts = axes.frame(f"true {shortened(name)}", "predicted")
    start, end = axes.point(low, low), axes.point(high, high)
    parts.append(element("path", class_="law", d=f"M{start}L{end}"))
    parts += [dot(axes.point(a, b)) for a, b in zip(true, predicted, strict=True)]
    return chart(f"Predicted against true {name} on held-out rows", parts)


def residual_chart(predicted: np.ndarray, residuals: np.ndarray, name: str) -> Markup:
    """What a formula leaves, against what it says, both ``(N,)``; noise lies evenly about the line."""
    known = np.isfinite(residuals) & np.isfinite(predicted)
    predicted, residuals = predicted[known], residuals[known]
    if not len(predicted):
        return chart("No finite predictions", [])
    keep = np.linspace(0, len(predicted) - 1, min(len(predicted), _DOTS)).astype(int)
    reach = float(np.abs(residuals).max()) or 1.0
    low, high = float(predicted.min()), float(predicted.max())
    axes = Axes(low, high, -reach, reach)
    parts = axes.frame(f"predicted {shortened(name)}", "true − predicted")
    level = f"M{axes.point(low, 0)}L{axes.point(high, 0)}"
    parts.append(element("path", class_="law", d=level))
    parts += [dot(axes.point(predicted[i], residuals[i])) for i in keep]
    return chart(f"Residuals of {name} against predictions on held-out rows", parts)


def bar_chart(values: Mapping[str, float], title: str) -> Markup:
    """Horizontal bars, the longest first."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    longest = max([v for _, v in ordered], default=0.0) or 1.0
    left, row = 200, 24
    height = row * len(ordered) + 8
    parts = []
    for place, (name, value) in enumerate(ordered):
        y = 4 + row * place
        width = (_WIDTH + 60 - left - 60) * max(value, 0.0) / longest
        bar = element(
            "rect", class_="bar", x=left, y=y + 3, width=f"{width:.1f}", height=row - 9, rx=2
        )
        parts.append(
            element(
                "g",
                element("title", f"{name}: {value:.3g}"),
                label(shortened(name), left - 8, y + 15, "end"),
                bar,
                label(f"{value:.3g}", left + width + 6, y + 15, class_="soft"),
            )
        )
    return chart(title, parts, _WIDTH + 60, height)


def interval_chart(rows: Sequence[tuple[str, float, float, float]], title: str) -> Markup:
    """A dot and a line for each (name, value, low end, high end), one below the other."""
    shown = [row for row in rows if all(map(math.isfinite, row[1:]))]
    if not shown:
        return chart("No intervals are known", [])
    left, row, width = 160, 20, _WIDTH + 60
    bottom = row * len(shown) + 8
    low, high = min(r[2] for r in shown), max(r[3] for r in shown)
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def across(value: float) -> float:
        return left + (width - left - _RIGHT) * (value - low) / (high - low)

    values = ticks(low, high)
    parts = [element("path", class_="axis", d=f"M{left} 0V{bottom}H{width - _RIGHT}")]
    for value, text in zip(values, labels(values), strict=True):
        x = f"{across(value):.1f}"
        parts.append(element("path", class_="grid", d=f"M{x} 0V{bottom}"))
        parts.append(label(text, across(value), bottom + 15, "middle", class_="soft"))
    for place, (name, value, least, most) in enumerate(shown):
        y = row * place + 14
        line = element("path", class_="train", d=f"M{across(least):.1f} {y}H{across(most):.1f}")
        told = element("title", f"{name}: {value:.5g} ({least:.5g} to {most:.5g})")
        text = label(shortened(name), left - 8, y + 4, "end")
        parts.append(element("g", told, text, line, dot(f"{across(value):.1f},{y}")))
    return chart(title, parts, width, bottom + 22)


def dot(place: str) -> Markup:
    """A row at a place that ``Axes.point`` gave."""
    x, y = place.split(",")
    return element("circle", class_="dot", cx=x, cy=y, r=2.6)


class Axes:
    """A linear map from numbers to pixels, with ticks; ``y`` may be logarithms to base ten."""

    def __init__(
        self,
        x0: float,
        x1: float,
        y0: float,
        y1: float,
        *,
        top: int = _TOP,
        logarithmic: bool = False,
    ) -> None:
        self.top = top
        self.x0, self.x1 = x0, x1 if x1 > x0 else x0 + 1
        self.y0, self.y1 = y0, y1 if y1 > y0 else y0 + 1
        if logarithmic:
            powers = log_ticks(self.y0, self.y1)
            self.levels = [
                (math.log10(v), text) for v, text in zip(powers, labels(powers), strict=True)
            ]
        else:
            levels = ticks(self.y0, self.y1)
            self.levels = list(zip(levels, labels(levels), strict=True))
        longest = max(len(text) for _, text in self.levels)
        self.left = max(_LEFT, 30 + _DIGIT * longest)

    def point(self, x: float, y: float) -> str:
        px = self.left + (_WIDTH - self.left - _RIGHT) * (x - self.x0) / (self.x1 - self.x0)
        py = (
            _HEIGHT - _BOTTOM - (_HEIGHT - self.top - _BOTTOM) * (y - self.y0) / (self.y1 - self.y0)
        )
        return f"{px:.1f},{py:.1f}"

    def frame(self, across: str, up: str) -> list[Markup]:
        left, bottom, right = self.left, _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        parts = [element("path", class_="axis", d=f"M{left:g} {self.top}V{bottom}H{right}")]
        values = ticks(self.x0, self.x1)
        texts = labels(values)
        wide = _DIGIT * (max(map(len, texts)) + 2)
        every = math.ceil(len(values) * wide / (right - left))
        for value, text in list(zip(values, texts, strict=True))[::every]:
            x = float(self.point(value, self.y0).split(",")[0])
            x = min(x, _WIDTH - _DIGIT * len(text) / 2)
            parts.append(label(text, x, bottom + 15, "middle", class_="soft"))
        for value, text in self.levels:
            y = float(self.point(self.x0, value).split(",")[1])
            parts.append(element("path", class_="grid", d=f"M{left:g} {y:.1f}H{right}"))
            parts.append(label(text, left - 6, y + 4, "end", class_="soft"))
        parts.append(label(across, (left + right) / 2, _HEIGHT - 6, "middle"))
        turned = f"translate(13 {(self.top + bottom) / 2}) rotate(-90)"
        parts.append(element("text", up, text_anchor="middle", transform=turned))
        return parts


def ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers between two others."""
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-300)))
    for factor in (0.2, 0.5, 1.0, 2.0, 5.0):
        if (high - low) / (step * factor) <= 6:
            step *= factor
            break
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{step * i:.15g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Two to six round numbers between two whose logarithms to base ten are given.

    Powers of ten; where they are too few, their twofolds and fivefolds too; on shorter axes as without
    logarithms.
    """
    exponents = range(math.floor(low), math.floor(high) + 1)
    for leading in ((1,), (1, 2, 5)):
        multiples = (float(f"{digit}e{exponent}") for exponent in exponents for digit in leading)
        found = [v for v in multiples if low - 1e-9 <= math.log10(v) <= high + 1e-9]
        few = found[:: math.ceil(len(found) / 6) or 1]
        if len(few) > 1:
            return few
    return ticks(10**low, 10**high)


def labels(values: Sequence[float]) -> list[str]:
    """Texts with as many digits as it takes to tell neighbours apart."""
    most = max((abs(value) for value in values), default=0.0)
    steps = [b - a for a, b in pairwise(values)]
    if not steps or min(steps) <= 0:
        return [f"{value:g}" for value in values]
    size = math.floor(math.log10(most))
    digits = size - math.floor(math.log10(min(steps))) + 1
    if 0 <= size < _WHOLE:  # 40, not 4e+01
        digits = max(digits, size + 1)
    return [f"{value:.{min(digits, 15)}g}" for value in values]


def chart(
    title: str, parts: Iterable[Markup], width: float = _WIDTH, height: float = _HEIGHT
) -> Markup:
    """Parts as a picture with a title for who cannot see it."""
    return svg(title, parts, width, height, _CHART_STYLE)
