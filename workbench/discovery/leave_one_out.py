"""How well a formula does on rows that its constants have not seen, without fitting it again.

A constant that is fitted to a row bends towards it. One Newton step takes the row out again: the value at
row i moves by A (1 - W A)⁻¹ g, where g and W are slope and curvature of the row's loss in the values and
A = J_i H⁻¹ J_iᵀ says how far the row moves its own values. For least squares in linear constants this is
exact, and the residual divided by one minus the leverage (Allen 1974); for other losses see Rad and Maleki,
J. R. Stat. Soc. B 82 (2020).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax, softmax
from sympy import Expr

from workbench.discovery.parametric import Parametric, parametrize
from workbench.kan.data import Dataset

MOST_ROWS = 20_000
"""Of more training rows a random part is taken: with so many, one row no longer moves a constant."""
_USUAL_LOGIT = 2.5
"""Of the weak prior that holds logits, see ``parametric``."""
_SINGULAR = 1e-12
_OWN = 1e-9


def judging_rows(data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows that are not held out: inputs, targets, weights, and whether constants are fitted on them."""
    train = data.train.numpy()
    if len(train) > MOST_ROWS:
        train = np.random.default_rng(0).permutation(train)[:MOST_ROWS]
    rows = np.concatenate((train, data.validation.numpy()))
    weights = np.ones(len(rows)) if data.weights is None else data.weights.numpy()[rows]
    fitted = np.arange(len(rows)) < len(train)
    return data.inputs.numpy()[rows], data.targets.numpy()[rows], weights, fitted


def row_losses(
    parametric: Parametric,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    fitted: np.ndarray,
    *,
    classes: bool = False,
) -> np.ndarray:
    """Squared error, or cross-entropy, of every row under constants fitted without it: ``(N,)``.

    Args:
        parametric: at its best values on the rows that are ``fitted``; free constants are the sum of its
            constants, snapped ones count as given.
        x: ``(N, d)``. y: ``(N, m)``, or class numbers ``(N,)``.
        weights: how much every row counted in the fit. fitted: rows of the fit; others are as they are.

    Infinite where the formula has no value, or where a row alone decides a constant.
    """
    values = parametric.outputs(x)
    slopes = np.nan_to_num(parametric.jacobian(x, parametric.values), posinf=0.0, neginf=0.0)
    pull, curvature = _classes(values, y) if classes else _squares(values, y)
    moved = _without_themselves(slopes, pull, curvature, weights * fitted)
    losses = _loss(values + moved, y, classes)
    return np.where(np.isfinite(losses), losses, np.inf)


def losses_of(expressions: Sequence[Expr], data: Dataset) -> np.ndarray:
    """``row_losses`` of a formula's expressions on the rows of ``judging_rows``."""
    x, y, weights, fitted = judging_rows(data)
    parametric = parametrize(expressions, data.names)
    return row_losses(parametric, x, y, weights, fitted, classes=data.task == "classification")


def mean_losses(data: Dataset) -> np.ndarray:
    """Row losses of the mean of the training rows, or of their shares of classes: what knows no input."""
    _, y, weights, fitted = judging_rows(data)
    counts = weights * fitted
    rest = counts.sum() - counts
    if data.task != "classification":
        mean = ((counts @ y) - counts[:, None] * y) / np.maximum(rest, 1e-300)[:, None]
        return np.asarray(np.square(y - mean).mean(1))
    hot = np.eye(int(y.max()) + 1)[y]
    # One more row of every class: a class that is left out whole must not cost infinitely much.
    shares = (counts @ hot - counts[:, None] * hot + 1) / (rest + hot.shape[1])[:, None]
    return np.asarray(-np.log(shares[np.arange(len(y)), y]))


def _squares(values: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gap = values - y.reshape(values.shape)
    return gap, np.broadcast_to(np.eye(values.shape[1]), (len(gap), *2 * (values.shape[1],)))


def _classes(values: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and curvature of the cross-entropy in the logits, with the fit's weak prior on them."""
    p = softmax(_two(values), 1)
    hot = np.eye(p.shape[1])[y]
    own = slice(-values.shape[1], None)
    size = float(np.square(np.nan_to_num(values)).mean()) / _USUAL_LOGIT**2
    prior = 2 / _USUAL_LOGIT**2 / (1 + size) / values.size
    curvature = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]
    return (p - hot)[:, own], curvature[:, own, own] + prior * np.eye(values.shape[1])


def _two(values: np.ndarray) -> np.ndarray:
    """Logits of all classes; one logit becomes two."""
    finite = np.nan_to_num(values, nan=0.0, posinf=700, neginf=-700)
    return np.concatenate((np.zeros_like(finite), finite), 1) if finite.shape[1] == 1 else finite


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


def _loss(values: np.ndarray, y: np.ndarray, classes: bool) -> np.ndarray:
    if not classes:
        return np.asarray(np.square(values - y.reshape(values.shape)).mean(1))
    undefined = ~np.isfinite(values).all(1)
    picked = -log_softmax(_two(values), 1)[np.arange(len(y)), y]
    return np.where(undefined, np.inf, picked)
