"""What a fitted formula is told of itself."""

import numpy as np
import pytest
import sympy
import torch

from workbench.kan.data import Dataset
from workbench.network.compiler import compile_expression
from workbench.search.polish import Number, as_written, polished

A = sympy.Symbol("a", real=True)


def test_distance_to_the_network_is_of_test_rows_in_spreads_of_the_target() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (200, 1))
    data = Dataset.from_arrays(x, 50 * x[:, 0] ** 2, names=["a"])
    network = compile_expression(50 * A**2, inputs=("a",), ranges={"a": (1, 2)})
    line = next(iter(polished([(3 * A + 1,)], data, network=network)))
    rows = data.split("test")[0]
    with torch.no_grad():
        apart = line(rows) - network(rows).numpy()[:, 0]
    spread = float(data.split("train")[1].std(correction=0))
    assert line.scores["network_error"] == pytest.approx(np.sqrt(np.mean(apart**2)) / spread)
    rest = line(rows) - data.split("test")[1].numpy()[:, 0]
    ratio = np.square(rest).mean() / data.split("test")[1].numpy().var()
    assert line.scores["test_r2"] == pytest.approx(1 - ratio)


def test_a_number_that_another_makes_up_for_is_left_out() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(0, 2, (100, 1))
    y = 2.5 * np.exp(1.3 * x[:, 0]) + 0.01 * random.standard_normal(100)
    inner, shift, factor = sympy.symbols("k0:3", real=True)
    found = as_written(
        factor * sympy.exp(inner * A + shift),
        [],
        Dataset.from_arrays(x, y, names=["a"]),
        functions={"k0": Number(1.2, 1.0), "k1": Number(0.3, 0.0), "k2": Number(1.5, 1.0)},
    )
    assert len(found) > 0
    for formula in found:  # the shift is a factor, too
        values = sorted(constant.value for constant in formula.constants)
        assert values == pytest.approx([1.3, 2.5], rel=0.01)
