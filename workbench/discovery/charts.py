"""Static charts as SVG: loss curve, predicted against true, importance. No script, light and dark."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from workbench.discovery.drawing import STYLE, shortened

_WIDTH, _HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 40
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
) -> str:
    """Training and validation loss against the iteration, on a logarithmic scale."""
    known = [v for v in [*train, *validation] if v is not None and math.isfinite(v) and v > 0]
    if not known:
        return _svg("No iterations were recorded", [])
    axes = _Axes(0, max(len(train) - 1, 1), math.log10(min(known)), math.log10(max(known)))
    parts = axes.frame("iteration", unit, logarithmic=True)
    for name, values in (("train", train), ("validation", validation)):
        points = [
            axes.point(i, math.log10(v))
            for i, v in enumerate(values)
            if v is not None and math.isfinite(v) and v > 0
        ]
        parts.append(f'<polyline class="{name}" points="{" ".join(points)}"/>')
    for row, name in enumerate(("train", "validation")):
        y = _TOP + 12 + 15 * row
        parts.append(f'<path class="{name}" d="M{_WIDTH - 110} {y}h24"/>')
        parts.append(f'<text x="{_WIDTH - 80}" y="{y + 4}">{name}</text>')
    return _svg(f"Loss over {len(train)} iterations", parts)


def scatter_chart(true: np.ndarray, predicted: np.ndarray, name: str) -> str:
    """Predicted against true values ``(N,)``; the diagonal is a perfect prediction."""
    known = np.isfinite(true) & np.isfinite(predicted)
    true, predicted = true[known], predicted[known]
    if not len(true):
        return _svg("No finite predictions", [])
    keep = np.linspace(0, len(true) - 1, min(len(true), _DOTS)).astype(int)
    true, predicted = true[keep], predicted[keep]
    low, high = float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))
    axes = _Axes(low, high, low, high)
    parts = axes.frame(f"true {shortened(name)}", "predicted")
    start, end = axes.point(low, low), axes.point(high, high)
    parts.append(f'<path class="law" d="M{start}L{end}"/>')
    dots = (axes.point(a, b).split(",") for a, b in zip(true, predicted, strict=True))
    parts += [f'<circle class="dot" cx="{x}" cy="{y}" r="2.6"/>' for x, y in dots]
    return _svg(f"Predicted against true {name} on held-out rows", parts)


def residual_chart(predicted: np.ndarray, residuals: np.ndarray, name: str) -> str:
    """What a formula leaves, against what it says, both ``(N,)``; noise lies evenly about the line."""
    known = np.isfinite(residuals) & np.isfinite(predicted)
    predicted, residuals = predicted[known], residuals[known]
    if not len(predicted):
        return _svg("No finite predictions", [])
    keep = np.linspace(0, len(predicted) - 1, min(len(predicted), _DOTS)).astype(int)
    reach = float(np.abs(residuals).max()) or 1.0
    low, high = float(predicted.min()), float(predicted.max())
    axes = _Axes(low, high, -reach, reach)
    parts = axes.frame(f"predicted {shortened(name)}", "true − predicted")
    parts.append(f'<path class="law" d="M{axes.point(low, 0)}L{axes.point(high, 0)}"/>')
    dots = (axes.point(predicted[i], residuals[i]).split(",") for i in keep)
    parts += [f'<circle class="dot" cx="{x}" cy="{y}" r="2.6"/>' for x, y in dots]
    return _svg(f"Residuals of {name} against predictions on held-out rows", parts)


def bar_chart(values: Mapping[str, float], title: str) -> str:
    """Horizontal bars, the longest first."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    longest = max([v for _, v in ordered], default=0.0) or 1.0
    left, row = 200, 24
    height = row * len(ordered) + 8
    parts = []
    for place, (name, value) in enumerate(ordered):
        y = 4 + row * place
        width = (_WIDTH + 60 - left - 60) * max(value, 0.0) / longest
        parts.append(
            f"<g><title>{escape(name)}: {value:.3g}</title>"
            f'<text text-anchor="end" x="{left - 8}" y="{y + 15}">{escape(shortened(name))}</text>'
            f'<rect class="bar" x="{left}" y="{y + 3}" width="{width:.1f}" height="{row - 9}" rx="2"/>'
            f'<text class="soft" x="{left + width + 6:.1f}" y="{y + 15}">{value:.3g}</text></g>'
        )
    return _svg(title, parts, _WIDTH + 60, height)


class _Axes:
    """A linear map from numbers to pixels, with ticks."""

    def __init__(self, x0: float, x1: float, y0: float, y1: float) -> None:
        self.x0, self.x1 = x0, x1 if x1 > x0 else x0 + 1
        self.y0, self.y1 = y0, y1 if y1 > y0 else y0 + 1

    def point(self, x: float, y: float) -> str:
        px = _LEFT + (_WIDTH - _LEFT - _RIGHT) * (x - self.x0) / (self.x1 - self.x0)
        py = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (y - self.y0) / (self.y1 - self.y0)
        return f"{px:.1f},{py:.1f}"

    def frame(self, across: str, up: str, *, logarithmic: bool = False) -> list[str]:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>']
        for value in ticks(self.x0, self.x1):
            x = self.point(value, self.y0).split(",")[0]
            parts.append(
                f'<text class="soft" text-anchor="middle" x="{x}" y="{bottom + 15}">{value:g}</text>'
            )
        whole = logarithmic and self.y1 - self.y0 >= 1
        for value in ticks(self.y0, self.y1, whole=whole):
            y = self.point(self.x0, value).split(",")[1]
            text = f"{10**value:.2g}" if logarithmic else f"{value:g}"
            parts.append(f'<path class="grid" d="M{_LEFT} {y}H{right}"/>')
            parts.append(
                f'<text class="soft" text-anchor="end" x="{_LEFT - 6}" y="{float(y) + 4:.1f}">{text}</text>'
            )
        parts.append(
            f'<text text-anchor="middle" x="{(_LEFT + right) / 2}" y="{_HEIGHT - 6}">{escape(across)}</text>'
        )
        parts.append(
            f'<text text-anchor="middle" transform="translate(13 {(_TOP + bottom) / 2}) rotate(-90)">'
            f"{escape(up)}</text>"
        )
        return parts


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Four to eight round numbers between two others."""
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-300)))
    for factor in (0.2, 0.5, 1.0, 2.0, 5.0):
        if (high - low) / (step * factor) <= 6:
            step *= factor
            break
    if whole:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(step * i, 12) for i in range(first, last + 1)]


def _svg(title: str, parts: list[str], width: float = _WIDTH, height: float = _HEIGHT) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kan" role="img" '
        f'aria-label="{escape(title)}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'style="max-width:100%;height:auto"><title>{escape(title)}</title>'
        f"<style>{STYLE}{_CHART_STYLE}</style>{''.join(parts)}</svg>"
    )
