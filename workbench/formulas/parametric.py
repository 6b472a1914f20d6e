"""Expressions whose numbers are free: constants as symbols, with values beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.formulas.evaluation import compiled, real
from workbench.formulas.rebuilding import replaced


class Snapped(NamedTuple):
    """A constant that was snapped: the number it became, its fitted value in words, and F of the step."""

    constant: Symbol
    number: Expr
    evidence: str = ""
    f_value: float = 0.0


@dataclass(frozen=True)
class Parametric:
    """Expressions, one per output, in input symbols and constants.

    Attributes:
        expressions: with ``constants`` as symbols.
        inputs: input symbols in the order of the data's columns.
        constants: symbols of the free constants. values: their numbers.
        exact: constants that were snapped.
    """

    expressions: tuple[Expr, ...]
    inputs: tuple[Symbol, ...]
    constants: tuple[Symbol, ...]
    values: tuple[float, ...]
    exact: tuple[Snapped, ...] = ()

    @cached_property
    def _functions(self) -> tuple[Any, Any]:
        arguments = [*self.inputs, *self.constants]
        value = compiled(self.expressions, arguments, shared=True)
        rows = [[_slope(e, c) for c in self.constants] for e in self.expressions]
        return value, compiled(rows, arguments, shared=True)

    def outputs(
        self, x: np.ndarray, values: Sequence[float] | np.ndarray | None = None
    ) -> np.ndarray:
        """Values at ``x (N, d)``: ``(N, m)``; not finite where the expression is undefined."""
        numbers = self.values if values is None else values
        with np.errstate(all="ignore"):
            found = self._functions[0](*x.T, *numbers)
        return np.stack([real(f, len(x)) for f in found], 1)

    def jacobian(self, x: np.ndarray, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Derivatives by the constants: ``(N, m, p)``."""
        if not self.constants:
            return np.zeros((len(x), len(self.expressions), 0))
        with np.errstate(all="ignore"):
            found = self._functions[1](*x.T, *values)
        rows = [[real(v, len(x)) for v in row] for row in found]
        return np.moveaxis(np.array(rows), 2, 0)

    def exactly(self, constant: Symbol, number: Expr) -> Self:
        """The same with an exact number in place of a constant; constants that then do not occur go, too."""
        expressions = tuple(e.xreplace({constant: number}) for e in self.expressions)
        used = set().union(*(e.free_symbols for e in expressions))
        left = [
            (c, v)
            for c, v in zip(self.constants, self.values, strict=True)
            if c != constant and c in used
        ]
        return replace(
            self,
            expressions=expressions,
            constants=tuple(c for c, _ in left),
            values=tuple(v for _, v in left),
            exact=(*self.exact, Snapped(constant, number)),
        )

    def substituted(self) -> tuple[Expr, ...]:
        """The expressions with their numbers put in."""
        numbers = dict(zip(self.constants, map(sympy.Float, self.values), strict=True))
        return tuple(replaced(e, numbers) for e in self.expressions)


def _slope(expression: Expr, constant: Symbol) -> Expr:
    """The derivative almost everywhere: jumps have slope 0, not a delta that no array can hold."""
    return expression.diff(constant).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def parametrize(expressions: Sequence[Expr], names: Sequence[str]) -> Parametric:
    """Turn every floating-point number into a constant; integers and fractions are structure."""
    symbols: list[Symbol] = []
    values: list[float] = []

    def free(expression: Expr) -> Expr:
        if expression.is_Float:
            symbols.append(Symbol(f"_c{len(symbols)}", real=True))
            values.append(float(expression))
            return symbols[-1]
        if not expression.args:
            return expression
        return expression.func(*(free(part) for part in expression.args))

    found = tuple(free(e) for e in expressions)
    inputs = tuple(Symbol(name, real=True) for name in names)
    return Parametric(found, inputs, tuple(symbols), tuple(values))
