"""Inequalities x <= c·y and x <= y + c: many rows stand at an edge that none crosses."""

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.stats import poisson

from workbench.relations.table import Table

_NEAR = 0.05
"""Of the way from the middle of the rows to the edge."""
_CROSSED = 0.05
_SURE = 1e-4
_DISTANCES = 5
"""Between neighbours near the edge: so far beyond the last row a rounder number may lie."""


@dataclass(frozen=True)
class Bound:
    """An edge: ``small <= large`` with a factor, or with a constant added; and rows that stand at it."""

    small: str
    large: str
    factor: float | None
    added: float
    rows: int

    def __str__(self) -> str:
        if self.factor is not None:
            factor = "" if self.factor == 1 else f"{self.factor:.4g}*"
            return f"{self.small} <= {factor}{self.large}"
        added = f" {'-' if self.added < 0 else '+'} {abs(self.added):.4g}" if self.added else ""
        return f"{self.small} <= {self.large}{added}"


def bounds(table: Table, known: list[frozenset[str]], seed: int) -> list[Bound]:
    """Edges of ratios of positive columns, and of differences of others, but for pairs that are known.

    An edge is claimed where so many rows stand at it as no tail would leave there, and where shuffled
    rows would cross it: else it comes from the ends of single columns.
    """
    random = np.random.default_rng(seed)
    pairs = list(permutations(table.numbers, 2))
    found = []
    for small, large in pairs:
        if any({small, large} <= columns for columns in known):
            continue
        x, y = table.numbers[small], table.numbers[large]
        if len(np.unique(x)) < len(x) / 5 or len(np.unique(y)) < len(y) / 5:
            continue
        positive = bool(x.min() > 0 and y.min() > 0)
        gaps = _gaps(x, y, positive)
        edge = gaps.max()
        rows = int((gaps > edge - _NEAR * (edge - np.median(gaps))).sum())
        shuffled = _gaps(x, random.permutation(y), positive)
        if rows <= _usual(len(x), len(pairs)) or (shuffled > edge).mean() < _CROSSED:
            continue
        blur = _DISTANCES * _NEAR * (edge - np.median(gaps)) / rows
        if positive:
            factor = _rounded(math.exp(edge), math.exp(edge + blur))
            found.append(Bound(small, large, factor, 0.0, rows))
        else:
            found.append(Bound(small, large, None, _rounded(float(edge), float(edge + blur)), rows))
    return found


def _gaps(x: np.ndarray, y: np.ndarray, positive: bool) -> np.ndarray:
    return np.log(x / y) if positive else x - y


def _usual(rows: int, pairs: int) -> float:
    """Rows that may stand near an end of a tail: one that vanishes linearly, or exponential, leaves fewer."""
    linear = poisson.isf(_SURE / pairs, rows * _NEAR**2)
    share = 1 - math.exp(-_NEAR * math.log(rows / 2))
    return float(max(linear, 1 + math.log(_SURE / pairs) / math.log(share)))


def _rounded(low: float, high: float) -> float:
    """The number of fewest digits between two, so that no row breaks the edge."""
    if low <= 0 <= high:
        return 0.0
    place = math.floor(math.log10(abs(low)))
    for digits in range(8):
        unit = 10.0 ** (place - digits)
        if math.ceil(low / unit) * unit <= high:
            return float(f"{math.ceil(low / unit) * unit:.8g}")
    return high
