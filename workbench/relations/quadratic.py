"""Columns that are a polynomial of degree two of others, such as a·b + d: what no sum of curves says."""

from collections.abc import Collection, Mapping
from itertools import combinations_with_replacement

import numpy as np
from numpy.linalg import LinAlgError

from workbench.relations.elimination import Judged, judged_rows

_RIDGE = 1e-10


class Quadratic:
    """Columns, standardised, their squares and products, and the Gram matrix on every part of the rows."""

    def __init__(self, numbers: Mapping[str, np.ndarray], folds: np.ndarray) -> None:
        self.names = list(numbers)
        self.folds = folds
        plain = np.stack([(x - x.mean()) / x.std() for x in numbers.values()], 1)
        self.pairs = list(combinations_with_replacement(range(len(self.names)), 2))
        products = np.stack([plain[:, i] * plain[:, k] for i, k in self.pairs], 1)
        self.terms = np.column_stack((plain, products, np.ones(len(folds))))
        parts = [self.terms[folds == fold] for fold in np.unique(folds)]
        grams = [part.T @ part for part in parts]
        whole = sum(grams) + _RIDGE * len(folds) * np.eye(self.terms.shape[1])
        self.grams = [whole - gram for gram in grams]

    def judged(self, target: str, others: Collection[str]) -> Judged:
        """Least squares on the terms of the others, on every part of the rows in turn."""
        y = self.names.index(target)
        own = {self.names.index(name) for name in others}
        count = len(self.names)
        terms = [
            *own,
            *(count + n for n, pair in enumerate(self.pairs) if own.issuperset(pair)),
            -1,
        ]
        fitted = np.zeros(len(self.folds))
        for fold, gram in enumerate(self.grams):
            held = self.folds == fold
            try:
                weights = np.linalg.solve(gram[np.ix_(terms, terms)], gram[terms, y])
            except LinAlgError:
                continue
            fitted[held] = self.terms[held][:, terms] @ weights
        return judged_rows(self.terms[:, y], fitted, self.folds)
