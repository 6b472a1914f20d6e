"""Every export is run in a process of its own and says what the formula says."""

import importlib.util
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sympy

from workbench.errors import InputError
from workbench.formulas.constant import Constant
from workbench.formulas.export import ESSENTIAL, LANGUAGES, export, export_all, identifiers
from workbench.formulas.export import python as python_family
from workbench.formulas.export.execution import Children
from workbench.formulas.export.header import docstring, plain
from workbench.formulas.formula import Formula

A, B = sympy.symbols("lam my_col", real=True)
ZOO = {
    "ratio": 0.43672 * A * B / (1.06 * A**2 + B**2),
    "toy": sympy.exp(sympy.sin(sympy.pi * A) + B**2),
    "bars and logistic": sympy.Abs(B) + 1 / (1 + sympy.exp(-2.5 * A)),
    "roots and logarithms": sympy.sqrt(A + 3) * sympy.log(B + 4.5) ** 2 - sympy.tan(A / 3),
    "tiny numbers": 1.5e-7 * A**2 * sympy.sin(B) ** 2,
    "constant": sympy.Float(2.5),
    "hinges": sympy.Max(0, A - 0.4) + sympy.Min(A**2, B, 2) / 3,
    "arcs": sympy.atan(A) + sympy.asin(B / 4) + sympy.cosh(A) - sympy.tanh(B),
}


def law(expression: sympy.Expr) -> Formula:
    return Formula((expression,), ("lam", "my_col"), domain={"lam": (-1, 1), "my_col": (0.5, 3)})


TOOLS = {
    "c": "gcc", "fortran": "gfortran", "rust": "rustc", "julia": "julia", "r": "Rscript",
    "matlab": "octave", "mathematica": "wolframscript", "javascript": "node",
}  # fmt: skip
READER = {"mathematica": "mathics"}
PACKAGES = {"jax": "jax", "excel": "formulas"}
QUICK = ("sympy", "python", "c", "fortran", "r", "javascript")
TRAPS = (
    sympy.Piecewise((A**2, A < 0.3), (A, True)) + sympy.sign(A) * B + sympy.log(10) * A
    + sympy.log(B, 10) + sympy.sqrt(2) * sympy.sqrt(B) * B ** sympy.Rational(3, 2)
    - 2.5 * sympy.asin(A / 4) ** 2 - (-A) ** 2 / 3 + 1.5e-9 / B + sympy.Max(A, B) + sympy.Heaviside(A)
    - A / (3 * B * (1 + A**2)) - (A - B) ** 3 + 2 ** A + sympy.exp(-(A**2)) * sympy.pi
)  # fmt: skip


@pytest.mark.parametrize("name", ZOO)
def test_exports_agree(name: str) -> None:
    for found in export_all(law(ZOO[name]), languages=("latex", *QUICK)):
        tool = TOOLS.get(found.language)
        if tool and not shutil.which(tool):
            assert found.note == f"not executed: no {tool} here"
            continue
        assert found.note == ""
        assert found.error < 1e-12
        assert f"maximal relative error {found.error:.1e}" in found.text


@pytest.mark.parametrize("language", [n for n in LANGUAGES if n not in ("latex", "mathml")])
@pytest.mark.parametrize(
    "expression",
    [TRAPS, sympy.besselj(0, 3 * A) + sympy.besselj(1, B) * sympy.sinc(A) + sympy.erf(2 * A)],
    ids=["traps of printers", "special functions"],
)
def test_every_language_that_is_here_agrees(language: str, expression: sympy.Expr) -> None:
    found = export(law(expression), language)
    if TOOLS.get(language) and not any(
        map(shutil.which, (TOOLS[language], READER.get(language, "")))
    ):
        assert found.note == f"not executed: no {TOOLS[language]} here"
    elif language == "excel" and expression.has(sympy.besselj):
        assert found.note == "not executed: the package formulas does not know BESSELJ"
    elif language in PACKAGES and not importlib.util.find_spec(PACKAGES[language]):
        assert f"No module named '{PACKAGES[language]}'" in found.note
    else:
        assert found.note == ""
        assert found.error < 1e-12


def test_languages_that_nobody_runs_are_written_by_their_rules() -> None:
    julia = export(law(TRAPS), "julia").text
    assert ".^" not in julia
    assert "Sign[lam]" in export(law(TRAPS), "mathematica").text
    assert "mycol" in export(law(TRAPS), "mathematica").text  # an underscore is a pattern there
    excel = export(law(-(A**2) + sympy.log(B)), "excel")
    assert "=-POWER(A2, 2) + LN(B2)" in excel.text
    assert "not executed" in excel.note


def test_fitted_numbers_are_parameters_of_the_torch_module() -> None:
    text = export(law(0.25 * A**2 + sympy.pi * B / 2), "torch").text
    assert text.count("torch.nn.Parameter(") == 1
    assert "Parameter(torch.tensor(0.25, dtype=torch.float64))" in text


def test_several_outputs() -> None:
    both = Formula((A + B, A * B), ("lam", "my_col"), domain={"lam": (-1, 1), "my_col": (0.5, 3)})
    for found in export_all(both, languages=("python", "torch", *QUICK)):
        if not TOOLS.get(found.language) or shutil.which(TOOLS[found.language]):
            assert found.error < 1e-12


@pytest.mark.parametrize("language", QUICK)
def test_names_cannot_break_code(language: str) -> None:
    names = ("lambda", "x y", "α", "class", "X Y", '*/ " \n"""\nend', "in", "d")
    symbols = [sympy.Symbol(n, real=True) for n in names]
    total = sympy.Add(*(s * (i + 1) for i, s in enumerate(symbols)))
    found = export(
        Formula((total,), names, target='*/ --> """', domain=dict.fromkeys(names, (0, 1))), language
    )
    assert found.error is None or found.error < 1e-12
    assert (found.note == "") == (not TOOLS.get(language) or bool(shutil.which(TOOLS[language])))


def test_a_comment_shows_names_as_they_are_and_ends_where_it_should() -> None:
    assert plain("a\"b\\c'd") == "a\"b\\c'd"
    assert docstring('"\\') == r"\"\\x5c"
    hostile = [
        "*/",
        "/*/",
        "(*)",
        "--->",
        "\\",
        "??/",
        "a\nb",
        "a\u2028b",
        "*" * 299 + "/",
        "\\" * 400,
    ]
    assert len(set(map(plain, hostile))) == len(hostile)
    for text in map(plain, hostile):
        assert text.isprintable()
        assert not any(end in text for end in ("*/", "*)", "(*", "/*", "--"))
        assert not text.endswith(("\\", "??/"))


def test_the_header_says_where_the_formula_comes_from() -> None:
    found = export(
        Formula((2.5 * A,), ("lam",), domain={"lam": (0, 1)}, units={"lam": "m", "y": "N"},
                constants=(Constant(2.5, 0.01, unit="N/m"),),
                provenance={"data": "sha256 abc", "seed": 3}), "c"
    )  # fmt: skip
    assert "// data: sha256 abc\n// seed: 3\n" in found.text
    assert "fitted from 0 to 1 m." in found.text
    assert "// Output: y, in N.\n// Constant: 2.500 ± 0.010 N/m.\n" in found.text
    assert found.companions[0][0] == "formula.h"


def test_a_document_is_compared_with_the_formula_and_says_what_its_digits_cost() -> None:
    known = Formula(
        (0.123456789 * A,),
        ("lam",),
        domain={"lam": (0, 1)},
        constants=(Constant(0.123456789, 0.01, digits=2),),
        scores={"printing_error": 0.08},
    )
    latex, code = export(known, "latex"), export(known, "python")
    assert latex.error == pytest.approx(1 - 0.12 / 0.123456789, rel=0.01)
    assert "move no training row by more than 0.08 of the noise." in latex.text
    assert code.error < 1e-12
    assert "of the noise" not in code.text


def test_what_the_reader_of_latex_does_not_know_is_said() -> None:
    found = export(law(sympy.erf(A) + B), "latex")
    assert found.error is None
    assert "does not know erf" in found.note
    assert "does not know bmod" in export(law(sympy.Mod(A, 2)), "latex").note
    assert export(law(sympy.erf(A) + B), "python").error == pytest.approx(0, abs=1e-15)


def test_a_wrong_export_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_family, "write", lambda expression, dialect, names: "lam + my_col")
    assert export(law(A * B), "python").error > 0.1


def test_names_become_identifiers() -> None:
    words = frozenset({"class", "np"})
    assert identifiers(["a b", "a_b", "1st", "class", "np", "β"], words) == (
        "a_b", "a_b_2", "x_1st", "x_class", "x_np", "x__",
    )  # fmt: skip
    assert identifiers(["T", "t"], folded=True) == ("T", "t_2")
    assert identifiers(["a_b", "ab"], forbidden="[^A-Za-z0-9]") == ("ab", "abn2")


def test_all_languages_and_unknown_ones(tmp_path: Path) -> None:
    names = [item.filename for item in export_all(law(A), name="law", languages=ESSENTIAL)]
    assert names == ["law.tex", "law.sympy.py", "law.py", "law.c"]
    with pytest.raises(InputError, match="one of latex, mathml"):
        law(A).export("cobol")


@pytest.mark.skipif(os.name == "nt", reason="process groups of POSIX")
def test_programs_do_not_outlive_the_block(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, Children() as children:
        script = "echo $TMPDIR > began; sleep 600 & wait"
        job = pool.submit(children.run, ("sh", "-c", script), str(tmp_path))
        while not (tmp_path / "began").exists():
            time.sleep(0.01)
    assert job.result().returncode != 0
    assert (tmp_path / "began").read_text().strip() == str(tmp_path)


def test_only_the_ranges_of_columns_that_are_used_count() -> None:
    one = law(A**2 + 1)
    inside = one.in_domain([[0.5, 99.0], [1.5, 1.0]])
    assert inside.tolist() == [True, False]
    for found in export_all(one, languages=("sympy", "python", "c", "javascript", "torch")):
        if TOOLS.get(found.language) and not shutil.which(TOOLS[found.language]):
            continue
        assert found.note == "", found.language
