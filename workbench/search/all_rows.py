"""Constants fitted to all rows of a long table, in blocks, from values that fit a part of them.

Gauss–Newton by QR of one block after the other (Björck 1996, 6.1.2): memory is bounded by a block, and the
condition of the slopes is not squared.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from workbench.evidence.fitting import Fitted, errors_of, noise_of, refit
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import Parametric

_BLOCK = 20_000
_MOST_STEPS = 30
_SHARES = (1.0, 0.25, 0.05)
_SETTLED, _SINGULAR = 1e-13, 1e-10

Rows = Callable[[Parametric, Sample, np.ndarray], np.ndarray]


def refit_all(parametric: Parametric, sample: Sample) -> Fitted:
    """The least loss of all rows; ``refit`` where they are few, or of classes. Never worse than the start."""
    if sample.classes or sample.y.size <= _BLOCK or not parametric.constants:
        return refit(parametric, sample)
    values = np.array(parametric.values)
    reduced = _reduced(_whitened, parametric, sample, values)
    for _ in range(_MOST_STEPS):
        step = _step(reduced)
        for share in _SHARES:
            trial = _reduced(_whitened, parametric, sample, values - share * step)
            if _loss(trial) < _loss(reduced):
                break
        else:
            break
        gained = 1 - _loss(trial) / _loss(reduced)
        values, reduced = values - share * step, trial
        if gained < _SETTLED:
            break
    rows, count = sample.y.size, len(values)
    known = [
        _reduced(partial(_known, target=t), parametric, sample, values)
        for t in range(sample.y.shape[1])
    ]
    degrees = max(rows - count, 1)
    scatter = np.array([_loss(part) for part in known])
    noise, free, variances = noise_of(sample, scatter, degrees)
    return Fitted(
        replace(parametric, values=tuple(map(float, values))),
        _loss(reduced) / rows * sample.spread**2,
        rows=rows,
        degrees=free,
        noise=noise,
        **errors_of([part[:, :count] for part in known], variances),
    )


def _reduced(rows: Rows, parametric: Parametric, sample: Sample, values: np.ndarray) -> np.ndarray:
    """R of the QR of slopes and residuals over all rows, ``(p + 1, p + 1)``."""
    found = np.zeros((0, len(values) + 1))
    for start in range(0, len(sample), _BLOCK):
        block = sample[slice(start, start + _BLOCK)]
        # A block's weights have mean 1 by themselves; among all rows they need not.
        share = np.sqrt(sample.counts[start : start + _BLOCK].mean())
        part = rows(parametric, block, values) * share / sample.spread
        found = np.asarray(np.linalg.qr(np.concatenate((found, part)), mode="r"))
    return found


def _whitened(parametric: Parametric, block: Sample, values: np.ndarray) -> np.ndarray:
    """Slopes and residuals whose squares are minimized, ``(N m, p + 1)``."""
    gap = parametric.outputs(block.x, values) - block.y
    slopes = parametric.jacobian(block.x, values) * block.whitening(gap)[..., None]
    return _table(slopes, block.whitened(gap))


def _known(parametric: Parametric, block: Sample, values: np.ndarray, target: int) -> np.ndarray:
    """The same of one target, where errors come from: without what Huber's loss cuts off."""
    gap = parametric.outputs(block.x, values) - block.y
    root = np.broadcast_to(block.roots, gap.shape)
    cut = block.cut(gap)
    slopes = parametric.jacobian(block.x, values) * (root * (cut == gap))[..., None]
    return _table(slopes[:, target], (root * cut)[:, target])


def _table(slopes: np.ndarray, gap: np.ndarray) -> np.ndarray:
    table = np.concatenate((slopes, gap[..., None]), -1).reshape(gap.size, -1)
    lost = np.where(
        np.isfinite(gap.reshape(-1, 1)), 0.0, 1e6 * (np.arange(table.shape[1]) == slopes.shape[-1])
    )
    return np.where(np.isfinite(table), table, lost)


def _loss(reduced: np.ndarray) -> float:
    return float(np.square(reduced[:, -1]).sum())


def _step(reduced: np.ndarray) -> np.ndarray:
    """The Gauss–Newton step in units of the slopes' lengths; none along what the rows do not determine."""
    slopes = reduced[:, :-1]
    size = np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
    return np.asarray(np.linalg.lstsq(slopes / size, reduced[:, -1], rcond=_SINGULAR)[0] / size)
