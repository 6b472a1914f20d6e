"""Atoms and products of a table: what is written is what the values are."""

import numpy as np
import sympy

from workbench.network.compiler import evaluate
from workbench.search.structure.dictionary import atoms, products
from workbench.search.structure.problem import Problem

A, B = sympy.symbols("a b", real=True)
X = np.stack((np.linspace(0.1, 0.9, 9), np.linspace(-0.9, -0.2, 9)), 1)
PROBLEM = Problem(X, (A, B), X[:, 0], np.ones(9), 1.0, np.ones(9))


def test_values_of_atoms_and_products_are_those_of_their_expressions() -> None:
    found = [*atoms(PROBLEM), *products(PROBLEM, 300)]
    for part in found:
        values = evaluate(part.expression, ("a", "b"), X)
        np.testing.assert_allclose(part.values, values, rtol=1e-13, err_msg=str(part.expression))
    kinds = {part.expression for part in found}
    assert {A**-2, 1 / sympy.sqrt(1 - A**2), sympy.sqrt(A), B**3, A * B, A**2 / B} <= kinds


def test_a_function_that_has_no_value_or_is_the_column_itself_is_no_atom() -> None:
    kinds = {atom.expression for atom in atoms(PROBLEM)}
    assert {sympy.sqrt(B), sympy.log(B), sympy.Abs(A)} & kinds == set()
    assert {sympy.log(A), sympy.Abs(B)} <= kinds


def test_the_cheapest_products_come_first() -> None:
    found = products(PROBLEM, 20)
    costs = [product.cost for product in found]
    assert costs == sorted(costs)
    assert {p.expression for p in found[:2]} == {A, B}


def test_no_cheap_product_is_left_out() -> None:
    """Few are made, so that many columns are no trouble, but those are the cheapest of all."""
    costs = [product.cost for product in products(PROBLEM, 10**6)]
    for most in (20, 40, 80, 160):
        few = [product.cost for product in products(PROBLEM, most)]
        assert len(costs) > len(few)
        assert few == sorted(costs)[: len(few)]
