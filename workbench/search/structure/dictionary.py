"""Products of simple functions of a problem's columns, the simple ones first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import sympy
from sympy import Expr

from workbench.search.structure.problem import Problem

_STEEPEST = 1e4
_MOST_FACTORS = 4


@dataclass(frozen=True)
class Atom:
    """A function of one column: its values and what a factor of it costs."""

    column: int
    expression: Expr
    values: np.ndarray
    cost: float


@dataclass(frozen=True)
class Product:
    """A product of atoms of different columns."""

    factors: tuple[Atom, ...]

    @property
    def expression(self) -> Expr:
        return sympy.Mul(*(atom.expression for atom in self.factors))

    @property
    def values(self) -> np.ndarray:
        found: np.ndarray = np.prod([atom.values for atom in self.factors], axis=0)
        return found

    @property
    def cost(self) -> float:
        return sum(atom.cost for atom in self.factors) + 0.5 * (len(self.factors) - 1)


_Function = Callable[[np.ndarray], np.ndarray]
_ATOMS: tuple[tuple[Callable[[Expr], Expr], _Function, float], ...] = (
    (lambda s: s, lambda x: x, 1.0),
    (lambda s: s**2, np.square, 1.5),
    (lambda s: 1 / s, lambda x: 1 / x, 1.5),
    (lambda s: s**-2, lambda x: x**-2, 2.0),
    (sympy.cos, np.cos, 2.0),
    (sympy.sin, np.sin, 2.0),
    (sympy.sqrt, np.sqrt, 2.0),
    (lambda s: s**3, lambda x: x**3, 2.5),
    (lambda s: s**-3, lambda x: x**-3, 3.0),
    (sympy.log, np.log, 2.5),
    (sympy.exp, np.exp, 2.5),
    (lambda s: sympy.exp(-s), lambda x: np.exp(-x), 2.5),
    (lambda s: 1 / sympy.sqrt(s), lambda x: x**-0.5, 3.0),
    (lambda s: s**4, lambda x: x**4, 3.0),
    (lambda s: s**-4, lambda x: x**-4, 3.5),
    (lambda s: sympy.cos(s) ** 2, lambda x: np.cos(x) ** 2, 3.5),
    (lambda s: sympy.cos(2 * s), lambda x: np.cos(2 * x), 4.0),
    (lambda s: sympy.sin(2 * s), lambda x: np.sin(2 * x), 4.0),
    (lambda s: 1 / (1 + s), lambda x: 1 / (1 + x), 3.5),
    (lambda s: 1 / (1 - s), lambda x: 1 / (1 - x), 3.5),
    (lambda s: 1 / (1 + s**2), lambda x: 1 / (1 + x**2), 4.0),
    (lambda s: 1 / (1 - s**2), lambda x: 1 / (1 - x**2), 4.0),
    (lambda s: sympy.sqrt(1 - s**2), lambda x: np.sqrt(1 - x**2), 4.0),
    (lambda s: 1 / sympy.sqrt(1 - s**2), lambda x: (1 - x**2) ** -0.5, 4.0),
    (lambda s: s / sympy.sqrt(1 - s**2), lambda x: x * (1 - x**2) ** -0.5, 4.0),
    (lambda s: sympy.sqrt(1 + s**2), lambda x: np.sqrt(1 + x**2), 4.0),
    (lambda s: sympy.exp(-(s**2)), lambda x: np.exp(-(x**2)), 4.0),
    (sympy.Abs, np.abs, 4.0),
)
"""How SymPy writes a function of a column, its values, and its cost."""


def atoms(problem: Problem) -> list[Atom]:
    """Functions of single columns that are finite and not too steep on the rows."""
    found = []
    for column, symbol in enumerate(problem.symbols):
        for build, function, cost in _ATOMS:
            with np.errstate(all="ignore"):
                values = function(problem.x[:, column])
            if not np.isfinite(values).all() or (
                build is sympy.Abs and (values == problem.x[:, column]).all()
            ):
                continue
            size = np.abs(values)
            if 0 < size.max() <= _STEEPEST * max(float(np.median(size)), 1e-300):
                found.append(Atom(column, build(symbol), values, cost))
    return found


def products(problem: Problem, most: int) -> list[Product]:
    """The ``most`` cheapest products of atoms, at most one of every column."""
    single = atoms(problem)
    by_column = [[a for a in single if a.column == c] for c in range(problem.width)]
    ceiling = _ceiling(by_column, most)
    found = []
    for count in range(1, min(problem.width, _MOST_FACTORS) + 1):
        for columns in combinations(range(problem.width), count):
            allowed = ceiling - 0.5 * (count - 1) - (count - 1)
            parts = [[a for a in by_column[c] if a.cost <= allowed] for c in columns]
            found += [Product(chosen) for chosen in product(*parts)]
            found = [p for p in found if p.cost <= ceiling]
    found.sort(key=lambda p: p.cost)
    return found[:most]


def _ceiling(by_column: list[list[Atom]], most: int) -> float:
    """A cost below which there are about ``most`` products, by convolving the counts of half steps."""
    steps = 2 * 20
    total = np.zeros((_MOST_FACTORS + 1, steps))
    total[0, 0] = 1
    for atoms_here in by_column:
        counts = np.bincount([int(2 * a.cost) + 1 for a in atoms_here] or [0], minlength=steps)[
            :steps
        ]
        counts[0] = 0
        longer = np.stack([np.convolve(row, counts)[:steps] for row in total[:-1]])
        total[1:] += longer
    below = np.cumsum(total[1:].sum(0))
    enough = np.flatnonzero(below >= most)
    return float(enough[0] - 1) / 2 if len(enough) else np.inf
