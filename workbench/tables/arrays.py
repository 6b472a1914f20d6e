"""Arrays by name, as files of arrays hold them, as the columns of a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.tables.limits import require_columns
from workbench.tables.raw import Raw

_NAMED = 5


@dataclass(frozen=True)
class Chosen:
    """Arrays that are columns of one table.

    Attributes:
        names: of the arrays. rows: of the table. others: names of arrays that are not of this length.
    """

    names: tuple[str, ...]
    rows: int
    others: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        return left_out(self.others, f"not of {self.rows} rows")


def left_out(names: Sequence[str], why: str) -> list[str]:
    """A sentence on arrays that are no columns, if there are any."""
    if not names:
        return []
    shown = ", ".join(map(repr, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
    return [f"Left out ({why}): {shown}."]


def chosen(shapes: Mapping[str, tuple[int, ...]]) -> Chosen | None:
    """The arrays with as many rows as most have: vectors are columns, matrices several of them.

    None where they would not make a table of two columns and two rows.
    """
    extents = {name: extent for name, shape in shapes.items() if (extent := _extent(shape))}
    widths: Counter[int] = Counter()
    for rows, _ in extents.values():
        widths[rows] += 1
    lengths = sorted(widths, key=lambda rows: (widths[rows], rows), reverse=True)
    for length in lengths:
        names = tuple(name for name, (rows, _) in extents.items() if rows == length)
        if sum(extents[name][1] for name in names) > 1:
            return Chosen(names, length, tuple(name for name in shapes if name not in names))
    return None


def _extent(shape: Sequence[int]) -> tuple[int, int] | None:
    """Rows and columns, where an array has several rows; a matrix of one row is a vector."""
    if len(shape) == 1 and shape[0] > 1:
        return shape[0], 1
    if len(shape) == 2 and max(shape) > 1 and min(shape) > 0:
        return (max(shape), 1) if min(shape) == 1 else (shape[0], shape[1])
    return None


def from_arrays(
    name: str,
    arrays: Mapping[str, np.ndarray],
    units: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Raw:
    """A table of arrays of one length.

    Args:
        name: of the file. arrays: vectors, or matrices whose columns are numbered from 1.
        units: of the arrays. notes: what was made of the file.
    """
    columns: dict[str, np.ndarray] = {}
    said: dict[str, str] = {}
    for key, values in arrays.items():
        flat = values.reshape(-1) if 1 in values.shape[1:] or values.ndim == 1 else values
        if values.ndim == 2 and values.shape[0] == 1:
            flat = values.reshape(-1)
        parts = [flat] if flat.ndim == 1 else list(flat.T)
        names = [key] if flat.ndim == 1 else [f"{key}{i + 1}" for i in range(len(parts))]
        for column, part in zip(names, parts, strict=True):
            if column in columns:
                raise InputError(f"{name!r} would have two columns {column!r}: rename an array")
            columns[column] = _plain(part)
            if units and key in units:
                said[column] = units[key]
    require_columns(name, len(columns))
    frame = pd.DataFrame(dict(enumerate(columns.values())))
    return Raw(frame, list(columns), said, notes)


def _plain(values: np.ndarray) -> np.ndarray:
    """Of this machine's order of bytes and of a type that pandas knows; texts are decoded."""
    if values.dtype.kind in "SO":
        return np.array([_text(value) for value in values.tolist()], dtype=object)
    if values.dtype.kind == "U":
        return np.array(values.tolist(), dtype=object)
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return values.astype(np.float64)
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))


def _text(value: object) -> object:
    """A text without the blanks that fill it up; blank ones are gaps."""
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
    return (text.strip(" \0") or None) if isinstance(text, str) else text
