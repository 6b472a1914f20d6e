"""From a SymPy tree to an infix expression of a programming language.

One walk for all languages: a ``Dialect`` says how its numbers, powers, functions and choices are
written. Whatever a dialect does not name is refused, so that nothing is written on trust.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy
from sympy import Expr

from workbench.formulas.law import Law

_ADD, _MULTIPLY, _UNARY, _POWER, _ATOM = 1, 2, 3, 4, 5


class NotAvailableError(Exception):
    """A language lacks a function of the formula; the message is a sentence."""


@dataclass(frozen=True)
class Dialect:
    """How a language writes expressions.

    Attributes:
        name: for people.
        functions: SymPy class name to a template with ``{0}``, or a plain function name.
        number: writes a float. pi: the constant.
        power: template of a general power, ``{0}`` and ``{1}``. whole: of one with an integer
            exponent, where ``{1}`` is written as an integer.
        choose: template of condition ``{0}``, then ``{1}``, else ``{2}``.
        times, over: operators. equal, unequal: comparisons.
        reserved: words that cannot be names. forbidden: characters that a name must not have.
        folded: whether names that differ in case only are one.
        both, true: how conditions are joined, and one that always holds.
    """

    name: str
    functions: Mapping[str, str]
    number: Callable[[float], str] = repr
    pi: str = "pi"
    power: str = "{0}**{1}"
    whole: str = "{0}**{1}"
    choose: str = "({1} if {0} else {2})"
    times: str = "*"
    over: str = "/"
    equal: str = "=="
    unequal: str = "!="
    reserved: frozenset[str] = field(default_factory=frozenset)
    forbidden: str = r"[^A-Za-z0-9_]"
    folded: bool = False
    both: str = " && "
    true: str = "true"


def words(text: str) -> frozenset[str]:
    """The words of a text: how the reserved ones of a language are listed."""
    return frozenset(text.split())


def identifiers(
    names: Sequence[str],
    reserved: frozenset[str] = frozenset(),
    *,
    forbidden: str = r"[^A-Za-z0-9_]",
    folded: bool = False,
) -> tuple[str, ...]:
    """Valid, distinct names for columns, in their order: this is all that code gets of a name."""
    fill = "" if re.search(forbidden, "_") else "_"
    taken: list[str] = []
    for name in names:
        stem = re.sub(forbidden, fill, name)[:40]
        if not stem[:1].isalpha() or _fold(stem, folded) in {_fold(r, folded) for r in reserved}:
            stem = f"x{fill}{stem}"
        unique, count = stem, 2
        while _fold(unique, folded) in {_fold(t, folded) for t in taken}:
            unique, count = f"{stem}{fill or 'n'}{count}", count + 1
        taken.append(unique)
    return tuple(taken)


def _fold(name: str, folded: bool) -> str:
    return name.lower() if folded else name


def write(expression: Expr, dialect: Dialect, names: Mapping[sympy.Symbol, str]) -> str:
    """The expression as code.

    Raises:
        NotAvailableError: the language has no such function.
    """
    return _Walk(dialect, names).text(_plain_functions(expression, dialect), 0)


def knows(dialect: Dialect, function: type[sympy.Function]) -> bool:
    """Whether the language has a function of one argument, or others that make it."""
    x = sympy.Symbol("x", real=True)
    try:
        write(function(x), dialect, {x: "x"})
    except NotAvailableError:
        return False
    return True


def guard(names: Sequence[str], formula: Law, dialect: Dialect) -> str:
    """The condition that every input that is used lies in the range that the formula was fitted on.

    Args:
        names: of all inputs in code.
    """
    sides = []
    for name, column in zip(names, formula.names, strict=True):
        low, high = formula.domain.get(column, (-math.inf, math.inf))
        if column in formula.used:
            sides += [f"{name} >= {dialect.number(float(low))}"] if math.isfinite(low) else []
            sides += [f"{name} <= {dialect.number(float(high))}"] if math.isfinite(high) else []
    joint = [f"({side})" for side in sides] if dialect.both.strip() in ("&", ".and.") else sides
    return dialect.both.join(joint) or dialect.true


def _plain_functions(expression: Expr, dialect: Dialect) -> Expr:
    """Functions that a language lacks, in terms of others that it may have."""
    # By type, not by pattern: SymPy's patterns try exponentially many ways in what is nested.
    if "sinc" not in dialect.functions:
        expression = expression.replace(
            sympy.sinc, lambda x: sympy.Piecewise((sympy.sin(x) / x, sympy.Ne(x, 0)), (1, True))
        )
    one = sympy.Float(1)
    pairs = (
        (sympy.cot, sympy.tan), (sympy.sec, sympy.cos), (sympy.csc, sympy.sin),
        (sympy.coth, sympy.tanh), (sympy.sech, sympy.cosh),
    )  # fmt: skip
    for function, lower in pairs:
        expression = expression.replace(function, lambda x, lower=lower: one / lower(x))
    return expression


class _Walk:
    def __init__(self, dialect: Dialect, names: Mapping[sympy.Symbol, str]) -> None:
        self.dialect, self.names = dialect, names

    def text(self, e: Expr, level: int) -> str:
        """Code of ``e``, in parentheses where it binds less than ``level``."""
        code, own = self._write(e)
        return f"({code})" if own < level else code

    def _write(self, e: Expr) -> tuple[str, int]:
        if e.is_Symbol:
            return self.names[e], _ATOM
        if e.is_Number or e.is_NumberSymbol:
            return self._number(e)
        if e.is_Add:
            return self._add(e), _ADD
        if e.is_Mul:
            return self._multiply(e)
        if e.is_Pow:
            return self._power(e)
        if isinstance(e, sympy.exp):
            return self._call("exp", e.args), _ATOM
        if isinstance(e, sympy.Piecewise):
            return self._piecewise(e), _ATOM
        return self._call(type(e).__name__, e.args), _ATOM

    def _number(self, e: Expr) -> tuple[str, int]:
        if e is sympy.pi:
            return self.dialect.pi, _ATOM
        if e.is_Rational and not e.is_Integer:
            top, bottom = (self.dialect.number(float(n)) for n in (e.p, e.q))
            return f"{top}{self.dialect.over}{bottom}", _UNARY if e.p < 0 else _MULTIPLY
        if not e.is_real:
            raise NotAvailableError(f"not available: the number {e} is not real")
        return self.dialect.number(float(e)), _UNARY if e.is_negative else _ATOM

    def _add(self, e: Expr) -> str:
        text = ""
        for part in sorted(e.args, key=lambda a: a.is_number):
            code, own = self._write(part)
            if own < _MULTIPLY:
                code = f"({code})"
            text += f" - {code[1:]}" if text and code[0] == "-" else f" + {code}" if text else code
        return text

    def _multiply(self, e: Expr) -> tuple[str, int]:
        top, bottom = [], []
        sign = ""
        for factor in e.args:
            if factor.is_Number and factor.is_negative:
                sign, factor = "-" if not sign else "", -factor
            if factor.is_Rational and not factor.is_Integer:
                top += [sympy.Integer(factor.p)] if factor.p != 1 else []
                bottom.append(sympy.Integer(factor.q))
            elif factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative:
                bottom.append(sympy.Pow(factor.base, -factor.exp))
            elif factor != 1:
                top.append(factor)
        times = self.dialect.times
        above = times.join(self.text(f, _MULTIPLY + (i > 0)) for i, f in enumerate(top))
        above = above or self.dialect.number(1.0)
        if bottom:
            below = times.join(self.text(f, _UNARY) for f in bottom)
            above += self.dialect.over + (f"({below})" if len(bottom) > 1 else below)
        return sign + above, _MULTIPLY

    def _power(self, e: Expr) -> tuple[str, int]:
        base, exponent = e.args
        if exponent.is_Number and exponent.is_negative:
            one = self.dialect.number(1.0)
            below = self.text(sympy.Pow(base, -exponent), _UNARY)
            return f"{one}{self.dialect.over}{below}", _MULTIPLY
        if exponent == sympy.Rational(1, 2):
            return self._call("sqrt", (base,)), _ATOM
        call = "({0}" not in self.dialect.power and self.dialect.power[0] != "{"
        inside = 0 if call else _ATOM
        if exponent.is_Integer:
            own = _ATOM if self.dialect.whole[0] != "{" else _POWER
            low = 0 if own == _ATOM else _ATOM
            return self.dialect.whole.format(self.text(base, low), int(exponent)), own
        code = self.dialect.power.format(self.text(base, inside), self.text(exponent, inside))
        return code, _ATOM if call else _POWER

    def _call(self, name: str, args: Sequence[Expr]) -> str:
        known = self.dialect.functions
        if name == "besselj" and args[0] in (0, 1):  # SymPy leaves no negative order
            name, args = f"besselj{args[0]}", args[1:]
        if name == "Heaviside":
            args = args[:1]
        if name in ("Max", "Min") and len(args) > 2:
            rest = {"Max": sympy.Max, "Min": sympy.Min}[name](*args[1:])
            args = (args[0], rest)
        template = known.get(name)
        if template is None:
            raise NotAvailableError(f"not available: {self.dialect.name} has no function {name}")
        if "{" not in template:
            return f"{template}({', '.join(self.text(a, 0) for a in args)})"
        return template.format(*(self.text(a, 0) for a in args))

    def _piecewise(self, e: sympy.Piecewise) -> str:
        *cases, (last, condition) = e.args
        if condition is not sympy.true:
            raise NotAvailableError("not available: a case of the formula has no value elsewhere")
        text = self.text(last, 0)
        for value, condition in reversed(cases):
            text = self.dialect.choose.format(self._condition(condition), self.text(value, 0), text)
        return text

    def _condition(self, c: Expr) -> str:
        signs = {
            "Equality": self.dialect.equal, "Unequality": self.dialect.unequal,
            "StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">=",
        }  # fmt: skip
        sign = signs.get(type(c).__name__)
        if sign is None:
            raise NotAvailableError(f"not available: the condition {c} is not a comparison")
        return f"{self.text(c.args[0], _MULTIPLY)} {sign} {self.text(c.args[1], _MULTIPLY)}"
