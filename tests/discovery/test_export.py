"""Every export is run in a process of its own and says what the formula says."""

from pathlib import Path

import pytest
import sympy

from workbench.discovery import export as exporting
from workbench.discovery.export import LANGUAGES, export, export_all, identifiers
from workbench.discovery.formula import Formula
from workbench.errors import InputError

A, B = sympy.symbols("lam my_col", real=True)
ZOO = {
    "ratio": 0.43672 * A * B / (1.06 * A**2 + B**2),
    "toy": sympy.exp(sympy.sin(sympy.pi * A) + B**2),
    "bars and logistic": sympy.Abs(B) + 1 / (1 + sympy.exp(-2.5 * A)),
    "roots and logarithms": sympy.sqrt(A + 3) * sympy.log(B + 4.5) ** 2 - sympy.tan(A / 3),
    "tiny numbers": 1.5e-7 * A**2 * sympy.sin(B) ** 2,
    "constant": sympy.Float(2.5),
    "arcs": sympy.atan(A) + sympy.asin(B / 4) + sympy.cosh(A) - sympy.tanh(B),
}


def law(expression: sympy.Expr) -> Formula:
    return Formula((expression,), ("lam", "my_col"), domain={"lam": (-1, 1), "my_col": (0.5, 3)})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ZOO)
def test_exports_agree(name: str, language: str) -> None:
    found = export(law(ZOO[name]), language)
    assert found.note == ""
    assert found.error is not None
    assert found.error < 1e-12


def test_what_the_reader_of_latex_does_not_know_is_said() -> None:
    found = export(law(sympy.erf(A) + B), "latex")
    assert found.error is None
    assert "does not know erf" in found.note
    assert export(law(sympy.erf(A) + B), "python").error == pytest.approx(0, abs=1e-15)


def test_a_wrong_export_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_numpy_code", lambda printer, expression: "lam + my_col")
    found = export(law(A * B), "python")
    assert found.error is None or found.error > 0.1


def test_names_become_identifiers() -> None:
    assert identifiers(["a b", "a_b", "1st", "class", "np", "β"]) == (
        "a_b", "a_b_", "x_1st", "x_class", "x_np", "β",
    )  # fmt: skip
    evil = 'x"""\nimport os #'
    found = export(Formula((sympy.Symbol(evil, real=True) * 2,), (evil,), target=evil), "python")
    assert found.error == 0
    assert "\nimport os" not in found.text


def test_all_languages_and_unknown_ones(tmp_path: Path) -> None:
    names = [item.filename for item in export_all(law(A), name="law")]
    assert names == ["law.tex", "law.sympy.py", "law.py"]
    with pytest.raises(InputError, match="one of latex, sympy, python"):
        law(A).export("cobol")
