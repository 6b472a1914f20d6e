"""What a training tries after its grids."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit


@pytest.mark.parametrize("smoothness", [None, 1e-9])
def test_a_smoothness_that_is_given_is_the_only_one(smoothness: float | None) -> None:
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (600, 1))
    data = Dataset.from_arrays(x, np.sin(3 * x[:, 0]) + 0.3 * random.standard_normal(600))
    result = fit(KAN((1, 1)), data, grids=(3, 6, 12, 24, 48), starts=1, smoothness=smoothness)
    assert result.stopped == "validation"
    tried = any(record.phase.startswith("smoothness") for record in result.history)
    assert tried is (smoothness is None)
