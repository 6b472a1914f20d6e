"""The digits that a formula is printed with: judged by what rounding does to its values on training rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.evidence.sample import Sample, network_values, probabilities, weighted_median
from workbench.formulas.digits import enough_digits, joint_digits, rounded_values
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

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


def printing(
    parametric: Parametric, sample: Sample, network_errors: np.ndarray | float = np.inf
) -> Printing:
    """The fewest digits with which every training row stays within a tenth of the noise.

    Noise below the network's error, or where residuals are few and large, is what most rows have. Labels of
    classes stay all as they are. A formula that leaves nothing keeps nine digits of the target's spread.

    Args:
        parametric: with its fitted values. sample: the training rows.
        network_errors: of the network that the formula is compared with, by target.
    """
    x, y, counts, classes = sample.x, sample.y, sample.counts, sample.classes
    values = parametric.outputs(x)
    if classes:
        values = probabilities(values)
        residuals = np.eye(values.shape[1])[y] - values
        common = _rms(residuals.ravel(), counts.repeat(values.shape[1]))
        noise, spread = np.full(values.shape[1], common), np.ones(values.shape[1])
    else:
        noise = np.minimum(_usual_errors(values, sample), network_errors)
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


def reprinted(formulas: FormulaSet, network: KAN, data: Dataset) -> FormulaSet:
    """The same formulas with the digits that this network asks for, where it errs less than they do."""
    sample = Sample.of(data)
    errors = network_errors(network, sample)
    return formulas.changed(lambda formula: _reprinted(formula, sample, errors))


def _reprinted(formula: Formula, sample: Sample, errors: np.ndarray | float) -> Formula:
    parametric = parametrize(formula.expressions, formula.names)
    if sample.classes or (_usual_errors(parametric.outputs(sample.x), sample) <= errors).all():
        return formula
    shown = printing(parametric, sample, errors)
    digits = dict(zip(map(abs, parametric.values), shown.digits, strict=True))
    constants = tuple(
        c if c.digits is None else replace(c, digits=digits.get(abs(c.value), c.digits))
        for c in formula.constants
    )
    scores = {**formula.scores, "printing_error": shown.error}
    return replace(formula, constants=constants, scores=scores)


def network_errors(network: KAN, sample: Sample) -> np.ndarray | float:
    """What a network leaves of each target, ``(m,)``; infinite for classes, of which no more is asked."""
    return np.inf if sample.classes else _usual_errors(network_values(network, sample.x), sample)


def _usual_errors(values: np.ndarray, sample: Sample) -> np.ndarray:
    """The usual residual of each target, ``(m,)``."""
    return np.array([_usual(column, sample.counts) for column in (sample.y - values).T])


def _rms(residuals: np.ndarray, counts: np.ndarray) -> float:
    return float(np.sqrt(np.average(np.square(residuals), weights=counts)))


def _usual(residuals: np.ndarray, counts: np.ndarray) -> float:
    """Rms of residuals, or what the middle half of them shows where few are far larger."""
    known = np.isfinite(residuals)
    if not known.any():
        return 0.0
    size, counts = np.abs(residuals[known])[:, None], counts[known]
    return min(_rms(size[:, 0], counts), _NORMAL * float(weighted_median(size, counts)[0]))
