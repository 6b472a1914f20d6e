"""Networks that are trained side by side."""

import torch

from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN


def test_hidden_grids_move_to_the_values_of_their_nodes() -> None:
    x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    models = [KAN((2, 3, 1), 8, seed=seed) for seed in (0, 1)]
    moved = Ensemble.of(models).regrid(x)
    for number, model in enumerate(models):
        hidden = model.trace_nodes(x)[1].detach()
        ends = torch.stack((hidden.amin(0), hidden.amax(0)), -1)
        reach = moved.layers[1].grid_range[number] - ends
        width = ends[:, 1] - ends[:, 0]
        assert (reach[:, 0] <= 0).all()
        assert (reach[:, 1] >= 0).all()
        assert (reach.abs().amax(1) <= 0.2 * width).all()
