"""A network as a networkx graph: what pictures, analyses and files all read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import torch
from torch import Tensor

from workbench.common.markup import legal
from workbench.common.writing import replacing
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.network.attribution import edge_scores
from workbench.network.candidates import suggest as suggest_functions

_SAMPLES = 65
_ROWS = 2000
_SWEEPS = 4


def to_networkx(
    model: KAN, data: Dataset, *, samples: int = _SAMPLES, suggest: bool = False
) -> nx.DiGraph:
    """The living part of a network as a directed graph, laid out in layers.

    Nodes are called ``"layer.number"``, products ``"layer.p-number"``. Their attributes: ``kind``
    (input, sum, product, output), ``layer``, ``label`` (column name for inputs and outputs) and
    ``place`` (order within the layer, crossings reduced).

    Edges carry ``edge`` (the ``Edge``), ``layer``, ``source``, ``target``, ``score`` (see
    ``edge_scores``), ``state`` ("spline" or "fixed"), ``function``, ``affine``, ``r2``, ``domain``
    (the range of its inputs) and ``x``, ``y`` (samples of the activation, ``y`` without its mean).
    The factors of a product are sums of their own, joined to it by edges whose state is "factor".

    Args:
        model: the network. data: for scores and ranges, from its training rows.
        samples: points per activation.
        suggest: also name the best matching function of every spline, with its r2.

    Raises:
        InputError: model and data do not belong together.
    """
    if model.in_features != len(data.names):
        raise InputError(
            f"the network has {model.in_features} inputs, the data {len(data.names)}: "
            "they must belong together"
        )
    x = data.typical("train")[:_ROWS]
    nodes = model.trace(x.to(model.output_scale)).nodes
    scores = edge_scores(model, x)
    graph = nx.DiGraph(names=list(data.names), target=data.target)
    _add_nodes(graph, model, data)
    edges = model.edges()
    found = suggest_functions(model, x, edges) if suggest and edges else {}
    drawn = [_curves(model, level, nodes[level], samples) for level in range(model.config.depth)]
    for edge in edges:
        layer = model.layer(edge.layer)
        points = drawn[edge.layer][0][:, edge.source]
        curve = drawn[edge.layer][1][:, edge.target, edge.source]
        name = layer.fixed.get((edge.target, edge.source))
        best = found[edge][0] if edge in found else None
        affine = layer.affine[edge.target, edge.source].tolist() if name else None
        graph.add_edge(
            f"{edge.layer}.{node_name(model, edge.layer, edge.source)}",
            f"{edge.layer + 1}.{edge.target}",
            edge=edge,
            **edge._asdict(),
            score=float(scores[edge.layer][edge.target, edge.source]),
            state="fixed" if name else "spline",
            function=name or (best.name if best else None),
            affine=affine or (list(best.affine) if best else None),
            r2=1.0 if name else (best.r2 if best else None),
            domain=(float(points[0]), float(points[-1])),
            x=points.tolist(),
            y=(curve - curve.mean()).tolist(),
        )
    _drop_idle(graph)
    _place(graph)
    return graph


def _curves(model: KAN, level: int, values: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Points along every input of a layer ``(M, n)``, and all its activations there ``(M, o, n)``."""
    low, high = values.min(0).values, values.max(0).values
    share = torch.linspace(0, 1, samples, dtype=values.dtype, device=values.device)
    points = torch.lerp(low, high, share.unsqueeze(-1))
    with torch.no_grad():
        return points, model.layer(level).activations().postacts(points.unsqueeze(0))[0]


def save_graph(graph: nx.DiGraph, path: str | Path) -> None:
    """Write GraphML with the attributes that are single numbers or texts; the file appears whole or not."""
    plain = nx.DiGraph()
    for node, about in graph.nodes(data=True):
        plain.add_node(node, **_single(about))
    for source, target, about in graph.edges(data=True):
        low, high = about.get("domain", (0.0, 0.0))
        single = _single(about)
        plain.add_edge(source, target, **single, domain_low=low, domain_high=high)
    with replacing(path) as (new,):
        nx.write_graphml(plain, str(new))


def _single(about: Mapping[str, object]) -> dict[str, object]:
    """Attributes that GraphML can hold; signs that XML forbids are replaced."""
    found = {k: v for k, v in about.items() if isinstance(v, str | int | float)}
    return {k: legal(v) if isinstance(v, str) else v for k, v in found.items()}


def node_name(model: KAN, level: int, number: int) -> str:
    """The name of a node within its layer: products are told apart from their factors."""
    sums = model.config.sums(level)
    return str(number) if number < sums else f"p{number - sums}"


def edge_label(model: KAN, data: Dataset, edge: Edge) -> str:
    """An edge by the names of its ends, as in ``a → sum 1.0``; factors of a product are sums."""
    if edge.layer == 0:
        source = data.names[edge.source]
    else:
        kind = "sum" if edge.source < model.config.sums(edge.layer) else "product"
        source = f"{kind} {edge.layer}.{node_name(model, edge.layer, edge.source)}"
    last = edge.layer + 1 == model.config.depth
    end = _output_labels(data)[edge.target] if last else f"sum {edge.layer + 1}.{edge.target}"
    return f"{source} → {end}"


def _add_nodes(graph: nx.DiGraph, model: KAN, data: Dataset) -> None:
    config = model.config
    outputs = _output_labels(data)
    for number, name in enumerate(data.names):
        graph.add_node(f"0.{number}", kind="input", layer=0, label=name)
    for level in range(1, config.depth + 1):
        last = level == config.depth
        for number in range(config.nodes(level)):
            name = node_name(model, level, number)
            is_sum = number < config.sums(level)
            kind = "output" if last else ("sum" if is_sum else "product")
            label = outputs[number] if last else ""
            graph.add_node(f"{level}.{name}", kind=kind, layer=level, label=label)
            if not is_sum:
                for factor in config.parents(level, number):
                    graph.add_node(f"{level}.{factor}", kind="sum", layer=level, label="")
                    graph.add_edge(
                        f"{level}.{factor}", f"{level}.{name}", state="factor", layer=level
                    )


def _output_labels(data: Dataset) -> list[str]:
    if data.task == "regression":
        several = [f"{data.target}_{number + 1}" for number in range(data.outputs)]
        return [data.target] if data.outputs == 1 else several
    labels = data.classes or ()
    return [f"{data.target} = {label}" for label in (labels[1:] if len(labels) == 2 else labels)]


def _drop_idle(graph: nx.DiGraph) -> None:
    """Hidden nodes without a living edge say nothing; inputs stay, to show that they were dropped."""
    idle = [n for n, d in graph.nodes(data=True) if d["kind"] in ("sum", "product")]
    joined = {n for u, v, d in graph.edges(data=True) if d["state"] != "factor" for n in (u, v)}
    for node in idle:
        factors = [u for u in graph.predecessors(node) if graph.nodes[node]["kind"] == "product"]
        if node not in joined and not any(f in joined for f in factors):
            graph.remove_node(node)


@dataclass
class _Orders:
    """Nodes of each column from top to bottom."""

    columns: dict[float, list[str]]

    def rank(self, node: str, column: float) -> float:
        return self.columns[column].index(node) / max(len(self.columns[column]) - 1, 1)


def _place(graph: nx.DiGraph) -> None:
    """Order the nodes of every layer by the mean place of their neighbours, back and forth."""
    columns: dict[float, list[str]] = {}
    for node, about in graph.nodes(data=True):
        # Products stand half a layer behind their factors.
        behind = any(d["state"] == "factor" for _, _, d in graph.in_edges(node, data=True))
        about["column"] = about["layer"] + (0.5 if behind else 0.0)
        columns.setdefault(about["column"], []).append(node)
    orders = _Orders(columns)
    keys = sorted(columns)
    for sweep in range(_SWEEPS):
        for key in keys if sweep % 2 == 0 else keys[::-1]:
            columns[key] = _by_neighbours(graph, orders, key)
    for nodes in columns.values():
        for place, node in enumerate(nodes):
            graph.nodes[node]["place"] = place


def _by_neighbours(graph: nx.DiGraph, orders: _Orders, key: float) -> list[str]:
    if key == 0:  # inputs stay in the order of the table
        return orders.columns[key]

    def centre(node: str) -> float:
        near = [*graph.predecessors(node), *graph.successors(node)]
        ranks = [orders.rank(n, graph.nodes[n]["column"]) for n in near]
        return sum(ranks) / len(ranks) if ranks else orders.rank(node, key)

    return sorted(orders.columns[key], key=centre)


def address(graph: nx.DiGraph, edge: Edge) -> tuple[str, str]:
    """The two nodes that ``edge`` joins in the graph; a ``KeyError`` when it is pruned."""
    for source, target, about in graph.edges(data=True):
        if about.get("edge") == edge:
            return source, target
    raise KeyError(edge)
