"""What is told of a fit's constants: errors, intervals, ties, and the numbers that letters became."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.stats import t as student

from workbench.evidence.fitting import Fitted
from workbench.formulas.bands import Spread, matrices
from workbench.formulas.constant import Constant, Proportion

_TIED = 0.95
MOST_TOGETHER = 40
"""Constants whose errors are kept together."""


def letters_in_words(fitted: Fitted, letters: Sequence[str], digits: Sequence[int]) -> str:
    """What the letters of a written form became, as text."""
    numbers = zip(fitted.parametric.constants, fitted.parametric.values, digits, strict=True)
    values = {symbol.name: f"{value:.{n}g}" for symbol, value, n in numbers}
    values |= {s.constant.name: str(s.number) for s in fitted.parametric.exact}
    return ", ".join(f"{name} = {values[name]}" for name in letters if name in values)


def spread_of(fitted: Fitted) -> Spread | None:
    """Errors of all constants together, with the noise; None where they are too many, or not known."""
    sigma = np.array(fitted.sigma)
    table = np.outer(sigma, sigma) * np.array(fitted.correlation).reshape(len(sigma), len(sigma))
    if len(sigma) > MOST_TOGETHER or not all(fitted.determined) or not np.isfinite(table).all():
        return None
    return Spread(matrices(table[None]), fitted.noise, fitted.degrees)


def constants_of(
    fitted: Fitted,
    units: Sequence[str] = (),
    digits: Sequence[int] = (),
    proportions: Mapping[int, Proportion] = MappingProxyType({}),
) -> tuple[Constant, ...]:
    """A fit's constants, with errors, 95 % intervals of Student's t and ties; then the snapped ones.

    Args:
        fitted: the fit. units: of its constants. digits: that they are printed with.
        proportions: of those that are known only by their ratios, see ``undetermined``.
    """
    reach = float(student.ppf(0.975, fitted.degrees))
    free = []
    for place, value in enumerate(fitted.parametric.values):
        known = fitted.determined[place] and place not in proportions
        sigma = fitted.sigma[place] if known else None
        tied = tuple(
            (other, round(r, 4))
            for other, r in enumerate(fitted.correlation[place])
            if other != place and abs(r) >= _TIED and not proportions.keys() >= {place, other}
        )
        interval = None if sigma is None else (value - reach * sigma, value + reach * sigma)
        free.append(
            Constant(
                value,
                sigma,
                interval=interval,
                tied=tied,
                unit=units[place] if units else "",
                digits=digits[place] if digits else None,
                proportion=proportions.get(place),
            )
        )
    exact = [
        Constant(float(s.number), None, str(s.number), s.evidence, s.f_value)
        for s in fitted.parametric.exact
    ]
    return (*free, *exact)
