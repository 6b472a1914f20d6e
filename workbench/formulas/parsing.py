r"""Expressions that people type, read by a grammar of our own: nothing is evaluated.

    sum     = product {("+" | "-") product}
    product = signed {("*" | "/") signed}
    signed  = ("+" | "-") signed | power
    power   = atom [("**" | "^") signed]
    atom    = number | name | name "(" sum {"," sum} ")" | "(" sum ")"

Names may be words of Python such as ``lambda``, and greek letters; any other name stands in backquotes,
as in `` `bond length`^2 ``, and so does a column that is called like a constant: ``pi`` is the number,
`` `pi` `` the column. Decimals are read as exact fractions, and numbers stay within
those that floating point can hold.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

import sympy
from sympy import Expr, Symbol

from workbench.errors import InputError
from workbench.formulas.bounded import built, decimal, require_light
from workbench.kan.functions import FUNCTIONS

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|`(?P<quoted>[^`]*)`|(?P<sign>\*\*|[-+*/^(),]))"
)
_WORD = re.compile(r"[^\W\d]\w*")
_MOST_CHARACTERS, _DEEPEST = 5000, 30
_CONSTANTS: dict[str, Expr] = {"pi": sympy.pi, "π": sympy.pi}
_OWN: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in ("sqrt", "sec", "csc", "cot", "asinh", "acosh")},
    "ln": sympy.log, "abs": sympy.Abs, "Abs": sympy.Abs, "arcsin": sympy.asin, "arccos": sympy.acos,
    "arctan": sympy.atan, "min": sympy.Min, "max": sympy.Max, "step": sympy.Heaviside,
    "J0": lambda x: sympy.besselj(0, x), "J1": lambda x: sympy.besselj(1, x),
}  # fmt: skip
_WRITTEN = [re.fullmatch(r"(\w+)\(x\)", function.written) for function in FUNCTIONS.values()]
_FUNCTIONS: dict[str, Any] = {
    **{m[1]: getattr(sympy, m[1]) for m in _WRITTEN if m and m[1] not in _OWN},
    **_OWN,
    "Max": sympy.Max,
    "Min": sympy.Min,
}
"""Those of the table by SymPy's names, which formulas are printed with, and what has a way of our own."""
_SEVERAL = ("min", "max", "Min", "Max")
_TAKEN = {
    *_FUNCTIONS, *map(str.casefold, _FUNCTIONS), *_CONSTANTS, "inf", "infinity", "nan", "oo", "zoo",
    "true", "false", "none", "and", "or", "not", "mod", "piecewise", "heaviside", "besselj",
}  # fmt: skip
"""Words that are no names, in small letters where they are words of letters."""
_LETTERS = {"e", "E", "I", "π"}
"""Constants of mathematics and of SymPy; what they say on the left of a formula is clear."""
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))")


def is_plain(name: str) -> bool:
    """Whether a name reads as a name: one word that is no number, constant or function."""
    folded = name.casefold() if name.isalpha() and len(name) > 1 else name
    return bool(_WORD.fullmatch(name)) and folded not in _TAKEN


def quoted(name: str, *, exact: bool = False, left: bool = False) -> str:
    """A name as it stands in an expression that is typed: in backquotes where it must.

    Args:
        name: of a column. exact: in backquotes, whatever it is, and in signs of ASCII.
        left: it stands left of the equals sign, where ``E`` can only be a name.
    """
    plain = is_plain(name) and (left or name not in _LETTERS)
    return name if plain and not exact else f"`{escaped(name, exact=exact)}`"


def escaped(name: str, *, exact: bool = False) -> str:
    """A text in one line, without marks of quotation or signs that cannot be seen.

    ``exact`` escapes spaces and all that is not ASCII, too: what looks alike is then told apart.
    """

    def sign(c: str) -> str:
        if c == "\\":
            return r"\\"
        if c.isprintable() and c not in "`“”…" and not (exact and (c == " " or not c.isascii())):
            return c
        code = ord(c)
        return (
            f"\\x{code:02x}"
            if code < 256
            else f"\\u{code:04x}"
            if code < 65536
            else f"\\U{code:08x}"
        )

    return "".join(map(sign, name))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2] or m[3], 16)) if m.lastindex else "\\", text)


def parse_expression(
    text: str, names: Collection[str] | None = None, *, unknown: bool = False
) -> Expr:
    """The SymPy expression that a text says, in real symbols.

    Args:
        text: such as ``2*sin(x1)^2 + exp(-x2)/3``.
        names: symbols that may occur; any by default.
        unknown: take functions that are not known, as in ``f(x1) + g(x2, x3)``, for functions to be
            found; otherwise they are refused.

    Raises:
        InputError: the text is no such expression; the message says where.
    """
    return _Reader(text, names, unknown).read()


class _Reader:
    def __init__(self, text: str, names: Collection[str] | None, unknown: bool) -> None:
        if not isinstance(text, str) or not text.strip() or len(text) > _MOST_CHARACTERS:
            raise InputError("an expression must be a text of 1 to 5000 characters")
        self._text, self._names, self._unknown = text, names, unknown
        self._at, self._depth = 0, 0
        self._next()

    def read(self) -> Expr:
        found = self._sum()
        if self._kind:
            raise self._error("an operator or the end is missing")
        require_light(found)
        return found

    def _next(self) -> None:
        rest = self._text[self._at :]
        match = _TOKEN.match(rest)
        if match is None and rest.strip():
            raise self._error("this sign is not known")
        self._kind = match.lastgroup if match else ""
        self._value = match[self._kind] if match and self._kind else ""
        self._at += match.end() if match else len(rest)

    def _error(self, what: str) -> InputError:
        return InputError(
            f"{self._text!r} cannot be read: {what} before position {self._at + 1}; "
            "write for example 2*sin(x1)^2 + exp(-x2)/3"
        )

    def _take(self, *signs: str) -> str:
        """The present sign if it is one of these, and go on; else an empty text."""
        if self._kind != "sign" or self._value not in signs:
            return ""
        taken = self._value
        self._next()
        return taken

    def _sum(self) -> Expr:
        parts = [self._product()]
        while sign := self._take("+", "-"):
            other = self._product()
            parts.append(other if sign == "+" else -other)
        return self._made("Add", sympy.Add, *parts)

    def _product(self) -> Expr:
        parts = [self._signed()]
        while sign := self._take("*", "/"):
            other = self._signed()
            if sign == "/":
                other = self._made("Pow", sympy.Pow, other, sympy.S.NegativeOne)
            parts.append(other)
        return self._made("Mul", sympy.Mul, *parts)

    def _signed(self) -> Expr:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} levels are nested")
        sign = self._take("+", "-")
        found = self._signed() if sign else self._power()
        self._depth -= 1
        return -found if sign == "-" else found

    def _power(self) -> Expr:
        base = self._atom()
        if not self._take("**", "^"):
            return base
        return self._made("Pow", sympy.Pow, base, self._signed())

    def _atom(self) -> Expr:
        kind, value = self._kind, self._value
        if kind == "number":
            self._next()
            return self._made("a number", decimal, value)
        if kind == "name":
            self._next()
            return self._call(value) if self._take("(") else self._symbol(value)
        if kind == "quoted":
            self._next()
            return self._column(_unescaped(value))
        if self._take("("):
            found = self._sum()
            self._close()
            return found
        raise self._error("a number, a name or a bracket is missing")

    def _made(self, name: str, function: Callable[..., Any], *arguments: Any) -> Expr:
        try:
            found: Expr = built(name, function, *arguments)
        except InputError as error:
            raise self._error(str(error)) from error
        return found

    def _close(self) -> None:
        if not self._take(")"):
            raise self._error("a closing bracket is missing")

    def _symbol(self, name: str) -> Expr:
        return _CONSTANTS[name] if name in _CONSTANTS else self._column(name)

    def _column(self, name: str) -> Expr:
        if self._names is not None and name not in self._names:
            raise self._error(f"{name!r} is none of {sorted(self._names)}")
        return Symbol(name, real=True)

    def _call(self, name: str) -> Expr:
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._close()
        if name in _FUNCTIONS:
            if len(arguments) > 1 and name not in _SEVERAL:
                raise self._error(f"{name} takes one argument, {len(arguments)} were given")
            return self._made(name, _FUNCTIONS[name], *arguments)
        if self._unknown:
            return self._made(name, sympy.Function(name), *arguments)
        raise self._error(f"{name!r} is not a function that is known")
