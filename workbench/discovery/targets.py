"""Laws of which a part is known: ``y = a*f(x1) + g(x2, x3)`` or ``log(y) = f(x)`` as a network to train.

What is written out becomes locked activations, small letters that are no inputs become numbers that
training finds, and unknown functions become free curves: of one variable a spline, of several a small
network of their own.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy
import torch
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from workbench.discovery.compiler import Lowering, Ranges, require_names, sampled
from workbench.discovery.parsing import parse_expression
from workbench.discovery.wiring import Sum
from workbench.errors import InputError
from workbench.kan.model import KAN

_INVERSES: dict[type, Callable[[Expr], Expr]] = {
    sympy.log: sympy.exp, sympy.exp: sympy.log, sympy.sin: sympy.asin, sympy.cos: sympy.acos,
    sympy.tan: sympy.atan, sympy.asin: sympy.sin, sympy.acos: sympy.cos, sympy.atan: sympy.tan,
    sympy.tanh: sympy.atanh, sympy.atanh: sympy.tanh, sympy.sinh: sympy.asinh,
}  # fmt: skip


def compile_target(
    text: str,
    inputs: Sequence[str],
    *,
    target: str = "y",
    ranges: Ranges | None = None,
    hidden: int | None = None,
    grid_size: int = 3,
) -> KAN:
    """The network that a law with unknown parts describes, ready to be trained.

    Args:
        text: an equation such as ``y = a*f(x1) + g(x2, x3)``; the left side may be any invertible
            function of the target, as in ``log(y) = f(x)`` or ``y/x1 = f(x2)``.
        inputs: names of the columns in order. target: name of the target.
        ranges: where the inputs lie, [-1, 1] by default; training moves the grids to the data.
        hidden: sum nodes of an unknown function of several variables, one more than its variables by
            default.
        grid_size: intervals of the free curves.

    An activation with a number to be found is free in all of its four numbers.

    Raises:
        InputError: the text is no such equation, an unknown function occurs twice (two parts of a
            network cannot share a curve), or a function is not in the table.
    """
    names = list(inputs)
    require_names(names, ranges)
    expression = right_side(text, names, target)
    return network_of(expression, names, ranges=ranges, hidden=hidden, grid_size=grid_size)


def network_of(
    expression: Expr,
    inputs: Sequence[str],
    *,
    ranges: Ranges | None = None,
    hidden: int | None = None,
    grid_size: int = 3,
) -> KAN:
    """As ``compile_target``, for a SymPy expression with undefined functions."""
    names = list(inputs)
    free = sorted({s.name for s in expression.free_symbols} - set(names))
    lowering = Lowering(names, constants=free, curve=_Curves(hidden))
    x = torch.from_numpy(sampled(names, ranges))
    total = lowering.sum(expression)
    return lowering.wiring.build([total], x, grid_size=grid_size, lock=True)


@dataclass(frozen=True)
class Unknowns:
    """What training has to find in a law: names of ``curves`` and of ``numbers``."""

    curves: tuple[str, ...]
    numbers: tuple[str, ...]


def unknowns(text: str, inputs: Sequence[str], *, target: str = "y") -> Unknowns:
    """What is unknown in a law, see ``compile_target``: a name that is no input is a number."""
    expression = right_side(text, list(inputs), target)
    curves = {part.func.__name__ for part in expression.atoms(AppliedUndef)}
    numbers = {symbol.name for symbol in expression.free_symbols} - set(inputs)
    return Unknowns(tuple(sorted(curves)), tuple(sorted(numbers)))


class _Curves:
    """Unknown functions as curves of a wiring; each may occur once."""

    def __init__(self, hidden: int | None) -> None:
        self._hidden = hidden
        self._seen: dict[str, Expr] = {}

    def __call__(self, lowering: Lowering, expression: Expr) -> Sum:
        name = expression.func.__name__
        known = self._seen.setdefault(name, expression)
        if known != expression:
            raise InputError(
                f"{name} occurs as {known} and as {expression}: two parts of a network cannot share "
                "a curve, give the second one another name"
            )
        arguments = [lowering.sum(part) for part in expression.args]
        if len(arguments) == 1:
            return lowering.curve(arguments[0], name)
        count = self._hidden or len(arguments) + 1
        total = Sum()
        for k in range(count):
            inner = Sum()
            for place, argument in enumerate(arguments):
                inner = inner + lowering.curve(argument, f"{name} {k} {place}")
            total = total + lowering.curve(inner, f"{name} {k}")
        return total


def right_side(text: str, names: Sequence[str], target: str) -> Expr:
    """What the target is, by an equation in it, see ``compile_target``."""
    # An equals sign within a quoted name is part of the name.
    open_text = re.sub("`[^`]*`", lambda m: "`" * len(m[0]), text) if isinstance(text, str) else ""
    if open_text.count("=") != 1:
        raise InputError(f"a law needs one equals sign, as in 'y = a*f(x1) + g(x2)', got {text!r}")
    if target in names:
        raise InputError(f"the target {target!r} cannot be an input as well")
    sides = text[: open_text.index("=")], text[open_text.index("=") + 1 :]
    strangers = {s.name for s in parse_expression(sides[0]).free_symbols} - {*names, target}
    if strangers:
        raise InputError(
            f"the left side of a law holds the target {target!r} and columns, got {min(strangers)!r}"
        )
    left = parse_expression(sides[0], [*names, target])
    right = parse_expression(sides[1], unknown=True)
    symbol = Symbol(target, real=True)
    if symbol in right.free_symbols or symbol not in left.free_symbols:
        raise InputError(f"{target!r} must stand on the left side of the law, and only there")
    return _solved(left, right, symbol)


def _solved(left: Expr, right: Expr, target: Symbol) -> Expr:
    """The right side once everything around the target has gone there."""
    while left != target:
        inside = [part for part in left.args if target in part.free_symbols]
        if len(inside) != 1:
            raise InputError(f"the left side must hold {target} once, got {left}")
        (part,) = inside
        if left.is_Add:
            right = right - (left - part)
        elif left.is_Mul:
            right = right / (left / part)
        elif left.is_Pow and part == left.base and left.exp.is_number:
            right = right ** (1 / left.exp)
        elif type(left) in _INVERSES:
            right = _INVERSES[type(left)](right)
        else:
            raise InputError(f"{left} cannot be solved for {target}: write the law as {target} = …")
        left = part
    return right
