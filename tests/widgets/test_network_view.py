"""The network view without a browser: traits follow the session, commands reach it."""

import json
from collections.abc import Iterator

import networkx as nx
import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.network.attribution import edge_scores
from workbench.session import Session
from workbench.widgets import NetworkView
from workbench.widgets.describing import graph_text
from workbench.widgets.network import SHOWN
from workbench.widgets.spelling import spelled

DATA = PROBLEMS[0].dataset(300)


@pytest.fixture(scope="module")
def trained() -> KAN:
    return Session(DATA, (2, 2, 1), grids=(3,), starts=4).start().wait().model


@pytest.fixture(scope="module")
def threshold(trained: KAN) -> float:
    """Just enough to prune the weakest edge."""
    scores = torch.cat([layer.flatten() for layer in edge_scores(trained, DATA.split("train")[0])])
    return round(float(scores.min() / scores.max()) + 0.001, 4)


@pytest.fixture
def view(trained: KAN) -> Iterator[NetworkView]:
    view = NetworkView(trained, DATA)
    yield view
    view.close()


def send(view: NetworkView, kind: object, /, **more: object) -> None:
    view._handle_custom_msg({"type": kind, **more}, [])


def floats(packed: bytes) -> np.ndarray:
    return np.frombuffer(packed, "<f4")


def test_the_graph_is_what_to_networkx_gives(view: NetworkView) -> None:
    graph = view.session.graph()
    assert [node["id"] for node in view.graph["nodes"]] == list(graph.nodes)
    assert [tuple(e["address"]) for e in view.graph["edges"]] == view.model.edges()
    curves = floats(view.curves).reshape(6, -1)
    for row, edge in zip(curves, view.graph["edges"], strict=True):
        about = graph.edges[edge["from"], edge["to"]]
        assert np.allclose(row, about["y"], atol=1e-5)
        assert edge["score"] == about["score"]
    importance = [n["importance"] for n in view.graph["nodes"] if n["kind"] == "input"]
    assert all(value > 0 for value in importance)
    json.dumps(view.graph, allow_nan=False)


def test_labels_of_nodes_are_short_and_told_apart() -> None:
    x = np.random.default_rng(0).uniform(0, 1, (60, 2))
    names = [f"a long name of a column, {word} of its kind" for word in ("first", "second")]
    data = Dataset.from_arrays(x, x[:, 0] * x[:, 1], names=names)
    view = NetworkView(Session(data, (2, 2, 1)))
    short = {node["label"]: node["short"] for node in view.graph["nodes"]}
    view.close()
    assert len({short[name] for name in names}) == 2
    assert all(len(text) <= 22 for text in short.values())
    assert short["y"] == "y"


def test_a_preview_shows_the_cost_and_changes_nothing(view: NetworkView, threshold: float) -> None:
    before = view.model
    send(view, "preview", threshold=threshold)
    assert view.model is before
    assert view.preview["edges"]
    assert view.preview["after"] > view.preview["before"] == pytest.approx(view.state["loss"])
    send(view, "preview", threshold=0)
    assert view.preview["edges"] == []


def test_pruning_is_what_was_previewed_and_can_be_undone(
    view: NetworkView, threshold: float
) -> None:
    send(view, "preview", threshold=threshold)
    previewed = view.preview
    send(view, "prune", threshold=threshold)
    assert len(view.graph["edges"]) == 6 - len(previewed["edges"])
    assert view.state["loss"] == pytest.approx(previewed["after"])
    assert view.preview == {}
    assert f"prune_edges(model, data, threshold={threshold})" in view.session.to_script()
    send(view, "undo")
    assert len(view.graph["edges"]) == 6
    assert view.state["undo"] == ""
    assert view.state["redo"] == f"prune below {threshold:g}"
    send(view, "redo")
    assert len(view.graph["edges"]) < 6


def test_an_edge_shows_its_curve_slope_samples_and_candidates(view: NetworkView) -> None:
    edge = view.model.edges()[0]
    send(view, "select", edge=list(edge))
    count, found = view.detail["points"], view.detail["candidates"]
    assert len(found) == 6
    rows = floats(view.detail_values)
    x, value, slope = rows[: 3 * count].reshape(3, count)
    assert np.allclose(np.gradient(value, x)[5:-5], slope[5:-5], atol=0.05 * np.abs(slope).max())
    dots = rows[(3 + len(found)) * count :].reshape(-1, 2)
    assert len(dots) == 200
    assert np.allclose(np.interp(dots[:, 0], x, value), dots[:, 1], atol=1e-2)
    best = max(range(6), key=lambda i: found[i]["r2"])
    overlay = rows[(3 + best) * count : (4 + best) * count]
    assert np.abs(overlay - value).mean() < 0.2 * np.ptp(value)


@pytest.mark.parametrize("place", [0, 1])
def test_a_candidate_fixes_the_edge_and_unfix_frees_it(view: NetworkView, place: int) -> None:
    edge = view.model.edges()[0]
    send(view, "select", edge=list(edge))
    for beyond in (-1, len(view.detail["candidates"])):
        send(view, "fix", candidate=beyond)
        assert "no longer among the candidates" in view.state["message"]
    name = view.detail["candidates"][place]["name"]
    send(view, "fix", candidate=place)
    assert view.model.layer(0).fixed == {(edge.target, edge.source): name}
    assert view.graph["edges"][0]["state"] == "fixed"
    assert view.detail["function"] == name
    assert view.detail["formula"]
    assert view.state["undo"] == f"fix {name}"
    send(view, "unfix", edge=list(edge))
    assert view.graph["edges"][0]["state"] == "spline"
    script = view.session.to_script()
    assert "from workbench.network.fixing import fix, unfix" in script


def test_curves_get_names_on_request(view: NetworkView) -> None:
    assert all(edge["function"] is None for edge in view.graph["edges"])
    send(view, "names", on=True)
    assert all(edge["function"] and edge["r2"] <= 1 for edge in view.graph["edges"])


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("preview", {"threshold": "much"}, "must be a number"),
        ("select", {"edge": [0, 0]}, "three whole numbers"),
        ("select", {"edge": [5, 0, 0]}, "no longer in the network"),
        ("fix", {"candidate": 3}, "no longer among the candidates"),
        ("prune", {"threshold": 1.5}, "between 0 and 1"),
        ("save", {"kind": "exe"}, "pdf, json or graphml"),
        ("save", {"kind": "pdf"}, "picture must be a text"),
        ("save", {"kind": "pdf", "picture": "<svg"}, "could not be made a PDF"),
        ("undo", {}, "nothing to undo"),
        ("reshape", {"edge": [0, 0, 0], "coefficients": [1.0]}, "finite coefficients"),
        ("reshape", {"edge": [0, 0, 0], "coefficients": "all"}, "a list of numbers"),
        ("reopen", {"edge": [0, 0, 0]}, "is alive"),
        ("add-node", {"level": 1, "kind": "max"}, "a sum or a product"),
        ("add-layer", {"level": 0.5}, "a whole number"),
        ("remove-node", {"level": 2, "node": 0}, "an input or hidden"),
    ],
)
def test_what_cannot_be_done_is_said(view: NetworkView, kind: str, more: dict, said: str) -> None:
    send(view, kind, **more)
    assert said in view.state["message"]
    assert view.state["error"]
    assert len(view.graph["edges"]) == 6


def test_messages_from_outside_are_not_trusted(view: NetworkView) -> None:
    for kind in ("close", "__class__", 3, None):
        send(view, kind)
    view._handle_custom_msg("prune", [])
    assert not view.state["error"]


def test_a_preview_that_leaves_nothing_says_so(view: NetworkView, monkeypatch) -> None:
    def refuse(threshold: float) -> None:
        raise InputError("threshold would remove every edge of an output: lower it")

    monkeypatch.setattr(view.session, "preview", refuse)
    send(view, "preview", threshold=0.9)
    assert "lower it" in view.preview["error"]


def test_the_view_follows_a_training() -> None:
    session = Session(DATA, (2, 2, 1), grids=(3, 6), starts=4)
    view = NetworkView(session)
    seen: list[bytes] = []
    view.observe(lambda change: seen.append(change["new"]), names="curves")
    session.start().wait()
    assert len(seen) >= 2
    assert view.state["status"] == "done"
    assert view.state["loss"] == pytest.approx(session.result.validation_loss, rel=1e-6)
    view.close()
    session.undo()
    assert view.state["redo"] == ""


def test_the_graph_is_saved_as_json_and_graphml(view: NetworkView) -> None:
    sent: list[dict] = []
    view.send = lambda content, buffers=None: sent.append(content)
    for kind in ("json", "graphml"):
        send(view, "save", kind=kind)
    back = nx.node_link_graph(json.loads(sent[0]["text"]), edges="edges")
    assert set(back.edges) == set(view.session.graph().edges)
    assert nx.parse_graphml(sent[1]["text"]).number_of_nodes() == 5
    assert graph_text(view.session.graph(), "json") == sent[0]["text"]


def test_a_picture_comes_back_as_a_pdf(view: NetworkView) -> None:
    sent: list[tuple[dict, list[bytes]]] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">θ</text></svg>'
    )
    send(view, "save", kind="pdf", picture=picture)
    [(content, [file])] = sent
    assert content == {"type": "file", "kind": "pdf"}
    assert file.startswith(b"%PDF-")


def test_a_saved_notebook_keeps_a_picture(view: NetworkView) -> None:
    content, _ = view._repr_mimebundle_()
    assert content["text/html"].startswith("<svg")
    assert "application/vnd.jupyter.widget-view+json" in content


def test_a_network_alone_is_refused(trained: KAN) -> None:
    with pytest.raises(InputError, match="needs its data"):
        NetworkView(trained)


def test_large_networks_are_not_named(trained: KAN) -> None:
    wide = NetworkView(KAN((2, SHOWN, 1)), DATA)
    send(wide, "names", on=True)
    assert all(edge["function"] is None for edge in wide.graph["edges"])
    wide.close()


@pytest.mark.parametrize(
    ("name", "affine", "text"),
    [
        ("sin", (3.14159, 0.0, 1.0, 0.0), "sin(3.14x)"),
        ("square", (1.0, -0.5, -2.0, 0.25), "−2·(x − 0.5)² + 0.25"),
        ("linear", (2.0, 1.0, -3.0, 0.5), "−6x − 2.5"),
        ("exp", (-1.0, 0.0, -1.0, -1e-5), "−exp(−x) − 1e−05"),
    ],
)
def test_formulas_of_edges_are_spelled_for_people(name: str, affine: tuple, text: str) -> None:
    assert spelled(name, affine) == text


def test_edges_are_addressed_as_everywhere(view: NetworkView) -> None:
    assert Edge(*view.graph["edges"][-1]["address"]) == view.model.edges()[-1]


def test_a_view_that_nobody_sees_catches_up_when_it_is_seen(view: NetworkView) -> None:
    view.live = False
    view.session.prune(0.5)
    assert len(view.graph["edges"]) == 6
    view.live = True
    left = [tuple(edge["address"]) for edge in view.graph["edges"]]
    assert left == view.session.model.edges()
    assert len(left) < 6
    assert view.state["undo"] == view.session.undoable


def test_a_row_flows_through_the_network_that_is_shown(view: NetworkView) -> None:
    send(view, "follow", row=5)
    assert view.flow["nodes"]["2.0"] == pytest.approx(view.model.predict(DATA.inputs)[5, 0].item())
    assert view.flow["true"] == DATA.targets[5].tolist()
    view.session.prune(0.5)
    assert view.flow["row"] == 5
    assert len(view.flow["edges"]) == len(view.graph["edges"])
    send(view, "follow", row=10**6)
    assert "row must lie between" in view.state["message"]
    send(view, "unfollow")
    assert view.flow == {}


def test_maps_follow_the_network_that_is_shown(view: NetworkView) -> None:
    send(view, "maps", on=True)
    maps = floats(view.maps).reshape(-1, 25, 25)
    assert len(maps) == len(view.graph["nodes"])
    view.session.prune(0.5)
    assert len(floats(view.maps)) == 625 * len(view.graph["nodes"])
    send(view, "maps", on=False)
    assert view.maps == b""


def test_maps_need_two_inputs() -> None:
    data = PROBLEMS[4].dataset(100)
    view = NetworkView(KAN((3, 1)), data)
    send(view, "maps", on=True)
    assert "two inputs" in view.state["message"]
    view.session.remove(Edge(0, 0, 0))
    assert len(view.graph["edges"]) == 2


def test_a_curve_is_bent_by_its_coefficients(view: NetworkView) -> None:
    edge = view.model.edges()[0]
    send(view, "select", edge=list(edge))
    bend, count = view.detail["bend"], view.detail["points"]
    assert len(bend["at"]) == len(bend["values"])
    basis = floats(view.detail_basis).reshape(-1, count)
    value = floats(view.detail_values)[count : 2 * count]
    assert np.allclose(np.array(bend["values"]) @ basis, value, atol=1e-4)
    changed = [*bend["values"][:-1], 3.5]
    send(view, "reshape", edge=list(edge), coefficients=changed)
    assert view.detail["bend"]["values"] == changed
    assert view.state["undo"] == "bend edge 0.0→1.0"
    assert f"reshape(model, {edge!r}, {changed!r})" in view.session.to_script()
    send(view, "undo")
    assert view.detail["bend"]["values"] == bend["values"]


def test_a_fixed_edge_has_nothing_to_bend(view: NetworkView) -> None:
    edge = view.model.edges()[0]
    view.session.fix(edge, "sin", (1.0, 0.0, 1.0, 0.0))
    send(view, "select", edge=list(edge))
    assert view.detail["bend"] is None
    assert view.detail_basis == b""


def test_nodes_layers_and_edges_come_and_go(view: NetworkView) -> None:
    def names() -> list[str]:
        return [node["id"] for node in view.graph["nodes"]]

    send(view, "add-node", level=1, kind="product")
    assert "1.p0" in names()
    address = next(node["address"] for node in view.graph["nodes"] if node["id"] == "1.p0")
    send(view, "remove-node", level=address[0], node=address[1])
    assert "1.p0" not in names()
    send(view, "add-layer", level=0)
    assert view.graph["depth"] == 3
    send(view, "undo")
    assert view.graph["missing"] == []
    send(view, "remove", edge=[0, 1, 1])
    assert view.graph["missing"] == [{"from": "0.1", "to": "1.1", "address": [0, 1, 1]}]
    send(view, "reopen", edge=[0, 1, 1])
    assert view.graph["missing"] == []
    assert view.state["undo"] == "add edge 0.1→1.1"
