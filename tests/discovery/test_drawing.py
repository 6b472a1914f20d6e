"""A network's picture: curves stay in their boxes, and wires meet boxes and nodes."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from workbench.discovery.drawing import network_svg
from workbench.discovery.graph import to_networkx
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
PICTURE = ET.fromstring(
    network_svg(to_networkx(KAN((2, 2, 1), seed=1), Dataset.from_arrays(X, X[:, 0])))
)
Box = tuple[float, float, float, float]


def named(kind: str, of: ET.Element = PICTURE) -> list[ET.Element]:
    return [e for e in of.iter() if e.tag.endswith(kind)]


def box_of(group: ET.Element) -> Box:
    """Left, top, right and bottom."""
    (about,) = (e.attrib for e in group if e.tag.endswith("rect"))
    x, y, width, height = (float(about[k]) for k in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


GROUPS = [g for g in named("g") if any(e.tag.endswith("rect") for e in g)]


def test_every_curve_fills_its_box_and_stays_within() -> None:
    assert len(GROUPS) == 6
    for group in GROUPS:
        left, top, right, bottom = box_of(group)
        (curve,) = named("polyline", group)
        points = np.array([p.split(",") for p in curve.attrib["points"].split()], dtype=float)
        low, high = points.min(0), points.max(0)
        assert (low - [left, top]).tolist() == pytest.approx([right, bottom] - high, abs=0.11)
        assert ((low > [left, top]) & (high < [right, bottom])).all()
        assert (np.diff(points[:, 0]) > 0).all()


def test_every_wire_leads_from_a_node_through_its_box_to_a_node() -> None:
    nodes = {(c.attrib["cx"], c.attrib["cy"]) for c in named("circle")}
    boxes = sorted(map(box_of, GROUPS))
    met = []
    for wire in named("path"):
        numbers = re.findall(r"-?[\d.]+", wire.attrib["d"])
        assert tuple(numbers[:2]) in nodes
        assert tuple(numbers[-2:]) in nodes
        before, after = [float(n) for n in numbers[6:8]], [float(n) for n in numbers[8:10]]
        met.append((*before, *after))
    middles = sorted((a, (b + d) / 2, c, (b + d) / 2) for a, b, c, d in boxes)
    np.testing.assert_allclose(sorted(met), middles, atol=0.11)
