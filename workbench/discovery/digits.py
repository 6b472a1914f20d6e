"""How a number is written beside its standard error."""

import math


def with_error(value: float, sigma: float | None) -> str:
    """A number with its standard error, both to the second digit of the error."""
    if sigma is None or not math.isfinite(sigma) or sigma <= 0:
        return f"{value:.8g}"
    places = 1 - math.floor(math.log10(sigma))
    if 0 <= places <= 8 and abs(value) < 1e6:
        return f"{value:.{places}f} ± {sigma:.{places}f}"
    digits = max(1, math.floor(math.log10(max(abs(value), sigma))) + places)
    return f"{value:.{digits}e} ± {sigma:.1e}"
