"""The regressions that every formula has to beat: sums of a few terms, chosen by what they explain.

Terms are inputs, curves of one input and products of two; where the target is positive, its logarithm may
be the sum: products of powers and exponentials. How many terms there are is chosen by criteria that know
how many there were to choose from: the extended information criterion (Chen and Chen, Biometrika 95, 2008),
and risk inflation (Foster and George, Ann. Statist. 22, 1994), which takes more. Classes are told by their
indicators.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from scipy.special import gammaln
from sympy import Expr

from workbench.common.fence import attempts
from workbench.evidence.sample import Sample
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.selection import REGRESSION
from workbench.kan.data import Dataset
from workbench.search.polish import polished

_ROWS, _MOST_TERMS, _ROWS_PER_TERM = 4000, 12, 5
_MOST_MULTIPLIED = 30
_PARALLEL = 1e-7


@dataclass(frozen=True)
class Term:
    """What a sum may hold: an expression and its values ``(N,)``."""

    expression: Expr
    values: np.ndarray


def regressions(data: Dataset) -> FormulaSet:
    """Sums of chosen terms at their best constants.

    They are marked as what a chosen formula must not be worse than, see ``selection.best``.
    """
    sums = list(dict.fromkeys(attempts("sums of chosen terms", _sums(data))))
    # Snapped, a chance line would cost hardly more than a constant: these stay as they were fitted.
    return polished(sums, data, floor=0.0).stamped(**{REGRESSION: "sum of chosen terms"})


def _sums(data: Dataset) -> Iterator[tuple[Expr, ...]]:
    """Sums of chosen terms, one expression for each output, with numbers to start from."""
    sample = Sample.of(data)
    order = np.random.default_rng(0).permutation(len(sample))[:_ROWS]
    sample = sample[order].for_least_squares()
    symbols = [sympy.Symbol(name, real=True) for name in data.names]
    lines = [Term(s, x) for s, x in zip(symbols, sample.x.T, strict=True)]
    curves = [curve for line in lines for curve in _curves(line)]
    products = [_product(*pair) for pair in combinations(lines, 2)]
    products = products if len(lines) <= _MOST_MULTIPLIED else []
    y = (
        np.eye(int(sample.y.max()) + 1)[sample.y][:, -data.outputs :]
        if sample.classes
        else sample.y
    )
    weights = sample.counts
    for terms in (lines, [*lines, *curves], [*lines, *_squares(lines), *products]):
        yield from _chosen(terms, y, weights, lambda total: total)
    if not sample.classes and data.outputs == 1 and (y > 0).all():
        logarithms = [
            Term(sympy.log(t.expression), np.log(t.values)) for t in lines if t.values.min() > 0
        ]
        for terms in filter(None, (logarithms, lines, [*logarithms, *lines])):
            yield from _chosen(terms, np.log(y), weights, sympy.exp)


def _curves(line: Term) -> Iterator[Term]:
    """Slow curves of an input: those that are defined at all of its values."""
    s, x = line.expression, line.values
    yield Term(s**2, x**2)
    if x.min() > 0:
        yield Term(sympy.sqrt(s), np.sqrt(x))
        yield Term(sympy.log(s), np.log(x))
        yield Term(1 / s, 1 / x)


def _squares(lines: Sequence[Term]) -> list[Term]:
    return [_product(line, line) for line in lines]


def _product(first: Term, second: Term) -> Term:
    return Term(first.expression * second.expression, first.values * second.values)


def _chosen(
    terms: Sequence[Term], y: np.ndarray, weights: np.ndarray, outer: Callable[[Expr], Expr]
) -> Iterator[tuple[Expr, ...]]:
    """The sums of some terms that the criteria choose, see the module's first lines."""
    root = np.sqrt(weights)[:, None]
    table = np.stack([t.values for t in terms], 1) * root
    table, target = _centred(table, root), _centred(y * root, root)
    size = np.linalg.norm(table, axis=0)
    useful = np.flatnonzero(size > _PARALLEL * np.linalg.norm(root) * _largest(terms))
    if not len(useful):
        return
    path = _path(table[:, useful] / size[useful], target / np.linalg.norm(target, axis=0))
    for count in dict.fromkeys(_best_counts(path, len(y), len(useful))):
        columns = useful[list(path[count - 1][0])] if count else useful[:0]
        yield _sum([terms[c] for c in columns], y, root, outer)


def _largest(terms: Sequence[Term]) -> np.ndarray:
    return np.array([np.abs(t.values).max() for t in terms])


def _centred(columns: np.ndarray, root: np.ndarray) -> np.ndarray:
    unit = root / np.linalg.norm(root)
    return np.asarray(columns - unit * (unit.T @ columns))


def _path(table: np.ndarray, target: np.ndarray) -> list[tuple[tuple[int, ...], float]]:
    """Columns taken one after the other, each the one that explains most, and the share that is left."""
    rest, free = target.copy(), table.copy()
    chosen: list[int] = []
    path = []
    most = min(_MOST_TERMS, table.shape[1], len(table) // _ROWS_PER_TERM)
    for _ in range(most):
        size = np.linalg.norm(free, axis=0)
        gain = np.square(free.T @ rest).sum(1) / np.maximum(size, _PARALLEL) ** 2
        gain[size < _PARALLEL] = 0.0
        best = int(gain.argmax())
        if not gain[best] > 0:
            break
        unit = free[:, [best]] / size[best]
        rest, free = rest - unit @ (unit.T @ rest), free - unit @ (unit.T @ free)
        chosen.append(best)
        path.append((tuple(chosen), float(np.square(rest).mean(1).sum())))
    return path


def _best_counts(
    path: Sequence[tuple[tuple[int, ...], float]], rows: int, columns: int
) -> tuple[int, ...]:
    """How many columns either criterion takes, from 0 on; see the module's first lines."""
    left = np.array([1.0, *(share for _, share in path)])
    count = np.arange(len(left))
    choices = gammaln(columns + 1) - gammaln(count + 1) - gammaln(columns - count + 1)
    misfit = rows * np.log(np.maximum(left, 1e-300))
    strict = misfit + count * np.log(rows) + 2 * choices
    return int(strict.argmin()), int((misfit + 2 * max(np.log(columns), 1) * count).argmin())


def _sum(
    terms: Sequence[Term], y: np.ndarray, root: np.ndarray, outer: Callable[[Expr], Expr]
) -> tuple[Expr, ...]:
    """The sum of terms for each output, with least squares as starting numbers."""
    table = np.stack([*(t.values for t in terms), np.ones(len(y))], 1) * root
    size = np.linalg.norm(table, axis=0)
    numbers = np.linalg.lstsq(table / size, y * root, rcond=None)[0] / size[:, None]
    parts = [*(t.expression for t in terms), sympy.Integer(1)]
    return tuple(
        outer(sympy.Add(*(sympy.Float(c) * part for c, part in zip(column, parts, strict=True))))
        for column in numbers.T
    )
