"""Expressions as functions: the right values, and no name in the code that SymPy writes and runs."""

import inspect
import linecache
from collections.abc import Callable

import numpy as np
import pytest
import sympy

from workbench.errors import InputError
from workbench.formulas.evaluation import compiled

A, B = sympy.symbols("a b", real=True)
X, Y = np.array([0.3, -1.2, 2.0]), np.array([1.5, 0.4, -0.7])


def code(function: Callable[..., object]) -> str:
    """What SymPy wrote for a function."""
    generated = inspect.getclosurevars(function).nonlocals["function"]
    return "".join(linecache.getlines(generated.__code__.co_filename))


@pytest.mark.parametrize(
    "names", [("x1", "x0"), ("part0", "part1"), ("sin", "numpy"), ("lambda", "__import__('os')"), ("pi", "E")]
)  # fmt: skip
def test_names_reach_code_as_placeholders_alone(names: tuple[str, str]) -> None:
    first, second = (sympy.Symbol(name, real=True) for name in names)
    part = sympy.sin(first - 2 * second)
    function = compiled([part + part**2, sympy.exp(part) * first], (first, second), shared=True)
    inner = np.sin(X - 2 * Y)
    one, two = function(X, Y)
    np.testing.assert_allclose(one, inner + inner**2)
    np.testing.assert_allclose(two, np.exp(inner) * X)
    written = code(function).replace("numpy.", "").replace("sin(", "")
    assert not any(name in written for name in names if name not in ("x0", "x1", "part0", "part1"))


def test_values_come_in_the_nesting_that_was_asked_for() -> None:
    rows = [[A + B, A * B], [A / B, sympy.S.One]]
    (one, two), (three, four) = compiled(rows, (A, B), shared=True)(X, Y)
    np.testing.assert_allclose([one, two, three], [X + Y, X * Y, X / Y])
    assert four == 1
    np.testing.assert_allclose(compiled(A - B, (A, B))(X, Y), X - Y)


def test_what_occurs_twice_is_computed_once() -> None:
    inner = sympy.sin(A * B)
    outer = sympy.exp(inner) + inner
    both = [outer**2 + 3 * outer, outer + inner * A]
    written = code(compiled(both, (A, B), shared=True))
    assert written.count("sin(") == written.count("exp(") == 1
    for got, wanted in zip(
        compiled(both, (A, B), shared=True)(X, Y), compiled(both, (A, B))(X, Y), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_a_step_is_a_half_where_it_jumps() -> None:
    step = compiled(sympy.Heaviside(A) * 3 + 1, (A,))
    np.testing.assert_array_equal(step(np.array([-2.0, 0.0, 5.0])), [1.0, 2.5, 4.0])


def test_other_symbols_and_unknown_functions_are_refused() -> None:
    with pytest.raises(InputError, match="may hold a and known functions, but it holds 'b'"):
        compiled([A, A + B], (A,))
    with pytest.raises(InputError, match="it holds 'f'"):
        compiled(sympy.Function("f")(A), (A,))


def test_a_part_that_only_the_printer_sees_in_another_is_still_computed() -> None:
    root = sympy.sqrt(B)
    rows = [B * sympy.exp(A / root), A * root * sympy.exp(A / root), A * root]
    y = Y + 1
    for got, wanted in zip(
        compiled(rows, (A, B), shared=True)(X, y), compiled(rows, (A, B))(X, y), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_whole_numbers_that_no_register_holds() -> None:
    function = compiled([sympy.sqrt(A + 10**40, evaluate=False), A - 10**400], (A,))
    root, far = function(X)
    np.testing.assert_allclose(root, 1e20)
    assert np.all(far == -np.inf)
    np.testing.assert_allclose(
        compiled(sympy.Pow(10**30, 0.5, evaluate=False) * A, (A,))(X), 1e15 * X
    )
