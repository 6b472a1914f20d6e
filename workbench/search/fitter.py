"""Candidates at their best constants: fitted, snapped and shortened on the rows of a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.common.fence import attempt
from workbench.evidence.fitting import Fitted, refit
from workbench.evidence.residuals import lack_of_fit, neighbours
from workbench.evidence.sample import Sample, probabilities
from workbench.formulas.dimensions import Dimensions, check
from workbench.formulas.forms import multiplied_out, opened
from workbench.formulas.parametric import Parametric, parametrize
from workbench.formulas.rebuilding import replaced
from workbench.formulas.selection import CLEAR
from workbench.kan.data import Dataset
from workbench.search.all_rows import refit_all
from workbench.search.shortening import simplified
from workbench.search.snapping import snap
from workbench.search.undetermined import without_shift

_MOST_ROWS = 4000
_STARTS = 8
_SAME = 1 + 1e-6
EXACT = 1e-9
"""Part of the target's spread below which residuals are rounding."""


class Fitter:
    """Training rows, and what is asked of constants there.

    Attributes:
        letters: numbers of a written form that is kept: a formula's constants are then those of its
            parametric, one for each, although its text may show other numbers made of them.
        train: the rows. sample: a part of them that is enough to try on.
    """

    def __init__(self, data: Dataset, letters: Sequence[str] | None = None) -> None:
        self.data, self.letters = data, letters
        self.classes = data.task == "classification"
        self.train = Sample.of(data)
        order = np.random.default_rng(0).permutation(len(self.train))
        self.sample = self.train[order[:_MOST_ROWS]]
        self.spread = self.train.spread

    def fit(self, parametric: Parametric) -> Fitted:
        return without_shift(refit(parametric, self.sample), self.sample)

    def best_letters(
        self, expression: Expr, letters: Sequence[str], held: Mapping[str, float]
    ) -> Fitted | None:
        """The best fit of the letters from several starts, with all other numbers held, then free."""
        names = (*letters, *held)
        inputs, constants = (
            tuple(Symbol(name, real=True) for name in some) for some in (self.data.names, names)
        )
        at = {Symbol(name, real=True): sympy.Float(value) for name, value in held.items()}
        shape = replaced(expression, at)
        free = constants[: len(letters)]
        found = []
        for start in _starts(len(letters)):
            with attempt("a written formula"):
                found.append(self.fit(Parametric((shape,), inputs, free, tuple(start))))
        finite = [fitted for fitted in found if math.isfinite(fitted.loss)]
        if not finite:
            return None
        best = min(finite, key=lambda fitted: fitted.loss)
        values = (*best.parametric.values, *held.values())
        whole = replace(
            best.parametric, expressions=(expression,), constants=constants, values=values
        )
        return replace(best, parametric=whole)

    def without_gauge(self, fitted: Fitted, neutral: Mapping[Symbol, float]) -> Fitted:
        """The same fit with as many numbers of functions neutral as the rows leave undetermined."""
        for symbol, value in neutral.items():
            parametric = fitted.parametric
            place = parametric.constants.index(symbol)
            if fitted.determined[place]:
                continue
            rest = [k for k in range(len(parametric.constants)) if k != place]
            trial = self.fit(
                replace(
                    parametric,
                    expressions=(
                        replaced(parametric.expressions[0], {symbol: sympy.Float(value)}),
                    ),
                    constants=tuple(parametric.constants[k] for k in rest),
                    values=tuple(parametric.values[k] for k in rest),
                )
            )
            if trial.loss <= _SAME * fitted.loss + (EXACT * self.spread) ** 2:
                fitted = trial
        return fitted

    def fits(self, expressions: Sequence[tuple[Expr, ...]]) -> list[Fitted]:
        """Candidates at their best constants, and polynomials as sums of terms, too."""
        found: list[Fitted] = []
        for candidate in expressions:
            with attempt("constants of a candidate"):
                found.append(self.fit(parametrize(opened(candidate), self.data.names)))
        for fitted in list(found):
            with attempt("a polynomial, multiplied out"):
                inexact = fitted.loss > (EXACT * self.spread) ** 2
                terms = multiplied_out(fitted.parametric) if inexact else None
                if terms is not None:
                    found.append(self.fit(terms))
        return found

    def snap(self, fitted: Fitted) -> Fitted:
        """With exact numbers where the rows do not notice, see ``snapping``."""
        with attempt("exact numbers"):
            return snap(
                fitted,
                self.sample,
                at_noise=not self.lack(fitted) > CLEAR,
                kept=self._dimensional(fitted.parametric),
            )
        return fitted

    def units(self, parametric: Parametric) -> tuple[str, ...]:
        """Unit of every constant, "" where there is none to be known."""
        found = self._dimensions(parametric)
        return found.constants if found else ("",) * len(parametric.constants)

    def _dimensional(self, parametric: Parametric) -> frozenset[Symbol]:
        """Constants that carry a unit: its choice is arbitrary, so their numbers cannot be special."""
        found = self._dimensions(parametric)
        if found is None or found.problems:
            return frozenset()
        pairs = zip(parametric.constants, found.constants, strict=True)
        return frozenset(constant for constant, unit in pairs if unit not in ("", "1"))

    def _dimensions(self, parametric: Parametric) -> Dimensions | None:
        if not any(self.data.units.values()):
            return None
        return check(parametric, self.data.units, None if self.classes else self.data.target)

    @cached_property
    def _pairs(self) -> np.ndarray:
        return neighbours(self.sample.x)

    def lack(self, fitted: Fitted) -> float:
        """Score of what neighbouring residuals of training rows share; NaN at rounding."""
        residuals = self.residuals(fitted)
        if np.abs(residuals).max() <= EXACT * self.spread:
            return math.nan
        weights = self.sample.weights
        return max(lack_of_fit(self._pairs, column, weights) for column in residuals.T)

    def residuals(self, fitted: Fitted) -> np.ndarray:
        """Target minus prediction, ``(N, m)``; of classes, the indicator minus its probability."""
        values = fitted.parametric.outputs(self.sample.x)
        y = self.sample.y
        if not self.classes:
            return y - values
        p = probabilities(values)
        return (np.eye(p.shape[1])[y] - p)[:, -values.shape[1] :]

    def simplified(self, fits: Sequence[Fitted]) -> list[Fitted]:
        """Each in a shorter form and fitted again, where that keeps the loss."""
        with attempt("shorter forms"):
            forms = simplified([fitted.parametric for fitted in fits], self.sample.x)
            return [self._kept(before, form) for before, form in zip(fits, forms, strict=True)]
        return list(fits)

    def _kept(self, before: Fitted, form: Parametric) -> Fitted:
        if form is before.parametric:
            return before
        after = self.fit(form)
        return after if after.loss <= max(1.01 * before.loss, 1e-24 * self.spread**2) else before

    def final(self, fitted: Fitted) -> Fitted:
        """The fit to all training rows, with just the numbers that its expressions print as constants."""
        if self.letters is not None:
            whole = len(self.sample) == len(self.train)
            return fitted if whole else refit_all(fitted.parametric, self.train)
        exact = fitted.parametric.exact
        same = parametrize(fitted.parametric.substituted(), self.data.names)
        if sorted(same.values) == sorted(fitted.parametric.values):
            if len(self.sample) == len(self.train):
                return fitted
            same = fitted.parametric
        return refit_all(replace(same, exact=exact), self.train)


def _starts(count: int) -> np.ndarray:
    """Where letters start, ``(k, count)``: near 1, and at numbers of other sizes and signs."""
    random = np.random.default_rng(0)
    drawn = random.choice((-1.0, 1.0), (_STARTS, count)) * random.lognormal(size=(_STARTS, count))
    return np.concatenate((np.ones((1, count)), drawn)) if count else np.ones((1, 0))
