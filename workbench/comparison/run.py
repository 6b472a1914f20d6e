"""One trained model with what it costs and how far off it is, and the difference between two."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from workbench.comparison.families import Model, Outputs
from workbench.evidence.sample import Sample, both_logits
from workbench.kan.data import Dataset, Part

Resource = Literal["parameters", "flops", "seconds"]

NAMES = {
    "kan": "KAN",
    "mlp": "MLP",
    "spline-mlp": "spline MLP",
    "boosting": "boosting",
    "linear": "line",
}
"""Of families, as sentences say them."""

_TIMED_ROWS = 1000
_HELD_OUT: tuple[Part, Part] = ("validation", "test")


@dataclass(frozen=True)
class Run:
    """A model that was trained, judged on rows that it was not trained on.

    Attributes:
        family: "kan", "mlp", "spline-mlp", "boosting" or "linear". size: in words. seed: of its training.
        parameters: numbers that training has set. flops: operations of one prediction, see ``flops``.
        seconds: processor time of its training, with that of what it goes on from (coarser grids).
        memory: bytes of its numbers. grid: intervals of its splines, or None.
        validation_error, test_error: RMSE in the target's units, or mean cross-entropy.
        accuracy: share of the test rows whose class is right, or None.
        prediction: seconds that a thousand rows take.
        validation_losses, test_losses: of the rows ``(n,)``, weighted with mean 1: squares of residuals, or
            cross-entropies.
        outputs: the model itself, from inputs ``(N, d)`` to predictions or logits ``(N, m)``.
    """

    family: str
    size: str
    seed: int
    parameters: int
    flops: int
    seconds: float
    memory: int
    grid: int | None
    validation_error: float
    test_error: float
    accuracy: float | None
    prediction: float
    validation_losses: np.ndarray = field(repr=False, compare=False)
    test_losses: np.ndarray = field(repr=False, compare=False)
    outputs: Outputs = field(repr=False, compare=False)


@dataclass(frozen=True)
class Margin:
    """By how much one model errs less than another on the same rows.

    Attributes:
        difference: of the errors, positive where the first one is ahead; in the units of the error.
        standard_error: of the difference, over the rows.
    """

    difference: float
    standard_error: float

    @property
    def clear(self) -> bool:
        """Whether it is more than two standard errors, to either side."""
        return abs(self.difference) > 2 * self.standard_error


def judged(family: str, model: Model, data: Dataset, *, seed: int, seconds: float) -> Run:
    """The model on validation and test rows."""
    rows = [Sample.of(data, part) for part in _HELD_OUT]
    found = [model.outputs(sample.x) for sample in rows]
    validation, test = (_losses(s, v) for s, v in zip(rows, found, strict=True))
    right = None
    if data.task == "classification":
        guess = both_logits(found[1]).argmax(1)
        right = float(np.average(guess == rows[1].y, weights=rows[1].counts))
    return Run(
        family=family,
        size=model.size,
        seed=seed,
        parameters=model.parameters,
        flops=model.flops,
        seconds=seconds,
        memory=model.memory,
        grid=model.grid,
        validation_error=error_of(validation, data),
        test_error=error_of(test, data),
        accuracy=right,
        prediction=_timed(model.outputs, data),
        validation_losses=validation,
        test_losses=test,
        outputs=model.outputs,
    )


def error_of(losses: np.ndarray, data: Dataset) -> float:
    """The error as users read it, from losses of rows."""
    mean = float(losses.mean()) if len(losses) else np.nan
    return mean if data.task == "classification" else float(np.sqrt(mean))


def margin(first: np.ndarray, second: np.ndarray, *, squares: bool) -> Margin:
    r"""By how much the first of two models is ahead, from losses of the same rows ``(n,)``.

    The standard error is that of the paired rows; of root mean squares :math:`r = \sqrt{\bar l}` by the delta
    method, in which a row adds :math:`l_i / 2r`.

    Args:
        first, second: losses. squares: whether the error is the root of their mean.
    """
    if squares:
        roots = [max(float(np.sqrt(losses.mean())), 1e-300) for losses in (first, second)]
        rows = second / (2 * roots[1]) - first / (2 * roots[0])
        difference = roots[1] - roots[0]
    else:
        rows = second - first
        difference = float(rows.mean())
    spread = float(rows.std(ddof=1)) if len(rows) > 1 else np.inf
    return Margin(difference, spread / np.sqrt(max(len(rows), 1)))


def front(runs: Sequence[Run], family: str, by: Resource) -> list[Run]:
    """Models of a family from cheap to dear, each validating better than all that are cheaper."""
    own = [run for run in runs if run.family == family]
    kept: list[Run] = []
    for run in sorted(own, key=lambda run: (getattr(run, by), run.validation_error)):
        if not kept or run.validation_error < kept[-1].validation_error:
            kept.append(run)
    return kept


def _losses(sample: Sample, outputs: np.ndarray) -> np.ndarray:
    """Weighted losses; a row that cannot be predicted costs more than any other."""
    losses = sample.row_losses(np.nan_to_num(outputs, nan=np.inf)) * sample.counts
    return np.nan_to_num(losses, nan=1e300, posinf=1e300)


def _timed(outputs: Outputs, data: Dataset) -> float:
    """Seconds for a thousand rows, of the faster of two calls."""
    x = data.inputs.numpy()
    rows = np.resize(np.arange(len(x)), _TIMED_ROWS)
    taken = []
    for _ in range(2):
        begun = time.perf_counter()
        outputs(x[rows])
        taken.append(time.perf_counter() - begun)
    return min(taken)
