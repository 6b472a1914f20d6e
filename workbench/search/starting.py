"""A formula that somebody has in mind: as a network to train from, and as candidates among others."""

from collections.abc import Sequence

import numpy as np
import sympy
from sympy import Expr
from sympy.core.function import AppliedUndef

from workbench.errors import InputError
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parsing import quoted
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.compiler import Lowering, evaluate
from workbench.network.targets import equals_signs, right_side, starting_numbers
from workbench.search.polish import as_written, polished


def network_from(text: str, data: Dataset) -> KAN:
    """The network that computes a formula; training goes on from its numbers.

    Args:
        text: such as ``2*sin(a) + k*b^2``, or an equation for the target; letters that are no inputs
            are numbers to be found and start near 1.
        data: its training rows say where the curves lie.

    Raises:
        InputError: the text is no formula of the inputs, or has no value at a training row.
    """
    expression = _read(text, data)
    lowering = Lowering(data.names, constants=_numbers(expression, data))
    return lowering.wiring.build([lowering.sum(expression)], data.split("train")[0])


def formulas_from(text: str, data: Dataset, *, network: KAN | None = None) -> FormulaSet:
    """A formula as it was written, and with its numbers fitted to the training rows.

    Where it has letters, they alone are fitted, each as one number, and its form is kept. Otherwise its
    own numbers are; powers and ±1 stay. See ``network_from`` for the text and ``polished`` for the rest.
    """
    written = _read(text, data)
    letters = _letters(written, data.names)
    if letters:
        found = as_written(written, letters, data).stamped(law=text)
    else:
        fitted = _freed(written)
        candidates = [written] if fitted == written else [written, fitted]
        found = polished([(candidate,) for candidate in candidates], data, network=network)
    if not len(found):
        raise InputError(f"{text!r} cannot be fitted to these rows: its values are not finite")
    return found


def _read(text: str, data: Dataset) -> Expr:
    if data.outputs != 1:
        raise InputError(
            f"a formula describes one output, this network has {data.outputs}: one for every class"
        )
    equation = text if equals_signs(text) else f"{quoted(data.target, left=True)} = {text}"
    expression = right_side(equation, data.names, data.target)
    unknown = sorted(part.func.__name__ for part in expression.atoms(AppliedUndef))
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is not a function that is known: write a law where parts are unknown"
        )
    _require_values(expression, data)
    return expression


def _require_values(expression: Expr, data: Dataset) -> None:
    x = data.split("train")[0].numpy()
    numbers = _numbers(expression, data)
    put_in = expression.xreplace(
        {s: sympy.Float(numbers[s.name]) for s in expression.free_symbols if s.name in numbers}
    )
    lost = int((~np.isfinite(evaluate(put_in, data.names, x))).sum())
    if lost:
        raise InputError(
            f"{expression} has no finite real value at {lost} of {len(x)} training rows"
        )


def _letters(expression: Expr, names: Sequence[str]) -> list[str]:
    return sorted({symbol.name for symbol in expression.free_symbols} - set(names))


def _numbers(expression: Expr, data: Dataset) -> dict[str, float]:
    """Where the letters start."""
    return next(starting_numbers(_letters(expression, data.names)))


def _freed(expression: Expr) -> Expr:
    """Numbers as floating-point ones, which are fitted; not powers, and not ±1."""
    if expression.is_Rational:
        return expression if abs(expression) in (0, 1) else sympy.Float(expression)
    if expression.is_Pow and expression.exp.is_number:
        return _freed(expression.base) ** expression.exp
    if not expression.args:
        return expression
    return expression.func(*map(_freed, expression.args))
