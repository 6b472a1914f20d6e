"""Which functions an expression is made of."""

from collections.abc import Collection

import sympy
from sympy import Expr

from workbench.formulas.library import SYMPY


def made_of(expression: Expr, functions: Collection[str]) -> bool:
    """Whether an expression has no function beside these building blocks.

    Sums, products and whole powers are always allowed. Cosines are sines that are moved, every other
    power of a number is a root, and one of an expression an exponential function.
    """
    x = sympy.Symbol("x", real=True)
    known = set().union(*(_heads(SYMPY[name].build(x)) for name in functions))
    if sympy.sin in known:
        known.add(sympy.cos)
    return _heads(expression) <= known


def _heads(expression: Expr) -> set[object]:
    """The functions of an expression; ``Pow`` stands for roots."""
    heads: set[object] = set()
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Function):
            heads.add(node.func)
        elif isinstance(node, sympy.Pow) and not node.exp.is_Integer:
            heads.add(sympy.Pow if node.exp.is_number else sympy.exp)
    return heads
