"""Fronts of error against cost as SVG: panels side by side, a line for each family, both axes logarithmic."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from workbench.common.markup import Markup, element
from workbench.pictures.charts import log_ticks
from workbench.pictures.drawing import label, svg

Curve = Sequence[tuple[float, float]]
"""Points (cost, error), from cheap to dear."""

_PANEL, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 300, 250, 58, 10, 34, 40
_LEGEND = 118
_LEAST = 1e-17
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2")
_COLOURS = ("var(--kan-spline)", "var(--kan-fixed)", "#2e8b57", "#8e5bb5", "var(--kan-soft)")
_STYLE = """
.kan .axis { stroke: var(--kan-soft); stroke-opacity: .5; fill: none; }
.kan .grid { stroke: var(--kan-soft); stroke-opacity: .15; }
.kan .front { fill: none; stroke-width: 1.8; }
"""


def fronts_chart(panels: Sequence[tuple[str, Mapping[str, Curve]]], error: str) -> Markup:
    """Panels of one error against several costs.

    Args:
        panels: the name of a cost with the curve of each family; families in one order throughout.
        error: name of what goes up.
    """
    families = list(dict.fromkeys(name for _, curves in panels for name in curves))
    values = [y for _, curves in panels for curve in curves.values() for _, y in curve]
    if not values:
        return svg("Nothing was trained", [], _PANEL, _HEIGHT, _STYLE)
    up = _Scale.over(values, _HEIGHT - _BOTTOM, _TOP)
    parts = _legend(families)
    for place, (cost, curves) in enumerate(panels):
        shift = element(
            "g",
            *_panel(cost, curves, families, up, first=place == 0),
            transform=f"translate({place * _PANEL} 0)",
        )
        parts.append(shift)
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f"translate(12 {middle:.0f}) rotate(-90)"
    parts.append(element("text", error, text_anchor="middle", transform=turned))
    title = f"{error} against {', '.join(cost for cost, _ in panels)}"
    return svg(title, parts, _PANEL * len(panels), _HEIGHT, _STYLE)


class _Scale:
    """A logarithmic axis from numbers to pixels, with ticks."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1
        self.start, self.end = start, end

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> "_Scale":
        logs = [math.log10(max(value, _LEAST)) for value in values]
        return cls(min(logs), max(logs), start, end)

    def __call__(self, value: float) -> float:
        share = (math.log10(max(value, _LEAST)) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    @property
    def ticks(self) -> list[tuple[float, str]]:
        values = log_ticks(self.low, self.high)
        known = [v for v in values if v > 0]
        return [(v, f"{v:,.0f}" if 1 <= v < 1e5 else f"{v:g}") for v in known]


def _panel(
    cost: str, curves: Mapping[str, Curve], families: Sequence[str], up: _Scale, *, first: bool
) -> list[Markup]:
    costs = [x for curve in curves.values() for x, _ in curve if x > 0]
    right, bottom = _PANEL - _RIGHT, _HEIGHT - _BOTTOM
    across = _Scale.over(costs or [1.0], _LEFT, right)
    parts = [element("path", class_="axis", d=f"M{_LEFT} {_TOP}V{bottom}H{right}")]
    for value, text in across.ticks:
        x = min(across(value), right - 3.1 * len(text))
        parts.append(label(text, x, bottom + 15, "middle", class_="soft"))
    for value, text in up.ticks:
        parts.append(element("path", class_="grid", d=f"M{_LEFT} {up(value):.1f}H{right}"))
        if first:
            parts.append(label(text, _LEFT - 5, up(value) + 4, "end", class_="soft"))
    parts.append(label(cost, (_LEFT + right) / 2, _HEIGHT - 6, "middle"))
    for family, curve in curves.items():
        points = [(across(x) if x > 0 else float(_LEFT), up(y)) for x, y in curve]
        parts.append(_line(family, points, families.index(family), right))
    return parts


def _line(family: str, points: Sequence[tuple[float, float]], place: int, right: float) -> Markup:
    """A staircase: what is bought for one cost is there for all that are higher."""
    x, y = points[0]
    path = f"M{x:.1f} {y:.1f}" + "".join(
        f"H{after[0]:.1f}V{after[1]:.1f}" for _, after in pairwise(points)
    )
    colour = _COLOURS[place % len(_COLOURS)]
    dots = [
        element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.4, style=f"fill:{colour}")
        for x, y in points
    ]
    line = element("path", class_="front", d=f"{path}H{right}", style=_stroke(place))
    return element("g", element("title", family), line, *dots)


def _legend(families: Sequence[str]) -> list[Markup]:
    parts = []
    for place, family in enumerate(families):
        x = _LEFT + place * _LEGEND
        parts.append(element("path", class_="front", d=f"M{x} 16h26", style=_stroke(place)))
        parts.append(label(family, x + 32, 20))
    return parts


def _stroke(place: int) -> str:
    dash = _DASHES[place % len(_DASHES)]
    colour = f"stroke:{_COLOURS[place % len(_COLOURS)]}"
    return f"{colour};stroke-dasharray:{dash}" if dash else colour
