r"""Formulas as text, LaTeX and MathML: numbers, and lines that fit on a page.

An equation that is too wide becomes several rows of an ``aligned``; a sum that is too wide inside
another function gets a name of its own, as in a paper.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.str import StrPrinter

from workbench.common.markup import Markup, element, join
from workbench.formulas.digits import significant
from workbench.formulas.parsing import quoted
from workbench.formulas.rebuilding import replaced

DIGITS = 5
WIDTH = 64
"""Characters, about as many as a line of a paper holds."""
_MATHML = "http://www.w3.org/1998/Math/MathML"
_BREAK = r" \\ &\quad "
_ENTITY = re.compile(r"&(?!lt;|gt;|amp;|quot;)\w+;")
"""Names of signs that HTML knows and XML does not."""
_BESSEL = re.compile(r"<mi>besselj</mi><mrow><mo>\(</mo>(<mn>\d+</mn>)<mo>,</mo>")


def rounded(expression: Expr, digits: int | Callable[[float], int] = DIGITS) -> Expr:
    """Floats to some significant digits, which a function may choose; whole ones become integers."""

    def short(number: Expr) -> Expr:
        places = digits if isinstance(digits, int) else digits(float(number))
        value = significant(float(number), places)
        return (
            sympy.Integer(int(value))
            if value == int(value) and abs(value) < 1e6
            else sympy.Float(f"{value:.{places}g}", places)
        )

    table = {n: short(n) for n in expression.atoms(sympy.Float)}
    return replaced(expression, table, settled=True)


class _Text(StrPrinter):
    """SymPy's text with names that cannot be read as anything else, and no letter for a constant."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def _print_Symbol(self, symbol: Symbol) -> str:  # noqa: N802
        return self._names.get(symbol.name) or quoted(symbol.name)

    def _print_Exp1(self, _: Expr) -> str:  # noqa: N802
        return "exp(1)"


def to_text(expression: Expr, names: Mapping[str, str] | None = None) -> str:
    """An expression as text.

    Args:
        names: how columns are written, see ``naming.write_names``; by default as each one must alone.
    """
    return str(_Text(names or {}).doprint(expression))


class _Latex(LatexPrinter):
    """SymPy's LaTeX with ln, its power where a reader expects it, and a step that is no theta.

    A part that occurs again, in another line too, is not written anew.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._known: dict[Expr, str] = {}

    def _print(self, expr: Any, **settings: Any) -> str:
        if settings or not isinstance(expr, Expr):
            return str(super()._print(expr, **settings))
        if expr not in self._known:
            self._known[expr] = str(super()._print(expr))
        return self._known[expr]

    def _print_Heaviside(self, expression: Expr, exp: str | None = None) -> str:  # noqa: N802
        head = r"\operatorname{step}" + (f"^{{{exp}}}" if exp else "")
        return rf"{head}{{\left({self._print(expression.args[0])} \right)}}"

    def _print_log(self, expression: Expr, exp: str | None = None) -> str:
        head = r"\ln" if exp is None else rf"\ln^{{{exp}}}"
        return rf"{head}{{\left({self._print(expression.args[0])} \right)}}"


def to_latex(
    expression: Expr, names: Mapping[Symbol, str] | None = None, *, dots: bool = False
) -> str:
    """LaTeX of an expression, with ``ln`` and arc functions in full; ``dots`` between factors."""
    return _printer(names, dots).doprint(expression)


def _printer(names: Mapping[Symbol, str] | None, dots: bool) -> LatexPrinter:
    settings: dict[str, Any] = {
        "symbol_names": {} if names is None else names,
        "inv_trig_style": "full",
    }
    if dots:
        settings["mul_symbol"] = "dot"
    return _Latex(settings)


@dataclass(frozen=True)
class Equation:
    """One equation of a layout: what stands left, and the rows that stand right, in LaTeX."""

    left: str
    rows: tuple[str, ...]

    @property
    def line(self) -> str:
        """In one line."""
        return f"{self.left} = {' '.join(self.rows)}"

    @property
    def aligned(self) -> str:
        """With its rows below each other, for an ``aligned``."""
        return f"{self.left} &= {_BREAK.join(self.rows)}"


def layout(
    left: str,
    expression: Expr,
    names: Mapping[Symbol, str] | None = None,
    *,
    dots: bool = False,
    width: int = WIDTH,
    letter: str = "u",
) -> list[Equation]:
    """An equation in rows of about ``width`` characters, and what it abbreviates, in order.

    Args:
        left: LaTeX of what the expression gives. expression: the right side.
        names: LaTeX of symbols. dots: write a sign between factors.
        width: of a row, as estimated from the LaTeX.
        letter: abbreviations are called ``letter_{1}`` and so on.
    """
    return _Layout(dict(names or {}), dots, width, letter).equations(left, expression)


class _Layout:
    """Parts that wait for an equation of their own, and how everything is written."""

    def __init__(self, names: dict[Symbol, str], dots: bool, width: int, letter: str) -> None:
        self.names, self.width, self.letter = names, width, letter
        self.printer = _printer(names, dots)
        self.waiting: list[tuple[str, Expr]] = []

    def equations(self, left: str, expression: Expr) -> list[Equation]:
        self.waiting.append((left, expression))
        found: list[Equation] = []
        while len(found) < len(self.waiting):
            side, part = self.waiting[len(found)]
            found.append(Equation(side, self.rows([self.narrow(t) for t in self.terms(part)])))
        return found

    def latex(self, expression: Expr) -> str:
        return self.printer.doprint(expression)

    def terms(self, expression: Expr) -> list[Expr]:
        """The summands, in the order in which SymPy prints them."""
        if not expression.is_Add:
            return [expression]
        return list(self.printer._as_ordered_terms(expression))

    def narrow(self, term: Expr) -> Expr:
        """A term whose widest sums have names of their own, if it is too wide for a row."""
        least = 1
        while (excess := extent(self.latex(term)) - self.width) > 0:
            names: dict[Expr, Expr] = {}
            for part in dict.fromkeys(self.wide_sums(term)):
                if excess <= 0 and len(names) >= least:
                    break
                names[part] = self.named(part)
                excess -= extent(self.latex(part)) - extent(self.latex(names[part]))
            if not names:
                break
            term = replaced(term, names, settled=True)
            least *= 2  # so that few rounds are enough for many sums
        return term

    def wide_sums(self, term: Expr) -> Iterator[Expr]:
        """The outermost sums within a term that take more than a third of a row."""
        for part in term.args:
            if part.is_Add and extent(self.latex(part)) > self.width / 3:
                yield part
            else:
                yield from self.wide_sums(part)

    def named(self, part: Expr) -> Symbol:
        """A symbol for a part, whose own equation follows."""
        number = len(self.waiting)
        symbol = Symbol(f"_{self.letter}{number}", real=True)
        self.names[symbol] = f"{self.letter}_{{{number}}}"
        self.waiting.append((self.names[symbol], part))
        return symbol

    def rows(self, terms: Sequence[Expr]) -> tuple[str, ...]:
        rows: list[list[str]] = []
        taken = 0
        for term in terms:
            text = self.latex(term)
            if rows:
                text = f"- {text[1:].lstrip()}" if text.startswith("-") else f"+ {text}"
            wide = extent(f" {text}")
            taken += wide
            if rows and taken <= self.width:
                rows[-1].append(text)
            else:
                rows.append([text])
                taken = wide
        return tuple(map(" ".join, rows))


def extent(latex: str) -> int:
    """About how many characters wide a formula is: a command counts as one, its braces not at all."""
    text = re.sub(r"\\(?:left|right|mathrm|text|operatorname|displaystyle)\b", "", latex)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text)
    text = re.sub(r"\\((?:arc|ar)?(?:sin|cos|tan|ln)h?)\b", r"\1", text)
    text = re.sub(r"\\[A-Za-z]+", "x", text)
    return len(re.sub(r"[{}^_\\ ]", "", re.sub(r" [-+=] ", "===", text)))


def to_mathml(
    equations: Sequence[tuple[Markup, Expr]], names: Mapping[Symbol, Markup], *, dots: bool
) -> Markup:
    """Presentation MathML of equations, which browsers draw by themselves.

    Args:
        equations: what stands left, and an expression. names: of its symbols.
        dots: a sign between factors.
    """
    # Placeholders, as SymPy writes names into the markup as they are.
    places = {symbol: f"q{number}q" for number, symbol in enumerate(names)}
    written = {places[symbol]: markup for symbol, markup in names.items()}
    found = []
    for left, expression in equations:
        right = _markup(expression, places, "dot" if dots else None)
        right = re.sub(r"<mi>(q\d+q)</mi>", lambda m: written[m[1]], right)
        row = element("mrow", left, element("mo", "="), Markup(right))
        found.append(element("math", row, xmlns=_MATHML, display="block"))
    return join(*found)


def expression_mathml(expression: Expr) -> Markup:
    """Presentation MathML of an expression in symbols of single letters."""
    return element("math", Markup(_markup(expression, {}, None)), xmlns=_MATHML)


class _MathML(MathMLPresentationPrinter):
    """SymPy's MathML with names as they are given, and a step that is no theta."""

    def __init__(self, names: Mapping[Symbol, str], dots: str | None) -> None:
        super().__init__({"ln_notation": True, "mul_symbol": dots})
        self._names = names

    def _print_Symbol(self, sym: Symbol, style: str = "plain") -> Any:  # noqa: N802
        if sym not in self._names:
            return super()._print_Symbol(sym, style)
        name = self.dom.createElement("mi")
        name.appendChild(self.dom.createTextNode(self._names[sym]))
        return name

    def _print_Heaviside(self, e: Expr) -> Any:  # noqa: N802
        return self._print(sympy.Function("step")(e.args[0]))


def _markup(expression: Expr, names: Mapping[Symbol, str], dots: str | None) -> str:
    """MathML with a true minus sign, a plain letter for e, and Bessel functions with an index."""
    found: str = _MathML(names, dots).doprint(expression)
    found = _BESSEL.sub(r"<msub><mi>J</mi>\1</msub><mrow><mo>(</mo>", found)
    found = found.replace("<mo>-</mo>", "<mo>−</mo>").replace("&ExponentialE;", "e")
    return _ENTITY.sub(lambda m: html.unescape(m[0]), found)
