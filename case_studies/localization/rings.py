"""Frequencies of quasiperiodic potentials: golden on open chains, ratios of Fibonacci numbers on rings."""

import math

import numpy as np

from workbench.errors import InputError

GOLDEN = (math.sqrt(5) - 1) / 2
Values = float | np.ndarray
"""A number for all samples, or one for each."""


def fibonacci(number: int) -> int:
    """The Fibonacci number before a given one.

    Raises:
        InputError: the given number is none.
    """
    before, after = 1, 1
    while after < number:
        before, after = after, before + after
    if after != number:
        raise InputError(
            f"a ring needs a Fibonacci number of periods, such as 89, 233 or 377, got {number}"
        )
    return before


def frequency(sites: int, *, period: int = 1, ring: bool = True) -> float:
    """The frequency of the potential: golden on an open chain, rational on a ring so that it closes.

    Raises:
        InputError: a ring of this many sites does not close, or its modulated sites repeat: with
            ``gcd(period, F) > 1`` the exact edge disagrees with up to 13 % of the states.
    """
    if not ring:
        return GOLDEN
    cells, rest = divmod(sites, period)
    if rest:
        raise InputError(f"a ring needs a multiple of {period} sites, got {sites}")
    before = fibonacci(cells)
    if math.gcd(period, cells) > 1:
        raise InputError(
            f"on {period} × {cells} sites the modulated sites repeat: the number of periods must have no "
            f"factor in common with {period}, such as {period} × {ring_size(cells, period) // period}"
        )
    return before / cells


def ring_size(least: int, period: int = 1) -> int:
    """The smallest ring of at least this many sites whose potential closes without repeating."""
    before, cells = 1, 2
    while cells * period < least or math.gcd(cells, period) > 1:
        before, cells = cells, before + cells
    return cells * period
