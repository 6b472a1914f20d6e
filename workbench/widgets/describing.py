"""Graphs, curves and candidates as the traits of a network view hold them."""

import json
import tempfile
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch

from workbench.formulas.naming import told_apart
from workbench.kan.editing import greville
from workbench.kan.functions import lookup
from workbench.kan.model import KAN, Edge
from workbench.network.attribution import feature_scores
from workbench.network.candidates import Candidate
from workbench.network.graph import node_name, save_graph
from workbench.network.tracing import flow
from workbench.session import Session
from workbench.widgets.spelling import spelled

_POINTS = 161
_DOTS = 200
_ROWS = 2000
_LONGEST = 22
"""Characters of a label."""


def describe(graph: nx.DiGraph, session: Session) -> tuple[dict[str, Any], bytes]:
    """Nodes and edges of a graph as JSON-able data, and the curves as float32."""
    x = session.data.typical("train")[:_ROWS]
    importance = feature_scores(session.model, x).tolist()
    places = _addresses(session.model)
    short = told_apart([label for _, label in graph.nodes.data("label")], _LONGEST)
    nodes = [
        {
            "id": node,
            **{key: about[key] for key in ("kind", "column", "place", "label")},
            "short": label,
            "importance": importance[int(node.split(".")[1])] if about["kind"] == "input" else None,
            "address": places.get(node),
        }
        for (node, about), label in zip(graph.nodes(data=True), short, strict=True)
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
        "depth": session.model.config.depth,
        "missing": _missing(graph, session.model),
        "nodes": nodes,
        "edges": edges,
        "factors": factors,
        "target": session.data.target,
        "rows": len(session.data.inputs),
    }
    return content, rows.tobytes()


def _addresses(model: KAN) -> dict[str, list[int]]:
    """Layer and number of every node by its name in a graph; a factor is no node of its own."""
    config = model.config
    return {
        f"{level}.{node_name(model, level, number)}": [level, number]
        for level in range(config.depth + 1)
        for number in range(config.nodes(level))
    }


def _missing(graph: nx.DiGraph, model: KAN) -> list[dict[str, Any]]:
    """Edges that could join the nodes that are shown."""
    config = model.config
    names = {tuple(place): name for name, place in _addresses(model).items()}
    pruned = [
        Edge(level, source, target)
        for level in range(config.depth)
        for target, source in (model.layer(level).mask == 0).nonzero().tolist()
    ]
    joined = [(names[e.layer, e.source], f"{e.layer + 1}.{e.target}", e) for e in pruned]
    return [
        {"from": source, "to": target, "address": list(edge)}
        for source, target, edge in joined
        if source in graph and target in graph
    ]


def bending_of(
    session: Session, edge: Edge, x: np.ndarray
) -> tuple[dict[str, list[float]] | None, bytes]:
    """What dragging the coefficients of a curve needs; None where there is nothing to drag.

    Args:
        session: with the network. edge: a living one.
        x: points ``(P,)``.

    Returns:
        ``at``: the abscissae of the coefficients; ``values``: all of them, with that of a base; and the
        functions that they weigh at ``x``, ``(K, P)`` as float32.
    """
    layer = session.model.layer(edge.layer)
    places = greville(layer, edge.source)
    if places is None or (edge.target, edge.source) in layer.fixed:
        return None, b""
    points = torch.from_numpy(x).to(layer.grid_range)
    with torch.no_grad():
        everywhere = points.unsqueeze(-1).expand(-1, layer.in_features).unsqueeze(0)
        basis = layer.activations().basis(everywhere)[0, :, edge.source, : len(places)]
    values = layer.coefficients[edge.target, edge.source].tolist()
    about = {"at": places.tolist(), "values": values}
    return about, basis.mT.cpu().numpy().astype("<f4").tobytes()


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
    trace = model.trace(session.data.typical("train")[:_ROWS].to(model.output_scale))
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


def candidate_of(candidate: Candidate) -> dict[str, Any]:
    """A candidate as JSON-able data."""
    return {
        "name": candidate.name,
        "affine": list(candidate.affine),
        "r2": candidate.r2,
        "formula": spelled(candidate.name, candidate.affine),
    }


def overlay(candidate: Candidate, x: torch.Tensor) -> np.ndarray:
    """The curve of a candidate at ``x (P,)``."""
    a, b, c, d = candidate.affine
    return (c * lookup(candidate.name).value(a * x + b) + d).numpy()


def packed(rows: list[np.ndarray], dots: np.ndarray) -> bytes:
    """Rows, then pairs of samples, as little-endian float32."""
    return np.concatenate([*rows, dots.ravel()]).astype("<f4").tobytes()
