"""A static picture of a network: scalable, in light and dark, without a script."""

from collections.abc import Iterable

import networkx as nx

from workbench.common.markup import Markup, element
from workbench.formulas.naming import told_apart

_BOX_WIDTH, _BOX_HEIGHT, _BOX_GAP = 64, 44, 16
_NODE, _LAYER, _MARGIN, _ROW = 7, 250, 20, 42
_LETTER = 7.2
_LONGEST_LABEL = 26

STYLE = """
.kan { --kan-ink: var(--jp-content-font-color1, #1c2733); --kan-soft: var(--jp-content-font-color2, #5b6875);
  --kan-paper: var(--jp-layout-color1, #ffffff); --kan-spline: var(--jp-brand-color1, #1565c0);
  --kan-fixed: #b1560f; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .kan { --kan-ink: var(--jp-content-font-color1, #e6edf3);
  --kan-soft: var(--jp-content-font-color2, #9aa7b4); --kan-paper: var(--jp-layout-color1, #12181f);
  --kan-spline: var(--jp-brand-color1, #6cb2ff); --kan-fixed: #f0a050; } }
.kan text { fill: var(--kan-ink); } .kan .soft { fill: var(--kan-soft); font-size: 10.5px; }
.kan .wire { fill: none; stroke: var(--kan-soft); }
.kan .box { fill: var(--kan-paper); stroke: var(--kan-soft); stroke-opacity: .45; }
.kan .spline { fill: none; stroke: var(--kan-spline); stroke-width: 2; stroke-linejoin: round; }
.kan .fixed { fill: none; stroke: var(--kan-fixed); stroke-width: 2; stroke-dasharray: 5 2.5; }
.kan .node { fill: var(--kan-ink); } .kan .idle { opacity: .4; }
.kan .product { fill: var(--kan-paper); stroke: var(--kan-ink); stroke-width: 1.6; }
"""
"""Shared by all static pictures; theme variables of JupyterLab first, then the reader's own scheme."""


def network_svg(graph: nx.DiGraph) -> Markup:
    """An SVG of the graph that ``to_networkx`` gives, from inputs on the left to outputs on the right.

    Every living edge shows its curve in a box; its width and opacity tell its score. Splines are drawn
    in full lines, fixed functions dashed and with their names.
    """
    picture = _Picture(graph)
    inputs = sum(1 for _, d in graph.nodes(data=True) if d["kind"] == "input")
    about = f"Network of {inputs} inputs with {len(picture.curves)} living edges"
    return svg(about, picture.parts(), picture.width, picture.height)


def svg(
    title: str, parts: Iterable[Markup], width: float, height: float, style: str = ""
) -> Markup:
    """A whole picture that says what it shows, in the common style and more of it."""
    return element(
        "svg",
        element("title", title),
        element("style", Markup(STYLE + style)),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="kan",
        role="img",
        aria_label=title,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        style="max-width:100%;height:auto",
    )


def label(content: str, x: float, y: float, anchor: str | None = None, **more: str) -> Markup:
    """A text; ``anchor`` is "middle" or "end"."""
    return element("text", content, text_anchor=anchor, x=f"{x:.1f}", y=f"{y:.1f}", **more)


class _Picture:
    """Places and elements; lengths are in pixels."""

    def __init__(self, graph: nx.DiGraph) -> None:
        self.graph = graph
        self.curves = [(u, v, d) for u, v, d in graph.edges(data=True) if d["state"] != "factor"]
        self.strongest = max((d["score"] for _, _, d in self.curves), default=1.0) or 1.0
        labels = {
            kind: [d["label"] for _, d in graph.nodes(data=True) if d["kind"] == kind]
            for kind in ("input", "output")
        }
        shown = [*labels["input"], *labels["output"]]
        self.labels = dict(zip(shown, told_apart(shown), strict=True))
        self.left = (
            _MARGIN + _LETTER * min(max(map(len, labels["input"])), _LONGEST_LABEL) + 2 * _NODE
        )
        right = _LETTER * min(max(map(len, labels["output"])), _LONGEST_LABEL) + 2 * _NODE
        boxes: dict[int, list[tuple[str, str]]] = {}
        for source, target, about in self.curves:
            boxes.setdefault(about["layer"], []).append((source, target))
        columns: dict[float, int] = {}
        for _, about in graph.nodes(data=True):
            columns[about["column"]] = columns.get(about["column"], 0) + 1
        tallest = max(map(len, boxes.values()), default=1) * (_BOX_HEIGHT + _BOX_GAP)
        self.height = max(tallest, max(columns.values()) * _ROW) + 2 * _MARGIN
        self.width = self.left + max(columns) * _LAYER + right + _MARGIN
        self.nodes = {
            node: (
                self.left + d["column"] * _LAYER,
                self._spread(d["place"], columns[d["column"]]),
            )
            for node, d in graph.nodes(data=True)
        }
        self.boxes: dict[tuple[str, str], tuple[float, float]] = {}
        for edges in boxes.values():
            ordered = sorted(edges, key=lambda e: (self._middle(e), e))
            for place, edge in enumerate(ordered):
                x = (self.nodes[edge[0]][0] + self.nodes[edge[1]][0]) / 2
                self.boxes[edge] = (x, self._spread(place, len(ordered)))

    def _middle(self, edge: tuple[str, str]) -> float:
        return self.nodes[edge[0]][1] + self.nodes[edge[1]][1]

    def _spread(self, place: int, count: int) -> float:
        room = self.height - 2 * _MARGIN
        return _MARGIN + room * (place + 0.5) / count

    def parts(self) -> list[Markup]:
        found = []
        for source, target, about in self.graph.edges(data=True):
            found.append(self._wire(source, target, about))
        for source, target, about in self.curves:
            found.append(self._box(source, target, about))
        found += [self._node(node, about) for node, about in self.graph.nodes(data=True)]
        return found

    def _wire(self, source: str, target: str, about: dict) -> Markup:
        (x0, y0), (x1, y1) = self.nodes[source], self.nodes[target]
        if about["state"] == "factor":
            return element("path", class_="wire", d=f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}")
        x, y = self.boxes[source, target]
        before, after = x - _BOX_WIDTH / 2, x + _BOX_WIDTH / 2
        share = (about["score"] / self.strongest) ** 0.5
        return element(
            "path",
            class_="wire",
            style=f"stroke-width:{0.7 + 2.6 * share:.2f};stroke-opacity:{0.25 + 0.75 * share:.2f}",
            d=f"M{x0:.1f} {y0:.1f}C{(x0 + before) / 2:.1f} {y0:.1f} {(x0 + before) / 2:.1f} {y:.1f} "
            f"{before:.1f} {y:.1f}M{after:.1f} {y:.1f}C{(x1 + after) / 2:.1f} {y:.1f} "
            f"{(x1 + after) / 2:.1f} {y1:.1f} {x1:.1f} {y1:.1f}",
        )

    def _box(self, source: str, target: str, about: dict) -> Markup:
        x, y = self.boxes[source, target]
        left, top = x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2
        low, high = min(about["y"]), max(about["y"])
        span = (high - low) or 1.0
        count = max(len(about["y"]) - 1, 1)
        points = " ".join(
            f"{left + 5 + (_BOX_WIDTH - 10) * i / count:.1f},"
            f"{top + 5 + (_BOX_HEIGHT - 10) * (high - value) / span:.1f}"
            for i, value in enumerate(about["y"])
        )
        name = about["function"].replace("_", " ") if about["state"] == "fixed" else ""
        foot = [label(name, x, top + _BOX_HEIGHT + 11, "middle", class_="soft")] if name else []
        says = f"{about['state']}{name and f' {name}'}, score {about['score']:.3g}"
        return element(
            "g",
            element("title", says),
            element(
                "rect",
                class_="box",
                x=f"{left:.1f}",
                y=f"{top:.1f}",
                width=_BOX_WIDTH,
                height=_BOX_HEIGHT,
                rx=5,
            ),
            element("polyline", class_=about["state"], points=points),
            *foot,
        )

    def _node(self, node: str, about: dict) -> Markup:
        x, y = self.nodes[node]
        if about["kind"] == "product":
            ring = _circle("product", x, y, _NODE + 3)
            return element("g", ring, label("×", x, y + 4, "middle"))
        shape = _circle("node", x, y, _NODE - 2)
        if about["kind"] == "sum":
            return shape
        idle = " idle" if not self.graph.degree(node) else ""
        before = about["kind"] == "input"
        anchor, shift = ("end", -2 * _NODE) if before else ("start", 2 * _NODE)
        text = label(self.labels[about["label"]], x + shift, y + 4, anchor)
        title = element("title", about["label"])
        return element("g", title, shape, text, class_=f"{about['kind']}{idle}")


def _circle(kind: str, x: float, y: float, radius: float) -> Markup:
    return element("circle", class_=kind, cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius)
