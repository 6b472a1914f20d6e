"""MATLAB: vectors and matrices with as many rows, at the top or in a struct; version 7.3 is HDF5."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.io import loadmat

from workbench.errors import InputError
from workbench.tables import hdf5, mat5
from workbench.tables.arrays import chosen, from_arrays, left_out
from workbench.tables.files import File
from workbench.tables.raw import Raw

_HEADER = 128
_TABLES = "in MATLAB, S = table2struct(T, 'ToScalar', true) makes a struct of a table"


def read(file: File) -> Raw:
    """The variable ``file.part``, or the variables at the top, else the first struct that is a table.

    Raises:
        InputError: there is no such variable, or none is a table.
    """
    with file.open() as stream:
        start = stream.read(_HEADER + 512)
    if b"\x89HDF\r\n\x1a\n" in (start[:8], start[512:520]):
        return hdf5.read(file, matlab=True)
    known = _variables(file, start)
    if file.part and file.part not in known:
        names = ", ".join(map(repr, list(known)[:8]))
        raise InputError(f"{file.name!r} has no variable {file.part!r}: there are {names}")
    wanted = {file.part: known[file.part]} if file.part else known
    arrays = {name: value for name, value in wanted.items() if _is_numbers(value)}
    found = chosen({name: value.shape for name, value in arrays.items()})
    if found is not None:
        others = [name for name in wanted if name not in found.names]
        notes = left_out(others, f"not {found.rows} rows of numbers")
        return from_arrays(file.name, {name: arrays[name] for name in found.names}, notes=notes)
    for name, value in wanted.items():
        table = _of_struct(file, value) if isinstance(value, dict) else None
        if table is not None:
            notes = [f"The struct {name!r} was read.", *table.notes]
            return Raw(table.frame, table.names, notes=notes)
    raise InputError(
        f"{file.name!r} holds no table: a matrix, or vectors of one length, are needed; {_TABLES}"
    )


def _variables(file: File, start: bytes) -> dict[str, Any]:
    if start[:4].count(0):  # version 4, which packs nothing
        with warnings.catch_warnings(action="ignore"), file.open() as stream:
            loaded = loadmat(stream)
        return {name: value for name, value in loaded.items() if not name.startswith("__")}
    if start[126:128] == b"MI":
        raise InputError(f"{file.name!r} was written on a machine of old: save it again")
    return mat5.variables(file)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iufbc"


def _of_struct(file: File, fields: Mapping[str, Any]) -> Raw | None:
    """The fields of a struct that are vectors of one length, of numbers or texts."""
    values = {name: _values(value) for name, value in fields.items()}
    columns = {name: value for name, value in values.items() if value is not None}
    table = chosen({name: value.shape for name, value in columns.items()})
    if table is None:
        return None
    return from_arrays(file.name, {name: columns[name] for name in table.names}, notes=table.notes)


def _values(found: Any) -> np.ndarray | None:
    """Numbers as they are, a cell array of texts as texts, nothing else."""
    if isinstance(found, np.ndarray) and found.dtype.kind in "iufb":
        return found
    if isinstance(found, list) and found and all(isinstance(cell, str) for cell in found):
        return np.array(found, dtype=object)
    return None
