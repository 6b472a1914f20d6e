"""The paragraph on methods, and what to cite."""

from collections.abc import Mapping
from typing import Any

from workbench import __version__
from workbench.evidence.sample import objective
from workbench.formulas.library import SYMPY
from workbench.search.discovery import Discovery

TITLE = "KAN Workbench: scientific discovery with Kolmogorov–Arnold networks in JupyterLab"
AUTHORS = "{KAN Workbench developers}"
YEAR = "2026"

_RULES = {
    "best": "the simplest one that loses next to nothing against the least description length",
    "accurate": "the one with the least expected loss",
    "simple": "the simplest one whose expected loss is within twice the least",
    "mdl": "the one with the least description length",
}


def bibtex() -> str:
    """BibTeX of this software and of the papers that it builds on."""
    return f"""@software{{kan_workbench,
  title = {{{{{TITLE}}}}},
  author = {{{AUTHORS}}},
  version = {{{__version__}}},
  year = {{{YEAR}}}
}}

@inproceedings{{liu2025kan,
  title = {{{{KAN: Kolmogorov--Arnold Networks}}}},
  author = {{Liu, Ziming and Wang, Yixuan and Vaidya, Sachin and Ruehle, Fabian and Halverson, James and
    Solja{{\\v{{c}}}}i{{\\'c}}, Marin and Hou, Thomas Y. and Tegmark, Max}},
  booktitle = {{International Conference on Learning Representations}},
  year = {{2025}},
  note = {{arXiv:2404.19756}}
}}

@article{{liu2025kan2,
  title = {{{{Kolmogorov--Arnold Networks Meet Science}}}},
  author = {{Liu, Ziming and Ma, Pingchuan and Wang, Yixuan and Matusik, Wojciech and Tegmark, Max}},
  journal = {{Physical Review X}},
  volume = {{15}},
  pages = {{041051}},
  year = {{2025}},
  doi = {{10.1103/4t7t-v19l}},
  note = {{arXiv:2408.10205}}
}}
"""


def methods(found: Discovery, about: Mapping[str, Any]) -> str:
    """How the formula was found, as a paragraph for a paper."""
    rows, formula = about["rows"], found.formula
    shapes = ", ".join(dict.fromkeys(str(list(shape.width)) for shape in found.shapes))
    fitted = sum(c.snapped is None for c in formula.constants)
    exact = len(formula.constants) - fitted
    loss = objective(found.data)
    units = (
        " Formulas that mix units of measurement up were not eligible."
        if any(found.data.units.values())
        else ""
    )
    share, resamples = (formula.scores.get(k) for k in ("selection_frequency", "resamples"))
    firm = (
        f" Of {resamples:.0f} bootstrap resamples of these rows, {100 * share:.0f} % led to the same form "
        "among those that were tried."
        if share is not None and resamples
        else ""
    )
    return (
        f"Kolmogorov–Arnold networks of cubic splines (Liu et al. 2025a, b) of the widths "
        f"{shapes or str(list(found.network.config.width))} were fitted to {rows['train']} of "
        f"{sum(rows.values())} rows by {loss} on grids that were refined while the loss on "
        f"{rows['validation']} validation rows fell ({found.fit.solver}; seed {about['seed']}; KAN "
        f"Workbench {__version__}). Edges were removed one by one, each time the one whose absence a "
        f"refit felt least, until the error rose. The functions on the edges that remained were matched "
        f"with c·f(a·x + b) + d for {len(SYMPY)} functions f, and chosen by a beam search over the whole "
        "network in which all constants were fitted again after each choice. Constants were replaced by "
        "exact numbers one at a time, where the number lay within 3.5 standard errors and an F-test of "
        f"the refitted rest did not notice (F ≤ 9): {exact} of {exact + fitted} here. Standard errors come "
        "from the linearization at the optimum; intervals are those of Student's t at 95 %. Of all "
        f"formulas, {_RULES[found.formulas.rule]} was chosen, by the errors of all rows that are not held "
        f"out, each under constants fitted without it (one Newton step).{units}{firm} Errors are reported on "
        f"{rows['test']} rows that took no part in any of these steps."
    )
