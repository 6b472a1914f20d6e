"""What is needed to explain a column: inputs are left out one by one while rows held out miss nothing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

_SURE, _SAME = 3.0, 1.2


@dataclass(frozen=True)
class Judged:
    """How well a set explains a column on rows held out.

    Attributes:
        misfit: share of the variance that is left; about 1 or more where nothing was learned.
        squares: of the errors of every row ``(N,)``, the variance of what is explained being 1.
        z: how many standard errors the held-out correlation lies above 0.
    """

    misfit: float
    squares: np.ndarray
    z: float


Judge = Callable[[str, Collection[str]], Judged]
"""Called with a column and those that have to explain it."""


def judged_rows(y: np.ndarray, fitted: np.ndarray, folds: np.ndarray) -> Judged:
    """Predictions ``(N,)`` of rows held out, each part of which may have a scale and sign of its own."""
    squares, scores = np.ones(len(y)), []
    for fold in np.unique(folds):
        held = folds == fold
        size = float(np.mean(y[held] ** 2))
        if size > 0:
            squares[held] = (y[held] - fitted[held]) ** 2 / size
        spread = y[held].std() * fitted[held].std()
        product = np.mean((y[held] - y[held].mean()) * (fitted[held] - fitted[held].mean()))
        scores.append(product / spread * np.sqrt(held.sum()) if spread > 0 else 0.0)
    return Judged(float(squares.mean()), squares, float(np.sum(scores) / np.sqrt(len(scores))))


def eliminated(
    judge: Judge, target: str, others: Collection[str]
) -> tuple[tuple[str, ...], Judged]:
    """The least set of others that explains a column as well as the best of the sets that were tried."""
    kept = list(others)
    best = found = judge(target, kept)
    while len(kept) > 1:
        tried = [(judge(target, [n for n in kept if n != name]), name) for name in kept]
        smaller, name = min(tried, key=lambda pair: pair[0].misfit)
        loss = smaller.squares - best.squares
        lost = loss.mean() > _SURE * loss.std() / np.sqrt(len(loss))
        if lost and smaller.misfit > _SAME * best.misfit:
            break
        kept.remove(name)
        found = smaller
        best = min(best, found, key=lambda judged: judged.misfit)
    return tuple(kept), found
