"""Charts show what they are given, at places in proportion."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from workbench.common.markup import Markup
from workbench.pictures.charts import (
    bar_chart,
    interval_chart,
    labels,
    log_ticks,
    loss_chart,
    residual_chart,
    scatter_chart,
    ticks,
)


def found(chart: Markup, kind: str, name: str = "") -> list[dict[str, str]]:
    """Attributes of all elements of a kind and class."""
    every = (e for e in ET.fromstring(chart).iter() if e.tag.endswith(kind))
    return [e.attrib for e in every if not name or e.attrib.get("class") == name]


def dots(chart: Markup) -> np.ndarray:
    return np.array([(d["cx"], d["cy"]) for d in found(chart, "circle", "dot")], dtype=float)


def test_every_row_has_a_dot_at_its_place() -> None:
    true, predicted = np.array([-1.0, 0.0, 2.5, 4.0]), np.array([-1.0, 1.0, 2.0, 4.0])
    for chart in (scatter_chart(true, predicted, "y"), residual_chart(true, predicted, "y")):
        x, y = dots(chart).T
        assert np.polyval(np.polyfit(true, x, 1), true) == pytest.approx(x, abs=0.06)
        assert np.polyval(np.polyfit(predicted, y, 1), predicted) == pytest.approx(y, abs=0.06)
        assert x[-1] > x[0]
        assert y[-1] < y[0]  # up is more


def test_many_rows_are_thinned_from_the_first_to_the_last() -> None:
    many = np.linspace(0, 1, 5000)
    places = dots(scatter_chart(many, many, "y"))
    assert 100 < len(places) < 1000
    ends = dots(scatter_chart(many[[0, -1]], many[[0, -1]], "y"))
    assert places[[0, -1]].tolist() == ends.tolist()


def test_the_longest_bar_comes_first_and_lengths_are_in_proportion() -> None:
    chart = bar_chart({"a": 1.0, "b": 4.0, "c": 2.0, "d": -1.0}, "t")
    bars = found(chart, "rect", "bar")
    assert [float(b["width"]) for b in bars] == pytest.approx(
        [float(bars[0]["width"]) * share for share in (1, 0.5, 0.25, 0)], abs=0.06
    )
    tops = [float(b["y"]) for b in bars]
    assert tops == sorted(tops)


def test_a_legend_has_a_line_before_each_name() -> None:
    chart = loss_chart([1.0, 0.1, 0.01], [2.0, 0.2, 0.02])
    for name in ("train", "validation"):
        (line,) = found(chart, "path", name)
        start = float(line["d"][1:].split()[0])
        (text,) = (
            e.attrib for e in ET.fromstring(chart).iter() if e.text == name and "x" in e.attrib
        )
        assert start + 24 < float(text["x"]) < start + 50


def test_no_curve_runs_into_the_legend() -> None:
    chart = loss_chart([1.0, 3.0, 9.0], [9.0, 9.0, 9.0])  # as high as it gets, from end to end
    lines = [line["points"].split() for line in found(chart, "polyline", "validation")]
    highest = min(float(point.split(",")[1]) for line in lines for point in line)
    (train,) = found(chart, "path", "train")
    assert highest > float(train["d"][1:].split("h")[0].split()[1]) + 8


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (1e6, 1e6 + 8, ["1000000", "1000002", "1000004", "1000006", "1000008"]),
        (0.2, 0.2004, ["0.2", "0.2001", "0.2002", "0.2003", "0.2004"]),
        (0, 4e-14, ["0", "1e-14", "2e-14", "3e-14", "4e-14"]),
    ],
)
def test_labels_differ_however_short_an_axis_is(low: float, high: float, said: list[str]) -> None:
    assert labels(ticks(low, high)) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.03, 300, ["0.1", "1", "10", "100"]),
        (0.2, 3, ["0.2", "0.5", "1", "2"]),
        (3, 4, ["3", "3.2", "3.4", "3.6", "3.8", "4"]),
        (1e-12, 1, ["1e-12", "1e-09", "1e-06", "0.001", "1"]),
    ],
)
def test_a_logarithmic_axis_has_round_labels(low: float, high: float, said: list[str]) -> None:
    assert labels(log_ticks(np.log10(low), np.log10(high))) == said


def test_long_labels_have_room() -> None:
    true = 1e6 + np.linspace(0, 1e-3, 20)
    chart = scatter_chart(true, true, "y")
    for text in found(chart, "text", "soft"):
        assert 0 <= float(text["x"]) <= 420
    ends = [float(t["x"]) for t in found(chart, "text", "soft") if t.get("text-anchor") == "end"]
    assert min(ends) > 6 * len("1000000.0002")


def test_intervals_stand_below_each_other_with_their_names() -> None:
    rows = [("a", 1.0, 0.5, 1.5), ("<b>", 2.0, 1.9, 2.1), ("c", 3.0, float("-inf"), 4.0)]
    chart = interval_chart(rows, "k by group")
    lines = [entry["d"] for entry in found(chart, "path", "train")]
    assert len(lines) == len(found(chart, "circle", "dot")) == 2
    spans = [[float(n) for n in re.split("[MH ]", d)[1::2]] for d in lines]
    assert spans[0][0] < spans[0][1] < spans[1][0] < spans[1][1]
    assert "<b>" not in chart
    assert "No intervals" in interval_chart(rows[2:], "k by group")
