"""What is read off a network or done to it.

What belongs here: attribution, pruning and elimination, functions fixed on edges, the graph of a network,
what flows through it, and the ways between expressions and networks.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.network.attribution import edge_scores, feature_scores, node_scores
    from workbench.network.candidates import Candidate, suggest
    from workbench.network.compiler import compile_expression
    from workbench.network.elimination import Elimination, Stage, eliminate
    from workbench.network.fixing import fix, unfix
    from workbench.network.graph import save_graph, to_networkx
    from workbench.network.pruning import (
        prune_edges,
        prune_inputs,
        prune_nodes,
        remove_edges,
        remove_node,
    )
    from workbench.network.targets import compile_target
    from workbench.network.tracing import Flow, flow, node_maps

_MODULES = {
    "attribution": ["edge_scores", "feature_scores", "node_scores"],
    "candidates": ["Candidate", "suggest"],
    "compiler": ["compile_expression"],
    "elimination": ["Elimination", "Stage", "eliminate"],
    "fixing": ["fix", "unfix"],
    "graph": ["save_graph", "to_networkx"],
    "pruning": ["prune_edges", "prune_inputs", "prune_nodes", "remove_edges", "remove_node"],
    "targets": ["compile_target"],
    "tracing": ["Flow", "flow", "node_maps"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Candidate",
    "Elimination",
    "Flow",
    "Stage",
    "compile_expression",
    "compile_target",
    "edge_scores",
    "eliminate",
    "feature_scores",
    "fix",
    "flow",
    "node_maps",
    "node_scores",
    "prune_edges",
    "prune_inputs",
    "prune_nodes",
    "remove_edges",
    "remove_node",
    "save_graph",
    "suggest",
    "to_networkx",
    "unfix",
]
