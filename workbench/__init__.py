"""KAN Workbench: find the law in a table of data with Kolmogorov–Arnold networks.

The public names are imported when they are first used (PEP 562): Jupyter Server imports this
package too, and must not pay for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from workbench.discover import Discovery, discover
    from workbench.discovery.formula import Formula, FormulaSet
    from workbench.discovery.graph import to_networkx
    from workbench.discovery.pruning import prune_edges
    from workbench.discovery.symbolic import symbolify
    from workbench.errors import InputError
    from workbench.estimators import KANClassifier, KANRegressor
    from workbench.kan.data import Dataset
    from workbench.kan.model import KAN
    from workbench.kan.training import FitResult, fit
    from workbench.session import Session

_HOME = {
    "KAN": "workbench.kan.model",
    "Dataset": "workbench.kan.data",
    "fit": "workbench.kan.training",
    "FitResult": "workbench.kan.training",
    "prune_edges": "workbench.discovery.pruning",
    "symbolify": "workbench.discovery.symbolic",
    "Formula": "workbench.discovery.formula",
    "FormulaSet": "workbench.discovery.formula",
    "to_networkx": "workbench.discovery.graph",
    "Session": "workbench.session",
    "KANRegressor": "workbench.estimators",
    "KANClassifier": "workbench.estimators",
    "discover": "workbench.discover",
    "Discovery": "workbench.discover",
    "InputError": "workbench.errors",
}

__all__ = [
    "KAN",
    "Dataset",
    "Discovery",
    "FitResult",
    "Formula",
    "FormulaSet",
    "InputError",
    "KANClassifier",
    "KANRegressor",
    "Session",
    "__version__",
    "discover",
    "fit",
    "prune_edges",
    "symbolify",
    "to_networkx",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
