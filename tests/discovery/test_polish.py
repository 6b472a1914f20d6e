"""What a fitted formula is told of itself."""

import numpy as np
import pytest
import sympy
import torch

from workbench.discovery.compiler import compile_expression
from workbench.discovery.polish import polished
from workbench.kan.data import Dataset

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
