"""A law of the form g(x) = 0, whose inside is where g > 0."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import sympy
from sympy import Equality, Expr, Symbol

from workbench.boundaries.distances import distances
from workbench.boundaries.sameness import same_sides
from workbench.boundaries.solving import solved_for
from workbench.common.schema import Name, Number, Strict, Text, read, require, require_names
from workbench.common.writing import write_text
from workbench.errors import InputError
from workbench.formulas.evaluation import compiled, real
from workbench.formulas.export import Export
from workbench.formulas.formula import Formula
from workbench.formulas.srepr import Reader
from workbench.formulas.typesetting import to_latex, to_text

FORMAT = "kan-workbench-boundary-1"
SIDE = "g"


@dataclass(frozen=True)
class Coefficient:
    """A number of a law, which is known up to a common factor of all.

    Attributes:
        term: what it stands before, as text. value: as printed.
        interval: 95 % confidence interval of what was fitted, where the reference is ``value``; None of the
            reference itself.
        sigma: standard error of it; None of the reference. snapped: the exact number it became, or "".
        reference: whether the others are told in units of this one.
    """

    term: str
    value: float
    interval: tuple[float, float] | None = None
    sigma: float | None = None
    snapped: str = ""
    reference: bool = False


@dataclass(frozen=True)
class ImplicitFormula:
    """A law g(x) = 0 in symbols; inside is where g > 0.

    Attributes:
        expression: g, in real symbols with the variables' names; its numbers are those that are printed.
        names: the variables that were looked at. constants: its numbers, of which ratios are known.
        domain: range of each variable. scales: what distances are measured in, a spread of each variable.
        column: the variable to solve for where one is as good as another, or "".
    """

    expression: Expr
    names: tuple[str, ...]
    constants: tuple[Coefficient, ...] = ()
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    column: str = ""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(Symbol(name, real=True) for name in self.names)

    @cached_property
    def formula(self) -> Formula:
        """The value of g as an explicit formula, for all that formulas can do."""
        target = SIDE
        while target in self.names:
            target += "_"
        return Formula((self.expression,), self.names, target, domain=self.domain)

    @property
    def used(self) -> tuple[str, ...]:
        """The variables that occur."""
        return self.formula.used

    def value(self, frame: Any) -> np.ndarray:
        """Values of g at rows of a frame with the variables, or of an array ``(N, d)``; ``(N,)``.

        Raises:
            InputError: a variable lacks.
        """
        return self.formula(frame)

    def inside(self, frame: Any) -> np.ndarray:
        """Whether each row is inside, g > 0, ``(N,)``."""
        return self.value(frame) > 0

    def gradient(self, frame: Any) -> np.ndarray:
        """Slopes of g by every variable at rows, ``(N, d)``."""
        x = self._rows(frame)
        with np.errstate(all="ignore"):
            return np.stack([real(s, len(x)) for s in self._slopes(*x.T)], 1)

    def distance(self, frame: Any) -> np.ndarray:
        """Distances of rows from the boundary in columns scaled by ``scales``, ``(N,)``."""
        x = self._rows(frame)
        units = np.array([self.scales.get(name, 1.0) for name in self.names])
        return np.abs(distances(lambda rows: (self.value(rows), self.gradient(rows)), x, units))

    @cached_property
    def _slopes(self) -> Any:
        return compiled([sympy.diff(self.expression, s) for s in self.symbols], self.symbols)

    def _rows(self, frame: Any) -> np.ndarray:
        if isinstance(frame, pd.DataFrame):
            missing = [n for n in self.used if n not in frame.columns]
            if missing:
                raise InputError(
                    f"the boundary needs the columns {list(self.used)}, {missing} lack"
                )
            return frame.reindex(columns=list(self.names)).fillna(0.0).to_numpy(dtype=float)
        x = np.asarray(frame, dtype=float)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise InputError(f"rows must have shape (rows, {len(self.names)}), got {x.shape}")
        return x

    @cached_property
    def solved(self) -> Equality | None:
        """The law with one variable, or its square or modulus, alone on the left; None where none can be."""
        first = [self.column] if self.column in self.used else []
        order = [*first, *(n for n in self.used if n not in first)]
        return solved_for(self.expression, [Symbol(n, real=True) for n in order], self.domain)

    def text(self) -> str:
        """What holds inside, such as ``2 - 2*lam - E*alpha > 0``."""
        written = {name: w.text for name, w in self.formula.written.items()}
        return f"{to_text(self.expression, written)} > 0"

    def latex(self) -> str:
        """LaTeX of the boundary, solved where it can be: ``lam = ...`` or ``g = 0``."""
        written = {s: self.formula.written[s.name].latex for s in self.symbols}
        if self.solved is None:
            return f"{to_latex(self.expression, written)} = 0"
        return " = ".join(to_latex(side, written) for side in self.solved.args)

    def export(self, language: str) -> Export:
        """The function g in another language, executed and compared; its sign is the side.

        Raises:
            InputError: the language is not known.
        """
        return self.formula.export(language)

    def same_as(
        self, other: "ImplicitFormula | Expr", *, tolerance: float = 1e-6, seed: int = 0
    ) -> bool:
        """Whether another law has the same boundary and sides, up to a factor and any monotone function.

        Decided in symbols where the ratio of both is a number, else on points of both zero sets in the
        domain, which must lie within ``tolerance`` of the other's, in scaled columns, with the same side
        beyond.

        Raises:
            InputError: the other has variables that this one does not know.
        """
        if isinstance(other, Expr):
            other = ImplicitFormula(other, self.names, domain=self.domain, scales=self.scales)
        strangers = sorted(set(other.used) - set(self.names))
        if strangers:
            raise InputError(
                f"the variables are {list(self.names)}, but the other law has {strangers}"
            )
        ratio = sympy.cancel(sympy.together(self.expression / other.expression))
        if ratio.is_number:
            return bool(ratio > 0)
        low, high = np.array([self.domain.get(name, (-1.0, 1.0)) for name in self.names]).T
        units = np.array([self.scales.get(name, 1.0) for name in self.names])
        table = other._with_columns(self.names)
        ours, theirs = (lambda x: np.sign(self.value(x))), (lambda x: np.sign(table.value(x)))
        return same_sides(ours, theirs, low, high, tolerance * units, seed)

    def _with_columns(self, names: tuple[str, ...]) -> "ImplicitFormula":
        """The same law for rows with other columns."""
        return ImplicitFormula(self.expression, names)

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def to_text(self) -> str:
        """What ``save`` writes."""
        content = {
            "format": FORMAT,
            "expression": sympy.srepr(self.expression),
            "names": list(self.names),
            "constants": [vars(c) for c in self.constants],
            "domain": {n: list(ends) for n, ends in self.domain.items()},
            "scales": dict(self.scales),
            "column": self.column,
        }
        return json.dumps(content, indent=2) + "\n"

    def save(self, path: str | Path) -> None:
        """Write JSON that ``ImplicitFormula.load`` reads.

        Raises:
            InputError: it cannot be written there.
        """
        write_text(path, self.to_text())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a saved law; nothing in the file is executed.

        Raises:
            InputError: the file is missing, damaged or no boundary.
        """
        what = repr(str(path))
        try:
            content = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            raise InputError(f"{what} is not a saved boundary: {error}") from error
        told = read(content, _File, what)
        require(told.format == FORMAT, what, f"its format is {told.format!r}, not {FORMAT!r}")
        require_names(told.names, what)
        try:
            expression = Reader().read(told.expression)
            known = {Symbol(n, real=True) for n in told.names}
            require(
                expression.free_symbols <= known, what, "it holds other variables than it names"
            )
        except InputError as error:
            raise InputError(f"{what} is damaged: {error}") from error
        constants = tuple(
            Coefficient(c.term, c.value, c.interval, c.sigma, c.snapped, c.reference)
            for c in told.constants
        )
        domain = {n: (float(low), float(high)) for n, (low, high) in told.domain.items()}
        scales = {n: s for n, s in told.scales.items() if math.isfinite(s) and s > 0}
        return cls(expression, told.names, constants, domain, scales, told.column)


class _Coefficient(Strict):
    term: Text
    value: float
    interval: tuple[float, float] | None = None
    sigma: Number = None
    snapped: Text = ""
    reference: bool = False


class _File(Strict):
    format: Text
    expression: Text
    names: tuple[Name, ...]
    constants: tuple[_Coefficient, ...]
    domain: dict[str, tuple[float, float]]
    scales: dict[str, float]
    column: Text


def domain_of(names: Sequence[str], x: np.ndarray) -> dict[str, tuple[float, float]]:
    """Range of every variable over rows ``(N, d)``."""
    return {n: (float(c.min()), float(c.max())) for n, c in zip(names, x.T, strict=True)}
