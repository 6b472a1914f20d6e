"""What laws are made of: products of a few functions of one variable each, with values and slopes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import prod
from typing import Any, NamedTuple

import numpy as np
import sympy
from sympy import Expr, Symbol

_LARGEST_EXPONENT = 12.0
_SAME = 1e-10
_DEGREE = 3


class _Function(NamedTuple):
    """A function of one variable: value, slope, how SymPy says it, bits that choosing it costs."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    symbol: Callable[[Expr], Expr]
    bits: float


FUNCTIONS = {
    "1": _Function(lambda x: x, np.ones_like, lambda v: v, 1),
    "2": _Function(np.square, lambda x: 2 * x, lambda v: v**2, 2),
    "3": _Function(lambda x: x**3, lambda x: 3 * x**2, lambda v: v**3, 3),
    "abs": _Function(np.abs, np.sign, sympy.Abs, 2),
    "sqrt": _Function(np.sqrt, lambda x: 0.5 / np.sqrt(x), sympy.sqrt, 3),
    "log": _Function(np.log, lambda x: 1 / x, sympy.log, 3),
    "exp": _Function(np.exp, np.exp, sympy.exp, 3),
    "decay": _Function(lambda x: np.exp(-x), lambda x: -np.exp(-x), lambda v: sympy.exp(-v), 3.5),
    "cosh": _Function(np.cosh, np.sinh, sympy.cosh, 3),
    "sin": _Function(np.sin, np.cos, sympy.sin, 3.5),
    "cos": _Function(np.cos, lambda x: -np.sin(x), sympy.cos, 3.5),
    "tanh": _Function(np.tanh, lambda x: 1 / np.cosh(x) ** 2, sympy.tanh, 4),
}  # fmt: skip
_IN_PRODUCTS = ("abs", "sqrt", "log", "exp", "decay", "cosh")
_DIVISIBLE = ("1", "2", "3", "abs", "sqrt")

Term = tuple[tuple[int, str], ...]
"""Places of variables and the functions of them that are multiplied; () is the constant."""


def bits(term: Term) -> float:
    """What choosing a term costs."""
    return sum(FUNCTIONS[name].bits for _, name in term)


def is_monomial(term: Term) -> bool:
    """Whether it is made of whole powers alone."""
    return all(name in "123" for _, name in term)


def reducible(terms: Sequence[Term]) -> bool:
    """Whether a variable is a factor of all of them, so that their sum is zero where it is."""
    common = [{v for v, name in term if name in _DIVISIBLE} for term in terms]
    return bool(common) and bool(set.intersection(*common)) and len(terms) > 1


def times(term: Term, variable: int, power: int) -> Term:
    """A term times a power of a variable that it holds as a whole power, or not at all."""
    powers = dict(term)
    powers[variable] = str(int(powers.get(variable, "0")) + power)
    return tuple(sorted(powers.items()))


def parts_of(small: Sequence[Term], large: Sequence[Term]) -> bool:
    """Whether a sum has other terms than another, fewer of them, once a factor x or x² is taken out.

    With a further term, however small, a factor is not common to all and goes unnoticed.
    """
    held = [dict(term) for term in small]
    for variable in {v for term in large for v, _ in term}:
        whole = all(powers.get(variable, "0") in "0123" for powers in held)
        for power in (1, 2) if whole else ():
            if {times(term, variable, power) for term in small} < set(large):
                return True
    return set(small) < set(large)


def symbolic(term: Term, symbols: Sequence[Symbol]) -> Expr:
    """The term in symbols."""
    return prod((FUNCTIONS[name].symbol(symbols[v]) for v, name in term), start=sympy.S.One)


@dataclass(frozen=True, eq=False)
class Values:
    """Terms at rows.

    Attributes:
        values: ``(N, P)``. slopes: derivatives by every variable, ``(N, P, d)``.
    """

    values: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Terms, the constant first.

    Attributes:
        terms: what they are. sizes: rms of each over the states, ``(P,)``: a coefficient times it compares.
        names: of the variables.
    """

    terms: tuple[Term, ...]
    sizes: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.terms)

    @cached_property
    def bits(self) -> np.ndarray:
        """What choosing each term costs, ``(P,)``."""
        return np.array([bits(term) for term in self.terms])

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(Symbol(name, real=True) for name in self.names)

    def symbolic(self, place: int) -> Expr:
        """A term in symbols."""
        return symbolic(self.terms[place], self.symbols)

    def part(self, places: Sequence[int]) -> "Dictionary":
        """Some of the terms."""
        chosen = list(places)
        return Dictionary(tuple(self.terms[p] for p in chosen), self.sizes[chosen], self.names)

    def at(self, x: np.ndarray) -> Values:
        """All terms, in units of their sizes, at rows ``(N, d)``."""
        known = {
            (v, name): (f.value(x[:, v]), f.slope(x[:, v]))
            for v, name in {factor for term in self.terms for factor in term}
            for f in (FUNCTIONS[name],)
        }
        values = np.ones((len(x), len(self)))
        slopes = np.zeros((len(x), len(self), x.shape[1]))
        for place, term in enumerate(self.terms):
            for factor in term:
                others = prod((known[f][0] for f in term if f != factor), start=np.ones(len(x)))
                slopes[:, place, factor[0]] += known[factor][1] * others
                values[:, place] *= known[factor][0]
        return Values(values / self.sizes, slopes / self.sizes[:, None])

    @classmethod
    def of(cls, names: Sequence[str], states: np.ndarray) -> "Dictionary":
        """All terms that have a value at the states ``(B, d)``, none of them a multiple of an earlier one."""
        terms = sorted({(), *_terms(states)}, key=lambda t: (bits(t), t))
        plain = cls(tuple(terms), np.ones(len(terms)), tuple(names))
        values = plain.at(states).values
        sizes = np.sqrt((values**2).mean(0))
        usable = np.isfinite(sizes) & (sizes > 0)
        unit = values / np.where(usable, sizes, 1.0)
        alike = np.abs(unit.T @ unit) / len(states) > 1 - _SAME
        chosen = [p for p in np.flatnonzero(usable) if not alike[p, :p][usable[:p]].any()]
        return cls(tuple(terms[p] for p in chosen), sizes[chosen], tuple(names))


@dataclass(frozen=True, eq=False)
class Sum:
    r"""A law g = c·φ, or \|c·φ\| less a constant, in numbers.

    Attributes:
        dictionary: its terms alone. c: their coefficients, in units of the terms' sizes, ``(k,)``.
        folded: whether all but the first term, the constant, stand between bars.
    """

    dictionary: Dictionary
    c: np.ndarray
    folded: bool = False

    def at(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values ``(N,)`` of g and its gradient ``(N, d)`` at rows ``(N, d)``."""
        with np.errstate(all="ignore"):
            terms = self.dictionary.at(x)
            if not self.folded:
                return terms.values @ self.c, np.einsum("nkd,k->nd", terms.slopes, self.c)
            inner = terms.values[:, 1:] @ self.c[1:]
            slopes = np.einsum("nkd,k->nd", terms.slopes[:, 1:], self.c[1:])
        return np.abs(inner) + self.c[0] * terms.values[:, 0], slopes * np.sign(inner)[:, None]

    @property
    def expression(self) -> Expr:
        """The function g in symbols, with all its digits."""
        return expression_of(self.dictionary, self.c / self.dictionary.sizes, folded=self.folded)


def expression_of(dictionary: Dictionary, numbers: Sequence[Any], *, folded: bool) -> Expr:
    """A law in symbols, its terms as many times as numbers say, in the columns' units."""
    parts = [n * dictionary.symbolic(p) for p, n in enumerate(numbers)]
    return sympy.Abs(sympy.Add(*parts[1:])) + parts[0] if folded else sympy.Add(*parts)


def _terms(states: np.ndarray) -> Iterator[Term]:
    """Monomials to degree three, functions of one variable, and products of these with a variable."""
    count = states.shape[1]
    for degree in range(1, _DEGREE + 1):
        for chosen in combinations_with_replacement(range(count), degree):
            yield tuple((v, str(chosen.count(v))) for v in sorted(set(chosen)))
    for v in range(count):
        for name in _possible(states[:, v]):
            yield ((v, name),)
            if name in _IN_PRODUCTS:
                yield from (tuple(sorted(((v, name), (u, "1")))) for u in range(count) if u != v)


def _possible(x: np.ndarray) -> Iterator[str]:
    """Functions beside powers that have moderate values on a column."""
    if x.min() < 0 < x.max():
        yield "abs"
    if x.min() > 0:
        yield from ("sqrt", "log")
    if np.abs(x).max() < _LARGEST_EXPONENT:
        yield from ("exp", "decay", "cosh", "tanh")
    yield from ("sin", "cos")
