"""Laws of which a part is known: ``y = a*f(x1) + g(x2, x3)`` or ``log(y) = f(x)`` as a network to train.

What is written out becomes locked activations, small letters that are no inputs become numbers that
training finds, and unknown functions become free curves: of one variable a spline, of several a small
network of their own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sympy
import torch
from sympy import Expr, Function, Symbol
from sympy.core.function import AppliedUndef
from torch import Tensor

from workbench.errors import InputError
from workbench.formulas.parsing import parse_expression
from workbench.kan.model import KAN
from workbench.network.compiler import Lowering, Ranges, require_names, sampled
from workbench.network.wiring import Curve, Sum

_INVERSES: dict[type, Callable[[Expr], Expr]] = {
    sympy.log: sympy.exp, sympy.exp: sympy.log, sympy.sin: sympy.asin, sympy.cos: sympy.acos,
    sympy.tan: sympy.atan, sympy.asin: sympy.sin, sympy.acos: sympy.cos, sympy.atan: sympy.tan,
    sympy.tanh: sympy.atanh, sympy.atanh: sympy.tanh, sympy.sinh: sympy.asinh,
}  # fmt: skip
_GOLDEN = (5**0.5 - 1) / 2
_MOST_CURVES = 1000


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

    An activation with a number to be found is free in all of its four numbers, and a number that stands
    in two places is one for each: the network holds the law and more. ``symbolify(..., law=text)`` finds
    formulas of just the form that was written.

    Raises:
        InputError: the text is no such equation, an unknown function occurs with two arguments (two parts
            of a network cannot share a curve), or a function is not in the table.
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
    written = spread(expression, hidden)
    return compiled_law(written, inputs, ranges=ranges, grid_size=grid_size)[0]


def compiled_law(
    expression: Expr,
    inputs: Sequence[str],
    *,
    ranges: Ranges | None = None,
    grid_size: int = 3,
) -> tuple[KAN, dict[str, Curve]]:
    """The network of a law and where its unknown functions, of one variable each, stand in it.

    Raises:
        InputError: no network can hold it: what is locked would depend on a number that is to be found.
    """
    names = list(inputs)
    x = torch.from_numpy(sampled(names, ranges))
    letters = sorted({s.name for s in expression.free_symbols} - set(names))
    networks = [
        _lowered(expression, names, numbers, x, grid_size) for numbers in starting_numbers(letters)
    ]
    if letters and not _one_family(networks[0][0], networks[1][0]):
        raise InputError(f"a network cannot hold {expression} for all numbers {', '.join(letters)}")
    return networks[0]


def starting_numbers(letters: Sequence[str]) -> Iterator[dict[str, float]]:
    """Two choices of numbers that training may start from.

    They differ and are not special, so that no term cancels or equals another one by chance.
    """
    for first in (1, 2):
        shares = ((_GOLDEN * (first + k)) % 1 for k in range(len(letters)))
        yield {name: 1 + share / 10 for name, share in zip(letters, shares, strict=True)}


def spread(expression: Expr, hidden: int | None = None) -> Expr:
    """A law whose unknown functions of several variables are sums of unknown functions of one.

    Raises:
        InputError: an unknown function occurs with different arguments, or they take too many curves.
    """
    seen: dict[str, Expr] = {}
    for part in sorted(expression.atoms(AppliedUndef), key=str):
        known = seen.setdefault(part.func.__name__, part)
        if known != part:
            raise InputError(
                f"{part.func.__name__} occurs as {known} and as {part}: two parts of a network "
                "cannot share a curve, give the second one another name"
            )
    several = [part for part in seen.values() if len(part.args) > 1]
    curves = sum(_hidden(part, hidden) * (len(part.args) + 1) for part in several)
    if curves > _MOST_CURVES:
        raise InputError(
            f"the unknown functions of several variables need {curves} curves, at most {_MOST_CURVES} "
            "are trained: give them fewer arguments"
        )
    return expression.replace(
        lambda part: isinstance(part, AppliedUndef) and len(part.args) > 1,
        lambda part: _small_network(part, _hidden(part, hidden)),
    )


def _hidden(part: Expr, asked: int | None) -> int:
    """Nodes between the arguments of an unknown function and its value."""
    return asked or len(part.args) + 1


def _small_network(part: Expr, count: int) -> Expr:
    name = part.func.__name__
    inner = [
        [Function(f"{name} {k} {place}")(argument) for place, argument in enumerate(part.args)]
        for k in range(count)
    ]
    return sympy.Add(*(Function(f"{name} {k}")(sympy.Add(*parts)) for k, parts in enumerate(inner)))


def _lowered(
    expression: Expr, names: list[str], numbers: dict[str, float], x: Tensor, grid_size: int
) -> tuple[KAN, dict[str, Curve]]:
    shared: frozenset[str] = frozenset()
    while True:
        lowering = Lowering(names, constants=numbers, curve=_Curves(shared))
        model = lowering.wiring.build([lowering.sum(expression)], x, grid_size=grid_size, lock=True)
        curves = lowering.wiring.curves
        repeated = frozenset(label for label, places in curves.items() if len(places) > 1)
        if not repeated - shared:
            return model, {label: places[0] for label, places in curves.items()}
        shared |= repeated


def _one_family(model: KAN, other: KAN) -> bool:
    """Whether training can turn one network into the other: they differ only in what is free."""
    if model.config != other.config:
        return False
    for level in range(model.config.depth):
        a, b = model.layer(level), other.layer(level)
        held = a.locked
        same = torch.equal(a.mask, b.mask) and torch.equal(held, b.locked) and a.fixed == b.fixed
        if not same or not torch.equal(a.affine[held], b.affine[held]):
            return False
    return True


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
    """Unknown functions as curves of a wiring; those that are ``shared`` have a node of their own."""

    def __init__(self, shared: frozenset[str]) -> None:
        self._shared = shared

    def __call__(self, lowering: Lowering, expression: Expr) -> Sum:
        label = expression.func.__name__
        curve = lowering.curve(lowering.sum(expression.args[0]), label)
        return lowering.wiring.node([curve]) if label in self._shared else curve


def equals_signs(text: str) -> list[int]:
    """Where the equals signs of a law stand; one within a quoted name is part of the name."""
    return [sign.start() for sign in re.finditer("`[^`]*`|=", text) if sign[0] == "="]


def right_side(text: str, names: Sequence[str], target: str) -> Expr:
    """What the target is, by an equation in it, see ``compile_target``."""
    signs = equals_signs(text) if isinstance(text, str) else []
    if len(signs) != 1:
        raise InputError(f"a law needs one equals sign, as in 'y = a*f(x1) + g(x2)', got {text!r}")
    if target in names:
        raise InputError(f"the target {target!r} cannot be an input as well")
    sides = text[: signs[0]], text[signs[0] + 1 :]
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
