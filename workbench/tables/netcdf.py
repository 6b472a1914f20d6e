"""NetCDF: variables on the same dimensions are columns, with their coordinates beside them."""

import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import netcdf_file

from workbench.errors import InputError
from workbench.tables import hdf5
from workbench.tables.arrays import from_arrays, left_out
from workbench.tables.files import File
from workbench.tables.limits import CELL, require_columns, require_unpacked
from workbench.tables.raw import Raw

_CLASSIC = (b"CDF\x01", b"CDF\x02")
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
_ATTRIBUTES = ("units", "scale_factor", "add_offset", "_FillValue", "missing_value")


@dataclass(frozen=True)
class _Variable:
    """Dimensions by name and length, single attributes, and how the values are read."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    values: Callable[[], np.ndarray]


def read(file: File) -> Raw:
    """The variables on the dimensions of ``file.part``, or on those that most variables have.

    Rows are all points of the grid that the dimensions make. Numbers that stand for what is missing
    (``_FillValue``) are gaps, packed ones are unpacked by their ``scale_factor`` and ``add_offset``.

    Raises:
        InputError: there is no such variable, or none that is a table.
    """
    with file.open() as stream:
        start = stream.read(4)
    if start in _CLASSIC:
        with _classic(file) as variables:
            return _table(file, variables)
    with hdf5.opened(file) as book:
        variables = _of_hdf5(file, book)
        if variables:
            return _table(file, variables)
    return hdf5.read(file)


def _table(file: File, variables: Mapping[str, _Variable]) -> Raw:
    if file.part and file.part not in variables:
        known = ", ".join(map(repr, list(variables)[:8]))
        raise InputError(f"{file.name!r} has no variable {file.part!r}: there are {known}")
    dimensions: tuple[str, ...] = (
        variables[file.part].dimensions if file.part else _usual(variables)
    )
    if not dimensions or len(set(dimensions)) < len(dimensions):
        raise InputError(f"{file.name!r} holds no table: variables on a dimension are needed")
    lengths = {
        name: length
        for one in variables.values()
        for name, length in zip(one.dimensions, one.shape, strict=True)
    }
    shape = [lengths[name] for name in dimensions]
    used = {
        name: one
        for name, one in variables.items()
        if one.dimensions and set(one.dimensions) <= set(dimensions)
    }
    require_columns(file.name, len(used))
    cells = float(np.prod(shape, dtype=float)) * len(used)
    # Every coordinate is repeated: what a grid makes may be far more than its file.
    require_unpacked(file.name, cells * CELL, file.size)
    arrays, units = {}, {}
    for name in sorted(
        used, key=lambda n: dimensions.index(n) if n in dimensions else len(dimensions)
    ):
        one = used[name]
        axes = [axis for axis in dimensions if axis in one.dimensions]
        values = _measured(one).transpose([one.dimensions.index(axis) for axis in axes])
        extents = [values.shape[axes.index(axis)] if axis in axes else 1 for axis in dimensions]
        arrays[name] = np.broadcast_to(values.reshape(extents), shape).reshape(-1)
        unit = one.attributes.get("units")
        if isinstance(unit, str):
            units[name] = unit
    others = [name for name in variables if name not in used and variables[name].dimensions]
    grid = " × ".join(f"{name} ({lengths[name]})" for name in dimensions)
    notes = [f"Rows are the points of {grid}."] if len(dimensions) > 1 else []
    notes += left_out(others, f"not on {', '.join(dimensions)} alone")
    return from_arrays(file.name, arrays, units, notes)


def _usual(variables: Mapping[str, _Variable]) -> tuple[str, ...]:
    """The dimensions of most variables that are no coordinates; of more of them where it is a draw."""
    counts = Counter(
        one.dimensions
        for name, one in variables.items()
        if one.dimensions and one.dimensions != (name,)
    )
    return max(counts, key=lambda dims: (counts[dims], len(dims)), default=())


def _measured(variable: _Variable) -> np.ndarray:
    """Values as they were measured, with gaps."""
    values = variable.values()
    if values.dtype.kind not in "iuf":
        return values
    said = variable.attributes
    marks = [said[key] for key in ("_FillValue", "missing_value") if _is_number(said.get(key))]
    gaps = np.isin(values, np.array(marks, dtype=values.dtype)) if marks else np.False_
    scale, offset = (
        said[key] if _is_number(said.get(key)) else default
        for key, default in (("scale_factor", 1), ("add_offset", 0))
    )
    if scale != 1 or offset != 0 or np.any(gaps):
        values = values * float(scale) + float(offset)
    return np.where(gaps, np.nan, values) if np.any(gaps) else values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


@contextmanager
def _classic(file: File) -> Iterator[dict[str, _Variable]]:
    """Variables of NetCDF 3, which are mapped: a header may name the same bytes any number of times."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = file.path
        if file.content is not None:
            path = Path(folder, "table.nc")
            path.write_bytes(file.content)
        with netcdf_file(path, "r", mmap=True) as book:
            found = {name: _of_classic(one) for name, one in book.variables.items()}
            yield {name: one for name, one in found.items() if one is not None}


def _of_classic(variable: Any) -> _Variable | None:
    if variable.data.dtype.kind not in "iuf":
        return None
    said = {key: getattr(variable, key) for key in _ATTRIBUTES if hasattr(variable, key)}
    said = {key: _single(value) for key, value in said.items()}
    kind = variable.data.dtype.newbyteorder("=")
    return _Variable(
        tuple(variable.dimensions),
        tuple(variable.data.shape),
        said,
        lambda: variable.data.astype(kind),
    )


def _single(value: Any) -> Any:
    value = value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def _of_hdf5(file: File, book: Any) -> dict[str, _Variable]:
    """Variables of NetCDF 4 at the root of a file."""
    found = {}
    for name, item in hdf5.members(book).items():
        if not hasattr(item, "dims") or not hdf5.is_column(item.dtype) or item.dtype.kind == "O":
            continue
        if str(hdf5.attribute(item, "NAME") or "").startswith(_NO_VARIABLE):
            continue
        hdf5.require_own(file, item)
        said = {key: hdf5.attribute(item, key) for key in _ATTRIBUTES}
        found[name] = _Variable(
            _dimensions(item, name), tuple(item.shape), said, partial(_all, item)
        )
    return found


def _all(item: Any) -> np.ndarray:
    return np.asarray(item[()])


def _dimensions(item: Any, name: str) -> tuple[str, ...]:
    """Names of the scales of every axis; an axis without one is named by its place."""
    if item.is_scale and item.ndim == 1:
        return (name,)
    return tuple(
        axis[0].name.rpartition("/")[2] if len(axis) else f"{name} axis {place}"
        for place, axis in enumerate(item.dims)
    )
