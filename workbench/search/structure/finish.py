"""Closed forms of what is left: links, sums of products, and one curve of one column."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy
import torch

from workbench.common.fence import attempts
from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import parametrize
from workbench.kan.data import in_proportion
from workbench.network.candidates import match
from workbench.network.compiler import evaluate
from workbench.search.structure.dictionary import Product, products
from workbench.search.structure.families import family_guesses
from workbench.search.structure.guess import Guess
from workbench.search.structure.links import Link, linked
from workbench.search.structure.powers import power_laws
from workbench.search.structure.problem import Problem
from workbench.search.structure.ratio import ratios
from workbench.search.structure.separable import CLOSE, curve_expression, separable
from workbench.search.structure.subsets import Subset, best_subsets
from workbench.search.structure.varying import varying

EXACT = 1e-9
_PRODUCTS, _ROWS, _POINTS = 1500, 500, 400
_CURVES = 3


def quick_guesses(problem: Problem, noise: float, *, again: bool = False) -> Iterator[Guess]:
    """Powers, curves of one column, sums and products of curves, and ratios, link after link; and families.

    Args:
        problem: see ``Problem``. noise: error of a smooth function of its columns.
        again: whether it was looked at before, with another noise: families need not be fitted again.
    """
    found = attempts("quick guesses", _quick(problem, noise, again))
    yield from _fitted_where_rough(problem, found)


def sum_guesses(problem: Problem) -> Iterator[Guess]:
    """Sums of products of simple functions, link after link."""
    found = attempts("sums of products", _all_sums(problem))
    yield from _fitted_where_rough(problem, found)


def _fitted_where_rough(problem: Problem, found: Iterator[Guess]) -> Iterator[Guess]:
    """Columns with numbers of their own are only as good as these numbers: they are to be fitted."""
    rough = any(symbol.has(sympy.Float) for symbol in problem.symbols)
    for guess in found:
        yield replace(guess, rough=guess.rough or (rough and guess.error < CLOSE))


def _quick(problem: Problem, noise: float, again: bool) -> Iterator[Guess]:
    if problem.width == 0:
        mean = float(np.average(problem.y, weights=problem.weights**2))
        error = problem.error(np.full(len(problem.y), mean))
        yield Guess(problem.back(sympy.Float(mean)), error, "y", 0)
        return
    yield from attempts("a product of powers", power_laws(problem))
    for link, changed in attempts("a link", linked(problem)):
        if problem.width == 1:
            yield from attempts(f"curves of {link.name}", _curves(link, changed))
        if link.name == "y" and not again:
            yield from attempts("families of laws", family_guesses(problem))
            yield from attempts("coefficients that vary", varying(problem))
        yield from attempts(f"separable {link.name}", separable(link, changed))
        yield from attempts(f"ratios for {link.name}", ratios(link, changed, noise))


def _all_sums(problem: Problem) -> Iterator[Guess]:
    table = products(problem, _PRODUCTS)
    if not table:
        return
    values = np.stack([p.values for p in table], 1)
    for link, changed in attempts("a link", linked(problem)):
        rows = _same_rows(problem, changed, values)
        yield from attempts(f"sums of products for {link.name}", _sums(link, changed, table, rows))


def _same_rows(whole: Problem, part: Problem, values: np.ndarray) -> np.ndarray:
    """A link may drop a row or two at a pole: so must the table."""
    if len(part.y) == len(whole.y):
        return values
    kept = {tuple(row) for row in part.x}
    return values[[tuple(row) in kept for row in whole.x]]


def _sums(
    link: Link, problem: Problem, table: list[Product], values: np.ndarray
) -> Iterator[Guess]:
    few = slice(0, _ROWS)
    for subset in best_subsets(values[few], problem.y[few], problem.weights[few]):
        yield _guess(link, problem, table, values, subset)


def _guess(
    link: Link, problem: Problem, table: list[Product], values: np.ndarray, subset: Subset
) -> Guess:
    part = values[:, subset.columns]
    with_constant = _fit(np.column_stack((part, np.ones(len(part)))), problem)
    without = _fit(part, problem)
    drop = without[1] <= max(1.001 * with_constant[1], 1e-10)
    numbers, error = without if drop else with_constant
    terms = [
        sympy.Float(c) * table[k].expression for c, k in zip(numbers, subset.columns, strict=False)
    ]
    if not drop:
        terms.append(sympy.Float(numbers[-1]))
    return Guess(problem.back(sympy.Add(*terms)), error, link.name, len(subset.columns))


def _fit(columns: np.ndarray, problem: Problem) -> tuple[np.ndarray, float]:
    weighted = columns * problem.weights[:, None]
    size = np.linalg.norm(weighted, axis=0)
    numbers = np.linalg.lstsq(weighted / size, problem.y * problem.weights, rcond=None)[0] / size
    return numbers, problem.error(columns @ numbers)


def _curves(link: Link, problem: Problem) -> Iterator[Guess]:
    """The functions of the table that fit one column best, with all of their four numbers."""
    counts = torch.from_numpy(problem.counts)
    even = bool((counts == counts[0]).all())
    rows = np.argsort(problem.x[:, 0])
    rows = rows[in_proportion(counts[rows]).numpy()]  # the match itself takes all rows alike
    rows = rows[:: max(1, len(rows) // _POINTS)]
    points = torch.from_numpy(problem.x[rows, 0].copy())[None]
    values = torch.from_numpy(problem.y[rows].copy())[None]
    for candidate in match(points, values, problem.functions)[0][:_CURVES]:
        shape = curve_expression(candidate, problem.symbols[0])
        predicted = candidate.curve(torch.from_numpy(problem.x[:, 0].copy())).numpy()
        yield Guess(problem.back(shape), problem.error(predicted), link.name, 1, rough=not even)


def checked(guess: Guess, whole: Problem) -> Guess:
    """A guess with its error on the rows of the whole problem, infinite where it has no value.

    A rough one comes back with its constants fitted.
    """
    names = [s.name for s in whole.symbols]
    if guess.rough:
        start = parametrize([guess.expression], names)
        rows = whole.rows(slice(_ROWS))
        fitted = refit(start, Sample(rows.x, rows.y[:, None], rows.counts))
        guess = replace(guess, expression=fitted.parametric.substituted()[0], rough=False)
    error = whole.error(evaluate(guess.expression, names, whole.x))
    return replace(guess, error=error if np.isfinite(error) else np.inf)
