"""What is read out of a network, or written into it.

What belongs here: attribution and pruning, the table of functions, the search for symbols, formulas
with their constants and exports, the graph of a network, its drawing and the report. SymPy and
networkx live here; widgets and files of users do not.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.discovery.attribution import edge_scores, feature_scores, node_scores
    from workbench.discovery.candidates import Candidate, suggest
    from workbench.discovery.compiler import compile_expression
    from workbench.discovery.conserved import conserved_quantities
    from workbench.discovery.drawing import network_svg
    from workbench.discovery.elimination import Elimination, Stage, eliminate
    from workbench.discovery.fixing import fix, unfix
    from workbench.discovery.formula import Constant, Formula
    from workbench.discovery.formula_set import FormulaSet
    from workbench.discovery.graph import save_graph, to_networkx
    from workbench.discovery.library import register, registered, unregister
    from workbench.discovery.pruning import (
        prune_edges,
        prune_inputs,
        prune_nodes,
        remove_edges,
        remove_node,
    )
    from workbench.discovery.stability import weighed
    from workbench.discovery.structure.propose import Suggestion, propose
    from workbench.discovery.symbolic import symbolify
    from workbench.discovery.targets import compile_target
    from workbench.discovery.tracing import Flow, flow, node_maps
    from workbench.discovery.units import dimensionless_groups

_MODULES = {
    "attribution": ["edge_scores", "feature_scores", "node_scores"],
    "candidates": ["Candidate", "suggest"],
    "compiler": ["compile_expression"],
    "conserved": ["conserved_quantities"],
    "drawing": ["network_svg"],
    "elimination": ["Elimination", "Stage", "eliminate"],
    "fixing": ["fix", "unfix"],
    "formula": ["Constant", "Formula"],
    "formula_set": ["FormulaSet"],
    "graph": ["save_graph", "to_networkx"],
    "library": ["register", "registered", "unregister"],
    "pruning": [
        "prune_edges",
        "prune_inputs",
        "prune_nodes",
        "remove_edges",
        "remove_node",
    ],
    "stability": ["weighed"],
    "structure.propose": ["Suggestion", "propose"],
    "symbolic": ["symbolify"],
    "targets": ["compile_target"],
    "tracing": ["Flow", "flow", "node_maps"],
    "units": ["dimensionless_groups"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Candidate",
    "Constant",
    "Elimination",
    "Flow",
    "Formula",
    "FormulaSet",
    "Stage",
    "Suggestion",
    "compile_expression",
    "compile_target",
    "conserved_quantities",
    "dimensionless_groups",
    "edge_scores",
    "eliminate",
    "feature_scores",
    "fix",
    "flow",
    "network_svg",
    "node_maps",
    "node_scores",
    "propose",
    "prune_edges",
    "prune_inputs",
    "prune_nodes",
    "register",
    "registered",
    "remove_edges",
    "remove_node",
    "save_graph",
    "suggest",
    "symbolify",
    "to_networkx",
    "unfix",
    "unregister",
    "weighed",
]
