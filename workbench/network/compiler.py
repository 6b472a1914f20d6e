"""SymPy expression to network: sum nodes, product nodes and activations fixed to known functions.

The inverse of ``workbench.network.expressions``. Every function of the table becomes an activation with
the affine part of its argument in a and b, every product a product node; powers that are no functions
of the table are composed of those that are. Nothing is approximated.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce

import numpy as np
import sympy
import torch
from sympy import Expr, Symbol

from workbench.errors import InputError
from workbench.formulas.evaluation import compiled, real
from workbench.formulas.library import call, calls
from workbench.kan.model import KAN
from workbench.network.wiring import SPLINE, Sum, Term, Wiring

Ranges = Mapping[str, tuple[float, float]]

_SAMPLES = 1000
_AGREEMENT = 1e-6
_UNIT = (-1.0, 1.0)
_POWERS = {
    Fraction(1): "linear", Fraction(2): "square", Fraction(3): "cube", Fraction(4): "power_4",
    Fraction(5): "power_5", Fraction(-1): "reciprocal", Fraction(-2): "reciprocal_square",
    Fraction(-3): "reciprocal_cube", Fraction(-4): "reciprocal_power_4",
    Fraction(-5): "reciprocal_power_5", Fraction(1, 2): "sqrt", Fraction(-1, 2): "inverse_sqrt",
    Fraction(3, 2): "power_3_2",
}  # fmt: skip
_MOST_EXACT_POWER = 64
_REWRITTEN: dict[type, Callable[[Expr], Expr]] = {
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.cot: lambda x: sympy.cos(x) / sympy.sin(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.asinh: lambda x: sympy.log(x + sympy.sqrt(x**2 + 1)),
    sympy.acosh: lambda x: sympy.log(x + sympy.sqrt(x**2 - 1)),
}
_EXTREMES = {sympy.Max: 0.5, sympy.Min: -0.5}


def compile_expression(
    expression: Expr | Sequence[Expr],
    *,
    inputs: Sequence[str] | None = None,
    ranges: Ranges | None = None,
) -> KAN:
    """The network that computes an expression, all of its activations fixed.

    Args:
        expression: one for every output, in symbols called like the inputs.
        inputs: names of the inputs in the order of the columns; by default those that occur, sorted.
        ranges: where the inputs lie. Grids then span what every node takes there, and the network is
            compared with the expression; without it inputs are taken to lie in [-1, 1] and nothing is
            compared.

    Raises:
        InputError: a symbol is no input, a function is not in the table, or the expression has no
            finite real value somewhere in the ranges.
    """
    outputs = [expression] if isinstance(expression, Expr) else list(expression)
    if not outputs:
        raise InputError("there must be an expression for every output, got none")
    names = list(inputs) if inputs is not None else _occurring(outputs)
    require_names(names, ranges)
    x = sampled(names, ranges)
    lowering = Lowering(names)
    model = lowering.wiring.build([lowering.sum(e) for e in outputs], torch.from_numpy(x))
    if ranges is not None:
        _compare(model, outputs, names, x)
    return model


class Lowering:
    """Expressions as sums of a ``Wiring``.

    Args:
        names: of the inputs.
        constants: numbers that training is to find, and where they start.
        curve: what to do with a function that SymPy does not know, see ``network.targets``.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        constants: Mapping[str, float] | None = None,
        curve: Callable[["Lowering", Expr], Sum] | None = None,
    ) -> None:
        self.wiring = Wiring(len(names))
        self._places = {name: place for place, name in enumerate(names)}
        self._constants = constants or {}
        self._curve = curve
        self._known = calls()

    def sum(self, expression: Expr) -> Sum:
        """An expression as what arrives at a node."""
        if expression.is_number:
            return Sum((), _number(expression))
        if expression.is_Symbol:
            return self._symbol(expression)
        if expression.is_Add:
            return reduce(Sum.__add__, map(self.sum, expression.args))
        if expression.is_Mul:
            return self.product([self.sum(factor) for factor in expression.args])
        if expression.is_Pow:
            return self._power(*expression.as_base_exp())
        return self._function(expression)

    def product(self, factors: Sequence[Sum]) -> Sum:
        """A product node; factors that are numbers only scale it."""
        numbers = [f for f in factors if not f.terms]
        values = [f for f in factors if f.terms]
        scale = math.prod(f.constant for f in numbers)
        free = any(f.free for f in numbers)
        if not values:
            return Sum((), scale, free)
        joined = values[0] if len(values) == 1 else self.wiring.node(values)
        return joined.scaled(scale, free=free)

    def _symbol(self, symbol: Expr) -> Sum:
        if symbol.name in self._places:
            return Sum((Term(self._places[symbol.name]),))
        if symbol.name in self._constants:
            return Sum((), self._constants[symbol.name], free=True)
        raise InputError(
            f"the expression holds {symbol.name!r}, the inputs are {list(self._places)}: "
            "every symbol must be an input"
        )

    def _power(self, base: Expr, exponent: Expr) -> Sum:
        if not exponent.is_number:
            if base == sympy.E:
                return self.wiring.applied("exp", self.sum(exponent))
            return self.sum(sympy.exp(exponent * sympy.log(base)))
        return self.raised(self.sum(base), Fraction(_number(exponent)), base)

    def raised(self, base: Sum, power: Fraction, shown: Expr) -> Sum:
        """A power of a sum, composed of the powers in the table where they suffice."""
        if power in _POWERS:
            return self.wiring.applied(_POWERS[power], base)
        if power.denominator <= 2 and abs(power) <= _MOST_EXACT_POWER:
            if power.denominator == 2:
                whole = Fraction(int(power))
                parts = (whole, power - whole)
                return self.product([self.raised(base, part, shown) for part in parts])
            last = next((k for k in (5, 4, 3, 2) if power % k == 0), None)
            if last is not None:
                inner = self.raised(base, abs(power) / last, shown)
                return self.wiring.applied(_POWERS[Fraction(last if power > 0 else -last)], inner)
            step = Fraction(5 if power > 0 else -5)
            return self.product([self.raised(base, p, shown) for p in (step, power - step)])
        logarithm = self.wiring.applied("log", base)
        return self.wiring.applied("exp", logarithm.scaled(float(power)))

    def _function(self, expression: Expr) -> Sum:
        kind = type(expression)
        called, arguments = call(expression)
        if called in self._known:
            return self.wiring.applied(self._known[called], self.sum(*arguments))
        if kind in _REWRITTEN:
            return self.sum(_REWRITTEN[kind](expression.args[0]))
        if kind in _EXTREMES:
            return self._extreme(expression.args, _EXTREMES[kind])
        if self._curve is not None and isinstance(expression, sympy.core.function.AppliedUndef):
            return self._curve(self, expression)
        raise InputError(
            f"{kind.__name__} cannot be compiled, in {expression}: use functions of the table, or "
            "register one with workbench.formulas.library.register"
        )

    def _extreme(self, parts: Sequence[Expr], half: float) -> Sum:
        """The larger or smaller one of two: (u + v ± abs(u - v)) / 2."""
        first, *others = map(self.sum, parts)
        for other in others:
            distance = self.wiring.applied("abs", first + other.scaled(-1.0))
            first = (first + other).scaled(0.5) + distance.scaled(half)
        return first

    def curve(self, argument: Sum, label: str) -> Sum:
        """A free curve of a sum."""
        return self.wiring.applied(SPLINE, argument, label)


def sampled(names: Sequence[str], ranges: Ranges | None) -> np.ndarray:
    """Points ``(N, d)`` drawn uniformly from the box of the inputs."""
    ends = np.array([(ranges or {}).get(name, _UNIT) for name in names], dtype=float)
    return np.random.default_rng(0).uniform(ends[:, 0], ends[:, 1], (_SAMPLES, len(names)))


def _occurring(outputs: Sequence[Expr]) -> list[str]:
    found = sorted({s.name for e in outputs for s in e.free_symbols})
    if not found:
        raise InputError("a constant has no inputs of its own: name them with inputs=[...]")
    return found


def require_names(names: Sequence[str], ranges: Ranges | None) -> None:
    """Refuse names that are not different, and ranges that are missing or empty."""
    if not names or len(set(names)) < len(names):
        raise InputError(f"inputs must be different names, at least one, got {list(names)}")
    if ranges is None:
        return
    missing = [name for name in names if name not in ranges]
    if missing:
        raise InputError(f"ranges must be given for every input, {missing} lack")
    for name in names:
        low, high = ranges[name]
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(f"the range of {name!r} must go from low to high, got {low} to {high}")


def _number(expression: Expr) -> float:
    try:
        value = complex(expression)
    except TypeError as error:
        raise InputError(f"{expression} is no number that a network can hold") from error
    if value.imag or not math.isfinite(value.real):
        raise InputError(f"{expression} is not a finite real number: a network computes with those")
    return value.real


def _compare(model: KAN, outputs: Sequence[Expr], names: Sequence[str], x: np.ndarray) -> None:
    with torch.no_grad():
        ours = model(torch.from_numpy(x)).numpy()
    for column, expression in zip(ours.T, outputs, strict=True):
        values = evaluate(expression, names, x)
        lost = int((~np.isfinite(values)).sum())
        if lost:
            raise InputError(
                f"{expression} has no finite real value at {lost} of {len(x)} points of the ranges: "
                "narrow them"
            )
        scale = np.sqrt(np.square(values).mean()) + np.abs(values)
        if not bool((np.abs(column - values) <= _AGREEMENT * scale + 1e-300).all()):
            raise InputError(
                f"{expression} leaves the domain of a function somewhere in the ranges, where the "
                "network and the expression differ: narrow them"
            )


def evaluate(expression: Expr, names: Sequence[str], x: np.ndarray) -> np.ndarray:
    """Values at ``x (N, d)``, NaN where they are not real: ``(N,)``."""
    known = {symbol.name: symbol for symbol in expression.free_symbols}
    symbols = [known.get(name, Symbol(name, real=True)) for name in names]
    with np.errstate(all="ignore"):
        return real(compiled(expression, symbols)(*x.T), len(x))
