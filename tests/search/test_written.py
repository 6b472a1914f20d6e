"""Laws with unknown parts: the network contains the law, and formulas have the form that was written."""

import random

import numpy as np
import pytest
import sympy
import torch
from sympy import Expr, Float, Function, Symbol

from workbench.errors import InputError
from workbench.formulas.card import remarks
from workbench.formulas.library import SYMPY
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.network.compiler import evaluate
from workbench.network.fixing import fix
from workbench.network.targets import (
    compile_target,
    compiled_law,
    right_side,
    spread,
    starting_numbers,
)
from workbench.search.symbolic import symbolify
from workbench.search.written import formulas_of_law, require_law

NAMES = ["a", "b", "c"]
RANGES = dict.fromkeys(NAMES, (0.3, 1.5))
LAWS = (
    "y = f(a) + g(b)", "y = p*a + q*b/f(c)", "y = (1 - p)*a/(b + 1) + f(c)/(q + 1)", "y = f(p*a + b)",
    "y = f(a)*g(b)", "y = f(a)/(b + p)", "log(y) = f(a) + p*b", "y = p*f(a) + (1 - p)*g(b)",
    "y = f(a) + b*f(a)", "y = sin(p*a) + sin(q*a) + f(b)", "y = sin(p*a) + sin(a) + f(b)",
    "y = exp(p*a + b) + exp(q*a + b) + f(c)", "y = max(f(a), b)", "y = a*g(b, c)", "y = f(g(a) + b)*c + p",
    "y = p*f(a)*b + 3", "y = 2*f(a) + 3 - b", "y = a^p + f(b)", "y = f(a)^2 + b^q", "y = p*(f(a) + b + 2)",
    "y = f(a)/g(b) + p", "y = sqrt(f(a)^2 + p*b)", "y = (f(a) - p)*(g(b) - q)", "y = p*a + q*a^2 + f(b)",
    "y = tanh(p*a + q)*f(b) + c", "y = cot(a + f(b))", "b/y = f(a) + p", "y = f(a + p*b)/(c + p)",
    "y = f(a)^b", "y = log(p)*f(a) + b", "y = a/(1 - p) + f(b)", "y = f(a)*b + f(a)*c", "y = f(a*b) + p",
    "y = exp(-p*f(a))*b", "y = log(p - 1)*a + f(b)", "y = p^2*a + p*b + f(c)", "y = p*(b + 3) + a + f(c)",
)  # fmt: skip


def written(text: str) -> tuple[Expr, list[str]]:
    law = spread(right_side(text, NAMES, "y"))
    return law, sorted({s.name for s in law.free_symbols} - set(NAMES))


def filled(law: Expr, label: str, name: str, affine: tuple[float, ...]) -> Expr:
    a, b, c, d = affine
    return law.replace(Function(label), lambda u: c * SYMPY[name].build(a * u + b) + d)


@pytest.mark.parametrize("text", LAWS)
def test_the_network_of_a_law_contains_it(text: str) -> None:
    law, letters = written(text)
    model, curves = compiled_law(law, NAMES, ranges=RANGES)
    assert len(curves) == len({f.func for f in law.atoms(sympy.core.function.AppliedUndef)})
    draw = random.Random(0)
    for label, curve in sorted(curves.items()):
        name = draw.choice(["exp", "sin", "square", "linear"])
        numbers = (0.7, 0.4, 0.9, 0.3)
        there = (0.7, 0.4, 0.9 * curve.scale, 0.3 * curve.scale + curve.shift)
        model, law = fix(model, curve.edge, name, there), filled(law, label, name, numbers)
    start = next(starting_numbers(letters))
    law = law.xreplace({s: Float(start[s.name]) for s in law.free_symbols if s.name in start})
    x = np.random.default_rng(1).uniform(0.3, 1.5, (50, 3))
    values = evaluate(law, NAMES, x)
    assert np.isfinite(values).all()
    np.testing.assert_allclose(model(torch.from_numpy(x)).detach()[:, 0], values, rtol=1e-9)


def table(text: str, functions: dict[str, tuple[str, tuple[float, ...]]], **letters: float):
    """Rows of a law with known functions and numbers, and its values."""
    law, _ = written(text)
    for label, (name, affine) in functions.items():
        law = filled(law, label, name, affine)
    law = law.xreplace({Symbol(n, real=True): Float(v) for n, v in letters.items()})
    x = np.random.default_rng(0).uniform(0.3, 1.5, (150, 3))
    y = evaluate(law, NAMES, x)
    y = y + 1e-3 * np.random.default_rng(1).normal(size=len(y))
    return Dataset.from_arrays(x, y, names=NAMES), law


def named(text: str, names: dict[str, str]) -> KAN:
    """The network of a law with functions at its unknown places, not yet fitted."""
    law, _ = written(text)
    model, curves = compiled_law(law, NAMES, ranges=RANGES)
    for label, curve in curves.items():
        model = fix(model, curve.edge, names[label], (0.9, 0.2, 0.8, 0.1))
    return model


@pytest.mark.parametrize(
    ("text", "functions", "letters"),
    [
        ("y = p*a + q*b/f(c)", {"f": ("exp", (0.8, 0.0, 1.0, 0.0))}, {"p": 3.0, "q": 2.0}),
        (
            "y = (1 - p)*a/(b + 1) + f(c)/(p + 1)",
            {"f": ("sin", (2.0, 0.3, 1.0, 0.5))},
            {"p": 0.3},
        ),
        ("y = p*f(a) + (1 - p)*b", {"f": ("exp", (1.0, 0.0, 1.0, 0.0))}, {"p": 0.4}),
        ("y = f(p*a + b)*c", {"f": ("exp", (0.7, 0.0, 1.0, 0.0))}, {"p": 1.8}),
        ("y = f(a)*g(b) + p*c", {"f": ("exp", (1.0, 0.0, 1.0, 0.0)), "g": ("sin", (1.5, 0.2, 1.0, 0.0))},
         {"p": 2.0}),
    ],
)  # fmt: skip
def test_a_formula_has_the_form_that_was_written(text: str, functions, letters) -> None:
    data, law = table(text, functions, **letters)
    model = named(text, {label: name for label, (name, _) in functions.items()})
    found = formulas_of_law(text, [model], data)
    best = found.best
    x = np.random.default_rng(2).uniform(0.3, 1.5, (60, 3))
    np.testing.assert_allclose(best(x), evaluate(law, NAMES, x), atol=5e-3)
    for formula in found:
        assert formula.provenance["law"] == text
        assert any("the form that was written" in line for line in remarks(formula))
        told = dict(part.split(" = ") for part in formula.provenance["letters"].split(", "))
        assert set(told) == set(letters)


def test_a_letter_in_two_places_is_one_number() -> None:
    """A table that wants two numbers there gets the law's one, and the misfit shows."""
    x = np.random.default_rng(0).uniform(0.3, 1.5, (150, 3))
    y = 2 * np.exp(x[:, 0]) + 3 * x[:, 1]  # not p and 1 - p
    data = Dataset.from_arrays(x, y, names=NAMES)
    text = "y = p*sin(a) + (1 - p)*b + f(c)"
    best = formulas_of_law(text, [named(text, {"f": "linear"})], data).best
    slope = float(best.expression.coeff(Symbol("b", real=True)))
    wave = float(best.expression.coeff(sympy.sin(Symbol("a", real=True))))
    assert slope + wave == pytest.approx(1)


def test_symbols_of_a_trained_law_keep_its_form() -> None:
    text = "y = p*a + q*b/f(c)"
    data, law = table(text, {"f": ("exp", (0.8, 0.0, 1.0, 0.0))}, p=3.0, q=2.0)
    model = fit(compile_target(text, NAMES), data, grids=(3,), starts=2, seed=0).model
    found = symbolify(model, data, functions=["exp"], law=text, beam=1, candidates=1)
    x = np.random.default_rng(2).uniform(0.3, 1.5, (60, 3))
    np.testing.assert_allclose(found.best(x), evaluate(law, NAMES, x), atol=5e-3)
    assert {f.provenance["law"] for f in found} == {text}


def test_another_form_says_so() -> None:
    text = "y = f(a) + g(b)"
    data, _ = table(text, {"f": ("exp", (1, 0, 1, 0)), "g": ("sin", (1, 0, 1, 0))})
    other = fix(KAN((3, 1)), next(iter(KAN((3, 1)).edges())), "linear", (1, 0, 1, 0))
    found = symbolify(other, data, functions=["linear"], law=text, beam=1, candidates=1)
    assert found
    for formula in found:
        assert any(f"another form than the law that was written, {text}" in line
                   for line in remarks(formula))  # fmt: skip


def test_what_is_no_law_of_the_data_is_refused() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (60, 1))
    data = Dataset.from_arrays(x, np.hstack([x, x]), names=["a"])
    with pytest.raises(InputError, match="describes one output"):
        require_law("y = f(a)", data)
    single = Dataset.from_arrays(x, x[:, 0], names=["a"])
    with pytest.raises(InputError, match="one equals sign"):
        symbolify(KAN((1, 1)), single, law="f(a)")
    with pytest.raises(InputError, match="no finite real value"):
        require_law("y = log(0 - p^2)*a + f(a)", single)
