"""KAN Workbench: find the law in a table of data with Kolmogorov–Arnold networks.

The public names are imported when they are first used (PEP 562): Jupyter Server imports this
package too, and must not pay for torch.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

__version__ = "0.1.0"

if TYPE_CHECKING:
    from workbench.automatic import Discovery, discover
    from workbench.discovery.compiler import compile_expression
    from workbench.discovery.formula import Formula
    from workbench.discovery.formula_set import FormulaSet
    from workbench.discovery.graph import to_networkx
    from workbench.discovery.pruning import prune_edges
    from workbench.discovery.symbolic import symbolify
    from workbench.discovery.targets import compile_target
    from workbench.errors import ExtrapolationWarning, InputError
    from workbench.estimators import KANClassifier, KANRegressor
    from workbench.kan.data import Dataset
    from workbench.kan.model import KAN
    from workbench.kan.training import FitResult, fit
    from workbench.resampling import recurrence
    from workbench.session import Session

_MODULES = {
    "automatic": ["Discovery", "discover"],
    "discovery.compiler": ["compile_expression"],
    "discovery.formula": ["Formula"],
    "discovery.formula_set": ["FormulaSet"],
    "discovery.graph": ["to_networkx"],
    "discovery.pruning": ["prune_edges"],
    "discovery.symbolic": ["symbolify"],
    "discovery.targets": ["compile_target"],
    "errors": ["ExtrapolationWarning", "InputError"],
    "estimators": ["KANClassifier", "KANRegressor"],
    "kan.data": ["Dataset"],
    "kan.model": ["KAN"],
    "kan.training": ["FitResult", "fit"],
    "resampling": ["recurrence"],
    "session": ["Session"],
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
    "compile_expression",
    "compile_target",
    "discover",
    "fit",
    "prune_edges",
    "recurrence",
    "symbolify",
    "to_networkx",
]
