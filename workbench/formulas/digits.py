"""How many digits a number is written with: as many as the formula needs, as its error or width shows.

Numbers of a formula are rounded together. Each alone may be known badly and yet be needed to many
digits, where others make up for it: what counts is how far the rounded formula moves from the fitted one.
"""

import math
from collections.abc import Callable, Sequence

FULL = 17
"""Significant digits that tell any two numbers apart."""


def joint_digits(
    values: Sequence[float], deviation: Callable[[Sequence[float]], float]
) -> tuple[int, ...]:
    """Significant digits of every number so that all rounded ones together stay in a tolerance.

    Each gets the digits that it needs alone for its share; then none keeps a digit that it can spare.

    Args:
        values: the numbers. deviation: how far rounded ones move what is computed from them, in units of
            the tolerance.
    """
    digits = [1] * len(values)
    for place, value in enumerate(values):
        trial = list(values)
        while digits[place] < FULL:
            trial[place] = significant(value, digits[place])
            if deviation(trial) <= 1 / len(values):
                break
            digits[place] += 1
    digits = list(enough_digits(values, digits, deviation))
    for place in sorted(range(len(values)), key=lambda p: -digits[p]):
        while digits[place] > 1:
            fewer = [d - (p == place) for p, d in enumerate(digits)]
            if deviation(rounded_values(values, fewer)) > 1:
                break
            digits = fewer
    return tuple(digits)


def enough_digits(
    values: Sequence[float],
    digits: Sequence[int],
    deviation: Callable[[Sequence[float]], float],
) -> tuple[int, ...]:
    """``digits``, and as many more for all as the tolerance asks for."""
    while min(digits, default=FULL) < FULL and deviation(rounded_values(values, digits)) > 1:
        digits = [min(d + 1, FULL) for d in digits]
    return tuple(digits)


def rounded_values(values: Sequence[float], digits: Sequence[int]) -> list[float]:
    """Every number rounded to its own digits."""
    return [significant(v, d) for v, d in zip(values, digits, strict=True)]


def significant(value: float, digits: int) -> float:
    """A number rounded to significant digits."""
    return float(f"{value:.{digits}g}")


def full_digits(value: float) -> int:
    """The fewest significant digits that give exactly this number."""
    return next((d for d in range(1, FULL) if significant(value, d) == value), FULL)


def with_error(value: float, sigma: float | None, digits: int | None = None) -> str:
    """A number with its standard error, both to the second digit of the error.

    Args:
        digits: significant ones that a formula prints it with; it is not written with fewer here.
    """
    if sigma is None or not math.isfinite(sigma) or sigma <= 0:
        return f"{value:.{digits or 8}g}"
    places = 1 - math.floor(math.log10(sigma))
    needed = (digits or 1) - 1 - math.floor(math.log10(abs(value))) if value else 0
    shown = max(places, needed)
    if 0 <= places <= 8 and shown <= FULL and abs(value) < 1e6:
        return f"{value:.{shown}f} ± {sigma:.{places}f}"
    size = math.floor(math.log10(max(abs(value), sigma)))
    return f"{value:.{min(max(1, size + shown), FULL - 1)}e} ± {sigma:.1e}"


def interval_in_words(low: float, high: float) -> str:
    """Both ends to the second digit of the distance between them."""
    size = max(abs(low), abs(high))
    if not (math.isfinite(size) and size > 0 and high > low):
        return f"{low:.6g} … {high:.6g}"
    digits = math.floor(math.log10(size)) - math.floor(math.log10(high - low)) + 2
    digits = min(max(digits, 2), FULL)
    return f"{low:.{digits}g} … {high:.{digits}g}"
