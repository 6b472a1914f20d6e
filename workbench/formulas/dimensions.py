"""Whether a formula makes sense in units, and which units its constants must have.

The dimension of every part is a product of powers of the columns' units and of the constants' unknown
ones. Sums and arguments ask for equal or no dimension: linear equations in the unknown exponents, solved
exactly. What is left without a solution is a mistake; fitted constants carry whatever is needed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from workbench.formulas.parametric import Parametric, parametrize
from workbench.formulas.rebuilding import is_centred
from workbench.formulas.typesetting import rounded, to_text
from workbench.formulas.units import Unit, monomial, parse_all

_SAME_SIZE = 1e-9

Exponents = dict[str, Fraction]
"""Of columns and constants, by name: a dimension as a product of powers of theirs."""


@dataclass(frozen=True)
class Dimensions:
    """What units say about a formula.

    Attributes:
        problems: sentences on what does not fit; empty where the formula makes sense.
        constants: unit of each constant as text, "" where the data's units do not settle it.
    """

    problems: tuple[str, ...]
    constants: tuple[str, ...]


def check(
    parametric: Parametric, units: Mapping[str, str], target: str | None = None
) -> Dimensions:
    """Dimensions of a formula.

    Args:
        parametric: expressions with constants as symbols, the only numbers that may carry a unit.
        units: of columns; those without one may have any.
        target: the column that the expressions give; None for logits, which are pure numbers.
    """
    known = parse_all(units)
    walk = _Walk({s.name for s in parametric.constants})
    goal = {target: Fraction(1)} if target else {}
    wrong = (
        f"the formula does not have the unit of {target!r}" if target else "a logit must be pure"
    )
    for expression in parametric.expressions:
        walk.equal(walk.of(expression), goal, wrong)
    unknown = [s.name for s in parametric.constants]
    names = {s.name for s in parametric.inputs} | ({target} if target else set())
    solution, problems = _solve(walk.equations, [*sorted(names - set(known)), *unknown], known)
    return Dimensions(
        tuple(dict.fromkeys(problems)),
        tuple(_named(solution[name], known) if name in solution else "" for name in unknown),
    )


def check_expressions(
    expressions: Sequence[Expr], names: Sequence[str], units: Mapping[str, str], target: str | None
) -> Dimensions:
    """``check`` with every floating-point number as a constant."""
    return check(parametrize(expressions, names), units, target)


@dataclass(frozen=True)
class _Equation:
    """The product of powers that must be the pure number 1, and what is wrong where it is not."""

    powers: Exponents
    problem: str


class _Walk:
    """Dimensions of parts, and the equations that they have to meet."""

    def __init__(self, constants: set[str]) -> None:
        self.constants = constants
        self.equations: list[_Equation] = []

    def equal(self, one: Exponents, other: Exponents, what: str) -> None:
        self.equations.append(_Equation(_product(one, other, -1), what))

    def of(self, e: Expr) -> Exponents:
        """The dimension of a part; its demands are noted on the way."""
        if e.is_Symbol:
            return {e.name: Fraction(1)}
        if e.is_number:
            return {}
        if e.is_Mul:
            total: Exponents = {}
            for factor in e.args:
                total = _product(total, self.of(factor))
            return total
        if e.is_Pow:
            return self._power(e)
        if e.is_Add:
            return self._sum(e)
        if isinstance(e, sympy.Abs):
            return self.of(e.args[0])
        if isinstance(e, sympy.Max | sympy.Min):
            return self._alike(e.args, f"{_short(e)} compares unlike quantities")
        if isinstance(e, sympy.sign | sympy.Heaviside):
            self.of(e.args[0])
            return {}
        if isinstance(e, sympy.Piecewise):
            for _, condition in e.args:
                if condition.args:
                    self._alike(
                        condition.args, f"the condition {condition} compares unlike quantities"
                    )
            return self._alike([value for value, _ in e.args], "cases have unlike units")
        for argument in e.args:
            what = f"{type(e).__name__} needs a pure number, and {_short(argument)} is none"
            self.equal(self.of(argument), {}, what)
        return {}

    def _power(self, e: Expr) -> Exponents:
        base, exponent = self.of(e.base), e.exp
        if exponent.is_number:
            power = Fraction(float(exponent)).limit_denominator(1000)
            return {name: power * p for name, p in base.items()}
        self.equal(
            base, {}, f"a power with a variable exponent needs a pure base, not {_short(e.base)}"
        )
        self.equal(self.of(exponent), {}, f"the exponent {_short(exponent)} must be a pure number")
        return {}

    def _sum(self, e: Expr) -> Exponents:
        if is_centred(e):  # an origin has the unit of its column
            return self.of(*e.free_symbols)
        terms = list(e.args)
        if any(t.is_Symbol and t.name in self.constants for t in terms):
            # The logarithm of a unit is one more summand of a constant that is there anyway.
            terms = [self._without_logarithm(t) for t in terms]
        return self._alike(terms, f"the sum {_short(e)} adds unlike quantities")

    def _without_logarithm(self, term: Expr) -> Expr:
        for part in sympy.Mul.make_args(term):
            if isinstance(part, sympy.log):
                self.of(part.args[0])
                return term / part
        return term

    def _alike(self, parts: Sequence[Expr], problem: str) -> Exponents:
        first, *others = (self.of(p) for p in parts)
        for other in others:
            self.equal(first, other, problem)
        return first


def _product(one: Exponents, other: Exponents, power: int = 1) -> Exponents:
    names = [*one, *(n for n in other if n not in one)]
    total = {n: one.get(n, Fraction(0)) + power * other.get(n, Fraction(0)) for n in names}
    return {n: p for n, p in total.items() if p}


def _solve(
    equations: Sequence[_Equation], unknown: Sequence[str], known: Mapping[str, Unit]
) -> tuple[dict[str, Exponents], list[str]]:
    """Units of the unknown in powers of the known ones, and the problems of what does not fit.

    Elimination over the rationals. Unknown units that are left free are taken as 1, the last first.
    """
    solved: dict[str, Exponents] = {}
    problems = []
    for equation in equations:
        left = _inserted(equation.powers, solved)
        pivot = next((n for n in unknown if left.get(n)), None)
        if pivot is not None:
            rule = {n: -p / left[pivot] for n, p in left.items() if n != pivot}
            solved = {n: _inserted(powers, {pivot: rule}) for n, powers in solved.items()}
            solved[pivot] = rule
        elif not _in_units(left, known).is_one:
            problems.append(_sentence(equation, left, known))
    free = set(unknown) - set(solved)
    settled = {
        n: {k: p for k, p in powers.items() if k not in free} for n, powers in solved.items()
    }
    alone = {n for n, powers in solved.items() if not free & set(powers)}
    return {n: p for n, p in settled.items() if n in alone}, problems


def _inserted(powers: Exponents, rules: Mapping[str, Exponents]) -> Exponents:
    total: Exponents = {}
    for name, power in powers.items():
        part = rules.get(name, {name: Fraction(1)})
        total = _product(total, {n: p * power for n, p in part.items()})
    return total


def _in_units(powers: Exponents, known: Mapping[str, Unit]) -> Unit:
    unit = Unit()
    for name, power in powers.items():
        unit = unit.times(known.get(name, Unit()), power)
    return unit


def _sentence(equation: _Equation, left: Exponents, known: Mapping[str, Unit]) -> str:
    rest = _in_units(left, known)
    return f"{equation.problem}: {'a factor of ' if rest.dimensionless else ''}{rest} is left"


def _named(powers: Exponents, known: Mapping[str, Unit]) -> str:
    """A constant's unit: of the SI where the columns' are coherent, else in the columns' own."""
    unit = _in_units(powers, known)
    if abs(math.log(unit.size)) < _SAME_SIZE:
        return str(unit)
    texts: Exponents = {}
    for name, power in powers.items():
        texts = _product(texts, {known[name].text: power})
    return monomial(texts)


def _short(e: Expr) -> str:
    names = {s: Symbol("c") for s in e.free_symbols if s.name.startswith("_c")}
    text = to_text(rounded(e.xreplace(names), 4))
    return text if len(text) <= 60 else f"{text[:57]}…"
