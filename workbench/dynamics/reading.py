"""Columns of a table that holds time series or fields."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import InputError


def frame_of(table: Any) -> pd.DataFrame:
    """A table as a frame: a pandas or polars one, a mapping of columns, or the path of a file.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(table, str | Path):
        from workbench.tables.reading import read_table

        return read_table(table)
    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "to_pandas"):
        return pd.DataFrame(table.to_pandas())
    if isinstance(table, Mapping):
        try:
            return pd.DataFrame(dict(table))
        except ValueError as error:
            raise InputError(f"columns must have the same number of rows: {error}") from error
    raise InputError(
        f"a table is a frame, a mapping of columns or a file, got {type(table).__name__}"
    )


def require_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise an ``InputError`` that names the first column that lacks."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise InputError(f"there is no column {missing[0]!r}: the table has {there}")


def numbers_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers; a date counts in seconds from the first.

    Raises:
        InputError: a cell holds something else.
    """
    column = frame[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        return (column - column.min()).dt.total_seconds().to_numpy(dtype=float)
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    strange = (np.isnan(found) & column.notna().to_numpy()) | np.isinf(found)
    if strange.any():
        row = int(np.argmax(strange))
        raise InputError(
            f"column {name!r} needs finite numbers, but row {row} has {str(column.iloc[row])!r}"
        )
    return found
