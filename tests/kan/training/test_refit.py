"""Short refits that judge as the loss of the data does."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.refit import Refitting


@pytest.mark.parametrize(("loss", "same"), [("huber", True), ("squared", False)])
def test_it_does_not_matter_how_far_off_a_held_out_row_is_under_hubers_loss(
    loss: str, same: bool
) -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (200, 1))
    y = np.sin(2 * x[:, 0]) + 0.05 * random.standard_normal(200)
    split = ["train"] * 150 + ["validation"] * 50
    clean = Dataset.from_arrays(x, y, split=split).judged_by(loss)
    model = fit(KAN((1, 1)), clean, grids=(3,), starts=1).model
    errors = []
    for far in (1e3, 1e6):
        wild = Dataset.from_arrays(x, np.append(y[:-1], far), split=split).judged_by(loss)
        errors.append(Refitting(model, wild, rows=150).error(Ensemble.of([model])))
    assert (errors[1] == pytest.approx(errors[0])) is same
