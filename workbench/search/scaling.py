"""Columns of a size that floats do not carry through squares and products, in exact powers of ten.

Losses square residuals, dictionaries multiply columns, and tolerances know 1: at 1e±200 all of these leave
the range of floats. Searched in units near their size, such columns and targets are like others. Units are
powers of a million, so that square and cube roots of them are powers of ten and numbers stay exact.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy
import torch
from sympy import Expr, Float, Rational, Symbol

from workbench.common.fence import attempt
from workbench.evidence.provenance import origin
from workbench.formulas.bands import Spread
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.rebuilding import replaced
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

_ORDINARY, _STEP = 6, 6
_SAME = 1e-6
_DOUBLE, _GUARDED = 15, 40
"""Digits of SymPy's doubles, and of their products with powers of ten, which are rounded once."""
_LOSSES = tuple(
    f"{name}_loss" for name in ("train", "validation", "test", "as_fitted", "expected", "mean")
)
"""Scores in units of the target."""


@dataclass(frozen=True)
class Scaling:
    """A table, and the powers of ten that its columns are counted in.

    Attributes:
        data: the table as it is. exponents: by column, the target among them; none within 1e±6.
    """

    data: Dataset
    exponents: Mapping[str, int]

    @classmethod
    def of(cls, data: Dataset) -> "Scaling":
        """The units of a table, from its training rows."""
        x, y = (part.numpy() for part in data.split("train"))
        columns = dict(zip(data.names, x.T, strict=True))
        if data.task == "regression" and data.loss != "poisson":
            columns[data.target] = y
        found = {name: _exponent(column) for name, column in columns.items()}
        return cls(data, {name: power for name, power in found.items() if power})

    @property
    def _target(self) -> int:
        return self.exponents.get(self.data.target, 0)

    @cached_property
    def _inputs(self) -> torch.Tensor:
        sizes = [_power(self.exponents.get(name, 0)) for name in self.data.names]
        return torch.tensor(sizes, dtype=self.data.inputs.dtype)

    @cached_property
    def scaled(self) -> Dataset:
        """The table in these units, under the same names."""
        targets = self.data.targets
        if self._target:
            targets = targets / _power(self._target)
        sigma = self.data.sigma
        sigma = None if sigma is None else sigma / _power(self._target)
        return replace(
            self.data, inputs=self.data.inputs / self._inputs, targets=targets, sigma=sigma
        )

    def loss(self, scaled: float) -> float:
        """A root mean square of the target's residuals in the table's units."""
        return scaled * _power(self._target)

    def expression(self, scaled: Expr) -> Expr:
        """An expression of the target in the table's columns, its powers of ten merged with its numbers."""
        precise = scaled.xreplace({n: Float(n, _GUARDED) for n in scaled.atoms(Float)})
        whole = self._unscaled(precise)
        made = {n for n in whole.atoms(Rational) - scaled.atoms(Rational) if _magnitude(n) >= _STEP}
        return whole.xreplace({n: Float(n, _DOUBLE) for n in made | whole.atoms(Float)})

    def _unscaled(self, scaled: Expr) -> Expr:
        """The same with powers of ten as exact numbers."""
        inputs = {name: power for name, power in self.exponents.items() if name in self.data.names}
        table = {Symbol(n, real=True): Symbol(n, real=True) * _ten(-p) for n, p in inputs.items()}
        whole = replaced(scaled, table)
        factor = _ten(self._target)
        return (
            whole.func(*(factor * part for part in whole.args)) if whole.is_Add else factor * whole
        )

    @property
    def note(self) -> str:
        """What is to be added to a sentence about scaled columns."""
        return " (" + ", ".join(f"{n} counted in 1e{p}" for n, p in self.exponents.items()) + ")"

    def without_note(self, sentences: Collection[str]) -> tuple[str, ...]:
        """Sentences as they were said of the scaled table."""
        return tuple(sentence.removesuffix(self.note) for sentence in sentences)

    def formula(self, scaled: Formula) -> Formula:
        """A formula of the scaled table as one of the table itself."""
        power = {name: _power(self.exponents.get(name, 0)) for name in self.data.names}
        expressions = tuple(map(self.expression, scaled.expressions))
        losses = {n: v for n, v in scaled.scores.items() if n in _LOSSES and v is not None}
        constants = tuple(self._constants(scaled, expressions))
        return replace(
            scaled,
            expressions=expressions,
            spread=self._spread(scaled, constants),
            as_fitted=tuple(map(self.expression, scaled.as_fitted)),
            domain={n: (a * power[n], b * power[n]) for n, (a, b) in scaled.domain.items()},
            constants=constants,
            scores={**scaled.scores, **{name: self.loss(v) for name, v in losses.items()}},
            provenance={**scaled.provenance, **origin(self.data)},
        )

    def _spread(self, scaled: Formula, constants: Sequence[Constant]) -> Spread | None:
        """Errors of the constants together, in the table's units."""
        pairs = zip(scaled.constants, constants, strict=True)
        free = [(old.value, new.value) for old, new in pairs if old.snapped is None]
        if scaled.spread is None or any(old == 0 for old, _ in free):
            return None
        factors = np.array([new / old for old, new in free])
        return scaled.spread.scaled(factors, _power(self._target))

    def _constants(self, scaled: Formula, expressions: tuple[Expr, ...]) -> Iterator[Constant]:
        """The constants as they stand in the table's units."""
        numbers = [float(n) for e in expressions for n in e.atoms(Float)]
        for constant in scaled.constants:
            factor = self._factor(constant.value, scaled.expressions)
            value = constant.value * factor
            # The number that the expression has: the product may differ from it in the last digit.
            near = (math.copysign(n, value) for n in numbers if math.isclose(abs(n), abs(value)))
            yield constant if factor == 1 else _times(constant, factor, next(near, value))

    def _factor(self, value: float, expressions: tuple[Expr, ...]) -> float:
        """What a constant is multiplied by where it is a factor or a summand; else 1."""
        marked = Symbol("_marked", real=True)
        for expression in expressions:
            whole = self._unscaled(_marked(expression, value, marked))
            for term in sympy.preorder_traversal(whole):
                if term.is_Mul and marked in term.args:
                    return float(abs(term.as_coeff_Mul()[0]))
        return 1.0

    def formulas(self, scaled: FormulaSet) -> FormulaSet:
        """Those that keep their values: in the table's units a number may be none that floats hold."""
        found: list[Formula] = []
        told: dict[str, str] = {}
        for formula in scaled:
            with attempt("a formula in the table's own units"):
                whole = self.formula(formula)
                self._require_same(whole, formula)
                found.append(whole)
                told[str(formula)] = str(whole)
        return FormulaSet(
            replace(f, rivals=tuple(told[r] for r in f.rivals if r in told)) for f in found
        )

    def _require_same(self, whole: Formula, scaled: Formula) -> None:
        """An ``OverflowError`` where values differ by more than rounding, on training rows."""
        values = whole(self.data.split("train")[0])
        expected = scaled(self.scaled.split("train")[0]) * _power(self._target)
        size = float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
        if not np.allclose(values, expected, rtol=_SAME, atol=_SAME * size, equal_nan=True):
            raise OverflowError("a number of this formula is no float in the table's own units")

    def network(self, scaled: KAN) -> KAN:
        """A network of the scaled table as one of the table itself."""
        return _stretched(scaled, self._inputs, _power(self._target))

    def scaled_network(self, network: KAN) -> KAN:
        """A network of the table as one of the scaled table."""
        return _stretched(network, 1 / self._inputs, _power(-self._target))


def _exponent(column: np.ndarray) -> int:
    """Of the power of a million next to the typical size, or 0 within 1e±6."""
    size = np.abs(column[column != 0])
    power = math.log10(float(np.median(size))) if len(size) else 0.0
    return 0 if abs(power) <= _ORDINARY else _STEP * round(power / _STEP)


def _power(exponent: int) -> float:
    """The power of ten, correctly rounded."""
    return float(f"1e{exponent}")


def _ten(exponent: int) -> Rational:
    return Rational(10) ** exponent


def _magnitude(number: Rational) -> int:
    """How many digits its numerator and its denominator differ by."""
    return abs(len(str(abs(number.p))) - len(str(number.q)))


def _marked(expression: Expr, value: float, symbol: Symbol) -> Expr:
    """The expression with a symbol where a number of this magnitude is a factor or a summand."""
    if expression.is_Number and abs(float(expression)) == abs(value):
        return symbol
    if not expression.args:
        return expression
    if expression.is_Pow:
        return _marked(expression.base, value, symbol) ** expression.exp
    return expression.func(*(_marked(part, value, symbol) for part in expression.args))


def _times(constant: Constant, factor: float, value: float) -> Constant:
    """A constant in a unit that is smaller by a factor."""
    sigma, ends = constant.sigma, constant.interval
    return replace(
        constant,
        value=value,
        sigma=None if sigma is None else sigma * factor,
        interval=None if ends is None else (ends[0] * factor, ends[1] * factor),
        snapped=None if constant.snapped is None else f"{value:.15g}",
        evidence=constant.evidence and f"({constant.evidence})·{factor:.6g}",
    )


def _stretched(network: KAN, inputs: torch.Tensor, outputs: float) -> KAN:
    """The same function of inputs that are larger by factors ``(d,)``, with larger outputs."""
    whole = network.copy()
    first = whole.layer(0)
    with torch.no_grad():
        by = inputs.to(first.grid_range)
        first.grid_range *= by.unsqueeze(-1)
        first.affine[..., 0] /= by
        whole.output_scale *= outputs
        whole.output_shift *= outputs
    return whole
