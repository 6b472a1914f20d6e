"""Formulas: shown, saved, read back and judged, without running anybody's code."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from workbench.errors import InputError, MissingValueWarning
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.library import SYMPY, complexity
from workbench.formulas.srepr import parse_srepr
from workbench.kan.functions import lookup

X, Y = sympy.symbols("x1 y_long", real=True)


def formula(expression: sympy.Expr, **more: object) -> Formula:
    return Formula((expression,), ("x1", "y_long"), domain={"x1": (0, 1), "y_long": (1, 2)}, **more)


def test_values_from_frame_array_and_tensor_agree() -> None:
    law = formula(X**2 + sympy.log(Y))
    x = np.random.default_rng(0).uniform(1, 2, (7, 2))
    expected = x[:, 0] ** 2 + np.log(x[:, 1])
    frame = pd.DataFrame({"y_long": x[:, 1], "x1": x[:, 0]})
    for given in (x, torch.from_numpy(x), frame):
        np.testing.assert_allclose(law(given), expected)
    assert np.isnan(law(-x)).all()
    with pytest.raises(InputError, match="lack"):
        law(frame[["x1"]])


def test_a_formula_that_is_too_long_to_be_read_again_is_refused(tmp_path: Path) -> None:
    def sines(count: int) -> sympy.Expr:
        return sympy.Add(*(sympy.sin(i * X) for i in range(2, 2 + count)))

    law = formula(sines(700))
    law.save(tmp_path / "f.json")
    assert Formula.load(tmp_path / "f.json").expressions == law.expressions
    with pytest.raises(InputError, match="at most 3000 parts, this one has 3201"):
        formula(sines(800))
    with pytest.raises(InputError, match="at most 3000 parts"):
        formula(X, as_fitted=(sines(800),))


def test_no_rows_have_no_values() -> None:
    none = np.zeros((0, 2))
    assert formula(X + Y).predict(none).shape == (0,)
    assert Formula((X, Y), ("x1", "y_long")).predict(none).shape == (0, 2)
    classes = formula(X - Y, task="classification", classes=("no", "yes"))
    assert classes.predict(none).shape == (0,)


def test_a_constant_has_a_value_for_every_row() -> None:
    assert formula(sympy.Float(2.5))(np.zeros((3, 2))).tolist() == [2.5] * 3


@pytest.mark.parametrize("outputs", [1, 3])
def test_rows_with_a_missing_value_have_no_label(outputs: int) -> None:
    labels = ("no", "yes") if outputs == 1 else ("no", "yes", "late")
    expressions = (X - Y, Y - X, X + Y)[:outputs]
    law = Formula(expressions, ("x1", "y_long"), task="classification", classes=labels)
    x = np.array([[2.0, 1.0], [np.nan, 1.0], [0.5, 1.0]])
    with pytest.warns(MissingValueWarning, match="1 of 3 rows have no prediction") as seen:
        found = law.predict(x)
    assert len(seen) == 1
    assert found[1] is None
    assert found[0] in labels
    assert law.predict(x[[0, 2]]).tolist() == found[[0, 2]].tolist()


def test_a_number_that_is_missing_stays_so_and_is_said() -> None:
    with pytest.warns(MissingValueWarning, match="1 of 2 rows"):
        found = formula(sympy.log(X)).predict([[-1.0, 1.0], [1.0, 1.0]])
    assert np.isnan(found).tolist() == [True, False]


def test_latex_uses_ln_indices_and_dots() -> None:
    latex = formula(sympy.log(X) * Y * sympy.asin(X)).latex
    assert r"\ln" in latex
    assert r"\arcsin" in latex
    assert "x_{1}" in latex
    assert r"\mathrm{y\_long}" in latex
    assert r"\cdot" in latex


def test_mathml_escapes_names() -> None:
    evil = "<script>alert(1)</script>"
    text = Formula((sympy.Symbol(evil, real=True) ** 2,), (evil,), target="<b>").mathml
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<b>" not in text


def test_saving_and_loading_is_the_identity(tmp_path: Path) -> None:
    law = formula(
        0.1 * X + sympy.pi * sympy.exp(-(Y**2)) / 3 + sympy.sqrt(sympy.Abs(X)),
        constants=(Constant(0.1, 1e-3), Constant(math.pi, None, "pi", "3.1415 ± 0.0002")),
        scores={"test_loss": 0.5, "network_error": None},
    )
    law.save(tmp_path / "f.json")
    assert Formula.load(tmp_path / "f.json") == law


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "kan-workbench-formula-1"}'])
def test_foreign_files_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.json").write_text(content)
    with pytest.raises(InputError):
        Formula.load(tmp_path / "f.json")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "Symbol('x').func",
        "Symbol('x', real=True, cls=5)",
        "Float('__import__(1)')",
        "Function('f')(Symbol('x'))",
        "(lambda: 1)()",
        "[1]",
        "exp(",
        "Add('x', 1)",
        "exp('x')",
        "open('/etc/passwd')",
    ],
)
def test_srepr_is_read_without_running_it(text: str) -> None:
    with pytest.raises(InputError):
        parse_srepr(text)


@pytest.mark.parametrize("name", SYMPY)
def test_srepr_of_every_function_comes_back(name: str) -> None:
    expression = SYMPY[name].build(1.5 * X + sympy.Rational(1, 3))
    assert parse_srepr(sympy.srepr(expression)) == expression


@pytest.mark.parametrize("name", SYMPY)
def test_torch_and_sympy_tables_agree(name: str) -> None:
    points = torch.linspace(0.05, 0.95, 30, dtype=torch.float64)
    ours = lookup(name).value(points)
    theirs = sympy.lambdify(X, SYMPY[name].build(X), ["numpy", "scipy"])(points.numpy())
    np.testing.assert_allclose(ours.numpy(), np.broadcast_to(theirs, 30), rtol=1e-12)


def test_complexity_counts_nodes() -> None:
    assert complexity(X) == 1
    assert complexity(X + Y) == 3
    assert complexity(sympy.exp(X)) == 3
    assert complexity(2 * X + sympy.sin(Y)) > complexity(X + Y)


def scored(expression: sympy.Expr, loss: float, rows: int = 150) -> Formula:
    return formula(expression, scores={"validation_loss": loss, "validation_rows": rows})


def test_the_front_and_the_choice() -> None:
    found = FormulaSet(
        [
            scored(sympy.sin(X) * Y + X, 0.100),
            scored(X + Y, 0.105),
            scored(X, 1.0),
            scored(sympy.exp(X) + sympy.exp(Y) + 2, 0.5),
        ]
    )
    assert [str(f.expression) for f in found.pareto()] == [
        "x1",
        "x1 + y_long",
        "x1 + y_long*sin(x1)",
    ]
    assert found.best.expression == X + Y  # 5 % are no difference on 150 rows
    many = FormulaSet([scored(f.expression, f.scores["validation_loss"], 10**6) for f in found])
    assert many.best.expression == sympy.sin(X) * Y + X
    assert found.frame()["chosen"].sum() == 1
    assert "<table" in found._repr_html_()


def test_no_formula_is_said() -> None:
    with pytest.raises(InputError, match="there is no formula"):
        _ = FormulaSet([]).best


def test_the_rule_can_be_changed_afterwards() -> None:
    found = FormulaSet([scored(X, 0.19), scored(X + Y, 0.102), scored(sympy.sin(X) * Y + X, 0.100)])
    assert found.best.expression == X + Y
    assert found.select("accurate").best.expression == sympy.sin(X) * Y + X
    assert found.select("simple").best.expression == X
    assert found.select("mdl").best.expression == X + Y
    picked = found.select(0)
    assert picked.best is found[0]
    assert picked.frame()["chosen"].tolist() == [True, False, False]
    assert found.best.expression == X + Y  # the first set is untouched
    with pytest.raises(InputError, match="one of best, accurate, simple, mdl or an index"):
        found.select("nicest")
    with pytest.raises(InputError, match="formulas 0 to 2, got 3"):
        found.select(3)


def test_a_pick_off_the_front_is_shown_with_its_index() -> None:
    worse = scored(sympy.exp(X) + sympy.exp(Y) + 2, 0.5)
    found = FormulaSet([scored(X, 1.0), scored(X + Y, 0.1), worse])
    frame = found.select(2).frame()
    assert frame.index.tolist() == [0, 1, 2]
    assert frame["chosen"].tolist() == [False, False, True]


def test_a_table_for_a_paper() -> None:
    table = FormulaSet([scored(X, 1.0), scored(sympy.log(X) + Y, 0.1)]).latex_table()
    assert table.count(r"\\") == 3
    for word in (r"\toprule", r"\bottomrule", r"\ln", r"\mathrm{y\_long}", "0.1"):
        assert word in table


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (1 / (X - 0.5), "a pole inside the fitted range: x1 = 0.5"),
        (1 / (X - 0.5) ** 2, "a pole inside the fitted range: x1 = 0.5"),
        (1 / (X + 0.1), "a pole near the fitted range: x1 = -0.1"),
        (sympy.log(Y - X), "a logarithmic singularity inside the fitted range: where"),
        (sympy.sqrt(X), "a branch point inside the fitted range: x1 = 0"),
        (sympy.asin(X * 0.9), "a branch point near the fitted range: x1 = 1.111"),
        (sympy.tan(X + Y), "a pole inside the fitted range: where cos(x1 + y_long) = 0"),
        (sympy.sign(X - 0.2), "a jump inside the fitted range: x1 = 0.2"),
    ],
)
def test_where_a_formula_stops(expression, words) -> None:
    assert any(sentence.startswith(words) for sentence in formula(expression).limits)


@pytest.mark.parametrize("expression", [1 / (X + 3), sympy.log(Y + 1), sympy.exp(X) / (1 + Y**2)])
def test_smooth_formulas_have_no_limits(expression) -> None:
    assert formula(expression).limits == ()


def test_a_card_shows_constants_range_and_limits() -> None:
    evil = "<script>"
    law = Formula(
        (0.5 / sympy.Symbol(evil, real=True),), (evil,), domain={evil: (-1, 1)}, units={evil: "<m>"},
        constants=(Constant(0.5, 0.01), Constant(math.pi, None, "pi", "3.1415 ± 0.0002")),
        scores={"test_loss": 0.25, "test_r2": None},
    )  # fmt: skip
    card = law._repr_html_()
    for word in ("0.500 ± 0.010", "3.1415 ± 0.0002", "→ pi", "a pole inside", "0.25", "&lt;m&gt;"):
        assert word in card
    assert "<script>" not in card


def test_inputs_can_be_renamed() -> None:
    law = formula(X**2 + Y, units={"x1": "m"}).renamed({"x1": "length"})
    assert str(law) == "y = length**2 + y_long"
    assert law.domain["length"] == (0, 1)
    assert law.units == {"length": "m"}
    with pytest.raises(InputError, match="must differ"):
        law.renamed({"length": "y_long"})
    with pytest.raises(InputError, match="not"):
        law.renamed({"x1": "a"})


def test_every_medium_prints_the_digits_that_were_chosen() -> None:
    known = Constant(0.123456789, 0.004, digits=6)
    law = formula(0.123456789 * X + 98.7654321, constants=(known,))
    for text in (law.latex, law.mathml, str(law)):
        assert "0.123457" in text
        assert "0.1234567" not in text
        assert "98.7654321" in text  # nobody chose: nothing is lost
    scored = replace(law, scores={"validation_loss": 0.1})
    assert FormulaSet([scored]).frame()["formula"].iloc[0] in str(law)
    assert "0.123457 ± 0.0040" in law._repr_html_()
