"""A lattice can be asked for states with their side and for points of its edge."""

from dataclasses import replace

import numpy as np
import pytest

from case_studies.localization.models import AUBRY_ANDRE, GENERALIZED
from case_studies.localization.sampling import EdgeSampler
from workbench.boundaries.sampling import Sampler
from workbench.errors import InputError


def test_states_and_points_agree_with_the_exact_edge() -> None:
    sampler = EdgeSampler(GENERALIZED, length=1000)
    assert isinstance(sampler, Sampler)
    states = sampler.states(200, seed=1)
    assert 150 < len(states) <= 200  # without those that are too near the edge to tell
    assert states["realization"].nunique() == 10
    law = GENERALIZED.edge(
        states["E"].to_numpy(), alpha=states["alpha"].to_numpy(), lam=states["lam"].to_numpy()
    )
    assert (states["inside"] == (law > 0)).mean() > 0.97
    points = sampler.points(12, seed=1)
    assert points.variables == sampler.variables == ("lam", "alpha", "E")
    lam, alpha, energy = points.x.T
    assert np.median(np.abs(GENERALIZED.edge(energy, alpha=alpha, lam=lam))) < 0.02


def test_a_lattice_without_an_edge_is_told() -> None:
    calm = replace(AUBRY_ANDRE, name="calm", parameters={"lam": (0.1, 0.5)})
    with pytest.raises(InputError, match="no state changes"):
        EdgeSampler(calm, length=500).points(6, seed=0)
