"""Peers are trained on training rows and judged on test rows."""

import numpy as np
import pytest

from workbench.baselines import compare
from workbench.kan.data import Dataset

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (500, 2))


def test_numbers() -> None:
    data = Dataset.from_arrays(X, 2 * X[:, 0] - X[:, 1] + 3)
    mean, linear, mlp, large = compare(data, hidden=((6,), (80, 80)))
    assert [b.name for b in (mean, linear, mlp, large)] == ["mean", "linear", "MLP 6", "MLP 80×80"]
    assert mean.r2 == pytest.approx(0, abs=0.1)
    assert linear.r2 == pytest.approx(1)
    assert linear.parameters == 3
    assert mlp.parameters == 2 * 6 + 6 + 6 + 1
    assert mlp.r2 is not None
    assert mlp.r2 > 0.99


def test_classes() -> None:
    data = Dataset.from_arrays(X, np.where(X[:, 0] ** 2 > 0.2, "out", "in"))
    majority, linear, mlp = compare(data)
    assert majority.accuracy == pytest.approx(
        (data.targets[data.test] == 1).double().mean(), abs=0.5
    )
    assert mlp.accuracy is not None
    assert mlp.accuracy > 0.93 > (linear.accuracy or 0)
