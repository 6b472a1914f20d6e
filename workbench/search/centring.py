"""Columns that lie far from zero, counted from a round number near their middle.

Julian days, time stamps and years have an origin that no law knows. Seen from so far away a power is a
line and a phase hides in a frequency; counted from an origin of their own, (t - 2451545), they are
columns like others. The origin is an exact number: it is part of the formula's form, never fitted.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy
import torch
from sympy import Expr, Rational

from workbench.evidence.provenance import origin
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.rebuilding import replaced
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

_FAR = 20.0


@dataclass(frozen=True)
class Centring:
    """A table, and the origins of its columns that lie more than 20 times their range from zero.

    Attributes:
        data: the table as it is. origins: by column; none where no column is far.
    """

    data: Dataset
    origins: Mapping[str, Rational]

    @classmethod
    def of(cls, data: Dataset) -> "Centring":
        """The origins of a table, from its training rows."""
        columns = data.split("train")[0].numpy().T
        found = {n: _origin(c) for n, c in zip(data.names, columns, strict=True)}
        return cls(data, {name: number for name, number in found.items() if number != 0})

    @cached_property
    def _shift(self) -> torch.Tensor:
        numbers = [float(self.origins.get(name, 0)) for name in self.data.names]
        return torch.tensor(numbers, dtype=self.data.inputs.dtype)

    @cached_property
    def centred(self) -> Dataset:
        """The table with its far columns counted from their origins, under the same names."""
        return replace(self.data, inputs=self.data.inputs - self._shift)

    def expression(self, centred: Expr) -> Expr:
        """An expression of the centred columns in those of the table: t becomes (t - origin)."""
        symbols = {name: sympy.Symbol(name, real=True) for name in self.origins}
        return replaced(centred, {s: s - self.origins[name] for name, s in symbols.items()})

    @property
    def note(self) -> str:
        """What is to be added to a sentence about centred columns."""
        return " (" + ", ".join(f"{n} counted from {k}" for n, k in self.origins.items()) + ")"

    def without_note(self, sentences: Collection[str]) -> tuple[str, ...]:
        """Sentences as they were said of the centred table."""
        return tuple(sentence.removesuffix(self.note) for sentence in sentences)

    def loss(self, centred: float) -> float:
        """A root mean square of residuals, which no origin changes."""
        return centred

    def formula(self, centred: Formula) -> Formula:
        """A formula of the centred table as one of the table itself."""
        shift = {name: float(number) for name, number in self.origins.items()}
        ends = {
            n: (a + shift.get(n, 0), b + shift.get(n, 0)) for n, (a, b) in centred.domain.items()
        }
        return replace(
            centred,
            expressions=tuple(map(self.expression, centred.expressions)),
            as_fitted=tuple(map(self.expression, centred.as_fitted)),
            domain=ends,
            provenance={**centred.provenance, **origin(self.data)},
        )

    def formulas(self, centred: FormulaSet) -> FormulaSet:
        """See ``formula``."""
        return FormulaSet(map(self.formula, centred))

    def network(self, centred: KAN) -> KAN:
        """A network of the centred table as one of the table itself."""
        return _moved(centred, self._shift)

    def centred_network(self, network: KAN) -> KAN:
        """A network of the table as one of the centred table."""
        return _moved(network, -self._shift)


def _origin(column: np.ndarray) -> Rational:
    """A round number within the column's range, or 0 where zero is not far."""
    low, high = float(column.min()), float(column.max())
    middle, size = float(np.median(column)), high - low
    if not (math.isfinite(size) and 0 < _FAR * size < abs(middle)):
        return sympy.Integer(0)
    step = sympy.Integer(10) ** math.floor(math.log10(size))
    return sympy.Integer(round(middle / float(step))) * step


def _moved(network: KAN, shift: torch.Tensor) -> KAN:
    """The same function of inputs that are larger by ``shift (d,)``."""
    moved = network.copy()
    first = moved.layer(0)
    with torch.no_grad():
        by = shift.to(first.grid_range)
        first.grid_range += by.unsqueeze(-1)
        first.affine[..., 1] -= first.affine[..., 0] * by
    return moved
