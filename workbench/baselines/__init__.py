"""What a network is measured against, on the same rows: a constant, a line, a perceptron.

The perceptron gets what the network gets: standardized float64 data, many starts, second-order steps
with an analytic Jacobian, and the state that validates best.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.baselines.mlp import MLP, Architecture, matching_width
    from workbench.baselines.peers import Baseline, baselines_of
    from workbench.baselines.training import MLPResult, fit_mlp

_MODULES = {
    "mlp": ["MLP", "Architecture", "matching_width"],
    "peers": ["Baseline", "baselines_of"],
    "training": ["MLPResult", "fit_mlp"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "MLP",
    "Architecture",
    "Baseline",
    "MLPResult",
    "baselines_of",
    "fit_mlp",
    "matching_width",
]
