"""What is left to explain of a table after some structure has been taken out of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
import torch
from sympy import Expr

from workbench.evidence.sample import Sample
from workbench.kan.data import Dataset
from workbench.network.candidates import EVERY

_MOST_ROWS = 2000
_WRITTEN_OUT = 1000.0
_Y = sympy.Symbol("y", real=True)


@dataclass(frozen=True)
class Problem:
    """Columns and values that are functions of a table's own, and the way back.

    Attributes:
        x: columns ``(N, q)``. symbols: what they are in the table's symbols.
        y: values ``(N,)``.
        weights: derivative of the table's target by ``y``, in magnitude, ``(N,)``: residuals times
            these are whitened residuals of the target to first order, so noise keeps its size.
        counts: what the rows count by themselves, with mean 1, ``(N,)``; ``weights`` hold their roots.
        spread: standard deviation of the table's target, see ``Sample.spread``.
        back: makes an expression of the target out of one of ``y``.
        subject: what ``y`` is, in terms of the target and the table's symbols.
        functions: what a curve that is the whole law is compared with.
    """

    x: np.ndarray
    symbols: tuple[Expr, ...]
    y: np.ndarray
    weights: np.ndarray
    spread: float
    counts: np.ndarray
    back: Callable[[Expr], Expr] = lambda expression: expression
    subject: Expr = _Y
    functions: tuple[str, ...] = EVERY

    @classmethod
    def of(cls, data: Dataset, asked: Sequence[str] = ()) -> "Problem":
        """Training rows of a regression table with one target, 2,000 at most.

        ``asked`` are functions to compare with besides those that always are.
        """
        sample = Sample.of(data)
        order = torch.randperm(len(sample), generator=torch.Generator().manual_seed(0))
        sample = sample[order[:_MOST_ROWS].numpy()]
        symbols = tuple(sympy.Symbol(name, real=True) for name in data.names)
        target = sympy.Symbol(data.target, real=True)
        spread, sample = sample.spread, sample.for_least_squares()
        values, counts = sample.y[:, 0], sample.counts
        functions = tuple(dict.fromkeys((*EVERY, *asked)))
        return cls(
            sample.x,
            symbols,
            values,
            np.sqrt(counts),
            spread,
            counts,
            subject=target,
            functions=functions,
        )

    @property
    def width(self) -> int:
        return len(self.symbols)

    def error(self, predicted: np.ndarray) -> float:
        """Root mean square of the target's residuals in its standard deviations, to first order."""
        gap = self.weights * ((predicted - self.y) / self.spread)
        return float(np.sqrt(np.square(gap).mean()))

    def near_one(self) -> "Problem":
        """The same in units of powers of ten where numbers are of a size that nobody writes out.

        Functions are looked for in all columns as they are: a column of 1e9 has no sine, no exponential and
        no sum with 1. The powers are exact, until ``fitted_numbers`` lets them merge with constants.
        """
        units = [_unit(column) for column in self.x.T]
        unit, back = _unit(self.y), self.back
        return replace(
            self,
            x=self.x / np.array([float(u) for u in units]),
            symbols=tuple(s / u for s, u in zip(self.symbols, units, strict=True)),
            y=self.y / float(unit),
            spread=self.spread / float(unit),
            subject=self.subject / unit,
            back=lambda expression: back(unit * expression),
        )

    def scaled(self, column: int, powers: dict[int, float], prefactor: float) -> "Problem":
        """Take a scaling symmetry out: ``y = x_c^prefactor g(x_j x_c^powers[j], others)`` without x_c."""
        x, symbols = self.x.copy(), list(self.symbols)
        base, name = self.x[:, column], self.symbols[column]
        for other, power in powers.items():
            x[:, other] = x[:, other] * _power(base, power)
            symbols[other] = symbols[other] * name ** exact(power)
        factor, label = _power(base, prefactor), name ** exact(prefactor)
        for other in powers:
            x[:, other], symbols[other] = _in_own_units(x[:, other], symbols[other])
        changed = replace(self, x=x, symbols=tuple(symbols)).without(column)
        return changed.divided(factor, label) if prefactor else changed

    def joined(self, first: int, second: int, terms: tuple[float, float, float]) -> "Problem":
        """Replace two columns by ``k x_1^p + x_2^q`` with ``terms = (k, p, q)``."""
        k, p, q = terms
        x, symbols = self.x.copy(), list(self.symbols)
        x[:, second] = k * _power(x[:, first], p) + _power(x[:, second], q)
        symbols[second] = exact(k) * symbols[first] ** exact(p) + symbols[second] ** exact(q)
        return replace(self, x=x, symbols=tuple(symbols)).without(first)

    def linked(
        self, y: np.ndarray, slope: np.ndarray, inverse: Callable[[Expr], Expr], subject: Expr
    ) -> "Problem":
        """The problem for ``T(y)``, given its values, its derivative, the inverse of T and its name."""
        back = self.back
        weights = self.weights / np.maximum(np.abs(slope), 1e-300)
        return replace(self, y=y, weights=weights, subject=subject, back=lambda e: back(inverse(e)))

    def seen_along(self, column: np.ndarray, symbol: Expr) -> "Problem":
        """The same values with one column instead of all."""
        return replace(self, x=column[:, None], symbols=(symbol,))

    def divided(self, factor: np.ndarray, symbol: Expr) -> "Problem":
        """What is left when a factor of the values is known."""
        back = self.back
        return replace(
            self,
            y=self.y / factor,
            weights=self.weights * np.abs(factor),
            subject=self.subject / symbol,
            back=lambda expression: back(symbol * expression),
        )

    def without(self, column: int) -> "Problem":
        """The same values without a column."""
        kept = [i for i in range(self.width) if i != column]
        return replace(self, x=self.x[:, kept], symbols=tuple(self.symbols[i] for i in kept))

    def turned(self) -> "Problem":
        """The same with its columns in the opposite order."""
        return replace(self, x=self.x[:, ::-1], symbols=self.symbols[::-1])

    def rows(self, keep: np.ndarray | slice) -> "Problem":
        """Some of the rows."""
        return replace(
            self,
            x=self.x[keep],
            y=self.y[keep],
            weights=self.weights[keep],
            counts=self.counts[keep],
        )

    @property
    def sound(self) -> bool:
        """Whether all numbers are finite."""
        return all(bool(np.isfinite(a).all()) for a in (self.x, self.y, self.weights))


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        whole = float(exponent).is_integer()
        found: np.ndarray = base ** (int(exponent) if whole else exponent)
    return found


def _unit(values: np.ndarray) -> Expr:
    """1, or the power of ten next to the typical size where that is above 1000 or below 1/1000."""
    size = float(np.median(np.abs(values)))
    if not (np.isfinite(size) and size > 0) or 1 / _WRITTEN_OUT <= size <= _WRITTEN_OUT:
        return sympy.Integer(1)
    return sympy.Integer(10) ** round(np.log10(size))


def _in_own_units(values: np.ndarray, symbol: Expr) -> tuple[np.ndarray, Expr]:
    """A column made of others, in the unit that its own size asks for: v/c has none."""
    number, rest = symbol.as_coeff_Mul()
    if _power_of_ten(number) in (None, 0):
        return values, symbol
    whole = values / float(number)
    unit = _unit(whole)
    return whole / float(unit), rest / unit


def _power_of_ten(number: Expr) -> int | None:
    """Its exponent; None of other numbers."""
    if not number.is_Rational or number <= 0:
        return None
    power = len(str(number.p)) - len(str(number.q))
    return power if number == sympy.Integer(10) ** power else None


def fitted_numbers(expression: Expr) -> Expr:
    """An expression with its powers of ten as numbers to fit, merged with those beside them."""
    powers = {n: _power_of_ten(n) for n in expression.atoms(sympy.Rational)}
    least = round(np.log10(_WRITTEN_OUT))
    units = {n: sympy.Float(n) for n, p in powers.items() if p is not None and abs(p) >= least}
    return expression.xreplace(units)


def exact(number: float) -> Expr:
    """Whole and half numbers as such; they are structure, not constants."""
    return sympy.nsimplify(number) if (4 * number).is_integer() else sympy.Float(number)


def monomial(symbols: Sequence[Expr], powers: Sequence[float]) -> Expr:
    """The product of some powers."""
    return sympy.Mul(*(s ** exact(float(p)) for s, p in zip(symbols, powers, strict=True)))
