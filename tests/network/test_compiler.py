"""Expressions become networks that compute them, and networks become the expressions again."""

import numpy as np
import pytest
import sympy
import torch
from sympy import Expr, cos, exp, log, sin, sqrt

from benchmarks.feynman_equations import Equation, equations, halves
from workbench.errors import InputError
from workbench.formulas.library import register, unregister
from workbench.formulas.parsing import parse_expression
from workbench.kan.model import KAN
from workbench.network.compiler import compile_expression, evaluate
from workbench.network.expressions import to_expressions

A, B, C = sympy.symbols("a b c", real=True)
BOX = {"a": (-1.0, 1.0), "b": (0.5, 2.0), "c": (1.0, 3.0)}


def values(model: KAN, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("equation", equations(), ids=lambda e: f"{e.number} {e.name}")
def test_every_feynman_equation_compiles_exactly(equation: Equation) -> None:
    model = compile_expression(equation.expression, inputs=equation.names, ranges=equation.ranges)
    x, y = equation.sample(1000, seed=1)
    size = np.abs(y) + np.sqrt(np.square(y).mean())
    assert np.abs((values(model, x)[:, 0] - y) / size).max() <= 1e-12
    assert all((e.target, e.source) in model.layer(e.layer).fixed for e in model.edges())


def test_the_equations_are_120_in_two_halves() -> None:
    first, second = halves()
    assert len(first) == len(second) == 60
    assert len({e.name for e in (*first, *second)}) == 120


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Abs(A) + B, B**2.5, B**-2.5, sin(5 * A) + cos(3 * A), A**6, A**7, B**-6, B**-7, B**12,
        B ** sympy.Rational(1, 3), B**C, 2**A, sympy.Max(A, B, C), sympy.Min(A, B), sympy.cot(B),
        sympy.sec(A), sympy.csc(B), sympy.sech(A), sympy.csch(B), sympy.coth(B), sympy.acosh(C + 1),
        sympy.asinh(A), sympy.besselj(1, B), sympy.Heaviside(A) * C, A * A.func("b", real=True) + A * B,
        (A + B) * (A - B) / (1 + (A * B + C) ** 2), exp(-((A - B) ** 2) / (2 * C**2)) / C,
        sympy.pi * sqrt(2) * A + 3, log(C) * (sin(A) + sin(A * B)), sympy.sign(A) * sympy.tanh(B * C),
    ],
    ids=str,
)  # fmt: skip
def test_all_kinds_of_expressions_compile_exactly(expression: Expr) -> None:
    model = compile_expression(expression, inputs=("a", "b", "c"), ranges=BOX)
    low, high = np.array(list(BOX.values())).T
    x = np.random.default_rng(3).uniform(low, high, (1000, 3))
    y = evaluate(expression, ("a", "b", "c"), x)
    assert np.abs(values(model, x)[:, 0] - y).max() <= 1e-12 * np.abs(y).max()


@pytest.mark.parametrize(
    "expression",
    [A * B / C**2, exp(sin(A) + B**2), sqrt(A**2 + B * C), (A + B) / (C + A * B)],
    ids=str,
)
def test_a_compiled_network_says_its_expression_again(expression: Expr) -> None:
    model = compile_expression(expression, ranges=BOX)
    (back,) = to_expressions(model, ("a", "b", "c")[: model.in_features])
    x = np.random.default_rng(4).uniform(*np.array(list(BOX.values())).T, (200, 3))
    known = evaluate(expression, ("a", "b", "c"), x)
    assert np.allclose(evaluate(back, ("a", "b", "c"), x), known, rtol=1e-12, atol=0)


def test_small_expressions_make_small_networks() -> None:
    assert compile_expression(sin(2 * A + 1)).config.width == (1, 1)
    assert compile_expression(exp(sin(A) + B**2)).config.width == (2, 1, 1)
    assert compile_expression(A * B).config.width == (2, (0, 1), 1)
    shared = sin(A * B) + cos(A * B)
    assert compile_expression(shared).config.products(1) == 1


def test_several_outputs_and_constants() -> None:
    model = compile_expression([A + B, sympy.Integer(3), A * B], inputs=("a", "b"))
    x = np.array([[0.5, -0.25], [1.0, 2.0]])
    assert np.allclose(values(model, x), [[0.25, 3, -0.125], [3, 3, 2]])


def test_grids_span_what_the_nodes_take() -> None:
    model = compile_expression(exp(A * B), ranges={"a": (-1, 1), "b": (0.5, 2)})
    inner = model.layer(1).grid_range[0]
    assert -2.2 < inner[0] < -1.7
    assert 1.7 < inner[1] < 2.2


def test_functions_of_users_compile() -> None:
    register("airy_like", lambda x: torch.cos(x) * torch.exp(-x))
    try:
        from workbench.formulas.library import SYMPY

        expression = 2 * SYMPY["airy_like"].build(A + B)
        x = np.array([[0.5, 0.7]])
        found = values(compile_expression(expression), x)[0, 0]
        assert found == pytest.approx(2 * np.cos(1.2) * np.exp(-1.2), rel=1e-14)
    finally:
        unregister("airy_like")


@pytest.mark.parametrize(
    ("expression", "arguments", "message"),
    [
        (A + B, {"inputs": ["a"]}, "holds 'b', the inputs are"),
        (sympy.gamma(A), {}, "gamma cannot be compiled"),
        (sympy.Piecewise((A, A > 0), (B, True)), {}, "Piecewise cannot be compiled"),
        (sympy.I * A, {}, "not a finite real number"),
        (log(A), {"ranges": {"a": (-1, 1)}}, "no finite real value at"),
        (A + B, {"ranges": {"a": (-1, 1)}}, r"\['b'\] lack"),
        (A, {"ranges": {"a": (1, 1)}}, "from low to high"),
        (A, {"inputs": ["a", "a"]}, "different names"),
        (sympy.Integer(1), {}, "has no inputs of its own"),
        ([], {}, "expression for every output"),
    ],
    ids=str,
)
def test_what_cannot_be_compiled_is_refused(expression, arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        compile_expression(expression, **arguments)


# Reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-a^2", -(A**2)),
        ("2**-a", 2**-A),
        ("a - b - c", A - B - C),
        ("a/b/c", A / (B * C)),
        ("a^b^c", A ** (B**C)),
        (".5e1*sin(a)^2", 5 * sin(A) ** 2),
        ("ln(2.5) + abs(-a)", log(sympy.Rational(5, 2)) + sympy.Abs(A)),
        ("lambda*pi", sympy.Symbol("lambda", real=True) * sympy.pi),
        ("max(a, b, 1)", sympy.Max(A, B, 1)),
    ],
)
def test_texts_are_read_as_mathematics(text: str, expected: Expr) -> None:
    assert parse_expression(text) == expected


def test_unknown_functions_are_read_where_they_are_welcome() -> None:
    found = parse_expression("a*f(b, c)", unknown=True)
    assert str(found) == "a*f(b, c)"
    with pytest.raises(InputError, match="'f' is not a function that is known"):
        parse_expression("a*f(b)")


@pytest.mark.parametrize(
    "text",
    ["", "a +", "(a", "a b", "sin a", "a $ b", "sin(a, b)", "__import__('os')", "a.b", "2x", "()", "("*500],
)  # fmt: skip
def test_texts_that_are_no_expression_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_expression(text)


def test_other_names_than_those_allowed_are_refused() -> None:
    with pytest.raises(InputError, match="'z' is none of"):
        parse_expression("a + z", ["a"])


@pytest.mark.parametrize(
    ("power", "names"),
    [(10, ["square", "power_5"]), (15, ["cube", "power_5"]), (25, ["power_5", "power_5"])],
)
def test_a_high_power_is_a_chain_of_the_largest_powers(power: int, names: list[str]) -> None:
    x = sympy.Symbol("x", real=True)
    model = compile_expression(x**power, inputs=["x"], ranges={"x": (0.5, 1.5)})
    assert model.config.width == (1, 1, 1)
    assert [model.layer(level).fixed[0, 0] for level in (0, 1)] == names
