"""The network on the screen: look at every edge, prune with a preview, fix a candidate, undo."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import networkx as nx
import numpy as np
import torch
import traitlets

from workbench.discovery.attribution import feature_scores
from workbench.discovery.candidates import Candidate
from workbench.discovery.drawing import network_svg
from workbench.discovery.graph import save_graph
from workbench.discovery.tracing import flow, node_maps
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.functions import lookup
from workbench.kan.model import KAN, Edge
from workbench.session import Frame, Session
from workbench.widgets.front_end import module, style
from workbench.widgets.panel import Command, Panel, index_in, number_in

SHOWN = 60
"""Beyond so many edges the weaker ones are drawn as bundles, and not named."""

Tools = Literal["all", "look", "simplify"]

_POINTS = 161
_DOTS = 200
_ROWS = 2000
_CANDIDATES = 6
_STATIC_EDGES = 60


class NetworkView(Panel):
    """A network as a graph: the curve on every edge, its strength, its kind; and what to do next.

    The front end sends commands, each of which is a method of ``Session``: "prune", "preview", "fix",
    "unfix", "undo", "redo". Curves travel as little-endian float32.

    Args:
        source: a session, or a network; then ``view.session`` holds the steps that are taken.
        data: the table, beside a network.
        tools: which controls are beside the picture: "look" leaves out pruning, "simplify" has all
            that changes the network.

    Attributes:
        live: whether it follows the session; one that nobody sees need not, and catches up when
            it is seen.
        graph: nodes and edges as in ``to_networkx``, without samples.
        curves: ``(edges, points)`` values, in the order of the edges.
        state: status of the session, loss, what can be undone, message.
        preview: of pruning at a threshold. flow: of the row that is followed.
        maps: of two inputs, ``(nodes, 25, 25)`` in the order of the nodes, or nothing.
        detail: the selected edge.
        detail_values: its rows x, value, slope and one for each candidate, then pairs of samples.
    """

    _esm = module("network.js")
    _css = style("network.css")

    graph = traitlets.Dict().tag(sync=True)
    curves = traitlets.Bytes(b"").tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    preview = traitlets.Dict().tag(sync=True)
    flow = traitlets.Dict().tag(sync=True)
    maps = traitlets.Bytes(b"").tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    detail_values = traitlets.Bytes(b"").tag(sync=True)
    tools = traitlets.Enum(("all", "look", "simplify"), "all").tag(sync=True)

    def __init__(
        self, source: Session | KAN, data: Dataset | None = None, *, tools: Tools = "all"
    ) -> None:
        if isinstance(source, KAN):
            if data is None:
                raise InputError("a network needs its data beside it: NetworkView(model, data)")
            source = Session(data, model=source)
        self.session = source
        self._live, self._stale = True, False
        self._edges: list[Edge] = []
        self._named = self._mapped = False
        super().__init__(tools=tools)
        self._refresh()
        self._forget += [source.observe(self._follow), source.listen(self._refresh)]

    @property
    def model(self) -> KAN:
        """The network that is shown."""
        return self.session.model

    @property
    def live(self) -> bool:
        """See the class."""
        return self._live

    @live.setter
    def live(self, on: bool) -> None:
        self._live = on
        if on and self._stale:
            self._refresh()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and a picture for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None or len(self._edges) > _STATIC_EDGES:
            return bundle
        content, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**content, "text/html": network_svg(self.session.graph())}, about

    # From the session

    def _refresh(self) -> None:
        """Show the present network; also called on the training thread when it ends."""
        self._stale = not self._live
        if self._stale:
            return
        graph = self.session.graph(suggest=self._named)
        described, curves = describe(graph, self.session)
        with self._lock, self.hold_sync():
            self._edges = [Edge(*edge["address"]) for edge in described["edges"]]
            self.graph, self.curves = described, curves
            self.preview = {}
            self.maps = self._drawn_maps() if self._mapped else b""
            if self.flow:
                self.flow = flow_of(self.session, self.flow["row"])
            address = self.detail.get("address")
            if address and Edge(*address) not in self._edges:
                self.detail, self.detail_values = {}, b""
            self._tell("")
        if self.detail:
            self._select({"edge": self.detail["address"]})

    def _follow(self, frame: Frame) -> None:
        """Edges change their shape while the network trains."""
        if not self._live:
            self._stale = True
            return
        with self._lock, self.hold_sync():
            if list(frame.edges) == self._edges and frame.busy and frame.job == "train":
                self.curves = frame.curves.numpy().astype("<f4").tobytes()
            self._tell("")

    def _tell(self, message: str, *, error: bool = False) -> None:
        session, frame = self.session, self.session.frame
        doing = frame.phase if frame.job != "train" else "training"
        self.state = {
            "status": frame.status,
            "doing": doing if frame.busy else "",
            "job": frame.job,
            "trained": session.trained,
            "loss": None if frame.busy else session.loss(),
            "unit": session.unit,
            "undo": session.undoable,
            "redo": session.redoable,
            "message": message,
            "error": error,
        }

    # From the front end

    def _commands(self) -> dict[str, Command]:
        return {
            "preview": self._preview,
            "follow": self._follow_row,
            "unfollow": lambda said: self._show_flow({}),
            "prune": lambda said: self._act(self.session.prune, number_in(said, "threshold")),
            "simplify": lambda said: self.session.prune(wait=False),
            "stop": lambda said: self.session.stop(),
            "maps": self._map,
            "select": self._select,
            "unselect": lambda said: self._unselect(),
            "fix": self._fix,
            "unfix": lambda said: self._act(self.session.unfix, _edge(said)),
            "hold": lambda said: self._act(self.session.hold, _edge(said)),
            "release": lambda said: self._act(self.session.release, _edge(said)),
            "remove": lambda said: self._act(self.session.remove, _edge(said)),
            "undo": lambda said: self._act(self.session.undo),
            "redo": lambda said: self._act(self.session.redo),
            "names": self._name,
            "save": self._save,
        }

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self._tell(sentence, error=True)

    def _act(self, action: Callable[..., Session], *arguments: Any) -> None:
        action(*arguments)
        with self._lock:
            self._tell("")

    def _preview(self, said: Mapping[str, Any]) -> None:
        threshold = number_in(said, "threshold")
        answer: dict[str, Any] = {"threshold": threshold, "edges": [], "error": ""}
        if threshold > 0:
            try:
                found = self.session.preview(threshold)
                answer |= {
                    "edges": [self._edges.index(edge) for edge in found.edges],
                    "before": found.before,
                    "after": found.after,
                }
            except InputError as error:
                answer["error"] = str(error)
        with self._lock:
            self.preview = answer

    def _follow_row(self, said: Mapping[str, Any]) -> None:
        self._show_flow(flow_of(self.session, index_in(said, "row")))

    def _show_flow(self, found: dict[str, Any]) -> None:
        with self._lock:
            self.flow = found

    def _map(self, said: Mapping[str, Any]) -> None:
        on = bool(said.get("on"))
        found = self._drawn_maps() if on else b""
        self._mapped = on
        with self._lock:
            self.maps = found

    def _drawn_maps(self) -> bytes:
        maps = node_maps(self.model, self.session.data)
        return b"".join(maps[n["id"]].numpy().astype("<f4").tobytes() for n in self.graph["nodes"])

    def _select(self, said: Mapping[str, Any]) -> None:
        """First the curve, at once; then, when they are found, the candidates."""
        edge = _edge(said)
        if edge not in self._edges:
            raise InputError("this edge is no longer in the network")
        about, rows, dots = curve_of(self.session, edge)
        with self._lock, self.hold_sync():
            self.detail = {**about, "candidates": [] if self.session.running else None}
            self.detail_values = _packed(rows, dots)
        if self.session.running:
            return
        found = self.session.suggest(edge)[:_CANDIDATES]
        x = torch.from_numpy(rows[0])
        overlays = [_value(candidate, x) for candidate in found]
        with self._lock, self.hold_sync():
            if self.detail.get("address") == list(edge):
                self.detail = {**about, "candidates": [_described(c) for c in found]}
                self.detail_values = _packed([*rows, *overlays], dots)

    def _unselect(self) -> None:
        with self._lock, self.hold_sync():
            self.detail, self.detail_values = {}, b""

    def _fix(self, said: Mapping[str, Any]) -> None:
        candidates = self.detail.get("candidates") or []
        place = said.get("candidate")
        if not isinstance(place, int) or not 0 <= place < len(candidates):
            raise InputError("this function is no longer among the candidates")
        edge, chosen = Edge(*self.detail["address"]), candidates[place]
        self._act(self.session.fix, edge, chosen["name"], tuple(chosen["affine"]))

    def _name(self, said: Mapping[str, Any]) -> None:
        self._named = bool(said.get("on")) and len(self._edges) <= SHOWN
        self._refresh()

    def _save(self, said: Mapping[str, Any]) -> None:
        kind = said.get("kind")
        if kind not in ("json", "graphml"):
            raise InputError(f"a graph is saved as json or graphml, got {kind!r}")
        self.send({"type": "file", "kind": kind, "text": graph_text(self.session.graph(), kind)})


def describe(graph: nx.DiGraph, session: Session) -> tuple[dict[str, Any], bytes]:
    """Nodes and edges of a graph as JSON-able data, and the curves as float32."""
    x = session.data.split("train")[0][:_ROWS]
    importance = feature_scores(session.model, x).tolist()
    nodes = [
        {
            "id": node,
            **{key: about[key] for key in ("kind", "column", "place", "label")},
            "importance": importance[int(node.split(".")[1])] if about["kind"] == "input" else None,
        }
        for node, about in graph.nodes(data=True)
    ]
    # In the order of ``KAN.edges``, which frames of a training follow too.
    curved = sorted(
        ((u, v, d) for u, v, d in graph.edges(data=True) if d["state"] != "factor"),
        key=lambda edge: (edge[2]["edge"].layer, edge[2]["edge"].target, edge[2]["edge"].source),
    )
    edges = [
        {
            "from": source,
            "to": target,
            "address": list(about["edge"]),
            "state": about["state"],
            "score": about["score"],
            "function": about["function"],
            "r2": about["r2"],
            "domain": list(about["domain"]),
        }
        for source, target, about in curved
    ]
    factors = [[u, v] for u, v, d in graph.edges(data=True) if d["state"] == "factor"]
    rows = np.array([about["y"] for _, _, about in curved], dtype="<f4")
    content = {
        "nodes": nodes,
        "edges": edges,
        "factors": factors,
        "target": session.data.target,
        "rows": len(session.data.inputs),
    }
    return content, rows.tobytes()


def flow_of(session: Session, row: int) -> dict[str, Any]:
    """A row's way through the network as JSON-able data, edges in the order of ``KAN.edges``."""
    data = session.data
    found = flow(session.model, data, row)
    true = data.targets[row]
    return {
        "row": row,
        "nodes": found.nodes,
        "edges": list(found.edges.values()),
        "true": str(data.classes[int(true)]) if data.classes is not None else true.tolist(),
    }


def curve_of(session: Session, edge: Edge) -> tuple[dict[str, Any], list[np.ndarray], np.ndarray]:
    """What is known of an edge; rows x, value and slope ``(P,)``; and samples ``(M, 2)``."""
    model = session.model
    layer = model.layer(edge.layer)
    trace = model.trace(session.data.split("train")[0][:_ROWS].to(model.output_scale))
    into = trace.nodes[edge.layer][:, edge.source]
    x = torch.linspace(float(into.min()), float(into.max()), _POINTS).to(into)
    with torch.no_grad():
        grid = x.unsqueeze(-1).expand(-1, layer.in_features).unsqueeze(0)
        slope = layer.activations().slopes(grid)[0, :, edge.target, edge.source]
    keep = slice(0, _DOTS)
    dots = torch.stack((into[keep], trace.postacts[edge.layer][keep, edge.target, edge.source]), 1)
    name = layer.fixed.get((edge.target, edge.source))
    held = bool(layer.locked[edge.target, edge.source])
    about: dict[str, Any] = {
        "address": list(edge),
        "points": _POINTS,
        "function": name,
        "held": held,
    }
    if name:
        affine = layer.affine[edge.target, edge.source].tolist()
        about["formula"] = spelled(name, affine)
    return about, [t.cpu().numpy() for t in (x, model.activation(edge, x), slope)], dots.numpy()


def graph_text(graph: nx.DiGraph, kind: str) -> str:
    """The graph as GraphML, or as node-link JSON with the samples of every curve."""
    if kind == "json":
        plain = nx.node_link_data(graph, edges="edges")
        return json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.graphml"
        save_graph(graph, path)
        return path.read_text(encoding="utf-8")


def spelled(name: str, affine: Any) -> str:
    """c·f(a·x + b) + d with three digits, for people."""
    a, b, c, d = affine
    if name == "linear":
        a, b, c, d = c * a, 0.0, 1.0, c * b + d
    a, b, c, d = (float(f"{number:.3g}") for number in (a, b, c, d))
    inner = {1.0: "x", -1.0: "−x"}.get(a, f"{a:g}x") + (f" {_sign(b)} {abs(b):g}" if b else "")
    factor = {1.0: "", -1.0: "−"}.get(c, f"{c:g}·")
    tail = f" {_sign(d)} {abs(d):g}" if d else ""
    return f"{factor}{_NOTATION.get(name, f'{name}(@)').replace('@', inner)}{tail}".replace(
        "-", "−"
    )


_NOTATION = {
    "linear": "@",
    "square": "(@)²",
    "cube": "(@)³",
    "reciprocal": "1/(@)",
    "reciprocal_square": "1/(@)²",
    "sqrt": "√(@)",
    "inverse_sqrt": "1/√(@)",
    "power_3_2": "(@)^(3/2)",
    "abs": "|@|",
    "gaussian": "exp(−(@)²)",
    "zero": "0",
    "constant": "1",
}


def _sign(number: float) -> str:
    return "−" if number < 0 else "+"


def _described(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "affine": list(candidate.affine),
        "r2": candidate.r2,
        "formula": spelled(candidate.name, candidate.affine),
    }


def _value(candidate: Candidate, x: torch.Tensor) -> np.ndarray:
    a, b, c, d = candidate.affine
    return (c * lookup(candidate.name).value(a * x + b) + d).numpy()


def _packed(rows: list[np.ndarray], dots: np.ndarray) -> bytes:
    return np.concatenate([*rows, dots.ravel()]).astype("<f4").tobytes()


def _edge(said: Mapping[str, Any]) -> Edge:
    value = said.get("edge")
    if (
        not isinstance(value, list)
        or len(value) != 3
        or not all(isinstance(number, int) for number in value)
    ):
        raise InputError(f"an edge is three whole numbers, got {value!r}")
    return Edge(*value)
