"""Reading ``sympy.srepr`` text without evaluating it: the syntax tree is walked over a whitelist."""

import ast
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy import Expr

from workbench.errors import InputError
from workbench.formulas.bounded import built, decimal, floating, require_light, whole
from workbench.formulas.rebuilding import applied, keeps_apart
from workbench.formulas.size import MOST_PARTS

_FUNCTIONS = (
    "Abs", "Add", "Equality", "GreaterThan", "Heaviside", "LessThan", "Max", "Min", "Mul",
    "Piecewise", "Pow", "StrictGreaterThan", "StrictLessThan", "Unequality", "acos", "acosh",
    "asin", "asinh", "atan", "atanh", "besselj", "cos", "cosh", "cot", "coth", "erf", "exp", "log",
    "sec", "sign", "sin", "sinc", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
_BUILDERS: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in _FUNCTIONS},
    "ExprCondPair": lambda value, condition: (value, condition),
}
_NAMES: dict[str, Any] = {
    "pi": sympy.pi, "E": sympy.E, "I": sympy.I, "true": sympy.true, "false": sympy.false,
}  # fmt: skip
_MOST_CHARACTERS, _DEEPEST = 200_000, 60

OPAQUE: dict[str, type[sympy.Function]] = {}
"""Registered functions that SymPy knows by name only; see ``workbench.formulas.library.register``."""
_ADMITTED: dict[str, Any] = {}


def admit(names: Iterable[str]) -> None:
    """Let saved expressions hold further functions of SymPy, each of one argument."""
    for name in names:
        if name not in _BUILDERS:
            _ADMITTED[name] = _of_one(getattr(sympy, name))


def _of_one(head: type[sympy.Function]) -> Callable[[Expr], Expr]:
    """A further argument would be another function: of LambertW it is another branch."""
    return lambda x: applied(head, (x,))


def admitted() -> list[str]:
    """Names of the functions that were admitted."""
    return sorted(_ADMITTED)


def parse_srepr(text: str) -> Expr:
    """The expression that ``sympy.srepr`` wrote as ``text``; see ``Reader``."""
    return Reader().read(text)


class Reader:
    """Reads texts that ``sympy.srepr`` wrote.

    Together they have at most ``MOST_PARTS``, see ``size``.
    """

    def __init__(self) -> None:
        self._nodes = 0

    def read(self, text: str) -> Expr:
        """The expression that a text says.

        Raises:
            InputError: the text holds anything but numbers, symbols and the functions of formulas, is
                too long or too deep, or holds a number that floating point cannot.
        """
        if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
            raise InputError("a saved expression must be a text of moderate length")
        try:
            with warnings.catch_warnings(action="ignore"):  # of odd literals
                tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise InputError(f"a saved expression cannot be read: {error}") from error
        found = self._build(tree.body, 0)
        if not isinstance(found, Expr):
            raise InputError("a saved expression must be a formula")
        require_light(found)
        return found

    def _build(self, node: ast.expr, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MOST_PARTS or depth > _DEEPEST:
            raise InputError(
                f"a saved expression has at most {MOST_PARTS} parts, nested {_DEEPEST} deep"
            )
        if isinstance(node, ast.Name) and node.id in _NAMES:
            return _NAMES[node.id]
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise InputError(
                f"a saved expression holds {type(node).__name__}, which is not allowed"
            )
        name = node.func.id
        if name in _LEAVES:
            return _leaf(name, node)
        make = _BUILDERS.get(name) or _ADMITTED.get(name) or OPAQUE.get(name)
        if make is None or node.keywords:
            raise InputError(
                f"a saved expression holds {name!r}, which is not allowed; "
                "a function of your own must be registered before it is loaded"
            )
        parts = [self._build(a, depth + 1) for a in node.args]
        if name == "Mul" and keeps_apart(parts):
            return sympy.Mul(*parts, evaluate=False)
        return built(name, lambda *arguments: applied(make, arguments), *parts)


def _leaf(name: str, node: ast.Call) -> Expr:
    """A number or a symbol: literals alone."""
    try:
        values = [ast.literal_eval(a) for a in node.args]
        options = {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
        found: Expr = _LEAVES[name](*values, **options)
    except InputError:
        raise
    except (TypeError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise InputError(f"a saved expression uses {name} in a way that is not allowed") from error
    return found


def _symbol(name: str, **assumptions: bool) -> sympy.Symbol:
    allowed = {"real", "positive", "nonnegative", "integer"}
    if type(name) is not str or not name or not assumptions.keys() <= allowed:
        raise TypeError("a symbol has a name")
    if any(type(value) is not bool for value in assumptions.values()):
        raise TypeError("assumptions are true or false")
    return sympy.Symbol(name, **assumptions)


def _integer(value: int) -> sympy.Integer:
    if type(value) is not int:
        raise TypeError("an integer is whole")
    return whole(value)


def _float(value: str | float, precision: int = 53) -> sympy.Float:
    return floating(str(value), precision)


def _rational(p: int | str, q: int = 1) -> sympy.Rational:
    if isinstance(p, str):
        return decimal(p)
    return built("Rational", sympy.Rational, _integer(p), _integer(q))


_LEAVES: dict[str, Any] = {
    "Symbol": _symbol, "Integer": _integer, "Float": _float, "Rational": _rational,
    "NegativeOne": lambda: sympy.S.NegativeOne, "One": lambda: sympy.S.One,
    "Zero": lambda: sympy.S.Zero, "Half": lambda: sympy.S.Half,
}  # fmt: skip
