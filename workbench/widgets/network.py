"""The network on the screen: look at every edge, prune with a preview, fix a candidate, undo."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
import traitlets

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.network.tracing import node_maps
from workbench.pictures.drawing import network_svg
from workbench.pictures.pdf import pdf_of
from workbench.session import Frame, Session
from workbench.widgets.describing import (
    bending_of,
    candidate_of,
    curve_of,
    describe,
    flow_of,
    graph_text,
    overlay,
    packed,
)
from workbench.widgets.panel import Command, Panel, index_in, number_in, text_in

SHOWN = 60
"""Beyond so many edges the weaker ones are drawn as bundles, and not named."""

Tools = Literal["all", "look", "simplify"]

_CANDIDATES = 6
_STATIC_EDGES = 60


class NetworkView(Panel):
    """A network as a graph: the curve on every edge, its strength, its kind; and what to do next.

    The front end sends commands, each of which is a method of ``Session``: "prune", "preview", "fix",
    "unfix", "undo", "redo". Curves travel as little-endian float32.

    Args:
        source: a session, or a network; then ``view.session`` holds the steps that are taken.
        data: the table, beside a network.
        tools: which controls are beside the picture: "look" hides weak edges and has all that a hand
            changes, "simplify" prunes and can do so by itself.

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
        detail_basis: where its coefficients can be bent, the value of each one's function at x:
            ``(K, P)``.
    """

    _view = traitlets.Unicode("network").tag(sync=True)

    graph = traitlets.Dict().tag(sync=True)
    curves = traitlets.Bytes(b"").tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    preview = traitlets.Dict().tag(sync=True)
    flow = traitlets.Dict().tag(sync=True)
    maps = traitlets.Bytes(b"").tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    detail_values = traitlets.Bytes(b"").tag(sync=True)
    detail_basis = traitlets.Bytes(b"").tag(sync=True)
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
        super().__init__(tools=tools, kept="")
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
            "reopen": lambda said: self._act(self.session.reopen, _edge(said)),
            "reshape": self._reshape,
            "add-node": lambda said: self._act(
                self.session.add_node, index_in(said, "level"), text_in(said, "kind")
            ),
            "add-layer": lambda said: self._act(self.session.add_layer, index_in(said, "level")),
            "remove-node": lambda said: self._act(
                self.session.remove_node, index_in(said, "level"), index_in(said, "node")
            ),
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
        bend, basis = bending_of(self.session, edge, rows[0])
        about |= {"bend": bend}
        with self._lock, self.hold_sync():
            self.detail = {**about, "candidates": [] if self.session.running else None}
            self.detail_values = packed(rows, dots)
            self.detail_basis = basis
        if self.session.running:
            return
        found = self.session.suggest(edge)[:_CANDIDATES]
        x = torch.from_numpy(rows[0])
        overlays = [overlay(candidate, x) for candidate in found]
        with self._lock, self.hold_sync():
            if self.detail.get("address") == list(edge):
                self.detail = {**about, "candidates": [candidate_of(c) for c in found]}
                self.detail_values = packed([*rows, *overlays], dots)

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

    def _reshape(self, said: Mapping[str, Any]) -> None:
        numbers = said.get("coefficients")
        if not isinstance(numbers, list) or not all(isinstance(n, int | float) for n in numbers):
            raise InputError(f"coefficients are a list of numbers, got {numbers!r}")
        self._act(self.session.reshape, _edge(said), numbers)

    def _name(self, said: Mapping[str, Any]) -> None:
        self._named = bool(said.get("on")) and len(self._edges) <= SHOWN
        self._refresh()

    def _save(self, said: Mapping[str, Any]) -> None:
        kind = said.get("kind")
        if kind == "pdf":
            file = pdf_of(text_in(said, "picture"), f"Network of {self.session.data.target}")
            self.send({"type": "file", "kind": kind}, [file])
        elif kind in ("json", "graphml"):
            text = graph_text(self.session.graph(), kind)
            self.send({"type": "file", "kind": kind, "text": text})
        else:
            raise InputError(f"a network is saved as pdf, json or graphml, got {kind!r}")


def _edge(said: Mapping[str, Any]) -> Edge:
    value = said.get("edge")
    if (
        not isinstance(value, list)
        or len(value) != 3
        or not all(isinstance(number, int) for number in value)
    ):
        raise InputError(f"an edge is three whole numbers, got {value!r}")
    return Edge(*value)
