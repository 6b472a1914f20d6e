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

from workbench.discovery.fence import attempt
from workbench.discovery.formula import Formula
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.parametric import parametrize, refit
from workbench.discovery.polish import polished
from workbench.discovery.sample import Sample
from workbench.kan.data import Dataset

_PREDICTABLE = 0.9
"""Share of an input's variance: a variance inflation of 10."""
_ROWS = 4000
_POWERS = tuple(p / 2 for p in range(-4, 5) if p)
_NEARLY, _MOST, _MOST_TRIED = 1.5, 8, 60
_SAID, _MOST_COLUMNS = 6, 16
_KERNEL_ROWS, _RIDGE = 600, 1e-4


@dataclass(frozen=True)
class StandIn:
    """``column`` is nearly a number times a product of powers of other columns, or rises or falls with one.

    Attributes:
        column: that is predictable. powers: of the others. share: of its variance that they explain.
    """

    column: str
    powers: tuple[tuple[str, float], ...]
    share: float

    def expression(self, data: Dataset) -> Expr:
        """What may be put in the column's place, at about its size."""
        values = data.inputs.abs().mean(0).tolist()
        size = dict(zip(data.names, values, strict=True))
        typical = math.prod(size[name] ** power for name, power in self.powers)
        factors = (Symbol(n, real=True) ** sympy.Rational(p) for n, p in self.powers)
        return sympy.Float(size[self.column] / typical) * sympy.Mul(*factors)

    def __str__(self) -> str:
        others = " and ".join(name for name, _ in self.powers)
        return f"{others} could stand for {self.column}"


def stand_ins(data: Dataset) -> tuple[StandIn, ...]:
    """For every input, what could stand for it: one other by ranks, or two as a product of powers."""
    x = data.split("train")[0].numpy()[:_ROWS]
    shares = _by_ranks(x)
    found = []
    for column, name in enumerate(data.names):
        alike = [int(k) for k in np.flatnonzero(shares[column] > _PREDICTABLE)]
        found += [
            StandIn(name, ((data.names[k], _power(x, column, k)),), float(shares[column, k]))
            for k in alike
        ]
        product = _product(x, column, [k for k in range(x.shape[1]) if k not in (column, *alike)])
        if product is not None:
            powers, share = product
            found.append(StandIn(name, tuple((data.names[k], p) for k, p in powers), share))
    return tuple(found)


def exchanges(formulas: FormulaSet, known: Sequence[StandIn], data: Dataset) -> FormulaSet:
    """The chosen formula with an input exchanged, for each exchange that fits nearly as well.

    Tried are the ``known`` stand-ins, and every input that it does not use in the place of each that it does.

    Args:
        formulas: of a search. known: from ``stand_ins``. data: what they were found in.
    """
    formula = formulas.best
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
        if stand_in.column in formula.used:
            yield _put(formula, stand_in.column, stand_in.expression(data))


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


def _power(x: np.ndarray, column: int, other: int) -> float:
    """The whole or half power that brings one column nearest to the other, 1 where signs are mixed."""
    if (x[:, [column, other]] <= 0).any():
        return 1.0
    own, theirs = np.log(x[:, [column, other]]).T
    return _POWERS[int(np.argmin([(own - p * theirs).std() for p in _POWERS]))]


def _product(
    x: np.ndarray, column: int, others: Sequence[int]
) -> tuple[tuple[tuple[int, float], ...], float] | None:
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
