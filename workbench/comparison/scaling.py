"""How errors fall as models grow."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import linregress

from workbench.comparison.run import Run

_FEWEST = 3
_ROUNDING = 1e-13


def exponents(runs: Sequence[Run]) -> pd.DataFrame:
    """Exponents α of error ∝ size^−α by family, with standard errors of the fitted slopes.

    For KANs the size is the number of intervals G of the grid, over the grids of one shape and seed, of which
    the steepest fall is told: the paper of KANs derives 4 for cubic splines (arXiv 2404.19756, theorem 2.1).
    For the other families it is the number of parameters, over the best run of each. NaN where fewer than
    three sizes were trained.
    """
    rows = []
    for family in dict.fromkeys(run.family for run in runs):
        own = [run for run in runs if run.family == family]
        series = _grids(own) if family == "kan" else [_best_of_each(own, "parameters")]
        size = "grid" if family == "kan" else "parameters"
        fitted = [_slope(one, size) for one in series if len(one) >= _FEWEST]
        exponent, error, count = max(fitted, default=(np.nan, np.nan, 0))
        rows.append(
            {
                "family": family,
                "exponent": exponent,
                "standard_error": error,
                "models": count,
                "along": size,
            }
        )
    return pd.DataFrame(rows)


def _grids(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs of the same curves on different grids, from coarse to fine."""
    shapes: dict[tuple[str, str, int], list[Run]] = {}
    for run in runs:
        shape, _, rest = run.size.partition(", grid ")
        curves = rest.partition(", ")[2]
        shapes.setdefault((shape, curves, run.seed), []).append(run)
    return [_best_of_each(one, "grid") for one in shapes.values()]


def _best_of_each(runs: Sequence[Run], size: str) -> list[Run]:
    """Of each size the run that validates best, from small to large."""
    best = {getattr(run, size): run for run in sorted(runs, key=lambda run: -run.validation_error)}
    return [best[count] for count in sorted(best)]


def _slope(runs: Sequence[Run], size: str) -> tuple[float, float, int]:
    errors = np.array([run.test_error for run in runs])
    if not errors.max() > 0:
        return np.nan, np.nan, len(runs)
    known = np.maximum(errors, _ROUNDING * errors.max())
    fit = linregress(np.log([getattr(run, size) for run in runs]), np.log(known))
    return -float(fit.slope), float(fit.stderr), len(runs)
