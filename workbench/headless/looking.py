"""A table that is only looked at: what its columns hold, and what would be made of them."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from workbench.kan.data import Dataset
from workbench.kan.kinds import Kind
from workbench.tables.preparation import Column, columns_of, findings, suggested

_FAR = 3.0
"""Quartile ranges beyond the quartiles from where on a value is far off, as in a box plot."""


def lines(frame: pd.DataFrame, kinds: Mapping[str, Kind], target: str | None) -> Iterator[str]:
    """What is printed of a table.

    Args:
        frame: the table. kinds: of columns, where they are not to be guessed.
        target: column to be explained, or None.

    Raises:
        InputError: a target is given, and the table cannot be learned from.
    """
    yield f"{len(frame)} rows, {frame.shape[1]} columns"
    for note in frame.attrs.get("notes", ()):
        yield f"• {note}"
    columns = columns_of(frame, kinds)
    width = max((len(column.name) for column in columns), default=0)
    for column in columns:
        yield f"  {column.name:<{width}}  {column.kind:<16}  {'; '.join(_facts(frame, column))}"
    if target is None:
        yield "With --target COLUMN: what inputs there would be."
        return
    data = Dataset.from_frame(frame, target, columns=kinds)
    yield f"{data.task.capitalize()} of {data.target!r} on {len(data.inputs)} rows."
    yield f"Inputs: {', '.join(data.names)}"
    for note in data.notes[len(frame.attrs.get("notes", ())) :]:
        yield f"• {note}"
    for finding in findings(frame, suggested(frame, target)):
        if finding.kind == "warning":
            yield f"• {finding.text}"


def _facts(frame: pd.DataFrame, column: Column) -> Iterator[str]:
    if column.low is not None and column.high is not None:
        unit = frame.attrs.get("units", {}).get(column.name, "")
        yield f"{column.low:g} to {column.high:g} {unit}".rstrip()
    elif column.kind == "date" and column.labels:
        yield " to ".join(label.removesuffix("T00:00:00") for label in column.labels)
    elif column.labels:
        shown = ", ".join(
            f"{n} {c}" for n, c in zip(column.labels[:4], column.counts, strict=False)
        )
        yield f"{shown}{', …' if column.distinct > 4 else ''}"
    if column.kind not in ("number", "date"):
        yield column.reason
    if column.missing:
        yield f"{column.missing} missing"
    far = _far_off(frame[column.name])
    if far:
        yield f"{far} far off"
    if column.useless:
        yield f"no input: {column.useless}" if column.useless != column.reason else "no input"


def _far_off(series: pd.Series) -> int:
    """Values far beyond the quartiles."""
    if series.dtype.kind not in "iuf":
        return 0
    values = series.to_numpy(float)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0
    low, high = np.quantile(values, (0.25, 0.75))
    reach = _FAR * (high - low)
    return int(((values < low - reach) | (values > high + reach)).sum()) if reach else 0
