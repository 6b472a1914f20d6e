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
