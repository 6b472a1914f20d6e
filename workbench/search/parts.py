"""The parts of a formula, and the formula without one of them: the part becomes a constant."""

from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.polish import polished

_MOST_PARTS = 60
_ROWS = 2000


@dataclass(frozen=True)
class Part:
    """A node of a formula that holds an input.

    Attributes:
        depth: below the root. expression: of the node.
    """

    depth: int
    expression: Expr


def parts(formula: Formula) -> tuple[Part, ...]:
    """Nodes from the root down, at most so many; none where there are several outputs."""
    if len(formula.expressions) != 1:
        return ()
    found: list[Part] = []
    waiting = [Part(0, formula.expression)]
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop()
        if not part.expression.free_symbols:
            continue
        found.append(part)
        waiting += [Part(part.depth + 1, below) for below in reversed(part.expression.args)]
    return tuple(found)


def mean_of(formula: Formula, part: Part, data: Dataset) -> float:
    """Mean of a part over training rows where it has a value; NaN where it has none."""
    x = data.typical("train")[:_ROWS].numpy()
    values = Formula((part.expression,), formula.names)(x)
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def with_constant(formula: Formula, part: Part, value: float) -> Expr:
    """The formula's expression with a number for a part, wherever it occurs."""
    return formula.expression.xreplace({part.expression: sympy.Float(value)})


def without_part(
    formula: Formula, place: int, data: Dataset, *, network: KAN | None = None
) -> FormulaSet:
    """The formula with a constant for a part, all of its constants fitted again.

    Args:
        formula: of one output. place: of the part in ``parts(formula)``.
        data, network: see ``polished``.

    Raises:
        InputError: there is no such part, or no formula is left without it.
    """
    known = parts(formula)
    if isinstance(place, bool) or not 0 <= place < len(known):
        raise InputError(f"a part must lie between 0 and {len(known) - 1}, got {place}")
    mean = mean_of(formula, known[place], data)
    if not np.isfinite(mean):
        raise InputError(f"{known[place].expression} has no mean over the training rows")
    found = polished([(with_constant(formula, known[place], mean),)], data, network=network)
    if not len(found):
        raise InputError(f"no formula is left when {known[place].expression} becomes a constant")
    return found
