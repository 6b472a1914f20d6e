r"""Conserved quantities of noisy trajectories, by an eigenproblem with errors in the variables.

A combination :math:`Q = \sum_j c_j\theta_j` is conserved where its variance within the trajectories is only
what the noise :math:`\Sigma` of the states makes of it: where the ratio

.. math:: \lambda(c) = \sum_n (Q_n - \bar Q_{r(n)})^2 \Big/ \sum_n \nabla Q_n^\top \Sigma\, \nabla Q_n

is one. Whatever is not conserved has the square of signal over noise, on every scale. Conserved are small
sets of terms whose least ratio is one, on a run that it was not fitted to as well.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.dynamics.smoothing import smoothed
from workbench.dynamics.trajectories import Trajectories
from workbench.errors import InputError
from workbench.formulas.digits import significant
from workbench.formulas.evaluation import compiled
from workbench.formulas.library import complexity

_FLOOR = 1e-6
"""Noise that is taken for granted, in units of a state's spread."""
_SCORES = 6.0
"""Standard errors of λ beyond one that count as noise still."""
_HELD_OUT = 2.0
"""λ of runs that a combination was not fitted to, in units of what counts as noise."""
_MOST_TERMS, _MOST_CUBES = 8, 6
_APART = 0.03
"""Sine of the angle from which gradients count as independent."""
_VANISHES = 1e-12
_EXHAUSTIVE = 3
"""Terms up to which all combinations are tried."""
_FAMILIES = (
    {"state", "square", "product"},
    {"state", "logarithm"},
    {"state", "square", "sine"},
    {"square", "difference"},
    {"square", "distance", "logarithm"},
    {"square", "exponential"},
)


@dataclass(frozen=True)
class _Rows:
    """Functions along trajectories.

    Attributes:
        values: less their means over each run, ``(n, P)``. slopes: gradients, in units of the noise
            of the states, ``(n, P, d)``. runs: number of the run of every row.
    """

    values: np.ndarray
    slopes: np.ndarray
    runs: np.ndarray

    @cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squares and products of values and of slopes, of each run, or of the halves of one.

        Both are ``(runs, P, P)``.
        """
        labels = self.runs
        if len(np.unique(labels)) == 1:
            labels = (np.arange(len(labels)) > len(labels) / 2).astype(int)
        chosen = [labels == label for label in np.unique(labels)]
        flat = self.slopes.transpose(0, 2, 1)
        turned = [flat[own].reshape(-1, flat.shape[2]) for own in chosen]
        return (
            np.stack([self.values[own].T @ self.values[own] for own in chosen]),
            np.stack([table.T @ table for table in turned]),
        )

    @cached_property
    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """The same of all rows."""
        within, noise = self.parts
        return within.sum(0), noise.sum(0)

    def ratio(self, terms: Sequence[int], without: int | None = None) -> tuple[float, np.ndarray]:
        """The least λ of combinations of terms, and the combination.

        Args:
            terms: their numbers. without: a part that is left out.
        """
        chosen = np.ix_(terms, terms)
        within, noise = (table[chosen] for table in self.whole)
        if without is not None:
            within = within - self.parts[0][without][chosen]
            noise = noise - self.parts[1][without][chosen]
        size = np.sqrt(np.diag(noise))
        scales, turn = np.linalg.eigh(noise / np.outer(size, size))
        kept = scales > _VANISHES * scales[-1]
        basis = turn[:, kept] / np.sqrt(scales[kept]) / size[:, None]
        ratios, combinations = np.linalg.eigh(basis.T @ within @ basis)
        return float(ratios[0]), basis @ combinations[:, 0]

    def held_out(self, terms: Sequence[int]) -> float:
        """The largest λ of a part, for the combination of terms that all others have."""
        found = 0.0
        for part, (within, noise) in enumerate(zip(*self.parts, strict=True)):
            weights = self.ratio(terms, part)[1]
            chosen = np.ix_(terms, terms)
            own = weights @ within[chosen] @ weights / (weights @ noise[chosen] @ weights)
            found = max(found, float(own))
        return found


def conserved_along(data: Trajectories, terms: int) -> tuple[Expr, ...]:
    """Independent functions of the states that are constant along every trajectory, to within its noise.

    Args:
        data: trajectories, of several starts where possible. terms: functions that are combined at most.

    Raises:
        InputError: there are fewer rows than terms.
    """
    symbols = tuple(Symbol(name, real=True) for name in data.states)
    points = np.concatenate([run.states for run in data.runs])
    runs = np.repeat(np.arange(len(data.runs)), [len(run) for run in data.runs])
    whole = ~np.isnan(points).any(1)
    points, runs = points[whole], runs[whole]
    if len(points) <= terms:
        raise InputError(
            f"{terms} terms need more rows than that, got {len(points)}: give fewer terms"
        )
    functions, kinds, rows = _table(symbols, points, runs, _noise(data), terms)
    limit = 1 + _SCORES * math.sqrt(2 / len(points))
    sets = {*_small(rows, limit), *_larger(kinds, rows, limit)}
    found: list[Expr] = []
    normals: list[np.ndarray] = []
    for chosen in sorted(sets, key=lambda s: (sum(complexity(functions[k]) for k in s), s)):
        weights = rows.ratio(chosen)[1]
        normal = np.einsum("npd,p->nd", rows.slopes[:, chosen], weights)
        holds = len(found) < len(symbols) - 1 and rows.held_out(chosen) < _HELD_OUT * limit
        if holds and _independent([*normals, normal]):
            found.append(_written(functions, rows, chosen, weights))
            normals.append(normal)
    return tuple(found)


def _small(rows: _Rows, limit: float) -> list[tuple[int, ...]]:
    """All conserved combinations of up to three terms, without those that hold a smaller one."""
    within, noise = rows.whole
    size = np.sqrt(np.diag(noise))
    within, noise = (table / np.outer(size, size) for table in (within, noise))
    found: list[tuple[int, ...]] = []
    for count in range(1, _EXHAUSTIVE + 1):
        sets = np.array(list(itertools.combinations(range(len(size)), count)))
        places = sets[:, :, None], sets[:, None, :]
        inner = np.linalg.inv(np.linalg.cholesky(noise[places] + _VANISHES * np.eye(count)))
        ratios = np.linalg.eigvalsh(inner @ within[places] @ inner.transpose(0, 2, 1))[:, 0]
        new = [tuple(s) for s in sets[ratios <= limit].tolist()]
        found += [s for s in new if not any(set(other) < set(s) for other in found)]
    return found


def _larger(kinds: Sequence[str], rows: _Rows, limit: float) -> Iterator[tuple[int, ...]]:
    """Conserved combinations among functions of a few kinds, which are taken in one by one."""
    for family in _FAMILIES:
        known: list[int] = []
        for place, kind in enumerate(kinds):
            if kind not in family:
                continue
            known.append(place)
            if len(known) < 2 or rows.ratio(known)[0] > limit:
                continue
            if rows.held_out(known) > _HELD_OUT * limit:
                continue
            chosen = _needed(rows, known, limit)
            if len(chosen) <= _MOST_TERMS:
                yield chosen
            known.remove(chosen[-1])


def _noise(data: Trajectories) -> np.ndarray:
    """Standard deviation of the noise of every state, ``(d,)``."""
    squares = np.mean([smoothed(run).noise ** 2 for run in data.runs], axis=0)
    return np.sqrt(squares + (_FLOOR * data.spread) ** 2)


def _table(
    symbols: Sequence[Symbol], points: np.ndarray, runs: np.ndarray, noise: np.ndarray, most: int
) -> tuple[list[Expr], list[str], _Rows]:
    """Functions that are finite at all points, their kinds, and their rows."""
    every_kind, functions = zip(*_functions(symbols, points), strict=True)
    gradients = [[f.diff(s) for s in symbols] for f in functions]
    code = compiled(
        [[f, *g] for f, g in zip(functions, gradients, strict=True)], symbols, shared=True
    )
    with np.errstate(all="ignore"):
        every = [
            np.stack([np.broadcast_to(np.asarray(v, dtype=float), len(points)) for v in row], 1)
            for row in code(*points.T)
        ]
    usable = [k for k, table in enumerate(every) if np.isfinite(table).all()][:most]
    values = np.stack([every[k][:, 0] for k in usable], 1)
    slopes = np.stack([every[k][:, 1:] for k in usable], 1) * noise
    for run in np.unique(runs):
        values[runs == run] -= values[runs == run].mean(0)
    chosen = [functions[k] for k in usable]
    return chosen, [every_kind[k] for k in usable], _Rows(values, slopes, runs)


def _functions(symbols: Sequence[Symbol], points: np.ndarray) -> Iterator[tuple[str, Expr]]:
    """Functions with their kinds, simple ones first."""
    pairs = list(itertools.combinations(symbols, 2))
    yield from (("state", s) for s in symbols)
    yield from (("square", s**2) for s in symbols)
    yield from (("product", a * b) for a, b in pairs)
    for s, x in zip(symbols, points.T, strict=True):
        if (x > 0).all():
            yield "logarithm", sympy.log(s)
        if np.abs(x).max() > 1:
            yield from (("sine", f(s)) for f in (sympy.cos, sympy.sin))
    yield from (("distance", 1 / sympy.sqrt(a**2 + b**2)) for a, b in pairs)
    yield from (("difference", sympy.exp(c)) for a, b in pairs for c in (a - b, b - a))
    if len(symbols) <= _MOST_CUBES:
        triples = itertools.combinations_with_replacement(symbols, 3)
        yield from (("cube", sympy.Mul(*c)) for c in triples)
    yield from (("direction", s / sympy.sqrt(a**2 + b**2)) for a, b in pairs for s in (a, b))
    yield from (("exponential", sympy.exp(c)) for s in symbols for c in (s, -s))


def _needed(rows: _Rows, terms: Sequence[int], limit: float) -> tuple[int, ...]:
    """As few of the terms as still make a conserved combination."""
    chosen = tuple(terms)
    while len(chosen) > 1:
        smaller = [tuple(t for t in chosen if t != out) for out in chosen]
        least, best = min((rows.ratio(s)[0], s) for s in smaller)
        if least > limit:
            break
        chosen = best
    return chosen


def _independent(normals: Sequence[np.ndarray]) -> bool:
    """Whether gradients ``(n, d)`` are linearly independent at most of the points."""
    table = np.stack(normals, 1)
    table = table / np.maximum(np.linalg.norm(table, axis=2, keepdims=True), 1e-300)
    return bool(np.median(np.linalg.svd(table, compute_uv=False)[:, -1]) > _APART)


def _written(
    functions: Sequence[Expr], rows: _Rows, terms: Sequence[int], weights: np.ndarray
) -> Expr:
    """The combination, its first factor one, the others to the second digit of their error."""
    factors = weights / weights[0]
    values = rows.values[:, terms]
    left = values @ factors
    variance = float(left @ left) / max(len(left) - len(terms), 1)
    inner = values[:, 1:].T @ values[:, 1:]
    errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(inner, hermitian=True)) * variance, 0.0))
    parts = [functions[terms[0]]]
    for factor, error, term in zip(factors[1:], errors, terms[1:], strict=True):
        digits = 1 - math.floor(math.log10(error)) + math.floor(math.log10(abs(factor)))
        number = significant(float(factor), min(max(digits + 1, 1), 15)) if error > 0 else factor
        whole = round(number) == number
        parts.append(
            (sympy.Integer(round(number)) if whole else sympy.Float(number)) * functions[term]
        )
    return sympy.Add(*parts)
