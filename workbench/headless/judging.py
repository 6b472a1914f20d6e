"""A formula of a sample, judged on the rows that the search has not seen."""

import math

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.report.loading import Results

_CHUNK = 100_000


def judged(results: Results, rest: pd.DataFrame) -> str:
    """A sentence on how the formula does on other rows.

    Args:
        results: what was found on a sample. rest: rows outside it, with the target.
    """
    try:
        return f"On the {len(rest)} rows outside the sample: {_figures(results, rest)}."
    except InputError as error:
        return f"The formula is judged on the sample alone: {error}."


def _figures(results: Results, rest: pd.DataFrame) -> str:
    formula = results.formula
    if rest[formula.target].dtype.kind == "M":
        raise InputError("dates as a target are counted from the first of the sample")
    starts = range(0, len(rest), _CHUNK)
    said = np.concatenate([results.predict(rest.iloc[at : at + _CHUNK]) for at in starts])
    true = rest[formula.target]
    classes = formula.classes is not None
    values = (
        true.to_numpy(object) if classes else pd.to_numeric(true, errors="coerce").to_numpy(float)
    )
    given = ~pd.isna(values) if classes else np.isfinite(values)
    known = given & ~pd.isna(said)
    if not known.any():
        raise InputError("it has no value where they have a target")
    if classes:
        return f"accuracy {(values == said)[given].mean():.1%}"
    squares = np.square(values[known] - said[known])
    spread = float(values[known].var())
    r2 = 1 - float(squares.mean()) / spread if spread else math.nan
    lost = int((given & ~known).sum())
    without = f"; {lost} of them it gives no value" if lost else ""
    return f"RMSE {math.sqrt(squares.mean()):.4g}, R² {r2:.6f}{without}"
