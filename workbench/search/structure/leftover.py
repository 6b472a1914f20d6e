"""Whether what a law leaves of a table is noise, so that nothing more can be found in it."""

import numpy as np

from workbench.evidence.residuals import lack_of_fit, neighbours
from workbench.search.structure.problem import Problem
from workbench.search.structure.surrogate import left_out

_SHARED, _STANDARD_ERRORS = 2.0, 2.0


def is_noise(problem: Problem, values: np.ndarray) -> bool:
    """Whether neighbours do not agree in what is left, and no smooth function predicts it.

    Args:
        problem: a table. values: of a law at its rows ``(N,)``. False for too few rows to tell.
    """
    residuals = problem.y - values
    if not np.isfinite(residuals).all() or not residuals.any():
        return False
    lack = lack_of_fit(neighbours(problem.x), residuals * problem.weights, problem.counts)
    return lack < _SHARED and not _predictable(problem, residuals)


def _predictable(problem: Problem, residuals: np.ndarray) -> bool:
    """Whether a smooth function misses less of rows that it has not seen than zero does."""
    missed, weights = left_out(problem, residuals)
    gained = (np.square(residuals[: len(missed)]) - np.square(missed)) * weights
    error = gained.std() / np.sqrt(len(gained))
    return bool(gained.mean() > _STANDARD_ERRORS * error)
