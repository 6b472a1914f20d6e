"""A network's picture: curves stay in their boxes, and wires meet boxes and nodes."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.graph import to_networkx
from workbench.pictures.drawing import network_svg

Box = tuple[float, float, float, float]


@pytest.fixture
def picture() -> ET.Element:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    graph = to_networkx(KAN((2, 2, 1), seed=1), Dataset.from_arrays(x, x[:, 0]))
    return ET.fromstring(network_svg(graph))


@pytest.fixture
def groups(picture: ET.Element) -> list[ET.Element]:
    """A box and its curve each."""
    return [g for g in named("g", picture) if any(e.tag.endswith("rect") for e in g)]


def named(kind: str, of: ET.Element) -> list[ET.Element]:
    return [e for e in of.iter() if e.tag.endswith(kind)]


def box_of(group: ET.Element) -> Box:
    """Left, top, right and bottom."""
    (about,) = (e.attrib for e in group if e.tag.endswith("rect"))
    x, y, width, height = (float(about[k]) for k in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def test_every_curve_fills_its_box_and_stays_within(groups: list[ET.Element]) -> None:
    assert len(groups) == 6
    for group in groups:
        left, top, right, bottom = box_of(group)
        (curve,) = named("polyline", group)
        points = np.array([p.split(",") for p in curve.attrib["points"].split()], dtype=float)
        low, high = points.min(0), points.max(0)
        assert (low - [left, top]).tolist() == pytest.approx([right, bottom] - high, abs=0.11)
        assert ((low > [left, top]) & (high < [right, bottom])).all()
        assert (np.diff(points[:, 0]) > 0).all()


def test_every_wire_leads_from_a_node_through_its_box_to_a_node(
    picture: ET.Element, groups: list[ET.Element]
) -> None:
    nodes = {(c.attrib["cx"], c.attrib["cy"]) for c in named("circle", picture)}
    boxes = sorted(map(box_of, groups))
    met = []
    for wire in named("path", picture):
        numbers = re.findall(r"-?[\d.]+", wire.attrib["d"])
        assert tuple(numbers[:2]) in nodes
        assert tuple(numbers[-2:]) in nodes
        before, after = [float(n) for n in numbers[6:8]], [float(n) for n in numbers[8:10]]
        met.append((*before, *after))
    middles = sorted((a, (b + d) / 2, c, (b + d) / 2) for a, b, c, d in boxes)
    np.testing.assert_allclose(sorted(met), middles, atol=0.11)
