"""Reading ``sympy.srepr`` text without evaluating it: the syntax tree is walked over a whitelist."""

import ast
from typing import Any

import sympy
from sympy import Expr

from workbench.errors import InputError

_FUNCTIONS = (
    "Abs", "Add", "Equality", "ExprCondPair", "Float", "GreaterThan", "Heaviside", "Integer",
    "LessThan", "Max", "Min", "Mul", "Piecewise", "Pow", "Rational", "StrictGreaterThan",
    "StrictLessThan", "Symbol", "Unequality", "acos", "acosh", "asin", "asinh", "atan", "atanh",
    "besselj", "cos", "cosh", "cot", "coth", "erf", "exp", "log", "sec", "sign", "sin", "sinc",
    "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
_BUILDERS: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in _FUNCTIONS if name != "ExprCondPair"},
    "ExprCondPair": lambda value, condition: (value, condition),
    "NegativeOne": sympy.S.NegativeOne,
    "One": sympy.S.One,
    "Zero": sympy.S.Zero,
    "Half": sympy.S.Half,
}
_NAMES: dict[str, Any] = {
    "pi": sympy.pi, "E": sympy.E, "I": sympy.I, "true": sympy.true, "false": sympy.false,
}  # fmt: skip
_MOST_CHARACTERS = 200_000

OPAQUE: dict[str, type[sympy.Function]] = {}
"""Registered functions that SymPy knows by name only; see ``workbench.discovery.library.register``."""


def parse_srepr(text: str) -> Expr:
    """The expression that ``sympy.srepr`` wrote as ``text``.

    Raises:
        InputError: the text holds anything but numbers, symbols and the functions of formulas.
    """
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise InputError("a saved expression must be a text of moderate length")
    try:
        tree = ast.parse(text, mode="eval")
        found = _build(tree.body)
    except (SyntaxError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"a saved expression cannot be read: {error}") from error
    if not isinstance(found, Expr):
        raise InputError("a saved expression must be a formula")
    return found


def _build(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_build(node.operand)
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        if name in _BUILDERS:
            options = {k.arg: _build(k.value) for k in node.keywords if k.arg is not None}
            if len(options) != len(node.keywords) or not _harmless(name, node, options):
                raise InputError(f"a saved expression uses {name} in a way that is not allowed")
            return _BUILDERS[name](*(_build(a) for a in node.args), **options)
        if name in OPAQUE and len(node.args) == 1 and not node.keywords:
            return OPAQUE[name](_build(node.args[0]))
        raise InputError(
            f"a saved expression holds {name!r}, which is not allowed; "
            "a function of your own must be registered before it is loaded"
        )
    raise InputError(f"a saved expression holds {type(node).__name__}, which is not allowed")


def _harmless(name: str, node: ast.Call, options: dict[str, Any]) -> bool:
    """Text may only be a symbol's name or a float's digits: SymPy would parse it elsewhere."""
    texts = [a for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if name == "Symbol":
        allowed = {"real", "positive", "nonnegative", "integer"}
        return len(node.args) == 1 == len(texts) and set(options) <= allowed
    if name == "Float":
        digits = all(_is_number(t.value) for t in texts)
        return digits and set(options) <= {"precision"}
    return not texts and not options


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
