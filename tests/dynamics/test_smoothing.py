"""Smoothing splines choose their smoothness."""

import numpy as np
import pytest

from workbench.dynamics.smoothing import smoothed
from workbench.dynamics.trajectories import Trajectory


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_noise_and_slopes_whatever_the_unit_of_time(unit) -> None:
    random = np.random.default_rng(0)
    times = np.sort(random.uniform(0, 10, 200))
    states = np.stack([np.sin(times), 100 * np.cos(2 * times)], 1)
    noisy = states + np.array([0.05, 5.0]) * random.standard_normal(states.shape)
    noisy[10, 0] = np.nan
    found = smoothed(Trajectory("a", times * unit, noisy, np.empty((200, 0))))
    assert np.allclose(found.noise, [0.05, 5.0], rtol=0.2)
    inner = slice(20, -20)
    assert np.abs(found(times * unit) - states)[inner].max(0) == pytest.approx([0, 0], abs=6)
    slopes = found(times * unit, 1)[inner, 0] * unit
    assert np.sqrt(np.mean((slopes - np.cos(times[inner])) ** 2)) < 0.15
