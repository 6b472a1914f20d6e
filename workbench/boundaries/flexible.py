"""A flexible boundary from labels: a support vector machine, and the points of its edge."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.svm import SVC

from workbench.boundaries.result import agreement_of
from workbench.errors import InputError

_GRID = {"C": [1.0, 30.0, 1000.0], "gamma": [0.03, 0.3, 3.0]}
_FOLDS, _MOST_ROWS = 4, 1500
_NEIGHBOURS, _HALVINGS = 3, 40
SURE = 3.0
"""Standard errors by which sides have to be told better than by chance, or by something else."""


@dataclass(frozen=True, eq=False)
class Flexible:
    """A fitted machine.

    Attributes:
        names: of the variables. machine: of columns divided by ``scales (d,)`` less ``centre (d,)``.
        rows: numbers of the rows that it was fitted to. predicted: sides of these, each by machines that have
            not seen it, ``(len(rows),)``.
    """

    names: tuple[str, ...]
    machine: Any
    centre: np.ndarray
    scales: np.ndarray
    rows: np.ndarray
    predicted: np.ndarray

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """Positive inside, ``(N,)``."""
        return self.at(frame[list(self.names)].to_numpy(dtype=float))

    def at(self, x: np.ndarray) -> np.ndarray:
        """The same of rows ``(N, d)``."""
        return np.asarray(self.machine.decision_function((x - self.centre) / self.scales))

    def beats_chance(self, inside: np.ndarray) -> bool:
        """Whether it tells rows that it has not seen apart by more than chance, from all sides ``(N,)``."""
        sides = inside[self.rows]
        share, error = agreement_of(self.predicted, sides)
        return bool(share > max(sides.mean(), 1 - sides.mean()) + SURE * error)

    def edge(
        self, x: np.ndarray, inside: np.ndarray, count: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points of its edge between states ``x (N, d)`` and near ones on the other side, ``(M, d)``.

        Beside them how far these states are apart, in scaled columns, ``(M,)``.
        """
        side = self.at(x) > 0
        if side.all() or not side.any():
            return x[:0], np.zeros(0)
        first, second = x[side], x[~side]
        tree = cKDTree(second / self.scales)
        neighbours = min(_NEIGHBOURS, len(second))
        _, found = tree.query(first / self.scales, neighbours)
        pairs = np.column_stack((np.repeat(np.arange(len(first)), neighbours), np.ravel(found)))
        length = np.linalg.norm((first[pairs[:, 0]] - second[pairs[:, 1]]) / self.scales, axis=1)
        near = np.argsort(length)[: max(2 * count, len(pairs) // 2)]
        near = near[random.permutation(len(near))[:count]]
        ends = first[pairs[near, 0]], second[pairs[near, 1]]
        return bisected(lambda rows: self.at(rows) > 0, *ends, _HALVINGS), length[near]


def bisected(
    side: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, halvings: int
) -> np.ndarray:
    """Points where the side changes between rows ``a`` that are inside and rows ``b`` that are not."""
    for _ in range(halvings):
        middle = (a + b) / 2
        same = side(middle)[:, None]
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return np.asarray((a + b) / 2)


def flexible(
    names: tuple[str, ...],
    x: np.ndarray,
    inside: np.ndarray,
    scales: np.ndarray,
    groups: np.ndarray | None,
    random: np.random.Generator,
) -> Flexible:
    """A machine whose width and softness rows held out in turn choose, groups of rows kept together."""
    rows = random.permutation(len(x))[:_MOST_ROWS]
    centre = np.median(x, 0)
    z, y = ((x - centre) / scales)[rows], inside[rows]
    own = None if groups is None else groups[rows]
    few = f"each class must occur in at least {_FOLDS} groups of rows"
    if own is not None and len(np.unique(own)) < _FOLDS:
        raise InputError(few)
    kind = StratifiedKFold if own is None else StratifiedGroupKFold
    state = int(random.integers(2**31))
    folds = list(kind(_FOLDS, shuffle=True, random_state=state).split(z, y, own))
    if any(len(np.unique(y[rest])) < 2 for rest, _ in folds):
        raise InputError(few)
    search = GridSearchCV(SVC(cache_size=100), _GRID, cv=folds).fit(z, y)
    predicted = cross_val_predict(search.best_estimator_, z, y, cv=folds)
    return Flexible(names, search.best_estimator_, centre, scales, rows, np.asarray(predicted))


def clearly_worse(right: np.ndarray, others: np.ndarray) -> bool:
    """Whether one is right less often than another by more than chance allows (McNemar 1947)."""
    lost, won = int((~right & others).sum()), int((right & ~others).sum())
    return bool(lost - won > SURE * math.sqrt(max(lost + won, 1)))
