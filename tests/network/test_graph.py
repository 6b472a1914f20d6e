"""The graph of a network, its picture and its file."""

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch

from workbench.errors import InputError
from workbench.formulas.naming import shortened
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.network.fixing import fix
from workbench.network.graph import address, save_graph, to_networkx
from workbench.network.pruning import remove_edges
from workbench.network.tracing import flow, node_maps
from workbench.pictures.charts import bar_chart, loss_chart, scatter_chart, ticks
from workbench.pictures.drawing import network_svg

LONG = "a_very_long_column_name_that_would_not_fit <&>"


@pytest.fixture
def data() -> Dataset:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 3))
    return Dataset.from_arrays(x, x[:, 0] * x[:, 1], names=["a", LONG, "c"], target="z")


def test_nodes_and_edges_are_described(data: Dataset) -> None:
    model = fix(KAN((3, (1, 1), 1), seed=1), Edge(0, 2, 0), "sin", (1.0, 0.5, 2.0, 0.0))
    graph = to_networkx(model, data)
    count = Counter(d["kind"] for _, d in graph.nodes(data=True))
    assert count == {"input": 3, "sum": 3, "product": 1, "output": 1}
    assert nx.is_directed_acyclic_graph(graph)
    about = graph.edges[address(graph, Edge(0, 2, 0))]
    assert about["state"] == "fixed"
    assert about["function"] == "sin"
    assert about["affine"] == [1.0, 0.5, 2.0, 0.0]
    assert about["r2"] == 1.0
    curve = graph.edges[address(graph, Edge(0, 0, 0))]
    assert curve["state"] == "spline"
    assert curve["score"] > 0
    low, high = curve["domain"]
    assert -1.001 < low < high < 1.001
    expected = model.activation(Edge(0, 0, 0), torch.tensor(curve["x"], dtype=torch.float64))
    np.testing.assert_allclose(curve["y"], (expected - expected.mean()).numpy(), atol=1e-12)


def test_suggestions_name_the_splines(data: Dataset) -> None:
    graph = to_networkx(KAN((3, 1), seed=0), data, suggest=True)
    assert all(0 <= d["r2"] <= 1 and d["function"] for _, _, d in graph.edges(data=True))


def test_pruned_edges_are_gone_and_inputs_stay(data: Dataset) -> None:
    model = remove_edges(KAN((3, 2, 1), seed=0), data.inputs, [Edge(0, 2, 0), Edge(0, 2, 1)])
    graph = to_networkx(model, data)
    assert graph.degree("0.2") == 0
    with pytest.raises(KeyError):
        address(graph, Edge(0, 2, 0))


def test_the_layout_has_no_needless_crossing(data: Dataset) -> None:
    model = KAN((3, 3, 1), seed=0)
    crossed = [Edge(0, i, j) for i in range(3) for j in range(3) if i + j != 2]
    graph = to_networkx(remove_edges(model, data.inputs, crossed), data)
    places = [graph.nodes[f"1.{2 - i}"]["place"] for i in range(3)]
    assert places == sorted(places)


def test_a_foreign_table_is_refused(data: Dataset) -> None:
    with pytest.raises(InputError, match="belong together"):
        to_networkx(KAN((2, 1)), data)


def test_the_picture_is_valid_and_safe(data: Dataset) -> None:
    graph = to_networkx(KAN((3, (1, 1), 1), seed=1), data)
    text = network_svg(graph)
    root = ET.fromstring(text)
    curves = [e for e in root.iter() if e.tag.endswith("polyline")]
    assert len(curves) == sum(d["state"] != "factor" for _, _, d in graph.edges(data=True))
    assert "&lt;&amp;&gt;" in text
    assert "<script" not in text
    assert "var(--jp-" in text
    assert "prefers-color-scheme: dark" in text
    assert len(shortened(LONG)) <= 26


def test_graphml_keeps_what_has_a_single_value(data: Dataset, tmp_path: Path) -> None:
    graph = to_networkx(KAN((3, 2, 1), seed=0), data)
    save_graph(graph, tmp_path / "g.graphml")
    again = nx.read_graphml(tmp_path / "g.graphml")
    assert set(again.edges) == set(graph.edges)
    for edge in graph.edges:
        assert again.edges[edge]["score"] == pytest.approx(graph.edges[edge]["score"])


@pytest.mark.parametrize(
    "text",
    [
        loss_chart([], []),
        loss_chart([1.0, 0.1, 1e-9], [None, 0.2, 1e-8]),
        loss_chart([1.0], [float("nan")]),
        scatter_chart(np.array([1.0, 2, np.nan]), np.array([1.0, 2.5, 3]), "<y>"),
        scatter_chart(np.array([1.0]), np.array([np.inf]), "y"),
        bar_chart({"a": 1.0, LONG: 0.0}, "t"),
        bar_chart({}, "t"),
    ],
)
def test_charts_are_valid_svg(text: str) -> None:
    assert ET.fromstring(text).tag.endswith("svg")
    assert "nan" not in text


def test_ticks_are_round_and_within() -> None:
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert all(-3 <= t <= 7 for t in ticks(-3, 7))
    assert 3 <= len(ticks(0.012, 0.0897)) <= 8


def test_a_picture_of_many_edges_is_one_text_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).uniform(-1, 1, (60, 10))
    text = network_svg(to_networkx(KAN((10, 10, 1)), Dataset.from_arrays(x, x[:, 0])))
    curves = [e for e in ET.fromstring(text).iter() if e.tag.endswith("polyline")]
    assert len(curves) == 110
    assert len(text) < 500_000
    assert list(tmp_path.iterdir()) == []


def test_a_deep_network_is_laid_out(data: Dataset) -> None:
    graph = to_networkx(KAN((3, 5, 2, 1), seed=0), data)
    for level, count in enumerate((3, 5, 2, 1)):
        places = [d["place"] for _, d in graph.nodes(data=True) if d["layer"] == level]
        assert sorted(places) == list(range(count))


def test_several_targets_have_names_of_their_own() -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (50, 2))
    data = Dataset.from_arrays(x, np.stack((x[:, 0], x[:, 1]), 1), names=["a", "b"])
    labels = [node["label"] for _, node in to_networkx(KAN((2, 2)), data).nodes(data=True)]
    assert labels == ["a", "b", "y_1", "y_2"]


def test_a_row_is_followed_from_node_to_node(data: Dataset) -> None:
    model = KAN((3, (1, 1), 1), seed=1).double()
    found = flow(model, data, 7)
    graph = to_networkx(model, data)
    assert set(graph.nodes) <= set(found.nodes)
    assert list(found.edges) == model.edges()
    assert found.nodes["0.2"] == float(data.inputs[7, 2])
    assert found.nodes["2.0"] == pytest.approx(model.predict(data.inputs)[7, 0].item())
    factors = [u for u, v, d in graph.edges(data=True) if d["state"] == "factor"]
    product = np.prod([found.nodes[factor] for factor in factors])
    assert found.nodes["1.p0"] == pytest.approx(product)
    leaving = sum(leaves for edge, (_, leaves) in found.edges.items() if edge[::2] == (0, 0))
    assert found.nodes["1.0"] == pytest.approx(leaving)
    for edge, (enters, leaves) in found.edges.items():
        at = torch.tensor([enters], dtype=torch.float64)
        assert leaves == pytest.approx(float(model.activation(edge, at)))


@pytest.mark.parametrize("row", [-1, 60])
def test_only_rows_of_the_table_are_followed(data: Dataset, row: int) -> None:
    with pytest.raises(InputError, match="row must lie between 0 and 59"):
        flow(KAN((3, 1)), data, row)


def test_nodes_are_maps_of_two_inputs() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    data = Dataset.from_arrays(x, x[:, 0] * x[:, 1])
    model = KAN((2, (1, 1), 1), seed=1)
    maps = node_maps(model, data, points=5)
    assert set(to_networkx(model, data).nodes) <= set(maps)
    first, second = maps["0.0"], maps["0.1"]
    assert torch.equal(first[0], first[4])
    assert first[0, 0] < first[0, 4]
    assert second[0, 0] < second[4, 0]
    at = torch.stack((first[3, 1], second[3, 1])).unsqueeze(0)
    assert float(maps["2.0"][3, 1]) == pytest.approx(model.predict(at)[0, 0].item())


def test_other_numbers_of_inputs_have_no_maps(data: Dataset) -> None:
    with pytest.raises(InputError, match="two inputs, got 3"):
        node_maps(KAN((3, 1)), data)


def test_hidden_nodes_are_ordered_by_their_neighbours_and_inputs_as_in_the_table() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    model = remove_edges(KAN((2, 2, 1)), torch.from_numpy(x), [Edge(0, 0, 0), Edge(0, 1, 1)])
    graph = to_networkx(model, Dataset.from_arrays(x, x[:, 0]))
    places = {node: about["place"] for node, about in graph.nodes(data=True)}
    assert (places["0.0"], places["0.1"]) == (0, 1)
    assert (places["1.0"], places["1.1"]) == (1, 0)  # no wires cross
