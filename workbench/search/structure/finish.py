"""Closed forms of what is left: links, sums of products, and one curve of one column."""

from collections.abc import Iterator, Sequence
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
from workbench.search.structure.switches import switches
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


def slow_guesses(problem: Problem) -> Iterator[Guess]:
    """Coefficients that vary, then sums of products of simple functions, link after link."""
    yield from _fitted_where_rough(problem, attempts("coefficients that vary", varying(problem)))
    yield from _fitted_where_rough(problem, attempts("sums of products", _all_sums(problem)))


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
    plain, *others = attempts("a link", linked(problem))
    yield from _through([plain], noise)  # first, for most laws need no link
    if not again:
        yield from attempts("families of laws", family_guesses(problem))
        yield from attempts("laws that switch", switches(problem))
    yield from _through(others, noise)


def _through(views: Sequence[tuple[Link, Problem]], noise: float) -> Iterator[Guess]:
    """Curves and ratios, through links."""
    yield from attempts("curves of one column", _curves(views))
    yield from attempts("curves of every column", separable(views))
    for link, changed in views:
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


def _curves(views: Sequence[tuple[Link, Problem]]) -> Iterator[Guess]:
    """The functions of the table that fit one column, or its reciprocal, best with all of their four numbers.

    What is a ratio has two ways to be written.
    """
    views = [(link, problem) for link, problem in views if problem.width == 1]
    views += [(link, turned) for link, problem in views for turned in _reciprocal(problem)]
    if not views:
        return
    count = min(_POINTS, *(len(problem.y) for _, problem in views))
    sampled = [_sampled(problem, count) for _, problem in views]
    points, values = (torch.from_numpy(np.array(part)) for part in zip(*sampled, strict=True))
    for (link, problem), found in zip(
        views, match(points, values, views[0][1].functions), strict=True
    ):
        column = torch.from_numpy(problem.x[:, 0].copy())
        rough = not _even(problem)
        for candidate in found[:_CURVES]:
            shape = curve_expression(candidate, problem.symbols[0])
            error = problem.error(candidate.curve(column).numpy())
            yield Guess(problem.back(shape), error, link.name, 1, rough=rough)


def _reciprocal(problem: Problem) -> Iterator[Problem]:
    column = problem.x[:, 0]
    if (column > 0).all() or (column < 0).all():
        yield problem.seen_along(1 / column, 1 / problem.symbols[0])


def _sampled(problem: Problem, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many rows in the column's order, each as often as it counts: a match takes all alike."""
    rows = np.argsort(problem.x[:, 0])
    rows = rows[in_proportion(torch.from_numpy(problem.counts[rows])).numpy()]
    rows = rows[np.linspace(0, len(rows) - 1, count).astype(int)]
    return problem.x[rows, 0], problem.y[rows]


def _even(problem: Problem) -> bool:
    return bool((problem.counts == problem.counts[0]).all())


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
