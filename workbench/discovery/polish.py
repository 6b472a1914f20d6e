"""From raw expressions to formulas: constants fitted and snapped, structure simplified, all judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import sympy
from scipy.stats import t as student
from sympy import Expr, Symbol

from workbench.discovery.all_rows import refit_all
from workbench.discovery.dimensions import Dimensions, check
from workbench.discovery.fence import attempt
from workbench.discovery.forms import multiplied_out, opened, rewritten
from workbench.discovery.formula import Constant, Formula, Proportion
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.leave_one_out import judging_rows, mean_losses, row_losses
from workbench.discovery.parametric import Fitted, Parametric, parametrize, refit
from workbench.discovery.printing import network_errors, network_values, printing, probabilities
from workbench.discovery.provenance import origin, topology
from workbench.discovery.rebuilding import replaced
from workbench.discovery.residuals import CLEAR, lack_of_fit, neighbours
from workbench.discovery.sample import Sample, both_logits, centred_logits
from workbench.discovery.simplify import shorter
from workbench.discovery.snapping import snap
from workbench.discovery.undetermined import proportions, without_shift
from workbench.kan.data import Dataset, Part
from workbench.kan.model import KAN

_MOST_ROWS = 4000
_PARTS: tuple[Part, ...] = ("train", "validation", "test")
_STARTS = 8
_AT_NOISE, _EXACT, _SAME = 1.5, 1e-9, 1 + 1e-6
_TIED = 0.95


class Number(NamedTuple):
    """A number of a function that was found: where its fit starts, and what leaves the function alone."""

    value: float
    neutral: float


def polished(
    expressions: Sequence[tuple[Expr, ...]],
    data: Dataset,
    *,
    network: KAN | None = None,
    floor: float | None = None,
) -> FormulaSet:
    """Fit, snap, simplify and judge expressions; each comes back as fitted and as snapped.

    Polynomials compete also as sums of terms.

    Args:
        expressions: one tuple per candidate, one expression per output.
        data: training rows fit constants, validation rows choose, test rows report.
        network: to measure the distance to.
        floor: validation loss at the noise; constants of formulas far above it are not snapped.
    """
    rows = _Rows(data, network)
    least = rows.network_loss if floor is None else floor
    fits = rows.fits(expressions)
    losses = [rows.loss(f.parametric.substituted(), "validation") for f in fits]
    best = min([*losses, least])
    close = [
        fitted
        for fitted, loss in zip(fits, losses, strict=True)
        if loss <= _AT_NOISE * best + rows.overfitting(fitted) or loss <= _EXACT * rows.spread
    ]
    snapped = rows.simplified([rows.snap(fitted) for fitted in close])
    found: list[Formula] = []
    for fitted in fits:
        with attempt("scores of a formula"):
            found.append(rows.formula(fitted))
    for before, after in zip(close, snapped, strict=True):
        with attempt("scores of a snapped formula"):
            if after is not before:
                found.append(rows.formula(after, before))
    return FormulaSet(found)


def as_written(
    expression: Expr,
    letters: Sequence[str],
    data: Dataset,
    *,
    functions: Mapping[str, Number] | None = None,
    network: KAN | None = None,
) -> FormulaSet:
    """An expression with its letters fitted, each one number wherever it stands; its form is kept.

    Args:
        expression: for the one output. letters: its symbols that are numbers to be found.
        data: training rows fit; letters start near 1 and, because such a fit can be caught, at others.
        functions: numbers of the functions in it, by their symbols; they are fitted once the letters are.
        network: to measure the distance to.
    """
    rows = _Rows(data, network, letters=letters)
    numbers = functions or {}
    best = rows.best_letters(expression, letters, {n: k.value for n, k in numbers.items()})
    if best is None:
        return FormulaSet([])
    neutral = {Symbol(n, real=True): k.neutral for n, k in numbers.items()}
    if numbers:
        best = rows.without_gauge(rows.fit(best.parametric), neutral)
    snapped = rows.snap(best)
    plain = rows.formula(best)
    return FormulaSet([plain] if snapped is best else [plain, rows.formula(snapped, best)])


def constants_and_lines(data: Dataset) -> FormulaSet:
    """The formulas that any discovery has to beat: a constant, a line in each input, a plane."""
    symbols = [sympy.Symbol(name, real=True) for name in data.names]
    start = sympy.Float(0.5)
    plane = sympy.Add(*(start * s for s in symbols), sympy.Float(0.1))
    lines = [start * s + sympy.Float(0.1) for s in symbols]
    shapes: list[Expr] = [sympy.Float(0.1), *lines, plane]
    rows = _Rows(data)
    found: list[Formula] = []
    for shape in shapes:
        with attempt("a constant or a line"):
            fitted = rows.fit(parametrize([shape] * data.outputs, data.names))
            found.append(rows.formula(fitted))
    return FormulaSet(found)


def ratios(data: Dataset, names: Sequence[str], *, seed: int = 0) -> FormulaSet:
    """Ratios of sums in some of the inputs, as formulas over all of them."""
    from workbench.discovery.rational import fit_ratio

    if data.task != "regression" or data.outputs != 1 or not names:
        return FormulaSet([])
    sample = Sample.of(data.select(names))
    found: list[Expr] = []
    with attempt("ratios of sums"):
        found = fit_ratio(sample, tuple(names), seed=seed)
    return polished([(expression,) for expression in found], data, floor=math.inf)


class _Rows:
    """The rows of a dataset as arrays, and what is asked of them.

    Attributes:
        network: that formulas are compared with, if there is one.
        letters: numbers of a written form that is kept: a formula's constants are then those of its
            parametric, one for each, although its text may show other numbers made of them.
    """

    def __init__(
        self,
        data: Dataset,
        network: KAN | None = None,
        *,
        letters: Sequence[str] | None = None,
    ) -> None:
        self.data, self.network = data, network
        self.letters = letters
        self.origin = origin(data)
        self.classes = data.task == "classification"
        self.parts = {part: Sample.of(data, part) for part in _PARTS}
        train = self.parts["train"]
        self.sample = train[np.random.default_rng(0).permutation(len(train))[:_MOST_ROWS]]
        self.spread = train.spread
        self.judging, self.judging_fitted = judging_rows(data)
        self.of_the_mean = self._overall(mean_losses(data))

    def expected(self, fitted: Fitted) -> float:
        """Loss of all rows that are not held out, each under constants fitted without it."""
        return self._overall(row_losses(fitted.parametric, self.judging, self.judging_fitted))

    def _overall(self, losses: np.ndarray) -> float:
        """RMSE, or mean cross-entropy, of rows that count by their weights."""
        mean = float(np.average(losses, weights=self.judging.weights))
        return mean if self.classes else math.sqrt(mean)

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
            if trial.loss <= _SAME * fitted.loss + (_EXACT * self.spread) ** 2:
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
                inexact = fitted.loss > (_EXACT * self.spread) ** 2
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
        if np.abs(residuals).max() <= _EXACT * self.spread:
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

    def loss(self, expressions: tuple[Expr, ...], part: Part) -> float:
        """RMSE or cross-entropy of expressions on one part; infinite where they are undefined."""
        formula = Formula(
            expressions, self.data.names, task=self.data.task, classes=self.data.classes
        )
        with attempt("values of a candidate"):
            return self._error(formula, self.parts[part])
        return math.inf

    def overfitting(self, fitted: Fitted) -> float:
        """How far more than needed constants may lift a validation cross-entropy: a nat for each."""
        rows = len(self.parts["validation"])
        return len(fitted.parametric.constants) / rows if self.classes and rows else 0.0

    @staticmethod
    def _error(formula: Formula, sample: Sample) -> float:
        """RMSE or cross-entropy of a formula, see ``Sample.error``."""
        return sample.error(_values(formula, sample))

    @cached_property
    def network_loss(self) -> float:
        """Validation loss of the network; infinite where there is none."""
        if self.network is None:
            return math.inf
        held_out = self.parts["validation"]
        return held_out.error(network_values(self.network, held_out.x))

    @cached_property
    def network_errors(self) -> np.ndarray | float:
        return (
            math.inf if self.network is None else network_errors(self.network, self.parts["train"])
        )

    def formula(self, fitted: Fitted, before: Fitted | None = None) -> Formula:
        """The formula of a fit to all rows, and of what it was ``before`` numbers were snapped."""
        fitted = self.final(fitted)
        expressions = fitted.parametric.substituted()
        train = self.parts["train"]
        shown = printing(fitted.parametric, train, self.network_errors)
        domain = {
            name: (float(column.min()), float(column.max()))
            for name, column in zip(self.data.names, train.x.T, strict=True)
        }
        formula = Formula(
            expressions=expressions,
            names=self.data.names,
            target=self.data.target,
            task=self.data.task,
            classes=self.data.classes,
            domain=domain,
            units=dict(self.data.units),
            constants=constants_of(
                fitted,
                self.units(fitted.parametric),
                shown.digits,
                proportions(fitted, train),
            ),
            provenance=self.origin | ({"network": topology(self.network)} if self.network else {}),
        )
        lack = self.lack(fitted)
        scores = self._scores(formula) | {"printing_error": shown.error}
        scores |= {"expected_loss": self.expected(fitted), "mean_loss": self.of_the_mean}
        scores["judging_rows"] = self.judging.effective_rows
        if self.letters:
            told = _told(fitted, self.letters, shown.digits)
            formula = replace(formula, provenance={**formula.provenance, "letters": told})
        if before is not None:
            as_fitted = self.final(before).parametric.substituted()
            formula = replace(formula, as_fitted=as_fitted)
            scores["as_fitted_loss"] = self.loss(as_fitted, "validation")
        return replace(formula, scores=scores | {"lack_of_fit": None if math.isnan(lack) else lack})

    def final(self, fitted: Fitted) -> Fitted:
        """The fit to all training rows, with just the numbers that its expressions print as constants."""
        if self.letters is not None:
            whole = len(self.sample) == len(self.parts["train"])
            return fitted if whole else refit_all(fitted.parametric, self.parts["train"])
        exact = fitted.parametric.exact
        same = parametrize(fitted.parametric.substituted(), self.data.names)
        if sorted(same.values) == sorted(fitted.parametric.values):
            if len(self.sample) == len(self.parts["train"]):
                return fitted
            same = fitted.parametric
        return refit_all(replace(same, exact=exact), self.parts["train"])

    def _scores(self, formula: Formula) -> dict[str, float | None]:
        scores: dict[str, float | None] = {
            f"{part}_loss": self._error(formula, sample) for part, sample in self.parts.items()
        }
        scores["validation_rows"] = self.parts["validation"].effective_rows
        test = self.parts["test"]
        if not len(test):
            return scores
        values = _values(formula, test)
        if self.classes:
            guess = both_logits(values).argmax(1)
            scores["test_accuracy"] = float(np.average(guess == test.y, weights=test.weights))
        else:
            share = test.loss(values) / test.spread**2
            known = math.isfinite(share) and np.ptp(test.y) > 0
            scores["test_r2"] = 1 - share if known else None
        if self.network is not None:
            apart = values - network_values(self.network, test.x)
            apart = centred_logits(apart) if self.classes else test.balanced(apart)
            gap = np.square(apart).mean(1)
            error = float(np.sqrt(np.average(gap, weights=test.weights)))
            scores["network_error"] = error / self.spread
        return scores


def _values(formula: Formula, sample: Sample) -> np.ndarray:
    """Values on rows, ``(N, m)``."""
    return formula(sample.x).reshape(len(sample), len(formula.expressions))


def _told(fitted: Fitted, letters: Sequence[str], digits: Sequence[int]) -> str:
    """What the letters of a written form became, as text."""
    numbers = zip(fitted.parametric.constants, fitted.parametric.values, digits, strict=True)
    values = {symbol.name: f"{value:.{n}g}" for symbol, value, n in numbers}
    values |= {s.constant.name: str(s.number) for s in fitted.parametric.exact}
    return ", ".join(f"{name} = {values[name]}" for name in letters if name in values)


def _starts(count: int) -> np.ndarray:
    """Where letters start, ``(k, count)``: near 1, and at numbers of other sizes and signs."""
    random = np.random.default_rng(0)
    drawn = random.choice((-1.0, 1.0), (_STARTS, count)) * random.lognormal(size=(_STARTS, count))
    return np.concatenate((np.ones((1, count)), drawn)) if count else np.ones((1, 0))


def constants_of(
    fitted: Fitted,
    units: Sequence[str] = (),
    digits: Sequence[int] = (),
    proportions: Mapping[int, Proportion] = MappingProxyType({}),
) -> tuple[Constant, ...]:
    """A fit's constants, with errors, 95 % intervals of Student's t and ties; then the snapped ones.

    Args:
        fitted: the fit. units: of its constants. digits: that they are printed with.
        proportions: of those that are known only by their ratios, see ``undetermined``.
    """
    reach = float(student.ppf(0.975, fitted.degrees))
    free = []
    for place, value in enumerate(fitted.parametric.values):
        known = fitted.determined[place] and place not in proportions
        sigma = fitted.sigma[place] if known else None
        tied = tuple(
            (other, round(r, 4))
            for other, r in enumerate(fitted.correlation[place])
            if other != place and abs(r) >= _TIED and not proportions.keys() >= {place, other}
        )
        interval = None if sigma is None else (value - reach * sigma, value + reach * sigma)
        free.append(
            Constant(
                value,
                sigma,
                interval=interval,
                tied=tied,
                unit=units[place] if units else "",
                digits=digits[place] if digits else None,
                proportion=proportions.get(place),
            )
        )
    exact = [
        Constant(float(s.number), None, str(s.number), s.evidence, s.f_value)
        for s in fitted.parametric.exact
    ]
    return (*free, *exact)


def simplified(parametrics: Sequence[Parametric], x: np.ndarray) -> list[Parametric]:
    """Shorter forms that give the same values; a parametric itself where none is found in time.

    Cheap rewritings come first; SymPy's deeper ones follow in one child process for all, with inputs
    and constants taken as positive where the data say so.
    """
    cheap = [tuple(map(rewritten, p.expressions)) for p in parametrics]
    jobs = []
    for parametric, expressions in zip(parametrics, cheap, strict=True):
        columns = zip(parametric.inputs, x.T, strict=True)
        positive = {s.name for s, column in columns if column.min() > 0}
        numbers = zip(parametric.constants, parametric.values, strict=True)
        positive |= {c.name for c, value in numbers if value > 0}
        jobs += [(e, frozenset(positive)) for e in expressions]
    deep = iter(shorter(jobs))
    return [_same(p, tuple(next(deep) for _ in p.expressions), x[:200]) for p in parametrics]


def _same(parametric: Parametric, found: tuple[Expr, ...], x: np.ndarray) -> Parametric:
    """The parametric with the expressions ``found``, if they are new and have the same values."""
    used = set().union(*(e.free_symbols for e in found))
    kept = [
        (c, v) for c, v in zip(parametric.constants, parametric.values, strict=True) if c in used
    ]
    trial = replace(
        parametric,
        expressions=found,
        constants=tuple(c for c, _ in kept),
        values=tuple(v for _, v in kept),
    )
    before, after = parametric.outputs(x), trial.outputs(x)
    same = np.allclose(before, after, rtol=1e-9, atol=1e-12, equal_nan=True)
    return trial if same and found != parametric.expressions else parametric
