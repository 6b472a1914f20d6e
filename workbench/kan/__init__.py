"""The model and its training.

What belongs here: splines, layers, the network, its loss functions and the data they are fitted to;
how it is trained is in ``training``. Everything is torch and NumPy; nothing here knows SymPy, graphs,
files of users or screens.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.kan.bases import BASES
    from workbench.kan.checkpoint import About, load, read_about, save
    from workbench.kan.config import KANConfig
    from workbench.kan.data import Dataset
    from workbench.kan.editing import reopen, reshape
    from workbench.kan.functions import FUNCTIONS
    from workbench.kan.grid import update_grid_
    from workbench.kan.growth import expand_depth, expand_width, permute_nodes, submodel, warm_start
    from workbench.kan.layer import KANLayer
    from workbench.kan.locking import lock, locked_edges, unlock
    from workbench.kan.losses import CrossEntropy, Huber, Loss, Poisson, SquaredError
    from workbench.kan.model import KAN, Edge, Trace
    from workbench.kan.training.contest import Start, starts_of
    from workbench.kan.training.fitting import fit
    from workbench.kan.training.journal import Journal
    from workbench.kan.training.records import Record
    from workbench.kan.training.regularization import Penalty
    from workbench.kan.training.result import FitResult, TrainingError
    from workbench.kan.training.run import Progress
    from workbench.kan.training.solvers.adam import Adam

_MODULES = {
    "bases": ["BASES"],
    "checkpoint": ["About", "load", "read_about", "save"],
    "training.contest": ["Start", "starts_of"],
    "data": ["Dataset"],
    "editing": ["reopen", "reshape"],
    "functions": ["FUNCTIONS"],
    "grid": ["update_grid_"],
    "growth": ["expand_depth", "expand_width", "permute_nodes", "submodel", "warm_start"],
    "training.journal": ["Journal"],
    "training.records": ["Record"],
    "layer": ["KANLayer"],
    "locking": ["lock", "locked_edges", "unlock"],
    "losses": ["CrossEntropy", "Huber", "Loss", "Poisson", "SquaredError"],
    "config": ["KANConfig"],
    "model": ["KAN", "Edge", "Trace"],
    "training.regularization": ["Penalty"],
    "training.run": ["Progress"],
    "training.solvers.adam": ["Adam"],
    "training.fitting": ["fit"],
    "training.result": ["FitResult", "TrainingError"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "BASES",
    "FUNCTIONS",
    "KAN",
    "About",
    "Adam",
    "CrossEntropy",
    "Dataset",
    "Edge",
    "FitResult",
    "Huber",
    "Journal",
    "KANConfig",
    "KANLayer",
    "Loss",
    "Penalty",
    "Poisson",
    "Progress",
    "Record",
    "SquaredError",
    "Start",
    "Trace",
    "TrainingError",
    "expand_depth",
    "expand_width",
    "fit",
    "load",
    "lock",
    "locked_edges",
    "permute_nodes",
    "read_about",
    "reopen",
    "reshape",
    "save",
    "starts_of",
    "submodel",
    "unlock",
    "update_grid_",
    "warm_start",
]
