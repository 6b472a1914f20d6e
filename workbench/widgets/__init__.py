"""The screen: widgets over a ``Session``. The only place that imports ipywidgets and anywidget.

What belongs here: traits and views. Every number that is shown comes from a function that also works
without a screen. ``Workbench`` puts the panels together; each of them works alone.
"""

from workbench.widgets.data import DataForm
from workbench.widgets.exports import ExportPanel, ScriptView
from workbench.widgets.formulas import FormulaTable
from workbench.widgets.network import NetworkView
from workbench.widgets.pictures import formula_card, network_picture
from workbench.widgets.training import TrainingPanel
from workbench.widgets.versions import VersionTree
from workbench.widgets.workbench import Workbench

__all__ = [
    "DataForm",
    "ExportPanel",
    "FormulaTable",
    "NetworkView",
    "ScriptView",
    "TrainingPanel",
    "VersionTree",
    "Workbench",
    "formula_card",
    "network_picture",
]
