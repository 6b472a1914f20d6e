"""FITS: the first binary or text table of a file, read by astropy."""

import warnings
from typing import Any

import numpy as np

from workbench.errors import InputError
from workbench.tables.arrays import from_arrays, left_out
from workbench.tables.extras import library
from workbench.tables.files import File
from workbench.tables.limits import require_columns, require_moderate
from workbench.tables.raw import Raw

_LONGEST_TEXT = 1000


def read(file: File) -> Raw:
    """The table ``file.part`` (the name or the number of its extension), or the first one.

    Raises:
        InputError: there is no such table, or astropy is not installed.
    """
    fits = library("astropy.io.fits", "fits", "FITS tables")
    options = {"memmap": False, "disable_image_compression": True}
    with (
        warnings.catch_warnings(action="ignore"),
        file.open() as stream,
        fits.open(stream, **options) as book,
    ):
        tables = {
            str(unit.name or place): unit
            for place, unit in enumerate(book)
            if isinstance(unit, fits.BinTableHDU | fits.TableHDU)
        }
        numbered = {str(place): unit for place, unit in enumerate(book)}
        if not tables:
            raise InputError(f"{file.name!r} holds no table: a binary or text table is needed")
        name = file.part or next(iter(tables))
        if name not in tables and numbered.get(name) not in tables.values():
            known = ", ".join(map(repr, list(tables)[:8]))
            raise InputError(f"{file.name!r} has no table {name!r}: there are {known}")
        notes = [f"The table {name!r} was read, one of {len(tables)}."][: len(tables) - 1]
        return _columns(file, tables.get(name, numbered.get(name)), notes)


def _columns(file: File, unit: Any, notes: list[str]) -> Raw:
    rows, width = int(unit.header["NAXIS2"]), int(unit.header["NAXIS1"])
    if rows * width > file.size:
        raise InputError(f"{file.name!r} is cut: its table claims more bytes than it has")
    require_columns(file.name, len(unit.columns))
    require_moderate(file.name, rows * len(unit.columns))
    # A column of arrays may point to the same bytes from all of its rows.
    single = {column.name: column for column in unit.columns if _is_single(column)}
    data = unit.data
    arrays = {name: _with_gaps(data.field(name), column) for name, column in single.items()}
    others = [column.name for column in unit.columns if column.name not in single]
    notes = notes + left_out(others, "an array in each cell")
    units = {name: str(column.unit) for name, column in single.items() if column.unit}
    return from_arrays(file.name, arrays, units, notes)


def _is_single(column: Any) -> bool:
    kind = column.dtype
    if any(sign in str(column.format) for sign in "PQ") or column.dim:
        return False
    if kind.kind in "SU":
        return bool(kind.itemsize <= _LONGEST_TEXT * (4 if kind.kind == "U" else 1))
    return kind.shape == () and kind.base.kind in "iufbc"


def _with_gaps(values: Any, column: Any) -> np.ndarray:
    """Numbers, without those that the table names as missing."""
    found = np.asarray(values)
    if column.null is None or found.dtype.kind not in "iu":
        return found
    mark = int(column.null) * int(column.bscale or 1) + int(column.bzero or 0)
    return np.where(found == mark, np.nan, found.astype(float))
