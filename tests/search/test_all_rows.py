"""Long tables are fitted block by block, to the values and errors of all rows at once."""

import numpy as np
import pytest
import sympy

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset
from workbench.search import all_rows
from workbench.search.all_rows import refit_all
from workbench.search.polish import polished

A, B = sympy.symbols("a b", real=True)
RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(0.5, 2, (301, 2))
Y = (1.3 * np.exp(-0.7 * X[:, :1]) + 0.2 * X[:, 1:]) + 0.05 * RANDOM.standard_normal((301, 1))
SHAPE = parametrize([1.2 * sympy.exp(-0.6 * A) + 0.3 * B], ("a", "b"))
PAIR = np.hstack((Y, 3 * X[:, 1:] + 0.4 * RANDOM.standard_normal((301, 1))))
SHAPES = parametrize([1.2 * sympy.exp(-0.6 * A) + 0.3 * B, 2.9 * B], ("a", "b"))


@pytest.mark.parametrize(
    ("sample", "shape"),
    [
        (Sample(X, Y), SHAPE),
        (Sample(X, Y, weights=np.arange(1.0, 302.0)), SHAPE),
        (Sample(X, Y, delta=np.array([0.03])), SHAPE),
        (Sample(X, PAIR, balance=np.array([4.0, 1.2])), SHAPES),
    ],
    ids=["squares", "weights that differ between blocks", "Huber's loss", "two targets"],
)
def test_blocks_give_what_all_rows_give(
    sample: Sample, shape: Parametric, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = refit(shape, sample)
    monkeypatch.setattr(all_rows, "_BLOCK", 64)  # the last block is ragged
    found = refit_all(shape, sample)
    assert found.parametric.values == pytest.approx(whole.parametric.values, rel=1e-5)
    assert found.sigma == pytest.approx(whole.sigma, rel=1e-3)
    assert found.loss == pytest.approx(whole.loss, rel=1e-9)
    assert found.noise == pytest.approx(whole.noise, rel=1e-4)
    assert (found.rows, found.degrees) == (whole.rows, whole.degrees)


def test_constants_and_their_errors_are_of_all_training_rows() -> None:
    x = np.random.default_rng(1).uniform(0.5, 2, (9000, 2))
    y = 0.7137 * x[:, 0] + 0.1 * np.random.default_rng(2).standard_normal(9000)
    data = Dataset.from_arrays(x, y, names=["a", "b"])
    law = polished([(0.5 * A,)], data)[0]
    inputs, targets = (part.numpy() for part in data.split("train"))
    slope = (inputs[:, 0] @ targets[:, 0]) / (inputs[:, 0] @ inputs[:, 0])
    assert law.constants[0].value == pytest.approx(slope, rel=1e-9)
    assert law.constants[0].sigma == pytest.approx(0.1 / np.linalg.norm(inputs[:, 0]), rel=0.05)


def test_the_constants_are_the_numbers_that_are_printed() -> None:
    noisy = 0.6123 * X[:, 0] + 1.837 + 0.01 * RANDOM.standard_normal(301)
    data = Dataset.from_arrays(X, noisy, names=["a", "b"])
    law = polished([(sympy.Mul(0.6, A + 3.0, evaluate=False),)], data)[
        0
    ]  # as 0.6·a + 1.8 it is printed
    free = sorted(c.value for c in law.constants if not c.snapped)
    assert free == sorted(map(float, law.expression.atoms(sympy.Float)))
