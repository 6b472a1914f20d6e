"""The model and its training.

What belongs here: splines, layers, the network, its loss functions, its solvers and the data they
are fitted to. Everything is torch and NumPy; nothing here knows SymPy, graphs, files of users or
screens.
"""

from workbench.kan.data import Dataset
from workbench.kan.journal import Journal, Record
from workbench.kan.model import KAN, Edge, KANConfig, Trace
from workbench.kan.run import Progress
from workbench.kan.training import FitResult, TrainingError, fit

__all__ = [
    "KAN", "Dataset", "Edge", "FitResult", "Journal", "KANConfig", "Progress", "Record", "Trace",
    "TrainingError", "fit",
]  # fmt: skip
