"""Constants that become exact numbers where the data do not notice.

Snapping is honest by construction: a constant becomes a number of few bits only if that number lies
within its uncertainty, is short for the precision at hand, an F-test does not notice it after all others
have been refitted, and no other constant pays for it: leaves its own interval, or owes nearly all its
precision to that number, as the frequency of a wave far from its phase's origin does. Where a formula is
not at the noise its standard errors mean little: then terms may go, but nothing becomes a nicer number
unless the loss falls.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import sympy
from scipy.stats import t as student
from sympy import Expr, Symbol

from workbench.evidence.fitting import Fitted, refit
from workbench.evidence.sample import Sample
from workbench.formulas.digits import with_error

_SIGMAS = 3.5
_F_LIMIT = 9.0
_ROUNDING = 1e-11
_MARGIN_BITS = 3.0
_MOST_BITS = 16.0
_EXACT_BITS = 40.0
_PROBE = 1e-7
_OPEN = 1e-6
_BORROWED = 100.0
_NO_VALUES = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)


def snap(
    fitted: Fitted,
    sample: Sample,
    *,
    at_noise: bool = True,
    kept: frozenset[Symbol] = frozenset(),
    left: frozenset[Symbol] = frozenset(),
) -> Fitted:
    """Snap constants one at a time, the surest first; see the module's first lines.

    Args:
        fitted: from ``refit`` on the same sample.
        at_noise: whether the residuals look like noise.
        kept: constants that may become 0 and nothing else, such as those that carry a unit.
        left: constants that stay as they are.
    """
    tried: set[tuple[str, Expr]] = set()
    while True:
        offers = sorted(_offers(fitted), key=lambda offer: offer[0])
        offer = next(
            (o for o in offers if (str(o[1]), o[2]) not in tried and o[1] not in left), None
        )
        if offer is None:
            return fitted
        _, constant, number = offer
        tried.add((str(constant), number))
        if constant in kept and number != 0:
            continue
        shape = fitted.parametric.exactly(constant, number)
        if any(e.has(*_NO_VALUES) for e in shape.expressions):
            continue
        trial = refit(shape, sample)
        noticed = _f_value(fitted, trial, sample)
        limit = _F_LIMIT if at_noise or number == 0 else 0.0
        if noticed <= limit and (sample.classes or not _paid_by_others(fitted, trial, sample)):
            fitted = _with_evidence(fitted, trial, noticed)


def _paid_by_others(before: Fitted, after: Fitted, sample: Sample) -> bool:
    """Whether a constant leaves its 95 % interval, or is suddenly far better known, after another's snap."""
    if _at_rounding(after, sample):
        return False
    now = {c: place for place, c in enumerate(after.parametric.constants)}
    reach = float(student.ppf(0.975, before.degrees))
    for place, constant in enumerate(before.parametric.constants):
        if constant in now and before.determined[place]:
            moved = after.parametric.values[now[constant]] - before.parametric.values[place]
            sigma = before.sigma[place]
            if abs(moved) > reach * sigma or _BORROWED * after.sigma[now[constant]] < sigma:
                return True
    return False


def _with_evidence(before: Fitted, after: Fitted, f_value: float) -> Fitted:
    """``after`` with what was known of the constant that was snapped."""
    *others, last = after.parametric.exact
    place = before.parametric.constants.index(last.constant)
    words = with_error(before.parametric.values[place], before.sigma[place])
    exact = (*others, last._replace(evidence=words, f_value=max(f_value, 0.0)))
    return replace(after, parametric=replace(after.parametric, exact=exact))


def _f_value(before: Fitted, after: Fitted, sample: Sample) -> float:
    """F of the freedom given up, or a likelihood ratio; 0 below rounding, infinite where it fails."""
    if not math.isfinite(after.loss):
        return math.inf
    lost = max(len(before.parametric.constants) - len(after.parametric.constants), 1)
    if sample.classes:
        return 2 * before.rows * (after.loss - before.loss) / lost
    if _at_rounding(after, sample):
        return 0.0
    noise = max(before.noise, _floor(sample))
    return (after.loss - before.loss) * before.rows / lost / noise


def _floor(sample: Sample) -> float:
    return (_ROUNDING * sample.spread) ** 2


def _at_rounding(fitted: Fitted, sample: Sample) -> bool:
    return fitted.loss <= _floor(sample)


def _offers(fitted: Fitted) -> list[tuple[float, Symbol, Expr]]:
    """Numbers that each constant may become: (bits, constant, number)."""
    found = []
    parametric = fitted.parametric
    for constant, value, sigma, determined in zip(
        parametric.constants, parametric.values, fitted.sigma, fitted.determined, strict=True
    ):
        if not (math.isfinite(value) and math.isfinite(sigma)):
            continue
        reach = max(_SIGMAS * sigma, _PROBE * min(abs(value), 1.0) * _ROUNDING**0.5)
        if not determined:  # the others make up for a small step, whatever the standard error says
            reach = max(reach, _OPEN * abs(value))
        if abs(value) <= max(reach, _ROUNDING):
            found.append((0.0, constant, sympy.Integer(0)))
        if value == 0:
            continue
        known = min(_EXACT_BITS, -math.log2(max(reach / abs(value), 1e-12)))
        numbers, costs, made = _numbers()
        near = np.flatnonzero(np.abs(numbers - abs(value)) <= reach)
        for place in near[np.argsort(costs[near])][:3]:
            if costs[place] + _MARGIN_BITS <= known:
                p, q, base = made[place]
                number = sympy.Rational(p if value > 0 else -p, q) * base
                found.append((float(costs[place]), constant, number))
    return found


_BASES: tuple[tuple[Expr, float], ...] = (
    (sympy.Integer(1), 0.0),
    (sympy.pi, 3.0),
    (1 / sympy.pi, 4.0),
    (sympy.pi**2, 5.0),
    (1 / sympy.pi**2, 6.0),
    (sympy.sqrt(2), 4.0),
    (sympy.sqrt(3), 5.0),
    (sympy.sqrt(sympy.pi), 6.0),
    (1 / sympy.sqrt(2 * sympy.pi), 6.0),
    (sympy.E, 5.0),
    (sympy.exp(-1), 6.0),
    (sympy.log(2), 6.0),
)
"""What fractions multiply, and what it costs in bits."""


@lru_cache
def _numbers() -> tuple[np.ndarray, np.ndarray, tuple[tuple[int, int, Expr], ...]]:
    """Positive numbers of few bits, their costs, and how they are made: p/q times a base.

    Bases are 1, π, 1/π, π², 1/π², √2, √3, √π, e and the like; round numbers such as 1000 are short, too.
    """
    fractions = [(p, q) for q in range(1, 17) for p in range(1, 101) if math.gcd(p, q) == 1]
    found = [
        (extra + math.log2(p) + 2 * math.log2(q), p / q * size, (p, q, base))
        for base, extra, size in ((base, extra, float(base)) for base, extra in _BASES)
        for p, q in fractions
    ]
    one = _BASES[0][0]
    round_ones = sorted(
        {p * 10**zeros for zeros in range(1, 5) for p in range(1, 101)} - set(range(101))
    )
    found += [(math.log2(number), float(number), (number, 1, one)) for number in round_ones]
    found = [number for number in found if number[0] <= _MOST_BITS]
    costs, values, made = zip(*found, strict=True)
    return np.array(values), np.array(costs), made
