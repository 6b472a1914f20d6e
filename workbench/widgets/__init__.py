"""The screen: widgets over a ``Session``. The only place that imports ipywidgets and anywidget.

What belongs here: traits and views. Every number that is shown comes from a function that also works
without a screen.
"""

from workbench.widgets.network import NetworkView
from workbench.widgets.pictures import formula_card, network_picture
from workbench.widgets.training import TrainingPanel

__all__ = ["NetworkView", "TrainingPanel", "formula_card", "network_picture"]
