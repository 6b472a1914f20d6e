"""A formula in other languages. Every export is executed in a process of its own and compared.

Code is made by SymPy's printers from the expression alone; column names only reach it as identifiers
that were checked, or as text in comments.
"""

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy
from sympy import Expr, Symbol
from sympy.printing.numpy import SciPyPrinter

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.discovery.formula import Formula

LANGUAGES = ("latex", "sympy", "python")
_SUFFIX = {"latex": ".tex", "sympy": ".sympy.py", "python": ".py"}
_SAMPLES = 64
_SECONDS = 60


@dataclass(frozen=True)
class Export:
    """A formula in one language.

    Attributes:
        language: one of ``LANGUAGES``. text: the code. filename: a name that fits it.
        error: the largest difference between executed code and formula, relative to the largest
            value; None where it was not executed.
        note: why it was not executed, or "".
    """

    language: str
    text: str
    filename: str
    error: float | None = None
    note: str = ""

    def __str__(self) -> str:
        return self.text


def export(formula: "Formula", language: str, *, name: str = "formula") -> Export:
    """Write ``formula`` in ``language``, run the result and compare it with the formula.

    Args:
        formula: what to write.
        language: "latex" (numbers to five digits), "sympy" (a module with ``expressions``) or
            "python" (a module with a function for NumPy arrays).
        name: stem of the file name.

    Raises:
        InputError: the language is not known.
    """
    if language not in LANGUAGES:
        raise InputError(f"a language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    text, check = {"latex": _latex, "sympy": _sympy, "python": _python}[language](formula)
    error, note = _compare(formula, check)
    return Export(language, text, f"{name}{_SUFFIX[language]}", error, note)


def export_all(formula: "Formula", *, name: str = "formula") -> tuple[Export, ...]:
    """The formula in every language, executed in one process."""
    return tuple(export(formula, language, name=name) for language in LANGUAGES)


def identifiers(names: Sequence[str]) -> tuple[str, ...]:
    """Valid, distinct Python identifiers for column names, in their order."""
    taken: list[str] = []
    for name in names:
        stem = re.sub(r"\W", "_", name)
        if not stem.isidentifier() or keyword.iskeyword(stem) or stem in ("np", "erf"):
            stem = f"x_{stem}"
        while stem in taken:
            stem += "_"
        taken.append(stem)
    return tuple(taken)


@dataclass(frozen=True)
class _Check:
    """A program that defines ``evaluate(x)`` for ``x (N, d)``, and the values it has to give."""

    program: str
    expected: Callable[[np.ndarray], np.ndarray]
    skipped: str = ""


def _python(formula: "Formula") -> tuple[str, _Check]:
    arguments = identifiers(formula.names)
    plain = [Symbol(a, real=True) for a in arguments]
    printer = SciPyPrinter({"fully_qualified_modules": True, "allow_unknown_functions": False})
    lines = []
    bodies = [
        e.xreplace(dict(zip(formula.symbols, plain, strict=True))) for e in formula.expressions
    ]
    special = any(e.has(sympy.erf) for e in bodies)
    code = [_numpy_code(printer, body) for body in bodies]
    lines.append("import numpy as np")
    if special:
        lines.append("from scipy.special import erf")
    sides = ", ".join(formula.left_sides)
    lines += ["", "", f"def formula({', '.join(arguments)}):", f'    """{_plain(sides)}.', ""]
    lines.append("    Arrays of one shape, or numbers. Fitted where")
    for argument, name in zip(arguments, formula.names, strict=True):
        low, high = formula.domain.get(name, (-np.inf, np.inf))
        unit = formula.units.get(name)
        unit_text = f" {_plain(unit)}" if unit else ""
        lines.append(f"    {low:.6g} <= {argument} <= {high:.6g}{unit_text}")
    lines.append('    """')
    if len(code) == 1:
        lines.append(f"    return {code[0]}")
    else:
        lines.append(f"    return np.stack(np.broadcast_arrays({', '.join(code)}), -1)")
    text = "\n".join(lines) + "\n"
    return text, _Check(f"{text}\ndef evaluate(x):\n    return formula(*x.T)\n", formula)


def _numpy_code(printer: SciPyPrinter, expression: Expr) -> str:
    text = str(printer.doprint(expression))
    short = {"scipy.constants.pi": "np.pi", "scipy.special.erf": "erf", "numpy.": "np."}
    for long, brief in short.items():
        text = text.replace(long, brief)
    return text


def _sympy(formula: "Formula") -> tuple[str, _Check]:
    lines = [
        f'"""{_plain(", ".join(formula.left_sides))} in SymPy."""',
        "",
        "from sympy import *  # noqa: F403",
    ]
    lines += [
        "",
        f"names = {list(formula.names)!r}",
        "symbols_ = [Symbol(n, real=True) for n in names]",
    ]
    lines += ["expressions = ["]
    lines += [f"    {sympy.srepr(e)}," for e in formula.expressions]
    lines += ["]"]
    text = "\n".join(lines) + "\n"
    program = (
        f"{text}\nimport numpy as np\n"
        "f = lambdify(symbols_, expressions, ['numpy', 'scipy'])\n"
        "def evaluate(x):\n"
        "    return np.stack([np.broadcast_to(v, len(x)) for v in f(*x.T)], -1)\n"
    )
    return text, _Check(program, formula)


def _latex(formula: "Formula") -> tuple[str, _Check]:
    """LaTeX is read back by SymPy's own parser, with single letters for the column names."""
    from workbench.discovery.formula import rounded, to_latex

    letters = sympy.symbols(f"q_0:{len(formula.names)}", real=True)
    renaming = dict(zip(formula.symbols, letters, strict=True))
    short = [rounded(e) for e in formula.expressions]
    texts = [to_latex(e.xreplace(renaming)) for e in short]
    unknown = re.search(r"\\operatorname\{(\w+)\}", " ".join(texts))
    if unknown:
        note = f"not executed: SymPy's reader of LaTeX does not know {unknown[1]}"
        return formula.latex + "\n", _Check("", formula, note)
    # The reader knows bars only without \left and \right, and q_{0} as a symbol of that very name.
    texts = [t.replace(r"\left|", "|").replace(r"\right|", "|") for t in texts]
    program = (
        "import numpy as np\nfrom sympy import Symbol, lambdify, pi, E\n"
        "from sympy.parsing.latex import parse_latex\n"
        f"texts = {texts!r}\n"
        f"names = ['q_{{%d}}' % i for i in range({len(letters)})]\n"
        "parsed = [parse_latex(t, backend='antlr') for t in texts]\n"
        "parsed = [p.subs({Symbol('pi'): pi, Symbol('e'): E}) for p in parsed]\n"
        "f = lambdify([Symbol(n) for n in names], parsed, ['numpy', 'scipy'])\n"
        "def evaluate(x):\n"
        "    return np.stack([np.broadcast_to(v, len(x)) for v in f(*x.T)], -1)\n"
    )
    compiled = sympy.lambdify(letters, [e.xreplace(renaming) for e in short], ["numpy", "scipy"])

    def expected(x: np.ndarray) -> np.ndarray:
        return np.stack([np.broadcast_to(v, len(x)) for v in compiled(*x.T)], -1)

    return formula.latex + "\n", _Check(program, expected)


def _plain(text: str) -> str:
    """Text that can stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'").replace("\n", " ")


def _samples(formula: "Formula") -> np.ndarray:
    random = np.random.default_rng(0)
    spans = np.array([formula.domain.get(name, (-1.0, 1.0)) for name in formula.names])
    return random.uniform(spans[:, 0], spans[:, 1], (_SAMPLES, len(spans)))


def _compare(formula: "Formula", check: _Check) -> tuple[float | None, str]:
    if check.skipped:
        return None, check.skipped
    x = _samples(formula)
    with np.errstate(all="ignore"):
        expected = np.asarray(check.expected(x), dtype=float).reshape(len(x), -1)
    ending = (
        "\nimport json, sys\n"
        "with np.errstate(all='ignore'):\n"
        "    found = np.asarray(evaluate(np.array(json.load(sys.stdin))), dtype=complex)\n"
        "found = np.where(np.abs(found.imag) > 0, np.nan, found.real)\n"
        "json.dump([None if v != v else v for v in found.ravel().tolist()], sys.stdout)\n"
    )
    try:
        done = subprocess.run(  # noqa: S603 - our own code in our own interpreter
            [sys.executable, "-W", "ignore", "-c", check.program + ending],
            input=json.dumps(x.tolist()),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"not executed: no answer in {_SECONDS} s"
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed"
        return None, f"not executed: {reason[:200]}"
    values = np.array(json.loads(done.stdout), dtype=float)
    # A constant gives one value for all rows.
    values = np.broadcast_to(values, expected.size) if values.size == 1 else values
    found = values.reshape(expected.shape)
    known = np.isfinite(expected)
    if not known.any():
        return None, "not compared: the formula has no value on its domain"
    scale = max(float(np.abs(expected[known]).max()), 1e-300)
    if not np.isfinite(found[known]).all():
        return None, "not confirmed: the code gives no value where the formula does"
    return float(np.abs(found - expected)[known].max()) / scale, ""
