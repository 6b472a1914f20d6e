"""Networks that compete for a formula."""

import numpy as np
import pytest
import sympy

from workbench.kan.data import Dataset
from workbench.network.compiler import compile_expression
from workbench.search.symbolic import symbolify

A = sympy.Symbol("a", real=True)


def test_distances_are_to_the_first_of_several_networks() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (120, 1))
    data = Dataset.from_arrays(x, x[:, 0] ** 2, names=["a"])
    square, wave = (compile_expression(e, ranges={"a": (1, 2)}) for e in (A**2, sympy.sin(9 * A)))
    found = symbolify([square, wave], data)
    assert found.best.scores["network_error"] == pytest.approx(0, abs=1e-9)
    assert min(f.scores["network_error"] for f in symbolify([wave, square], data)) > 0.1
