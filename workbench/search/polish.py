"""From raw expressions to formulas: constants fitted and snapped, structure simplified, all judged."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sympy
from sympy import Expr, Symbol

from workbench.common.fence import attempt
from workbench.evidence.sample import Sample
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parametric import parametrize
from workbench.formulas.selection import REGRESSION
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.fitter import EXACT, Fitter
from workbench.search.judge import Judge
from workbench.search.rational import fit_ratio

_AT_NOISE = 1.5


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
    fitter = Fitter(data)
    judge = Judge(fitter, network)
    least = judge.network_loss if floor is None else floor
    fits = fitter.fits(expressions)
    losses = [judge.loss(f.parametric.substituted(), "validation") for f in fits]
    best = min([*losses, least])
    close = [
        fitted
        for fitted, loss in zip(fits, losses, strict=True)
        if loss <= _AT_NOISE * best + judge.overfitting(fitted) or loss <= EXACT * fitter.spread
    ]
    snapped = fitter.simplified([fitter.snap(fitted) for fitted in close])
    found: list[Formula] = []
    for fitted in fits:
        with attempt("scores of a formula"):
            found.append(judge.formula(fitted))
    for before, after in zip(close, snapped, strict=True):
        with attempt("scores of a snapped formula"):
            if after is not before:
                found.append(judge.formula(after, before))
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
    fitter = Fitter(data, letters)
    judge = Judge(fitter, network)
    numbers = functions or {}
    best = fitter.best_letters(expression, letters, {n: k.value for n, k in numbers.items()})
    if best is None:
        return FormulaSet([])
    neutral = {Symbol(n, real=True): k.neutral for n, k in numbers.items()}
    if numbers:
        best = fitter.without_gauge(fitter.fit(best.parametric), neutral)
    snapped = fitter.snap(best)
    plain = judge.formula(best)
    return FormulaSet([plain] if snapped is best else [plain, judge.formula(snapped, best)])


def constants_and_lines(data: Dataset) -> FormulaSet:
    """The formulas that any discovery has to beat: a constant, a line in each input, a plane."""
    symbols = [sympy.Symbol(name, real=True) for name in data.names]
    start = sympy.Float(0.5)
    plane = sympy.Add(*(start * s for s in symbols), sympy.Float(0.1))
    lines = [start * s + sympy.Float(0.1) for s in symbols]
    shapes: list[Expr] = [sympy.Float(0.1), *lines, plane]
    fitter = Fitter(data)
    judge = Judge(fitter)
    found: list[Formula] = []
    for shape in shapes:
        with attempt("a constant or a line"):
            fitted = fitter.fit(parametrize([shape] * data.outputs, data.names))
            found.append(judge.formula(fitted))
    return FormulaSet(found).stamped(**{REGRESSION: "constant or sum of inputs"})


def ratios(data: Dataset, names: Sequence[str], *, seed: int = 0) -> FormulaSet:
    """Ratios of sums in some of the inputs, as formulas over all of them."""
    if data.task != "regression" or data.outputs != 1 or not names:
        return FormulaSet([])
    sample = Sample.of(data.select(names))
    found: list[Expr] = []
    with attempt("ratios of sums"):
        found = fit_ratio(sample, tuple(names), seed=seed)
    return polished([(expression,) for expression in found], data, floor=math.inf)
