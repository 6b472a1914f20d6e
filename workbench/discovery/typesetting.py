r"""Formulas as LaTeX and MathML: names, numbers, and lines that fit on a page.

An equation that is too wide becomes several rows of an ``aligned``; a sum that is too wide inside
another function gets a name of its own, as in a paper.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy
from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.mathml import mathml

from workbench.discovery.digits import significant

DIGITS = 5
WIDTH = 64
"""Characters, about as many as a line of a paper holds."""
_GREEK = re.compile(
    "(alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega)"
)
_BREAK = r" \\ &\quad "
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

    return expression.xreplace({n: short(n) for n in expression.atoms(sympy.Float)})


class _Latex(LatexPrinter):
    """SymPy's LaTeX with ln, its power where a reader expects it."""

    def _print_log(self, expression: Expr, exp: str | None = None) -> str:
        head = r"\ln" if exp is None else rf"\ln^{{{exp}}}"
        return rf"{head}{{\left({self._print(expression.args[0])} \right)}}"


def to_latex(
    expression: Expr, names: Mapping[Symbol, str] | None = None, *, dots: bool = False
) -> str:
    """LaTeX of an expression, with ``ln`` and arc functions in full; ``dots`` between factors."""
    return _printer(names, dots).doprint(expression)


def _printer(names: Mapping[Symbol, str] | None, dots: bool) -> LatexPrinter:
    settings = {"symbol_names": dict(names or {}), "inv_trig_style": "full"}
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
        self.names, self.dots, self.width, self.letter = names, dots, width, letter
        self.waiting: list[tuple[str, Expr]] = []

    def equations(self, left: str, expression: Expr) -> list[Equation]:
        self.waiting.append((left, expression))
        found: list[Equation] = []
        while len(found) < len(self.waiting):
            side, part = self.waiting[len(found)]
            found.append(Equation(side, self.rows([self.narrow(t) for t in self.terms(part)])))
        return found

    def latex(self, expression: Expr) -> str:
        return to_latex(expression, self.names, dots=self.dots)

    def terms(self, expression: Expr) -> list[Expr]:
        """The summands, in the order in which SymPy prints them."""
        if not expression.is_Add:
            return [expression]
        return list(_printer(self.names, self.dots)._as_ordered_terms(expression))

    def narrow(self, term: Expr) -> Expr:
        """A term whose widest sums have names of their own, if it is too wide for a row."""
        while extent(self.latex(term)) > self.width:
            sums = [p for p in sympy.preorder_traversal(term) if p.is_Add and p is not term]
            wide = [p for p in sums if extent(self.latex(p)) > self.width / 3]
            if not wide:
                break
            term = term.xreplace({wide[0]: self.named(wide[0])})
        return term

    def named(self, part: Expr) -> Symbol:
        """A symbol for a part, whose own equation follows."""
        number = len(self.waiting)
        symbol = Symbol(f"_{self.letter}{number}", real=True)
        self.names[symbol] = f"{self.letter}_{{{number}}}"
        self.waiting.append((self.names[symbol], part))
        return symbol

    def rows(self, terms: Sequence[Expr]) -> tuple[str, ...]:
        rows: list[str] = []
        for term in terms:
            text = self.latex(term)
            if rows:
                text = f"- {text[1:].lstrip()}" if text.startswith("-") else f"+ {text}"
            if rows and extent(f"{rows[-1]} {text}") <= self.width:
                rows[-1] += f" {text}"
            else:
                rows.append(text)
        return tuple(rows)


def extent(latex: str) -> int:
    """About how many characters wide a formula is: a command counts as one, its braces not at all."""
    text = re.sub(r"\\(?:left|right|mathrm|operatorname|displaystyle)\b", "", latex)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text)
    text = re.sub(r"\\((?:arc|ar)?(?:sin|cos|tan|ln)h?)\b", r"\1", text)
    text = re.sub(r"\\[A-Za-z]+", "x", text)
    return len(re.sub(r"[{}^_\\ ]", "", re.sub(r" [-+=] ", "===", text)))


def latex_name(name: str) -> str:
    """A column name in LaTeX: x1 and greek names as mathematics, everything else upright."""
    match = re.fullmatch(r"([A-Za-z]+)_?(\d*)", name)
    if match and (len(match[1]) == 1 or _GREEK.fullmatch(match[1].lower())):
        stem = match[1] if len(match[1]) == 1 else "\\" + match[1]
        return f"{stem}_{{{match[2]}}}" if match[2] else stem
    return upright(name)


def upright(text: str) -> str:
    r"""A text in ``\mathrm``, with everything escaped that TeX would read."""
    table = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{}", " ": r"\ "}
    table |= {c: f"\\{c}" for c in "_%&#${}"}
    return rf"\mathrm{{{''.join(table.get(c, c) for c in text)}}}"


def to_mathml(
    equations: Sequence[tuple[str, Expr]], symbols: Sequence[Symbol], *, dots: bool
) -> str:
    """Presentation MathML of equations, which browsers draw by themselves; names are escaped.

    Args:
        equations: pairs of a name and an expression in ``symbols``. dots: a sign between factors.
    """
    # Placeholders of letters only: SymPy would take digits and underscores for indices, and writes
    # names into the markup as they are.
    texts = [*(s.name for s in symbols), *(left for left, _ in equations)]
    places = [Symbol("q" + "".join(chr(97 + int(c)) for c in str(i))) for i in range(len(texts))]
    renaming = dict(zip(symbols, places, strict=False))
    rows = []
    for left, (_, expression) in zip(places[len(symbols) :], equations, strict=True):
        equation = sympy.Eq(left, expression.xreplace(renaming), evaluate=False)
        symbol = "dot" if dots else None
        rows.append(_markup(equation, symbol))
    marks = {p.name: _mathml_name(text) for p, text in zip(places, texts, strict=True)}
    return "".join(
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        + re.sub(r"<mi>(q[a-j]+)</mi>", lambda m: marks.get(m[1], m[0]), row)
        + "</math>"
        for row in rows
    )


def expression_mathml(expression: Expr) -> str:
    """Presentation MathML of an expression in symbols of single letters."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{_markup(expression, None)}</math>'


def _markup(expression: Expr, dots: str | None) -> str:
    """SymPy's MathML with a true minus sign, a plain letter for e, and Bessel functions with an index."""
    found: str = mathml(expression, printer="presentation", ln_notation=True, mul_symbol=dots)
    found = _BESSEL.sub(r"<msub><mi>J</mi>\1</msub><mrow><mo>(</mo>", found)
    return found.replace("<mo>-</mo>", "<mo>−</mo>").replace("&ExponentialE;", "e")


def _mathml_name(name: str) -> str:
    """A column name in MathML: x1 with an index, everything else as it is written."""
    match = re.fullmatch(r"([A-Za-z])_?(\d+)", name)
    if match:
        return f"<msub><mi>{match[1]}</mi><mn>{match[2]}</mn></msub>"
    return f"<mi>{html.escape(name)}</mi>"
