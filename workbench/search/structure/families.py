"""Textbook laws of one or two columns with free exponents, rates, frequencies and places.

Curve-fitting software lists them field by field. Here they stand as what they have in common: a few terms
with a factor each, and one to four numbers beyond that. A new law is a line in ``FAMILIES``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from workbench.common.fence import attempt
from workbench.formulas.evaluation import compiled
from workbench.formulas.parsing import parse_expression
from workbench.search.structure import starts
from workbench.search.structure.guess import Guess
from workbench.search.structure.links import linked
from workbench.search.structure.problem import Problem
from workbench.search.structure.projection import Projection
from workbench.search.structure.starts import Seen, Starts, fixed, tone

_ROWS, _MOST = 400, 8
_LINKS = ("y", "log(y)", "1/y")
_COLUMNS = sympy.symbols("x z", real=True)
_WAVE = sympy.Function("wave")


@dataclass(frozen=True)
class Family:
    """A law of columns ``x`` (and ``z``) with a factor in front of every term.

    Attributes:
        terms: as they are typed; ``wave(u)`` is a sine of u, and its phase is found like its factor.
        starts: of its other numbers, by letter.
        linked: whether it is tried through links of the target, too.
        turned: whether its two columns play different parts, so that it is tried both ways round.
    """

    terms: tuple[str, ...]
    starts: dict[str, Starts]
    linked: bool = False
    turned: bool = False

    @cached_property
    def _expressions(self) -> tuple[Expr, ...]:
        return tuple(parse_expression(term, unknown=True) for term in self.terms)

    @cached_property
    def _letters(self) -> tuple[sympy.Symbol, ...]:
        return tuple(sympy.Symbol(name, real=True) for name in self.starts)

    @cached_property
    def jumps(self) -> tuple[int, ...]:
        """Letters at which a term jumps: no slope leads to them."""
        steps = {s for term in self._expressions for s in term.atoms(sympy.Heaviside)}
        return tuple(
            place
            for place, letter in enumerate(self._letters)
            if any(step.has(letter) for step in steps)
        )

    @cached_property
    def width(self) -> int:
        """How many columns it takes."""
        used = set().union(*(term.free_symbols for term in self._expressions))
        return sum(column in used for column in _COLUMNS)

    @cached_property
    def columns(self) -> Callable[..., list[Any]]:
        """What has a factor, at arrays of x (and z) and of the letters: a wave is a sine and a cosine."""
        parts = [
            term.replace(_WAVE, half)
            for term in self._expressions
            for half in ((sympy.sin, sympy.cos) if term.has(_WAVE) else (sympy.sin,))
        ]
        return compiled(parts, (*_COLUMNS[: self.width], *self._letters), shared=True)

    def law(self, letters: np.ndarray, factors: np.ndarray, symbols: Sequence[Expr]) -> Expr:
        """The law with all its numbers, in a table's own symbols."""
        left, terms = iter(map(float, factors)), []
        for term in self._expressions:
            factor = next(left)
            if term.has(_WAVE):
                sine, cosine = factor, next(left)
                factor, phase = np.hypot(sine, cosine), np.arctan2(cosine, sine)
                term = _with_phase(term, float(phase))
            terms.append(sympy.Float(factor) * term)
        numbers = dict(zip(self._letters, map(sympy.Float, letters), strict=True))
        names = dict(zip(_COLUMNS, symbols, strict=False))
        return sympy.Add(*terms).xreplace(numbers).xreplace(names)


def _with_phase(term: Expr, phase: float) -> Expr:
    return term.replace(_WAVE, lambda u: sympy.sin(u + sympy.Float(phase)))


def _family(*terms: str, linked: bool = False, turned: bool = False, **letters: Starts) -> Family:
    return Family(terms, letters, linked, turned)


def _waves(count: int) -> Family:
    """A constant and so many waves, which start from the strongest tones."""
    terms = [f"wave(w{number}*x)" for number in range(count)]
    return Family(("1", *terms), {f"w{number}": tone(number) for number in range(count)})


_POWER, _RATE, _SIZE, _PLACE = starts.powers, starts.rates, starts.sizes, starts.places
_WAVES, _BEAT, _DEPTH, _PHASE = starts.frequencies, starts.beats, starts.depths, starts.phases

FAMILIES: tuple[Family, ...] = (
    # Powers, potentials, saturation
    _family("1", "x^p", p=_POWER, linked=True),
    _family("1", "x", "x^p", p=_POWER),
    _family("x^p", "x^q", p=_POWER, q=_POWER),
    _family("1", "(x + s)^p", s=starts.shifts, p=_POWER),
    _family("1", "log(x + s)", s=starts.shifts),
    _family("1", "1/(x + k)", k=_SIZE),
    _family("x/(x + k)", k=_SIZE),
    _family("1/(x + k)", "x^p", k=starts.shifts, p=_POWER),
    _family("(1 + (x/k)^p)^q", k=_SIZE, p=starts.orders, q=_POWER),
    _family("1", "(1 + (x/k)^p)^q", k=_SIZE, p=starts.orders, q=_POWER),
    _family("1", "x", "sqrt((x - m)^2 + w^2)", m=_PLACE, w=starts.widths),
    _family("(e - x)^p", "x*(e - x)^p", "x^2*(e - x)^p", e=starts.ends, p=_POWER),
    _family("1", "1/(1 + (x/k)^p)", k=_SIZE, p=starts.orders),
    # Growth, decay, activation
    _family("1", "exp(r*x)", r=_RATE, linked=True),
    _family("1", "x", "exp(r*x)", r=_RATE),
    _family("exp(r*x)", "exp(s*x)", r=_RATE, s=_RATE),
    _family("1", "exp(r*x)", "exp(s*x)", r=_RATE, s=_RATE),
    _family("1", "exp(-(x/k)^p)", k=_SIZE, p=starts.orders),
    _family("exp(-b*exp(r*x))", b=fixed(0.1, 1, 10, 100), r=_RATE),
    _family("exp(-b/x)", b=_SIZE),
    _family("(1 + b*exp(r*x))^q", b=fixed(-1, -0.3, 1, 30), r=_RATE, q=starts.roots),
    _family("1", "(1 + b*exp(r*x))^q", b=fixed(-1, -0.3, 1, 30), r=_RATE, q=starts.roots),
    _family("x^p*exp(r*x)", p=_POWER, r=_RATE),
    _family("x^p", "exp(r*x)", p=_POWER, r=_RATE),
    _family("(x*tanh(x/k))^p", k=_SIZE, p=starts.roots),
    _family("x^p/(exp(k/x) - 1)", p=_POWER, k=_SIZE),
    _family("x^p/(exp(r*x) - 1)", p=_POWER, r=_RATE),
    # Steps and peaks
    _family("1", "1/(1 + exp((x - m)/w))", m=_PLACE, w=starts.widths),
    _family("1", "exp(-((x - m)/w)^2)", m=_PLACE, w=starts.widths),
    _family("1", "1/(1 + ((x - m)/w)^2)", m=_PLACE, w=starts.widths),
    _family(
        "exp(-((x - m)/w)^2)",
        "exp(-((x - n)/v)^2)",
        m=_PLACE,
        w=starts.widths,
        n=_PLACE,
        v=starts.widths,
    ),
    # Waves: on a line, growing, damped, several, rising, modulated in phase and in size
    _family("1", "wave(w*x)", w=_WAVES),
    _family("1", "x", "wave(w*x)", w=_WAVES),
    _family("x^p*wave(w*x)", p=_POWER, w=_WAVES),
    _family("x*wave(w*x)", w=_WAVES),
    _family("x^p", "x^p*wave(w*x)", p=_POWER, w=_WAVES),
    _family("1", "exp(r*x)*wave(w*x)", r=starts.dampings, w=_WAVES),
    *(_waves(count) for count in (2, 3, 4)),
    _family("1", "wave(w*x + b*x^2)", w=starts.chirp_tones, b=starts.chirp_rates),
    _family("wave(w*x + b*sin(v*x + c))", w=_WAVES, b=_DEPTH, v=_BEAT, c=_PHASE),
    _family("(1 + b*sin(v*x + c))*wave(w*x)", w=_WAVES, b=_DEPTH, v=_BEAT, c=_PHASE),
    # Pieces
    _family("1", "max(0, x - b)", b=_PLACE),
    _family("1", "x", "max(0, x - b)", b=_PLACE),
    _family("1", "max(0, x - b)^p", b=_PLACE, p=starts.orders),
    _family("max(0, x - b)^2/(x + k)", b=_PLACE, k=_SIZE),
    _family("1", "x", "max(0, x - b)", "max(0, x - c)", b=_PLACE, c=_PLACE),
    _family("1", "step(x - b)", b=_PLACE),
    _family("1", "step(x - b)", "step(x - c)", b=_PLACE, c=_PLACE),
    _family("min(x, b)^p", b=_PLACE, p=_POWER),
    _family("step(b - x)*x^p", "step(x - b)*x^q", b=_PLACE, p=_POWER, q=_POWER),
    _family("abs(x - b)^p", "1", b=_PLACE, p=starts.orders),
    # Two columns
    _family("1", "x^p*z^q", p=_POWER, q=_POWER),
    _family("1", "x^p", "z^q", p=_POWER, q=_POWER, linked=True),
    _family("(x^p + k*z^p)^q", p=_POWER, k=fixed(0.1, 1, 10), q=starts.roots),
    _family("1", "x", "z", "max(0, x - b)", b=_PLACE, turned=True),
    _family("1", "wave(v*x + w*z)", v=starts.ways, w=starts.cycles),
    _family(
        "1",
        "exp(r*x)*wave(v*x + w*z)",
        r=starts.dampings,
        v=starts.ways,
        w=starts.cycles,
        turned=True,
    ),
)


def family_guesses(problem: Problem) -> Iterator[Guess]:
    """The families that fit a problem of one or two columns best."""
    found: list[Guess] = []
    if problem.width > 2:
        return
    for link, changed in linked(problem):
        if link.name not in _LINKS:
            continue
        for way, turned in enumerate((changed, changed.turned())[: problem.width]):
            few = turned.rows(slice(_ROWS))
            seen = Seen(few.x[:, 0], few)
            for family in FAMILIES:
                fits = family.width == problem.width and (family.linked or link.name == "y")
                if fits and (family.turned or not way):
                    with attempt("a family of laws"):
                        found += _fitted(family, link.name, turned, seen)
    rows = len(problem.y)
    yield from sorted(found, key=lambda guess: guess.bits(rows))[:_MOST]


def _fitted(family: Family, link: str, problem: Problem, seen: Seen) -> Iterator[Guess]:
    """The best law of a family; none where it has no value, or no start."""
    few = seen.problem
    grid = [suggested(seen) for suggested in family.starts.values()]
    letters = Projection(family.columns, tuple(few.x.T), few.y, few.weights).best(
        grid, family.jumps
    )
    if letters is None:
        return
    whole = Projection(family.columns, tuple(problem.x.T), problem.y, problem.weights)
    fitted = whole.factors(letters)
    if fitted is None:
        return
    factors, values = fitted
    law = problem.back(family.law(letters, factors, problem.symbols))
    yield Guess(law, problem.error(values), link, len(factors), rough=True)
