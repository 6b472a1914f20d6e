r"""Sets of columns with :math:`\theta(y) \approx \sum_i f_i(x_i)`: one eigenproblem in spline coefficients.

The link and the curves of greatest correlation (alternating conditional expectations; Breiman & Friedman
1985, *JASA* 80) are the first canonical pair between the splines of y and those of all others. They are
found on some rows and judged on those left out. Columns are ranks, so that no row has more weight than
another, and a monotone map of a column changes nothing.
"""

from collections.abc import Collection, Mapping

import numpy as np
import torch
from numpy.linalg import LinAlgError

from workbench.kan import spline
from workbench.relations.elimination import Judged, judged_rows

_RIDGE = 1e-8


class Additive:
    """Splines of all columns, their products on every part of the rows, and what follows from these."""

    def __init__(self, ranks: Mapping[str, np.ndarray], folds: np.ndarray) -> None:
        self.names = list(ranks)
        self.folds = folds
        intervals = int(np.clip(len(folds) // 100, 4, 10))
        points = torch.from_numpy(np.stack(list(ranks.values()), 1))
        zero, one = torch.zeros(()).to(points), torch.ones(()).to(points)
        values = spline.basis(points, zero, one, intervals, 3).numpy()[..., 1:]
        self.size = values.shape[-1]
        self.basis = (values - values.mean(0)).reshape(len(folds), -1)
        parts = [self.basis[folds == fold] for fold in np.unique(folds)]
        grams = [part.T @ part for part in parts]
        whole = sum(grams) + _RIDGE * np.trace(sum(grams)) * np.eye(self.basis.shape[1])
        self.grams = [whole - gram for gram in grams]

    def columns(self, names: Collection[str]) -> np.ndarray:
        """Places of the splines of some columns."""
        first = np.array([self.names.index(name) for name in names]) * self.size
        return (first[:, None] + np.arange(self.size)).ravel()

    def judged(self, target: str, others: Collection[str]) -> Judged:
        """The target's link against curves of the others, on every part of the rows in turn."""
        mine, theirs = self.columns([target]), self.columns(others)
        y, fitted = np.zeros(len(self.folds)), np.zeros(len(self.folds))
        for fold, gram in enumerate(self.grams):
            held = self.folds == fold
            link, curves = _canonical(gram, mine, theirs)
            y[held] = self.basis[held][:, mine] @ link
            fitted[held] = self.basis[held][:, theirs] @ curves
        return judged_rows(y, fitted, self.folds)

    def explicit(self, others: Collection[str], values: np.ndarray) -> float:
        """Misfit of curves of the others to the target's own ``values (N,)``, without a link."""
        theirs = self.columns(others)
        y = values - values.mean()
        fitted = np.zeros(len(y))
        for fold, gram in enumerate(self.grams):
            held = self.folds == fold
            across = self.basis[~held][:, theirs].T @ y[~held]
            curves = np.linalg.solve(gram[np.ix_(theirs, theirs)], across)
            fitted[held] = self.basis[held][:, theirs] @ curves
        return judged_rows(y, fitted, self.folds).misfit


def _canonical(
    gram: np.ndarray, mine: np.ndarray, theirs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the link, whose sum of squares on the rows is 1, and of the curves."""
    across = gram[np.ix_(theirs, mine)]
    try:
        curves = np.linalg.solve(gram[np.ix_(theirs, theirs)], across)
        root = np.linalg.inv(np.linalg.cholesky(gram[np.ix_(mine, mine)]))
    except LinAlgError:
        return np.zeros(len(mine)), np.zeros(len(theirs))
    _, vectors = np.linalg.eigh(root @ across.T @ curves @ root.T)
    link = root.T @ vectors[:, -1]
    return link, curves @ link
