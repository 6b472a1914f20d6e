"""How well a formula does on rows that its constants have not seen, without fitting it again.

A constant that is fitted to a row bends towards it. One Newton step takes the row out again: the value at
row i moves by A (1 - W A)⁻¹ g, where g and W are slope and curvature of the row's loss in the values and
A = J_i H⁻¹ J_iᵀ says how far the row moves its own values. For least squares in linear constants this is
exact, and the residual divided by one minus the leverage (Allen 1974); for other losses see Rad and Maleki,
J. R. Stat. Soc. B 82 (2020).
"""

from collections.abc import Sequence

import numpy as np
from sympy import Expr

from workbench.evidence.sample import Sample, centred_logits, probabilities
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset

MOST_ROWS = 20_000
"""Of more training rows a random part is taken: with so many, one row no longer moves a constant."""
_USUAL_LOGIT = 2.5
"""Of the weak prior that holds logits, see ``parametric``."""
_SINGULAR = 1e-12
_OWN = 1e-9


def judging_rows(data: Dataset) -> tuple[Sample, np.ndarray]:
    """Rows that are not held out, and which of them constants are fitted on ``(N,)``."""
    train = data.train.numpy()
    if len(train) > MOST_ROWS:
        train = np.random.default_rng(0).permutation(train)[:MOST_ROWS]
    rows = np.concatenate((train, data.validation.numpy()))
    return Sample.of(data, rows), np.arange(len(rows)) < len(train)


def row_losses(parametric: Parametric, sample: Sample, fitted: np.ndarray) -> np.ndarray:
    """What is left of every row under constants fitted without it, see ``Sample.row_losses``: ``(N,)``.

    Args:
        parametric: at its best values on the rows that are ``fitted``; free constants are the sum of its
            constants, snapped ones count as given.
        sample: ``N`` rows. fitted: which of them the fit has seen; others are as they are.

    Infinite where the formula has no value, or where a row alone decides a constant.
    """
    values = parametric.outputs(sample.x)
    slopes = np.nan_to_num(parametric.jacobian(sample.x, parametric.values), posinf=0.0, neginf=0.0)
    pull, curvature = _classes(values, sample.y) if sample.classes else _numbers(values, sample)
    moved = _without_themselves(slopes, pull, curvature, sample.counts * fitted)
    return _loss(values + moved, sample)


def losses_of(expressions: Sequence[Expr], data: Dataset) -> np.ndarray:
    """``row_losses`` of a formula's expressions on the rows of ``judging_rows``."""
    return row_losses(parametrize(expressions, data.names), *judging_rows(data))


def mean_losses(data: Dataset) -> np.ndarray:
    """Row losses of the mean of the training rows, or of their shares of classes: what knows no input."""
    sample, fitted = judging_rows(data)
    y, counts = sample.y, sample.counts * fitted
    rest = counts.sum() - counts
    if sample.delta is not None:  # no single row moves a median
        return sample.row_losses(np.broadcast_to(sample[fitted].centre, y.shape))
    if not sample.classes:
        mean = ((counts @ y) - counts[:, None] * y) / np.maximum(rest, 1e-300)[:, None]
        return sample.row_losses(mean)
    hot = np.eye(int(y.max()) + 1)[y]
    # One more row of every class: a class that is left out whole must not cost infinitely much.
    shares = (counts @ hot - counts[:, None] * hot + 1) / (rest + hot.shape[1])[:, None]
    return np.asarray(-np.log(shares[np.arange(len(y)), y]))


def _numbers(values: np.ndarray, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Slope and curvature of a row's loss in its values; beyond Huber's bend there is no curvature."""
    gap = values - sample.y
    pull = sample.cut(gap)
    size = np.square(sample.balanced(np.ones(values.shape[1])))
    return pull * size, (pull == gap)[:, :, None] * np.diag(size)


def _classes(values: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and curvature of the cross-entropy in the logits, with the fit's weak prior on them."""
    p = probabilities(values)
    hot = np.eye(p.shape[1])[y]
    own = slice(-values.shape[1], None)
    size = float(np.square(centred_logits(np.nan_to_num(values))).mean()) / _USUAL_LOGIT**2
    prior = 2 / _USUAL_LOGIT**2 / (1 + size) / values.size
    curvature = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]
    return (p - hot)[:, own], curvature[:, own, own] + prior * centred_logits(
        np.eye(values.shape[1])
    )


def _without_themselves(
    slopes: np.ndarray, pull: np.ndarray, curvature: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """How far values move when their row leaves the fit, ``(N, m)``; infinite where it alone decides."""
    if not slopes.shape[2]:
        return np.zeros(pull.shape)
    size = np.maximum(np.sqrt(np.square(slopes).sum((0, 1))), 1e-300)
    scaled = slopes / size
    bent = np.einsum("nkm,nmp->nkp", curvature * counts[:, None, None], scaled)
    matrix = np.einsum("nkp,nkq->pq", scaled, bent)
    inverse = np.linalg.pinv(matrix, rcond=_SINGULAR, hermitian=True)
    own = np.einsum("nkp,nmp->nkm", scaled @ inverse, scaled) * counts[:, None, None]
    rest = np.eye(pull.shape[1]) - np.einsum("nkm,nml->nkl", curvature, own)
    alone = np.linalg.det(rest) <= _OWN
    rest[alone] = np.eye(pull.shape[1])
    moved = np.einsum("nkm,nm->nk", own, np.linalg.solve(rest, pull[..., None])[..., 0])
    moved[alone] = np.inf
    return np.asarray(moved)


def _loss(values: np.ndarray, sample: Sample) -> np.ndarray:
    undefined = ~np.isfinite(values).all(1)
    found = sample.row_losses(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))
    return np.where(undefined | ~np.isfinite(found), np.inf, found)
