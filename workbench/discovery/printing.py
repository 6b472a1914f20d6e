"""The digits that a formula is printed with: judged by what rounding does to its values on training rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from workbench.discovery.digits import enough_digits, joint_digits, rounded_values
from workbench.discovery.parametric import Parametric
from workbench.discovery.sample import Sample, weighted_median

_SHARE, _EXACT = 0.1, 1e-9
_SAMPLE = 2000
_NORMAL = 1.4826


@dataclass(frozen=True)
class Printing:
    """How the constants of a formula are printed.

    Attributes:
        digits: significant ones of every constant.
        error: how far the printed formula moves from the fitted one on any training row, in units of the
            noise: the rms residual of the target, or of a class and its probability.
    """

    digits: tuple[int, ...]
    error: float


def printing(parametric: Parametric, sample: Sample, *, network_error: float = np.inf) -> Printing:
    """The fewest digits with which every training row stays within a tenth of the noise.

    Noise below the network's error, or where residuals are few and large, is what most rows have. Labels of
    classes stay all as they are. A formula that leaves nothing keeps nine digits of the target's spread.

    Args:
        parametric: with its fitted values. sample: the training rows.
        network_error: of the network that the formula comes from, as a residual.
    """
    x, y, counts, classes = sample.x, sample.y, sample.counts, sample.classes
    values = parametric.outputs(x)
    if classes:
        values = probabilities(values)
        residuals = np.eye(values.shape[1])[y] - values
        common = _rms(residuals.ravel(), counts.repeat(values.shape[1]))
        noise, spread = np.full(values.shape[1], common), np.ones(values.shape[1])
    else:
        usual = [_usual(column, counts) for column in (y - values).T]
        noise = np.minimum(usual, network_error)
        spread = np.where(y.std(0) > 0, y.std(0), np.abs(y).max(0)).reshape(-1)
    unit = np.maximum(noise, _EXACT / _SHARE * spread)
    unit[unit == 0] = 1.0

    def moved(constants: Sequence[float], step: int) -> float:
        """The largest move of a value on every ``step``-th row, in units of the noise."""
        before, after = values[::step], parametric.outputs(x[::step], constants)
        if classes:
            after = probabilities(after)
            if (before.argmax(1) != after.argmax(1)).any():
                return np.inf
        known = np.isfinite(before)
        gap = np.where(known, np.abs(after - before), 0.0) / unit
        return float(gap.max(initial=0.0)) if np.isfinite(gap).all() else np.inf

    step = -(-len(x) // _SAMPLE)
    few = joint_digits(parametric.values, lambda c: moved(c, step) / _SHARE)
    digits = enough_digits(parametric.values, few, lambda c: moved(c, 1) / _SHARE)
    return Printing(digits, moved(rounded_values(parametric.values, digits), 1))


def probabilities(values: np.ndarray) -> np.ndarray:
    """Of all classes ``(N, K)``, from logits ``(N, m)``; one logit is that of the second of two classes."""
    table = np.concatenate((np.zeros_like(values), values), 1) if values.shape[1] == 1 else values
    return np.asarray(softmax(np.nan_to_num(table, nan=0.0, posinf=700, neginf=-700), 1))


def _rms(residuals: np.ndarray, counts: np.ndarray) -> float:
    return float(np.sqrt(np.average(np.square(residuals), weights=counts)))


def _usual(residuals: np.ndarray, counts: np.ndarray) -> float:
    """Rms of residuals, or what the middle half of them shows where few are far larger."""
    known = np.isfinite(residuals)
    if not known.any():
        return 0.0
    size, counts = np.abs(residuals[known])[:, None], counts[known]
    return min(_rms(size[:, 0], counts), _NORMAL * float(weighted_median(size, counts)[0]))
