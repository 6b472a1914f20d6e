"""Which inputs a network of classes can do without."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.smoothing import smoothed
from workbench.search.networks.inputs import needed_inputs

RANDOM = np.random.default_rng(1)
X = RANDOM.uniform(-1, 1, (500, 3))


def used(y: np.ndarray) -> set[int]:
    data = Dataset.from_arrays(X, y, task="classification")
    model = fit(KAN((3, 1)), data, grids=(3,), starts=1).model
    return {edge.source for edge in needed_inputs(smoothed(model, data, (3,)), data).model.edges()}


@pytest.mark.parametrize("needed", [(0,), (1, 2)])
def test_only_inputs_that_tell_classes_apart_stay(needed: tuple[int, ...]) -> None:
    distance = (X[:, needed] ** 2).sum(1) + 0.3 * RANDOM.standard_normal(len(X))
    assert used(distance < 0.4 * len(needed)) == set(needed)
