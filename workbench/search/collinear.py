"""Inputs that can stand for one another, and what follows: importance is no identity.

Where an input is predictable from others, a network may lean on any of them, and a search that trusts its
ranking never tries the law. So inputs are chosen by what they add to those already chosen, and formulas are
tried with every input exchanged for what can stand for it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import sympy
from scipy.linalg import solve
from scipy.stats import rankdata
from sympy import Expr, Symbol

from workbench.common.fence import attempt
from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.evidence.stability import form
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parametric import parametrize
from workbench.kan.data import Dataset
from workbench.search.polish import polished

_PREDICTABLE = 0.9
"""Share of an input's variance: a variance inflation of 10."""
_ROWS = 4000
_POWERS = tuple(p / 2 for p in range(-4, 5) if p)
_NEARLY, _MOST, _MOST_TRIED = 1.5, 8, 60
_ROUNDS = 3
_SAID, _MOST_COLUMNS, _MOST_TERMS = 6, 16, 3
_KERNEL_ROWS, _RIDGE = 600, 1e-4

_Powers = tuple[tuple[tuple[int, float], ...], float]
"""Columns with their powers, and the share of a column's variance that the product explains."""


@dataclass(frozen=True)
class StandIn:
    """``column`` nearly rises or falls with another, or is a product of powers or a sum of others.

    Attributes:
        column: that is predictable. others: that predict it.
        expression: what may be put in its place, at about its size; None where it would be too long.
        share: of the column's variance that they explain.
    """

    column: str
    others: tuple[str, ...]
    expression: Expr | None
    share: float

    def __str__(self) -> str:
        return f"{' and '.join(self.others)} could stand for {self.column}"


def stand_ins(data: Dataset) -> tuple[StandIn, ...]:
    """For every input, what could stand for it: one other by ranks, two as a product of powers, or a sum.

    A sum is looked for where none of the former is found and the variance inflation is above 10.
    """
    x = data.split("train")[0].numpy()[:_ROWS]
    shares, inflated = _by_ranks(x), _by_the_rest(x)
    found = []
    for column, name in enumerate(data.names):
        alike = [int(k) for k in np.flatnonzero(shares[column] > _PREDICTABLE)]
        known = [_nearest_power(x, column, k, float(shares[column, k])) for k in alike]
        product = _product(x, column, [k for k in range(x.shape[1]) if k not in (column, *alike)])
        if product is not None:
            known.append(product)
        found += [_as_product(data, column, powers, share) for powers, share in known]
        if not known and inflated[column] > _PREDICTABLE:
            found.append(StandIn(name, *_sum(data, x, column), float(inflated[column])))
    return tuple(found)


def exchanges(formulas: FormulaSet, known: Sequence[StandIn], data: Dataset) -> FormulaSet:
    """The chosen formula with an input exchanged, for each exchange that fits nearly as well.

    Tried are the ``known`` stand-ins, and every input that it does not use in the place of each that it does.
    Where one of these is chosen in its place, shorter for terms that are no longer needed, its own follow.

    Args:
        formulas: of a search. known: from ``stand_ins``. data: what they were found in.
    """
    found, seen = FormulaSet([]), set()
    for _ in range(_ROUNDS):
        formula = formulas.merged(found).best
        kind = form(formula.expressions)
        if kind in seen:
            break
        seen.add(kind)
        found = found.merged(_of_one(formula, known, data))
    return found


def _of_one(formula: Formula, known: Sequence[StandIn], data: Dataset) -> FormulaSet:
    sample = Sample.of(data, data.train.numpy()[:_ROWS])

    def loss_of(expressions: tuple[Expr, ...]) -> float:
        return refit(parametrize(expressions, data.names), sample).loss

    limit = _NEARLY * loss_of(formula.expressions)
    found = {}
    for expressions in _exchanged(formula, known, data):
        with attempt("an input exchanged"):
            loss = loss_of(expressions)
            if loss <= limit:
                found[expressions] = loss
    return polished(sorted(found, key=found.__getitem__)[:_MOST], data, floor=math.inf)


def _exchanged(
    formula: Formula, known: Sequence[StandIn], data: Dataset
) -> Iterator[tuple[Expr, ...]]:
    size = dict(zip(data.names, data.inputs.abs().mean(0).tolist(), strict=True))
    single = [(old, new) for old in formula.used for new in data.names if new not in formula.used]
    for old, new in single[:_MOST_TRIED]:
        scale = sympy.Float(size[old] / size[new]) if size[new] and size[old] else 1
        yield _put(formula, old, scale * Symbol(new, real=True))
    for stand_in in known:
        if stand_in.column in formula.used and stand_in.expression is not None:
            yield _put(formula, stand_in.column, stand_in.expression)


def _put(formula: Formula, name: str, other: Expr) -> tuple[Expr, ...]:
    return tuple(e.subs(Symbol(name, real=True), other) for e in formula.expressions)


def telling(data: Dataset, names: Sequence[str], count: int) -> list[str]:
    """The set of inputs from which a smooth fit gives rows that it has not seen best.

    Args:
        data: training rows are used. names: to choose from. count: how many are chosen.
    """
    rows = np.random.default_rng(0).permutation(data.train.numpy())[: 2 * _KERNEL_ROWS]
    places = [data.names.index(name) for name in names]
    x, y = data.inputs.numpy()[rows][:, places], data.targets.numpy()[rows, 0]
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-300)
    y = (y - y.mean()) / (y.std() or 1.0)
    gaps = np.square(x[:, None, :] - x[None, : len(x) // 2, :]).astype(np.float32)
    sets = list(combinations(range(len(names)), min(count, len(names))))
    best = min(sets, key=lambda chosen: _held_out(gaps[:, :, chosen].sum(2), y))
    return [name for name in data.names if name in {names[k] for k in best}]


def in_words(known: Sequence[StandIn]) -> str:
    """Which inputs could stand for which."""
    said = list(dict.fromkeys(map(str, known)))
    more = f"; and {len(said) - _SAID} more" if len(said) > _SAID else ""
    return "; ".join(said[:_SAID]) + more


def _by_ranks(x: np.ndarray) -> np.ndarray:
    """Squared correlations of ranks, ``(d, d)``; 0 of a column with itself and of constants."""
    ranks = rankdata(x, axis=0)
    ranks -= ranks.mean(0)
    ranks /= np.maximum(np.sqrt(np.square(ranks).sum(0)), 1e-300)
    shares: np.ndarray = np.square(ranks.T @ ranks)
    np.fill_diagonal(shares, 0.0)
    return shares


def _by_the_rest(x: np.ndarray) -> np.ndarray:
    """Share of every column's variance that a line in all the others explains, ``(d,)``: 1 − 1 / VIF."""
    spread = x.std(0)
    shares = np.zeros(x.shape[1])
    varying = np.flatnonzero(spread > 0)
    if len(varying) < 2 or len(x) <= len(varying) + 1:
        return shares
    z = (x[:, varying] - x[:, varying].mean(0)) / spread[varying]
    for place, column in enumerate(varying):
        others = np.delete(z, place, axis=1)
        rest = z[:, place] - others @ np.linalg.lstsq(others, z[:, place], rcond=None)[0]
        shares[column] = 1 - np.square(rest).mean()
    return shares


def _sum(data: Dataset, x: np.ndarray, column: int) -> tuple[tuple[str, ...], Expr | None]:
    """The few columns, taken one by one, whose sum could stand for one; all, and no sum, where few do not."""
    spread = np.maximum(x.std(0), 1e-300)
    z = (x - x.mean(0)) / spread
    chosen: list[int] = []
    rest, slopes = z[:, column], np.zeros(0)
    while len(chosen) < _MOST_TERMS and np.square(rest).mean() > 1 - _PREDICTABLE:
        gain = np.abs(z.T @ rest)
        gain[[column, *chosen]] = -1.0
        chosen.append(int(gain.argmax()))
        slopes = np.linalg.lstsq(z[:, chosen], z[:, column], rcond=None)[0]
        rest = z[:, column] - z[:, chosen] @ slopes
    if np.square(rest).mean() > 1 - _PREDICTABLE:
        return tuple(name for k, name in enumerate(data.names) if k != column), None
    slopes = slopes * spread[column] / spread[chosen]
    level = x[:, column].mean() - x[:, chosen].mean(0) @ slopes
    names = tuple(data.names[k] for k in chosen)
    terms = (sympy.Float(s) * Symbol(n, real=True) for s, n in zip(slopes, names, strict=True))
    return names, sympy.Add(sympy.Float(level), *terms)


def _as_product(
    data: Dataset, column: int, powers: Sequence[tuple[int, float]], share: float
) -> StandIn:
    """A product of powers in a column's place, with the factor that gives it the column's size."""
    size = data.inputs.abs().mean(0).tolist()
    typical = math.prod(size[k] ** power for k, power in powers)
    factors = (Symbol(data.names[k], real=True) ** sympy.Rational(p) for k, p in powers)
    product = sympy.Float(size[column] / typical) * sympy.Mul(*factors)
    return StandIn(data.names[column], tuple(data.names[k] for k, _ in powers), product, share)


def _nearest_power(x: np.ndarray, column: int, other: int, share: float) -> _Powers:
    """The other column in the whole or half power that comes nearest, 1 where signs are mixed."""
    if (x[:, [column, other]] <= 0).any():
        return ((other, 1.0),), share
    own, theirs = np.log(x[:, [column, other]]).T
    nearest = int(np.argmin([(own - p * theirs).std() for p in _POWERS]))
    return ((other, _POWERS[nearest]),), share


def _product(x: np.ndarray, column: int, others: Sequence[int]) -> _Powers | None:
    """Powers of two columns whose product is most nearly the column, and the share that they explain."""
    usable = [k for k in others if (x[:, k] != 0).all()]
    if x.shape[1] > _MOST_COLUMNS or (x[:, column] == 0).any() or np.ptp(x[:, column]) == 0:
        return None
    logs = np.log(np.abs(x[:, [column, *usable]]))
    logs -= logs.mean(0)
    moments = logs.T @ logs / len(logs)
    best, least = None, (1 - _PREDICTABLE) * moments[0, 0]
    for pair in combinations(range(1, len(moments)), 2):
        chosen = list(pair)
        inner, outer = moments[np.ix_(chosen, chosen)], moments[chosen, 0]
        slopes = np.linalg.lstsq(inner, outer, rcond=None)[0]
        powers = np.array([min(_POWERS, key=partial(_gap, slope)) for slope in slopes])
        rest = moments[0, 0] - 2 * powers @ outer + powers @ inner @ powers
        alone = moments[0, 0] - (np.square(outer) / np.maximum(np.diag(inner), 1e-300)).max()
        if rest <= least and 2 * rest < alone:
            best, least = zip((usable[k - 1] for k in chosen), powers.tolist(), strict=True), rest
    return None if best is None else (tuple(best), float(1 - least / moments[0, 0]))


def _gap(slope: float, power: float) -> float:
    return abs(slope - power)


def _held_out(gaps: np.ndarray, y: np.ndarray) -> float:
    """Squared error of kernel ridge regression fitted on the first half of the rows, on the others."""
    half = gaps.shape[1]
    near = np.exp(-gaps / max(float(gaps.mean()), 1e-300)).astype(float)
    ridge = _RIDGE * half * np.eye(half)
    weights = solve(near[:half] + ridge, y[:half], assume_a="pos")
    return float(np.square(near[half:] @ weights - y[half:]).mean())
