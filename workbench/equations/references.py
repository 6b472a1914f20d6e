"""Solutions to compare with that have no closed form, computed by SciPy and kept in memory."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy.integrate import solve_ivp

_TOLERANCE = 1e-13

Reference = Callable[[np.ndarray], np.ndarray]


def along(
    rates: Callable[[float, np.ndarray], Sequence[float]],
    start: Sequence[float],
    end: float,
    shown: Sequence[int],
) -> Reference:
    """The orbit of an ordinary differential equation by an explicit method of eighth order (DOP853).

    Args:
        rates: time and state to the derivative of the state. start: the state at time 0.
        end: of the orbit. shown: which parts of the state are fields.
    """

    @lru_cache
    def orbit() -> Callable[[np.ndarray], np.ndarray]:
        found = solve_ivp(
            rates,
            (0, end),
            start,
            method="DOP853",
            rtol=_TOLERANCE,
            atol=_TOLERANCE,
            dense_output=True,
        )
        dense: Callable[[np.ndarray], np.ndarray] = found.sol
        return dense

    def values(points: np.ndarray) -> np.ndarray:
        states = orbit()(points[:, 0])[list(shown)]
        return states[0] if len(shown) == 1 else states.T

    return values
