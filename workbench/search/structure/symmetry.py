r"""Symmetries that slopes betray: scalings, sums of powers, columns that stand apart.

With :math:`r_i = x_i \partial_i y`, a relation :math:`r_i = p\,y + \sum_j k_j r_j` with small whole or half
numbers says that y is :math:`x_i^p\,g(x_j x_i^{k_j}, \ldots)`: a factor, a product, a ratio, a homogeneous
function. Equal slopes by :math:`x_i^p` and :math:`x_j^q` say that y knows the two by a sum of powers alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import sympy
from sympy import Expr

from workbench.formulas.typesetting import to_text
from workbench.search.structure.problem import Problem, exact, monomial
from workbench.search.structure.surrogate import Smooth

_HALF, _LARGEST_PREFACTOR, _LARGEST_POWER = 0.5, 6.0, 3.0
_POWERS = (1.0, 2.0, -1.0, -2.0)
LOOSE = 0.35
_NO_EFFECT = 0.02
_FAINT, _MUCH_BETTER = 0.05, 0.3


@dataclass(frozen=True)
class Scaling:
    """``y = x_column^prefactor g(x_j x_column^powers[j], others)``.

    ``misfit`` is the share of the slopes' root mean square that contradicts it.
    """

    column: int
    prefactor: float
    powers: tuple[tuple[int, float], ...]
    misfit: float
    kind = "scaling"

    @property
    def size(self) -> float:
        return len(self.powers) + (self.prefactor != 0)

    def applied(self, problem: Problem) -> Problem:
        return problem.scaled(self.column, dict(self.powers), self.prefactor)

    def sentence(self, problem: Problem) -> str:
        symbol = problem.symbols[self.column]
        factor = to_text(monomial((symbol,), (self.prefactor,)))
        if not self.powers:
            return f"{to_text(problem.subject)} is proportional to {factor}"
        together = [
            to_text(monomial((problem.symbols[j], symbol), (1.0, power)))
            for j, power in self.powers
        ]
        known = (
            f"{to_text(problem.subject)} depends on {to_text(symbol)} through {', '.join(together)}"
        )
        return known + (f" and a factor {factor}" if self.prefactor else "")


@dataclass(frozen=True)
class Sum:
    """``y = g(k x_first^p + x_second^q, others)``; ``misfit`` as in ``Scaling``."""

    first: int
    second: int
    k: float
    p: float
    q: float
    misfit: float
    kind = "sum"
    size = 1.5

    def applied(self, problem: Problem) -> Problem:
        return problem.joined(self.first, self.second, (self.k, self.p, self.q))

    def sentence(self, problem: Problem) -> str:
        joined = self.applied(problem).symbols[self.second - (self.first < self.second)]
        first, second = (to_text(problem.symbols[k]) for k in (self.first, self.second))
        return (
            f"{to_text(problem.subject)} depends on {first} and {second} through {to_text(joined)}"
        )


@dataclass(frozen=True)
class Factor:
    """``y = f(x_column) g(all columns but that one)`` with a known f; ``misfit`` as in ``Scaling``."""

    column: int
    function: str
    rate: float
    misfit: float
    kind = "factor"
    size = 2.0

    def applied(self, problem: Problem) -> Problem:
        name, x = problem.symbols[self.column], problem.x[:, self.column]
        rate = exact(self.rate)
        build, value, _ = _FACTORS[self.function]
        return problem.divided(value(self.rate * x), build(rate * name)).without(self.column)

    def sentence(self, problem: Problem) -> str:
        factor = _FACTORS[self.function][0](exact(self.rate) * problem.symbols[self.column])
        return f"{to_text(problem.subject)} is proportional to {to_text(factor)}"


@dataclass(frozen=True)
class Idle:
    """A column that the values do not depend on; ``misfit`` is its effect in the target's deviations.

    ``error`` is what the smooth function leaves, in the same units: a dependence may hide in it.
    """

    column: int
    misfit: float
    error: float
    kind = "idle"
    size = 0.0

    def applied(self, problem: Problem) -> Problem:
        return problem.without(self.column)

    def sentence(self, problem: Problem) -> str:
        subject, name = to_text(problem.subject), to_text(problem.symbols[self.column])
        if self.error > _NO_EFFECT:
            return f"{subject} is predicted as well without {name}"
        return f"{subject} shows no dependence on {name}"


Symmetry = Scaling | Sum | Factor | Idle

_Array = Callable[[np.ndarray], np.ndarray]
_FACTORS: dict[str, tuple[Callable[[Expr], Expr], _Array, _Array]] = {
    "sin": (sympy.sin, np.sin, np.cos),
    "cos": (sympy.cos, np.cos, lambda x: -np.sin(x)),
    "exp": (sympy.exp, np.exp, np.exp),
}
"""How a factor is written, its values and its slope."""

_RATES = (
    *(("sin", rate) for rate in (1.0, 2.0, 0.5)),
    *(("cos", rate) for rate in (1.0, 2.0, 0.5)),
    *(("exp", rate) for rate in (1.0, -1.0)),
)
_FAR = 30.0


def scalings(smooth: Smooth, problem: Problem) -> list[Scaling]:
    """Scaling relations of every column, the simple and sure ones first."""
    rates = problem.x * smooth.slopes * problem.weights[:, None]
    value = smooth.values * problem.weights
    found = []
    for column in range(problem.width):
        for chosen in _choices(problem.width, column):
            best = _relation(rates, value, column, chosen, problem)
            if best is not None and best.misfit <= LOOSE:
                found.append(best)
    return sorted(found, key=lambda s: (s.size, s.misfit))


def _choices(width: int, column: int) -> Iterator[tuple[int, ...]]:
    """Sets of other columns, with -1 for the value itself."""
    others = [i for i in range(width) if i != column]
    for count in (1, 2):
        yield from combinations([-1, *others], count)
    for pair in combinations(others, 2):
        yield (-1, *pair)


def _relation(
    rates: np.ndarray, value: np.ndarray, column: int, chosen: tuple[int, ...], problem: Problem
) -> Scaling | None:
    target = rates[:, column]
    size = float(np.linalg.norm(target))
    if size == 0:
        return None
    table = np.stack([value if j < 0 else rates[:, j] for j in chosen], 1)
    numbers = np.linalg.lstsq(table, target, rcond=None)[0]
    nice = np.round(numbers / _HALF) * _HALF
    if (nice == 0).any():
        return None
    misfit = float(np.linalg.norm(target - table @ nice)) / size
    prefactor = float(sum(n for n, j in zip(nice, chosen, strict=True) if j < 0))
    powers = tuple((j, float(n)) for n, j in zip(nice, chosen, strict=True) if j >= 0)
    if abs(prefactor) > _LARGEST_PREFACTOR or any(abs(k) > _LARGEST_POWER for _, k in powers):
        return None
    signed = bool((problem.x[:, column] <= 0).any())
    if signed and any(not float(k).is_integer() for k in (prefactor, *(k for _, k in powers))):
        return None
    return Scaling(column, prefactor, powers, misfit)


def idle(smooth: Smooth, problem: Problem) -> list[Idle]:
    """Columns without effect, from the last to the first; at least one column stays."""
    swings = smooth.slopes * problem.x.std(0) * problem.weights[:, None]
    effects = np.sqrt(np.square(swings).mean(0)) / problem.spread
    found = [Idle(i, float(e), smooth.error) for i, e in enumerate(effects) if e < _NO_EFFECT]
    return found[::-1] if len(found) < problem.width else []


def factors(smooth: Smooth, problem: Problem) -> list[Factor]:
    """Sines, cosines and exponentials of one column that stand as a factor before everything else."""
    found = []
    for column, (name, rate) in product(range(problem.width), _RATES):
        x = problem.x[:, column]
        if np.ptp(x) * abs(rate) < 1 or np.abs(x).max() > _FAR:
            continue
        _, value, slope = _FACTORS[name]
        left = smooth.slopes[:, column] * value(rate * x) * problem.weights
        right = smooth.values * rate * slope(rate * x) * problem.weights
        misfit = float(np.linalg.norm(left - right)) / max(float(np.linalg.norm(right)), 1e-300)
        if misfit <= LOOSE:
            found.append(Factor(column, name, rate, misfit))
    return sorted(found, key=lambda f: f.misfit)


def sums(smooth: Smooth, problem: Problem) -> list[Sum]:
    """Pairs of columns that are known by a sum of powers alone, the sure ones first."""
    found = []
    with np.errstate(all="ignore"):
        slopes = {
            p: smooth.slopes / (p * problem.x ** (p - 1)) * problem.weights[:, None]
            for p in _POWERS
        }
    for first, second in combinations(range(problem.width), 2):
        for p, q in product(_POWERS, repeat=2):
            a, b = slopes[p][:, first], slopes[q][:, second]
            if np.isfinite(a).all() and np.isfinite(b).all() and b.any() and a.any():
                k, misfit = _multiple(a, b, lines=p == q == 1)
                if k != 0 and misfit <= LOOSE:
                    found.append(Sum(first, second, k, p, q, misfit))
    return sorted(found, key=lambda s: (s.misfit, abs(s.p) + abs(s.q)))


def _multiple(a: np.ndarray, b: np.ndarray, *, lines: bool) -> tuple[float, float]:
    """The half number k with the least a - k b, or for ``lines`` any number that is far better."""
    raw = float(a @ b) / float(b @ b)
    nice = float(np.round(raw / _HALF) * _HALF)
    size = float(np.linalg.norm(a))
    misfits = [float(np.linalg.norm(a - k * b)) / size for k in (nice, raw)]
    if lines and abs(raw) > _FAINT and misfits[1] < _MUCH_BETTER * misfits[0]:
        return raw, misfits[1]
    return nice, misfits[0]
