"""Systems with a known law, and tables of their trajectories."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp


def table(
    rates: Callable[[float, np.ndarray], Sequence[float]],
    starts: Sequence[Sequence[float]],
    names: Sequence[str],
    *,
    span: float,
    rows: int = 100,
    noise: float = 0.0,
    seed: int = 0,
) -> pd.DataFrame:
    """One run for each start; noise in standard deviations of each state."""
    random = np.random.default_rng(seed)
    times = np.linspace(0, span, rows)
    frames = []
    for run, start in enumerate(starts):
        states = solve_ivp(rates, (0, span), start, t_eval=times, rtol=1e-10, atol=1e-12).y.T
        frames.append(pd.DataFrame(states, columns=list(names)).assign(t=times, run=run))
    found = pd.concat(frames, ignore_index=True)
    for name in names:
        found[name] += noise * found[name].std() * random.standard_normal(len(found))
    return found


def duffing(t: float, y: np.ndarray) -> list[float]:
    """x'' = -x - x³/2 - x'/10."""
    return [y[1], -y[0] - 0.5 * y[0] ** 3 - 0.1 * y[1]]


DUFFING_STARTS = ((2.0, 0.0), (-1.0, 1.0))


def diffusing(noise: float = 0.0, *, rows: int = 41) -> pd.DataFrame:
    """Waves of c_t = 0.05 c_xx - 0.7 c_x, with noise as a share of their spread."""
    t, x = np.linspace(0, 1.5, rows), np.linspace(0, 2, 61)
    times, places = np.meshgrid(t, x, indexing="ij")
    c = np.zeros_like(times)
    for k, size in ((1, 1.0), (2, 0.6), (3, 0.4)):
        turn = np.pi * k
        c += size * np.exp(-0.05 * turn**2 * times) * np.sin(turn * (places - 0.7 * times) + k)
    c += noise * c.std() * np.random.default_rng(0).standard_normal(c.shape)
    return pd.DataFrame({"t": times.ravel(), "x": places.ravel(), "c": c.ravel()})
