"""Fronts: a line for each family in every panel, on logarithmic axes, inside the picture."""

import re
from xml.etree import ElementTree as ET

import pytest

from workbench.pictures.fronts import fronts_chart

PANELS = [
    ("parameters", {"a": [(1, 1.0), (100, 1e-4)], "<b>": [(10, 0.1)]}),
    ("seconds", {"a": [(0.01, 1.0), (2.0, 1e-4)], "<b>": [(0.0, 0.1)]}),
]


def elements(chart: str, name: str) -> list[ET.Element]:
    return [e for e in ET.fromstring(chart).iter() if e.tag.rpartition("}")[2] == name]


def test_every_family_has_a_line_in_every_panel_and_a_legend() -> None:
    chart = fronts_chart(PANELS, "RMSE")
    lines = [e for e in elements(chart, "path") if e.get("class") == "front"]
    assert len(lines) == 2 + 2 * 2
    assert len(elements(chart, "circle")) == 6
    texts = [e.text for e in elements(chart, "text")]
    assert {"a", "<b>", "parameters", "seconds", "RMSE"} <= set(texts)


def test_equal_factors_are_equal_distances() -> None:
    panel = [("parameters", {"a": [(1, 1.0), (10, 0.1), (100, 0.01)]})]
    dots = elements(fronts_chart(panel, "RMSE"), "circle")
    x = [float(dot.get("cx", "nan")) for dot in dots]
    y = [float(dot.get("cy", "nan")) for dot in dots]
    assert x[2] - x[1] == pytest.approx(x[1] - x[0], abs=0.2)
    assert y[2] - y[1] == pytest.approx(y[1] - y[0], abs=0.2)
    assert y[2] > y[0]


def test_nothing_leaves_the_picture() -> None:
    chart = fronts_chart([("flops", {"a": [(0, 0.0), (1e9, 1e300)]})], "RMSE")
    _, _, width, height = map(float, ET.fromstring(chart).attrib["viewBox"].split())
    for dot in elements(chart, "circle"):
        assert 0 <= float(dot.get("cx", "nan")) <= width
        assert 0 <= float(dot.get("cy", "nan")) <= height
    assert not re.search("nan|inf", chart)
    assert "Nothing was trained" in fronts_chart([], "RMSE")
