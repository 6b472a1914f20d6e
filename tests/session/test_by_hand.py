"""Formulas that somebody has in mind, and formulas without one of their parts."""

import numpy as np
import pytest
import sympy
import torch

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parsing import parse_expression, quoted
from workbench.kan.data import Dataset
from workbench.kan.training.fitting import fit
from workbench.network.compiler import evaluate
from workbench.network.targets import compile_target, unknowns
from workbench.report.inspection import impacts, residuals
from workbench.search.parts import parts, without_part
from workbench.search.starting import formulas_from, network_from

A, B = sympy.symbols("a b", real=True)


@pytest.fixture(scope="module")
def data() -> Dataset:
    x = np.random.default_rng(0).uniform(0.3, 1.5, (200, 2))
    return Dataset.from_arrays(x, 2.5 * np.sin(x[:, 0]) + x[:, 1] ** 2, names=["a", "b"])


@pytest.mark.parametrize(
    "text", ["2*sin(a) + b^2", "y = 2*sin(a) + b^2", "exp(y) = exp(2*sin(a) + b^2)"]
)
def test_a_network_starts_where_the_formula_is(data: Dataset, text: str) -> None:
    model = network_from(text, data)
    a, b = data.inputs.T
    assert torch.allclose(model.predict(data.inputs)[:, 0], 2 * torch.sin(a) + b**2, atol=1e-9)


def test_training_goes_on_from_the_formula(data: Dataset) -> None:
    found = fit(network_from("k*sin(a) + b^2", data), data, starts=1)
    assert found.validation_loss < 1e-6


def test_numbers_and_letters_of_a_formula_are_fitted(data: Dataset) -> None:
    for text in ("2*sin(a) + b^2", "k*sin(a) + b^2"):
        best = formulas_from(text, data).best
        assert sympy.simplify(best.expression - (sympy.Rational(5, 2) * sympy.sin(A) + B**2)) == 0


def test_a_formula_is_kept_as_it_was_written_too(data: Dataset) -> None:
    assert 2 * sympy.sin(A) + B**2 in [f.expression for f in formulas_from("2*sin(a) + b^2", data)]


WRITTEN = (
    "(1 - p)*a/(b + 1) + c/(q + 1)", "p*a + q*b/c", "p*a + (1 - p)*b", "a/(p + b)", "(p - 1)*a*b + c",
    "(p - q)*a + q*b", "a*exp(p - 1) + b", "log(p)*a + b", "p*a + p^2*b", "cos(p)*a + sin(p)*b",
    "(p - 1)*(q - 1)*a + b", "a*b^(p - 1)", "a^2 + 2*p*a*b + p^2*b^2", "p*(a + b + c)", "(a + p)*(b + q)",
    "sqrt(p*a^2 + q*b^2)", "p*sin(q*a)*b", "p*a*b/(a + q*c)",
)  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_a_form_that_is_written_is_kept(text: str) -> None:
    names = ["a", "b", "c"]
    written = parse_expression(text)
    letters = sorted(s for s in map(str, written.free_symbols) if s not in names)
    numbers = dict(zip(letters, (1.7, 2.3), strict=False))
    law = written.subs({sympy.Symbol(n, real=True): v for n, v in numbers.items()})
    x = np.random.default_rng(0).uniform(0.2, 1.5, (120, 3))
    data = Dataset.from_arrays(x, evaluate(law, names, x), names=names)
    found = formulas_from(text, data)
    test = found.best(x)
    np.testing.assert_allclose(test, evaluate(law, names, x), rtol=1e-5)
    for formula in found:  # an instance: some numbers for the letters, each one number, give it
        values = {c.value for c in formula.constants}
        assert len(formula.constants) <= len(letters)
        at = {
            sympy.Symbol(n, real=True): c.value
            for n, c in zip(letters, formula.constants, strict=False)
        }
        if len(values) == len(letters) and not any(c.snapped for c in formula.constants):
            instance = evaluate(written.subs(at), names, x)
            np.testing.assert_allclose(formula(x), instance, rtol=1e-9)


@pytest.mark.parametrize("text", WRITTEN[:1] + WRITTEN[2:3] + WRITTEN[4:6] + WRITTEN[10:11])
def test_no_term_is_dropped_because_its_letters_start_at_one(text: str) -> None:
    names = ["a", "b", "c"]
    written = parse_expression(text)
    used = {s.name for s in written.free_symbols} & set(names)
    model = compile_target(f"y = {text}", names)
    assert {names[e.source] for e in model.edges() if e.layer == 0} == used


def test_any_column_can_be_named() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (60, 2))
    data = Dataset.from_arrays(x, x[:, 0] ** 2, names=["bond length", "b"], target="an energy")
    assert float(formulas_from("`bond length`^2", data).best.scores["test_r2"]) > 0.999999
    assert unknowns("log(`an energy`) = f(`bond length`) + k", data.names, target=data.target) == (
        unknowns("y = f(b) + k", ["b"])
    )


@pytest.mark.parametrize("name", ["a=b", "=", "`", "`x` = 1", "\\x60", "E", "pi", "a\nb"])
def test_signs_within_a_name_are_no_signs_of_the_formula(name: str) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (60, 2))
    asked = Dataset.from_arrays(x, x[:, 0] ** 2, names=[name, "b"])
    assert float(formulas_from(f"{quoted(name)}^2", asked).best.scores["test_r2"]) > 0.999999
    told = Dataset.from_arrays(x, x[:, 0] ** 2, names=["a", "b"], target=name)
    assert float(formulas_from("a^2", told).best.scores["test_r2"]) > 0.999999


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sin(a", "closing bracket"),
        ("f(a) + b", "not a function that is known"),
        ("log(a - 2)", "no finite real value at 140 of 140"),
        ("y = ", "1 to 5000 characters"),
        ("y = a = b", "one equals sign"),
        ("a + y", "only there"),
    ],
)
def test_what_is_no_formula_is_refused(data: Dataset, text: str, said: str) -> None:
    for use in (network_from, formulas_from):
        with pytest.raises(InputError, match=said):
            use(text, data)


def test_unknowns_of_a_law_are_named() -> None:
    found = unknowns("y = k*f(a) + g(a, lenght)", ["a", "length"])
    assert (found.curves, found.numbers) == (("f", "g"), ("k", "lenght"))


def test_a_part_becomes_a_constant_that_is_fitted(data: Dataset) -> None:
    formula = Formula((sympy.Rational(5, 2) * sympy.sin(A) + B**2,), ("a", "b"))
    place = next(i for i, part in enumerate(parts(formula)) if part.expression == B**2)
    found = without_part(formula, place, data)
    assert isinstance(found, FormulaSet)
    assert found.best.used == ("a",)
    residual = data.targets[data.train][:, 0].numpy() - found.best(data.inputs[data.train])
    assert abs(residual.mean()) < 1e-6  # fitted again: least squares leave no mean
    impact = next(i for i in impacts(formula, data) if i.place == place)
    assert impact.text == "b**2"
    assert found.best.scores["validation_loss"] < 1.2 * impact.loss


def test_a_part_that_is_not_there_is_refused(data: Dataset) -> None:
    with pytest.raises(InputError, match="between 0 and"):
        without_part(Formula((A + B,), ("a", "b")), 17, data)


def test_residuals_of_train_and_held_out_rows(data: Dataset) -> None:
    formula = Formula((sympy.Rational(5, 2) * sympy.sin(A),), ("a", "b"))
    against = residuals(formula, data, "b")
    assert (against.held_out.sum(), len(against.x)) == (
        len(data.test),
        len(data.test) + len(data.train),
    )
    assert np.allclose(against.residual, against.x**2)
    value = residuals(formula, data)
    assert np.allclose(np.sort(value.residual), np.sort(against.residual))
    with pytest.raises(InputError, match="against one of"):
        residuals(formula, data, "c")
