"""How far rows are from where a function is zero."""

from collections.abc import Callable

import numpy as np

At = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Values ``(N,)`` and gradients ``(N, d)`` at rows ``(N, d)``."""

_STEPS = 8
"""Of Newton: where a function is zero twice each halves what is left."""


def distances(at: At, x: np.ndarray, units: np.ndarray, *, steps: int = _STEPS) -> np.ndarray:
    """Signed distances of rows from the zero set, by Newton's steps along the gradient.

    Args:
        at: the function. x: rows ``(N, d)``.
        units: of length of every variable, ``(N, d)`` or ``(d,)``. steps: one gives the first order.

    Returns:
        ``(N,)``, infinite where the steps lead to no value.
    """
    with np.errstate(all="ignore"):
        side = np.sign(at(x)[0])
        far = np.sqrt((((feet(at, x, units, steps=steps) - x) / units) ** 2).sum(1))
    return np.asarray(side * np.where(np.isfinite(far), far, np.inf))


def feet(at: At, x: np.ndarray, units: np.ndarray, *, steps: int = _STEPS) -> np.ndarray:
    """Where these steps lead, ``(N, d)``: points of the zero set near the rows."""
    there = x
    with np.errstate(all="ignore"):
        for _ in range(steps):
            g, slopes = at(there)
            steep = ((units * slopes) ** 2).sum(1)
            move = np.where(g == 0, 0.0, g / steep)[:, None] * units**2 * slopes
            there = there - move
    return there
