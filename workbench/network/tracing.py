"""What flows through a network: one sample from node to node, or every node over a plane of inputs."""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge, Trace
from workbench.network.graph import node_name


@dataclass(frozen=True)
class Flow:
    """The activations of one sample.

    Attributes:
        row: of the data.
        nodes: the value of every node under its name in ``to_networkx``; outputs are in the target's
            units, factors of products are nodes too.
        edges: what enters every living edge, and what leaves it.
    """

    row: int
    nodes: dict[str, float]
    edges: dict[Edge, tuple[float, float]]


def flow(model: KAN, data: Dataset, row: int) -> Flow:
    """Follow one row of the data through a network.

    Raises:
        InputError: there is no such row.
    """
    if not 0 <= row < len(data.inputs):
        raise InputError(f"row must lie between 0 and {len(data.inputs) - 1}, got {row}")
    trace = model.trace(data.inputs[row : row + 1].to(model.output_scale))
    values = {name: float(value[0]) for name, value in _node_values(model, trace).items()}
    edges = {
        edge: (
            float(trace.nodes[edge.layer][0, edge.source]),
            float(trace.postacts[edge.layer][0, edge.target, edge.source]),
        )
        for edge in model.edges()
    }
    return Flow(row, values, edges)


def node_maps(model: KAN, data: Dataset, *, points: int = 25) -> dict[str, Tensor]:
    """Every node as a function of the two inputs, over the range of the data.

    Args:
        model: a network of two inputs. data: its table.
        points: along each input.

    Returns:
        Under the name of each node in ``to_networkx`` its values ``(points, points)``: rows follow
        the second input, columns the first, both ascending.

    Raises:
        InputError: the network has not two inputs.
    """
    if model.in_features != 2:
        raise InputError(f"a node is a map where there are two inputs, got {model.in_features}")
    low, high = data.inputs.aminmax(dim=0)
    across, up = (
        torch.linspace(float(a), float(b), points) for a, b in zip(low, high, strict=True)
    )
    plane = torch.cartesian_prod(up, across).flip(1).to(model.output_scale)
    values = _node_values(model, model.trace(plane))
    return {name: value.reshape(points, points) for name, value in values.items()}


def _node_values(model: KAN, trace: Trace) -> dict[str, Tensor]:
    """The values ``(N,)`` of every node, factors of products among them."""
    values = {
        f"{level}.{node_name(model, level, number)}": column
        for level, nodes in enumerate(trace.nodes)
        for number, column in enumerate(nodes.unbind(1))
    }
    for level in range(1, model.config.depth + 1):
        into = trace.postacts[level - 1].sum(-1)
        for factor in range(model.config.sums(level), model.config.subnodes(level)):
            values[f"{level}.{factor}"] = into[:, factor]
    return values
