"""How a network is trained.

What belongs here: ``fit`` and what it consists of: random starts and their contest, the grid schedule,
the objective with its derivatives, penalties and smoothing, the journal that a stopped run goes on from,
and one solver a file in ``solvers``. Torch and NumPy, nothing else.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.kan.training.contest import Start, starts_of
    from workbench.kan.training.fitting import fit
    from workbench.kan.training.journal import Journal
    from workbench.kan.training.records import Record
    from workbench.kan.training.regularization import Penalty
    from workbench.kan.training.result import FitResult, TrainingError
    from workbench.kan.training.run import Progress
    from workbench.kan.training.solvers.adam import Adam

_MODULES = {
    "contest": ["Start", "starts_of"],
    "fitting": ["fit"],
    "journal": ["Journal"],
    "records": ["Record"],
    "regularization": ["Penalty"],
    "result": ["FitResult", "TrainingError"],
    "run": ["Progress"],
    "solvers.adam": ["Adam"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Adam",
    "FitResult",
    "Journal",
    "Penalty",
    "Progress",
    "Record",
    "Start",
    "TrainingError",
    "fit",
    "starts_of",
]
