"""Whether two functions have the same zero set, and the same sides of it."""

from collections.abc import Callable

import numpy as np

Side = Callable[[np.ndarray], np.ndarray]
"""The sign of a function at rows ``(N, d)``."""

_LINES, _ON_A_LINE, _HALVINGS = 200, 33, 50
_LEAST = 0.98
"""Share of points that must agree: where a line touches a boundary they may not."""


def same_sides(
    one: Side, other: Side, low: np.ndarray, high: np.ndarray, reach: np.ndarray, seed: int
) -> bool:
    """Whether, on random lines through a box, each changes sides within ``reach`` of where the other does.

    Args:
        low, high: corners of the box ``(d,)``. reach: in every variable, ``(d,)``. seed: of the lines.
    """
    drawn = low + (high - low) * np.random.default_rng(seed).random((2, _LINES, len(low)))
    return _crosses(one, other, drawn, reach) and _crosses(other, one, drawn, reach)


def _crosses(first: Side, second: Side, drawn: np.ndarray, reach: np.ndarray) -> bool:
    """Whether the second changes sides, the same way, where the first does."""
    a, b = _brackets(first, drawn)
    if not len(a):
        rows = drawn.reshape(-1, drawn.shape[-1])
        return bool((first(rows) == second(rows)).mean() >= _LEAST)
    along = (b - a) / np.linalg.norm((b - a) / reach, axis=1)[:, None]
    for _ in range(_HALVINGS):
        middle = (a + b) / 2
        like = (first(middle) == first(a))[:, None]
        a, b = np.where(like, middle, a), np.where(like, b, middle)
    before, after = a - along, b + along
    agree = (first(before) == second(before)) & (first(after) == second(after))
    return bool(agree.mean() >= _LEAST)


def _brackets(side: Side, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring rows on lines, between which the side changes, ``(M, d)`` each."""
    share = np.linspace(0, 1, _ON_A_LINE)[:, None, None]
    rows = drawn[0] + share * (drawn[1] - drawn[0])
    sides = side(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:2])
    change = sides[:-1] * sides[1:] < 0
    return rows[:-1][change], rows[1:][change]
