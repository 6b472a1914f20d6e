"""LaTeX, MathML and Excel: for papers, pages and tables."""

import re

from workbench.formulas.export.execution import Program
from workbench.formulas.export.header import Artefact
from workbench.formulas.export.python import python_program
from workbench.formulas.export.writer import Dialect, guard, write
from workbench.formulas.law import Law
from workbench.formulas.library import SYMPY
from workbench.formulas.typesetting import WIDTH

_EXCEL = Dialect(
    "Excel",
    {
        **{n: n.upper() for n in ("sqrt", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sign")},
        "log": "LN", "Abs": "ABS", "asin": "ASIN", "acos": "ACOS", "atan": "ATAN", "asinh": "ASINH",
        "acosh": "ACOSH", "atanh": "ATANH", "erf": "ERF.PRECISE", "Max": "MAX", "Min": "MIN",
        "Heaviside": "((1+SIGN({0}))/2)", "besselj0": "BESSELJ({0}, 0)", "besselj1": "BESSELJ({0}, 1)",
    },
    number=lambda v: f"{v:.17g}",
    pi="PI()",
    power="POWER({0}, {1})",
    whole="POWER({0}, {1})",
    choose="IF({0}, {1}, {2})",
    both=", ",
    true="TRUE",
    equal="=",
    unequal="<>",
)  # fmt: skip


_SIGNS = "|".join(re.escape(entry.symbol) for entry in SYMPY.values() if entry.symbol)
_MOST_READ = 4000
"""Characters that SymPy's reader of LaTeX, a grammar that tries many ways, reads in a second or two."""
_UNREADABLE = re.compile(
    rf"\\operatorname\{{(\w+)\}}|\\begin\{{(cases)\}}|\\(bmod)|(J)_\{{|(\\theta)|({_SIGNS})"
)
"""What SymPy's reader of LaTeX fails on."""


def _excel(formula: Law) -> Artefact:
    """One cell per output and one that says whether the inputs, in A2, B2, C2, …, are in the domain.

    Run by the package ``formulas``, where that is installed.
    """
    cells = {s: f"{_column(i)}2" for i, s in enumerate(formula.symbols)}
    lines = [f"={write(e, _EXCEL, cells)}" for e in formula.expressions]
    inside = guard(list(cells.values()), formula, _EXCEL)
    lines.append(f"=AND({inside})")
    text = "\n".join(lines) + "\n"
    lacking = [word for word in ("BESSELJ", "ERF.PRECISE") if word in text]
    if lacking:
        note = f"not executed: the package formulas does not know {lacking[0]}"
        return Artefact(text, Program((), {}, skipped=note))
    # Row by row: of arrays MAX and AND would make one value.
    code = (
        "import numpy as np\nfrom formulas import Parser\n"
        f"cells = {list(cells.values())!r}\n"
        f"functions = [Parser().ast(line)[1].compile() for line in {lines!r}]\n"
        "def run(function, x):\n"
        "    places = [cells.index(str(name)) for name in function.inputs]\n"
        "    rows = (function(*(np.array([[v]]) for v in row[places])) for row in x)\n"
        "    found = [np.asarray(v).item() for v in rows]\n"
        "    return np.array([v if isinstance(v, (int, float)) else np.nan for v in found], float)\n"
        "def evaluate(x):\n    return np.stack([run(f, x) for f in functions[:-1]], -1)\n"
        "def inside(x):\n    return run(functions[-1], x)\n"
    )
    return Artefact(text, python_program(code))


def _column(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _mathml(formula: Law) -> Artefact:
    note = "not executed: presentation MathML is for reading"
    return Artefact(formula.mathml + "\n", Program((), {}, skipped=note), rounded=True)


def _latex(formula: Law) -> Artefact:
    """LaTeX is read back by SymPy's own parser, with single letters for the column names."""
    groups = formula.equations(WIDTH, {s: f"q_{{{i}}}" for i, s in enumerate(formula.symbols)})
    rows = [[" ".join(e.rows) for e in group] for group in groups]
    text = formula.display_latex + "\n"
    unknown = _UNREADABLE.search(" ".join(row for group in rows for row in group))
    if unknown:
        word = next(g for g in unknown.groups() if g)
        note = f"not executed: SymPy's reader of LaTeX does not know {word}"
        return Artefact(text, Program((), {}, skipped=note), rounded=True)
    if len(text) > _MOST_READ:
        note = "not executed: too long for SymPy's reader of LaTeX"
        return Artefact(text, Program((), {}, skipped=note), rounded=True)
    plain = [[_readable(row) for row in group] for group in rows]
    sides = [[equation.left for equation in group] for group in groups]
    code = (
        "import numpy as np\nfrom sympy import E, Function, Max, Min, Symbol, lambdify, pi\n"
        "from sympy.parsing.latex import parse_latex\n"
        f"names = ['q_{{%d}}' % i for i in range({len(formula.names)})]\n"
        "def read(sides, rows):\n"
        "    parts = [parse_latex(r, backend='antlr') for r in rows]\n"
        "    whole = parts[0]\n"
        "    for side, part in zip(sides[1:], parts[1:]):\n"
        "        whole = whole.subs(Symbol(side), part)\n"
        "    for name, known in (('max', Max), ('min', Min)):\n"
        "        whole = whole.replace(Function(name), known)\n"
        "    return whole.subs({Symbol('pi'): pi, Symbol('e'): E})\n"
        f"parsed = [read(s, r) for s, r in zip({sides!r}, {plain!r})]\n"
        "f = lambdify([Symbol(n) for n in names], parsed, ['numpy', 'scipy'])\n"
        "def evaluate(x):\n"
        "    return np.stack([np.broadcast_to(v, len(x)) for v in f(*x.T)], -1)\n"
    )
    return Artefact(text, python_program(code, guarded=False), rounded=True)


def _readable(row: str) -> str:
    r"""The row for SymPy's reader: it knows bars without \left alone, and takes q_{0} (x) for a call."""
    row = row.replace(r"\left|", "|").replace(r"\right|", "|")
    return re.sub(r"(_\{\d+\}) \\left\(", r"\1 \\cdot \\left(", row)


WRITERS = {
    "latex": (_latex, ".tex", ("%", "")),
    "mathml": (_mathml, ".mml", ("<!--", " -->")),
    "excel": (_excel, ".excel.txt", ("'", "")),
}
