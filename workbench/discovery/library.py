"""The table of functions that edges can become: how SymPy writes them, and what they cost.

The torch side, with values and slopes, is ``workbench.kan.functions``; both tables have the same
names, and a test compares them entry by entry.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Expr, Rational


@dataclass(frozen=True)
class Entry:
    """A function in SymPy.

    Attributes:
        build: argument to expression.
        complexity: what choosing it costs, in bits against accuracy.
        domain: where its argument may lie, in words for people.
    """

    build: Callable[[Expr], Expr]
    complexity: int
    domain: str = "all numbers"


SYMPY: dict[str, Entry] = {
    "zero": Entry(lambda x: sympy.Integer(0), 0),
    "constant": Entry(lambda x: sympy.Integer(1), 1),
    "linear": Entry(lambda x: x, 1),
    "square": Entry(lambda x: x**2, 2),
    "cube": Entry(lambda x: x**3, 3),
    "reciprocal": Entry(lambda x: 1 / x, 2, "not 0"),
    "reciprocal_square": Entry(lambda x: 1 / x**2, 3, "not 0"),
    "sqrt": Entry(sympy.sqrt, 2, "0 and above"),
    "inverse_sqrt": Entry(lambda x: 1 / sympy.sqrt(x), 3, "above 0"),
    "power_3_2": Entry(lambda x: x ** Rational(3, 2), 4, "0 and above"),
    "exp": Entry(sympy.exp, 2),
    "log": Entry(sympy.log, 2, "above 0"),
    "abs": Entry(sympy.Abs, 3),
    "sin": Entry(sympy.sin, 3),
    "tan": Entry(sympy.tan, 4, "not an odd multiple of π/2"),
    "tanh": Entry(sympy.tanh, 3),
    "sinh": Entry(sympy.sinh, 4),
    "cosh": Entry(sympy.cosh, 4),
    "arcsin": Entry(sympy.asin, 4, "from -1 to 1"),
    "arctan": Entry(sympy.atan, 4),
    "artanh": Entry(sympy.atanh, 4, "between -1 and 1"),
    "gaussian": Entry(lambda x: sympy.exp(-(x**2)), 3),
    "sigmoid": Entry(lambda x: 1 / (1 + sympy.exp(-x)), 3),
    "erf": Entry(sympy.erf, 5),
}
"""Every function that an edge can be fixed to, by name."""


def complexity(expression: Expr) -> int:
    """Size of an expression: one for every symbol, number and operation, one more for a function."""
    if expression.is_Symbol or expression.is_NumberSymbol:
        return 1
    if expression.is_Number:
        return 1 if expression.is_Integer or expression.is_Float else 2
    parts = sum(complexity(part) for part in expression.args)
    if expression.is_Add or expression.is_Mul:
        return parts + len(expression.args) - 1
    return parts + (1 if expression.is_Pow else 2)
