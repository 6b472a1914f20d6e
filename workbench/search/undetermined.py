"""What rows leave undetermined in the logits of classes: a common shift, and a common factor.

Probabilities do not change when all logits of a row move alike (Agresti 2013, 8.1). Where some constants of
a form tell the classes of all rows apart, the likelihood has no greatest value: it grows with their common
factor (Albert and Anderson, Biometrika 71, 1984), and only ratios of constants are known.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linprog
from sympy import Integer

from workbench.evidence.fitting import Fitted, refit
from workbench.evidence.sample import Sample, both_logits, centred_logits
from workbench.formulas.constant import Proportion
from workbench.formulas.parametric import Parametric

_FREE, _SHARE, _SAME = 1e-10, 1e-3, 1e-6
_AT_ONCE, _MOST_ROUNDS = 200, 20


def without_shift(fitted: Fitted, sample: Sample) -> Fitted:
    """The fit without constants that only shift all logits of a row alike, those of the first class first."""
    parametric = fitted.parametric
    if not sample.classes or len(parametric.expressions) == 1:
        return fitted
    while (fewer := _with_one_less(parametric, sample.x)) is not None:
        parametric = fewer
    return fitted if parametric is fitted.parametric else refit(parametric, sample)


def _with_one_less(old: Parametric, x: np.ndarray) -> Parametric | None:
    """The same probabilities with one constant at 0 and gone; None where the rows need them all."""
    values = np.array(old.values)
    table, size = _slopes(old, x)
    if not (0 < len(values) <= len(table) and np.isfinite(table).all()):
        return None
    _, strength, direction = np.linalg.svd(np.linalg.qr(table, mode="r"))
    free = direction[strength <= _FREE * strength[0]]
    onto = free.T @ free
    for place in np.flatnonzero(np.diag(onto) > _SHARE):
        step = onto[place] / onto[place, place] * (values[place] * size[place]) / size
        trial = _without(old, int(place), values - step)
        if _close(_logits(trial, x), _logits(old, x)):
            return trial
    return None


def _without(old: Parametric, place: int, values: np.ndarray) -> Parametric:
    expressions = tuple(e.xreplace({old.constants[place]: Integer(0)}) for e in old.expressions)
    used = set().union(*(e.free_symbols for e in expressions))
    left = [(c, float(v)) for c, v in zip(old.constants, values, strict=True) if c in used]
    constants, numbers = tuple(c for c, _ in left), tuple(v for _, v in left)
    return replace(old, expressions=expressions, constants=constants, values=numbers)


def proportions(fitted: Fitted, sample: Sample) -> dict[int, Proportion]:
    """Ratios of the constants, by place, that carry a factor which the rows leave free.

    The reference is what counts most for the logits. Errors of ratios are those of the delta method.
    """
    parametric = fitted.parametric
    carriers = _carriers(parametric, sample) if sample.classes else ()
    if not carriers:
        return {}
    values, sigma = np.array(parametric.values), np.array(fitted.sigma)
    reference = carriers[0]
    covariance = np.array(fitted.correlation) * np.outer(sigma, sigma)
    found = {reference: Proportion(reference, 1.0)}
    for place in carriers[1:]:
        slope = np.zeros(len(values))
        ratio = values[place] / values[reference]
        slope[[place, reference]] = np.array([1.0, -ratio]) / values[reference]
        error = np.sqrt(max(float(slope @ covariance @ slope), 0.0))
        found[place] = Proportion(reference, float(ratio), float(error))
    return found


def _carriers(parametric: Parametric, sample: Sample) -> Sequence[int]:
    """Constants that grow with the logits, where only they do and the rows do not say how far.

    What counts most for the logits comes first.
    """
    values = np.array(parametric.values)
    logits = _logits(parametric, sample.x).ravel()
    table, size = _slopes(parametric, sample.x)
    if not (len(values) and np.isfinite(logits).all() and np.isfinite(table).all()):
        return ()
    growth = np.linalg.lstsq(table, logits, rcond=_FREE)[0]
    small = _SAME * np.abs(growth).max()
    still, grown = np.abs(growth) <= small, np.abs(growth - values * size) <= small
    if not (_close(table @ growth, logits) and (still | grown).all()):
        return ()
    slopes = table.reshape(len(sample), -1, len(values))[:, :, ~still]
    if not _separable(slopes, growth[~still], sample):
        return ()
    return [int(place) for place in np.abs(growth).argsort()[::-1] if not still[place]]


def _separable(slopes: np.ndarray, direction: np.ndarray, sample: Sample) -> bool:
    """Whether some direction ``(p,)`` gives every row's own class the greatest of its logits ``(N, m, p)``.

    A linear programme in the rows that the last direction does worst, and more of them until all agree.
    """
    every = both_logits(slopes)
    own = np.arange(every.shape[1]) == sample.y[:, None]
    margins = (every[own][:, None] - every)[~own & (sample.counts > 0)[:, None]]
    hard = np.zeros(len(margins), dtype=bool)
    for _ in range(_MOST_ROUNDS):
        reached = margins @ direction
        if (reached > 0).all():
            return True
        hard[reached.argsort()[:_AT_ONCE]] = True
        limits = {"A_ub": -margins[hard], "b_ub": np.full(hard.sum(), -1.0)}
        found = linprog(np.zeros(len(direction)), **limits, bounds=(None, None))
        if found.status != 0:
            return False
        direction = found.x
    return False


def _slopes(parametric: Parametric, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of logits, up to shifts, in units of every constant's own, ``(N m, p)``, and these ``(p,)``."""
    slopes = parametric.jacobian(x, parametric.values)
    slopes = np.nan_to_num(slopes, posinf=0.0, neginf=0.0)
    with np.errstate(all="ignore"):
        size = np.maximum(np.sqrt(np.square(slopes).sum((0, 1))), 1e-300)
        return (centred_logits(slopes) / size).reshape(math.prod(slopes.shape[:2]), len(size)), size


def _logits(parametric: Parametric, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return centred_logits(parametric.outputs(x))


def _close(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether both are the same on the scale of all logits."""
    return bool(np.abs(found - wanted).max() <= _SAME * np.abs(wanted).max())
