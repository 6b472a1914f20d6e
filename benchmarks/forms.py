"""A found law as benchmarks judge it: its values, its constants fitted again, and how many they are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.formula import Formula
from workbench.formulas.parametric import parametrize

Values = Callable[[np.ndarray], np.ndarray]
"""From inputs ``(N, d)`` to values ``(N,)``."""


@dataclass(frozen=True)
class Form:
    """What a method found.

    Attributes:
        text: to be read. values: as found. refitted: the values once its constants are fitted to other
            rows. constants: their number.
    """

    text: str
    values: Values
    refitted: Callable[[np.ndarray, np.ndarray], Values]
    constants: int

    @classmethod
    def of(cls, formula: Formula) -> "Form":
        """A formula; numbers that were snapped are fitted again, too."""
        expression = formula.expression
        free = freed(formula.as_fitted[0] if formula.as_fitted else expression)

        def refitted(x: np.ndarray, y: np.ndarray) -> Values:
            form = parametrize([free], formula.names)
            found = refit(form, Sample(x, y[:, None])).parametric
            return lambda rows: found.outputs(rows)[:, 0]

        return cls(str(expression)[:400], formula, refitted, constants(expression))


def freed(expression: Expr) -> Expr:
    """Every number that is not whole as one to be fitted; roots and other half exponents stay."""
    if expression.is_Rational and not expression.is_Integer:
        return sympy.Float(expression)
    if expression.is_Pow and _is_half(expression.exp):
        return freed(expression.base) ** expression.exp
    if isinstance(expression, sympy.Heaviside):
        return expression.func(freed(expression.args[0]))
    return expression.func(*map(freed, expression.args)) if expression.args else expression


def constants(expression: Expr) -> int:
    """How many numbers an expression has beside ±1 and whole and half exponents."""
    if expression.is_Number:
        return int(abs(expression) != 1)
    if expression.is_Pow and _is_half(expression.exp):
        return constants(expression.base)
    parts = expression.args[:1] if isinstance(expression, sympy.Heaviside) else expression.args
    return sum(map(constants, parts))


def _is_half(number: Expr) -> bool:
    return bool(number.is_Rational and number.q <= 2)
