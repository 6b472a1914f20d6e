"""What a network is measured against, on the same rows: a constant, a line, a perceptron.

The perceptron gets what the network gets: standardized float64 data, many starts, second-order steps
with an analytic Jacobian, and the state that validates best.
"""

from workbench.baselines.mlp import MLP, Architecture, matching_width
from workbench.baselines.peers import Baseline, compare
from workbench.baselines.training import MLPResult, fit_mlp

__all__ = [
    "MLP",
    "Architecture",
    "Baseline",
    "MLPResult",
    "compare",
    "fit_mlp",
    "matching_width",
]
