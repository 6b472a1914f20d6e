"""One sample's way through a network: the value at every node, and what every edge makes of it."""

from dataclasses import dataclass

from workbench.discovery.graph import node_name
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge


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
    values = {
        f"{level}.{node_name(model, level, number)}": value
        for level, nodes in enumerate(trace.nodes)
        for number, value in enumerate(nodes[0].tolist())
    }
    for level in range(1, model.config.depth + 1):
        into = trace.postacts[level - 1][0].sum(-1).tolist()
        for factor in range(model.config.sums(level), model.config.subnodes(level)):
            values[f"{level}.{factor}"] = into[factor]
    edges = {
        edge: (
            float(trace.nodes[edge.layer][0, edge.source]),
            float(trace.postacts[edge.layer][0, edge.target, edge.source]),
        )
        for edge in model.edges()
    }
    return Flow(row, values, edges)
