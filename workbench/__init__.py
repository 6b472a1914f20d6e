"""KAN Workbench: find the law in a table of data with Kolmogorov–Arnold networks.

The public names are imported when they are first used (PEP 562): Jupyter Server imports this
package too, and must not pay for torch.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

__version__ = "0.1.0"

if TYPE_CHECKING:
    from workbench.boundaries import discover_boundary
    from workbench.comparison import advise, compare
    from workbench.dynamics import discover_dynamics, discover_pde
    from workbench.errors import ExtrapolationWarning, InputError
    from workbench.estimators import KANClassifier, KANRegressor
    from workbench.exchange import from_pykan
    from workbench.formulas.formula import Formula
    from workbench.formulas.formula_set import FormulaSet
    from workbench.kan.data import Dataset
    from workbench.kan.model import KAN
    from workbench.kan.training.fitting import fit
    from workbench.kan.training.result import FitResult
    from workbench.network.compiler import compile_expression
    from workbench.network.graph import to_networkx
    from workbench.network.pruning import prune_edges
    from workbench.network.targets import compile_target
    from workbench.relations import find_relations
    from workbench.report.loading import load
    from workbench.search.automatic import discover
    from workbench.search.discovery import Discovery
    from workbench.search.resampling import recurrence
    from workbench.search.symbolic import symbolify
    from workbench.session import Session
    from workbench.tables.reading import read_table

_MODULES = {
    "boundaries": ["discover_boundary"],
    "comparison": ["advise", "compare"],
    "dynamics": ["discover_dynamics", "discover_pde"],
    "search.automatic": ["discover"],
    "search.discovery": ["Discovery"],
    "network.compiler": ["compile_expression"],
    "formulas.formula": ["Formula"],
    "formulas.formula_set": ["FormulaSet"],
    "network.graph": ["to_networkx"],
    "network.pruning": ["prune_edges"],
    "search.symbolic": ["symbolify"],
    "network.targets": ["compile_target"],
    "errors": ["ExtrapolationWarning", "InputError"],
    "estimators": ["KANClassifier", "KANRegressor"],
    "exchange": ["from_pykan"],
    "kan.data": ["Dataset"],
    "kan.model": ["KAN"],
    "kan.training.fitting": ["fit"],
    "kan.training.result": ["FitResult"],
    "relations": ["find_relations"],
    "report.loading": ["load"],
    "search.resampling": ["recurrence"],
    "session": ["Session"],
    "tables.reading": ["read_table"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "KAN",
    "Dataset",
    "Discovery",
    "ExtrapolationWarning",
    "FitResult",
    "Formula",
    "FormulaSet",
    "InputError",
    "KANClassifier",
    "KANRegressor",
    "Session",
    "__version__",
    "advise",
    "compare",
    "compile_expression",
    "compile_target",
    "discover",
    "discover_boundary",
    "discover_dynamics",
    "discover_pde",
    "find_relations",
    "fit",
    "from_pykan",
    "load",
    "prune_edges",
    "read_table",
    "recurrence",
    "symbolify",
    "to_networkx",
]
