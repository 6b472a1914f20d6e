r"""Columns that stand apart: y = f(x_i) + g(others), or y = f(x_i) g(others).

In a sum :math:`\partial_i y` is a function of :math:`x_i` alone; in a product it is y times one, which is to
say that :math:`\log|y|` is a sum. Either function is sought among cubic splines, by least squares.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.formulas.typesetting import to_text
from workbench.search.structure.problem import Problem
from workbench.search.structure.separable import curve_design
from workbench.search.structure.surrogate import Smooth

_CLEAR = 0.1
_GRID = 5


@dataclass(frozen=True)
class Apart:
    """A column that is joined to the others by a sum or a product alone.

    ``misfit`` is the share of its slope's root mean square that contradicts this.
    """

    kind: Literal["sum", "product"]
    column: int
    misfit: float

    def sentence(self, problem: Problem) -> str:
        name = to_text(problem.symbols[self.column])
        verb = "plus" if self.kind == "sum" else "times"
        return f"{to_text(problem.subject)} is a function of {name} {verb} a function of the other inputs"


def find_separability(smooth: Smooth, problem: Problem) -> list[Apart]:
    """Columns that stand apart, the surest first; each by the kind that fits it better."""
    if problem.width < 2:
        return []
    found = []
    for column in range(problem.width):
        design = curve_design(problem.x[:, column], _GRID) * problem.weights[:, None]
        slope = smooth.slopes[:, column] * problem.weights
        size = float(np.linalg.norm(slope))
        if size == 0:
            continue
        misfits = {
            "sum": _outside(design, slope) / size,
            "product": _outside(design * smooth.values[:, None], slope) / size,
        }
        if misfits["sum"] <= misfits["product"] and misfits["sum"] < _CLEAR:
            found.append(Apart("sum", column, misfits["sum"]))
        elif misfits["product"] < _CLEAR:
            found.append(Apart("product", column, misfits["product"]))
    return sorted(found, key=lambda a: a.misfit)


def _outside(table: np.ndarray, target: np.ndarray) -> float:
    """Length of the part of a target that no combination of columns reaches."""
    numbers = np.linalg.lstsq(table, target, rcond=1e-10)[0]
    return float(np.linalg.norm(target - table @ numbers))
