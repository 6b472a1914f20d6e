"""Static pictures for a notebook; they stay when it is saved."""

from IPython.display import HTML

from workbench.common.markup import element
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.graph import to_networkx
from workbench.pictures.drawing import network_svg


def network_picture(model: KAN, data: Dataset) -> HTML:
    """The network with the curve of every living edge."""
    return HTML(network_svg(to_networkx(model, data)))


def formula_card(formula: Formula) -> HTML:
    """The formula with its held-out figures."""
    figures = [
        (name.removeprefix("test_").replace("loss", "held-out loss"), formula.scores.get(name))
        for name in ("test_r2", "test_accuracy", "test_loss")
    ]
    told = [f"{name} {value:.4g}" for name, value in figures if value is not None]
    shape = "border-left:4px solid var(--jp-brand-color1,#1565c0);padding:6px 16px;overflow-x:auto"
    law = element("div", formula.mathml, style="font-size:1.25em")
    about = element("small", " · ".join([*told, f"complexity {formula.complexity}"]))
    return HTML(element("div", law, about, style=shape))
