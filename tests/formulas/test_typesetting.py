"""LaTeX that fits on a page, is read back as it is broken, and compiles."""

import shutil
import subprocess
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
import sympy
from sympy import Expr
from sympy.printing.latex import LatexPrinter

from workbench.formulas.export import export
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.typesetting import WIDTH, expression_mathml, extent, layout

X, Y, Z = sympy.symbols("x my_col z1", real=True)
SUM = (
    1.2345 * sympy.sin(3.1 * X + 0.2) * sympy.exp(-(Y**2)) + 0.223 * X * Y * Z
    - 17.2 * sympy.log(Z + 3.1) ** 2 + 0.3434 * sympy.sqrt(X + 2.2) + 4.4 * Y**3
    - 2.1211 * sympy.tanh(2.33 * Y - 0.1) * X
)  # fmt: skip
LONG = {
    "a sum": SUM,
    "inside a function": sympy.exp(SUM / 100),
    "a ratio": SUM / SUM.diff(X),
    "nested": sympy.log(5 + sympy.sqrt(SUM**2 + SUM.diff(Y) ** 2)),
}


def law(*expressions: sympy.Expr) -> Formula:
    names = ("x", "my_col", "z1")
    return Formula(expressions, names, domain=dict.fromkeys(names, (0.1, 1)))


@pytest.mark.parametrize("name", LONG)
def test_no_row_is_much_wider_than_a_line(name: str) -> None:
    latex = law(LONG[name]).display_latex
    assert latex.startswith(r"\begin{aligned}")
    rows = latex.split(r"\\")
    assert len(rows) > 1
    assert max(map(extent, rows)) < 1.3 * WIDTH
    found = export(law(LONG[name]), "latex")  # what is read back is the broken form
    assert found.note == ""
    assert found.error < 1e-12
    assert "maximal relative error" in found.text


def test_short_formulas_stay_in_one_line() -> None:
    assert "aligned" not in law(X + sympy.log(Y)).display_latex
    assert law(X * Y).display_latex == law(X * Y).latex
    assert [e.rows for e in layout("y", X - Y)] == [("- my_{col} + x",)]


def test_abbreviations_do_not_take_the_names_of_inputs() -> None:
    u = sympy.Symbol("u", real=True)
    wide = sympy.exp(sum(1.1 * k * sympy.sin(k * u) for k in range(1, 12)))
    assert r"v_{1}" in Formula((wide,), ("u",)).display_latex


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex here")
def test_latex_compiles_and_fits(tmp_path: Path) -> None:
    formulas = [*(law(e) for e in LONG.values()), law(SUM, X + Y)]
    scored = [replace(f, scores={"validation_loss": 1.0 / n}) for n, f in enumerate(formulas, 1)]
    shown = "".join(f"\\[{f.display_latex}\\]\n" for f in formulas)
    text = "\n".join(
        (
            r"\documentclass{article}\usepackage{amsmath}",
            r"\IfFileExists{booktabs.sty}{\usepackage{booktabs}}",
            r"{\let\toprule\hline \let\midrule\hline \let\bottomrule\hline}",
            r"\hfuzz=9pt \begin{document}",
            shown,
            FormulaSet(scored).latex_table(),
            r"\end{document}",
        )
    )
    (tmp_path / "page.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-800:]
    assert "Overfull" not in done.stdout


def test_bessel_functions_have_an_index() -> None:
    markup = expression_mathml(sympy.besselj(0, 2 * sympy.Symbol("x")) ** 2)
    assert "<msub><mi>J</mi><mn>0</mn></msub><mrow><mo>(</mo>" in markup
    assert "besselj" not in markup


def test_equations_that_were_handed_out_do_not_change() -> None:
    (equation,) = layout("y", X - Y)
    with pytest.raises(FrozenInstanceError):
        equation.left = "z"
    assert len({equation, replace(equation)}) == 1


def test_many_wide_factors_get_names_in_few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    a = sympy.Symbol("a", real=True)
    factors = [sympy.sin(a) + i * sympy.exp(a / i) + sympy.Float(1) / (i + 2) for i in range(3, 43)]
    wholes = 0
    printed = LatexPrinter.doprint

    def counted(printer: LatexPrinter, expression: Expr) -> str:
        nonlocal wholes
        wholes += expression.is_Mul and len(expression.args) == 40
        return printed(printer, expression)

    monkeypatch.setattr(LatexPrinter, "doprint", counted)
    first, *others = layout("y", sympy.Mul(*factors))
    assert 25 < len(others) <= 40
    assert all(other.left in first.line for other in others)
    assert wholes < 10
