"""MATLAB: vectors and matrices with as many rows, at the top or in a struct; version 7.3 is HDF5."""

import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat

from workbench.errors import InputError
from workbench.tables import hdf5
from workbench.tables.arrays import chosen, from_arrays, left_out
from workbench.tables.files import File
from workbench.tables.limits import require_unpacked
from workbench.tables.raw import Raw

_NUMBERS = (
    "double", "single", "logical", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
)  # fmt: skip
_HEADER, _PACKED, _PIECE = 128, 15, 1 << 20
_SIZED = re.compile(
    rb"(?s)[\x01-\x04].{7}(?:[\x05\x06]\0\0\0(?=[\x04-\x80]\0\0\0)|[\x05\x06]\0\x04\0)"
)
"""Cells, structs, objects and texts with the tag of their dimensions."""
_MOST_PLACES = 1_000_000
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
    _require_moderate(file, start)
    with warnings.catch_warnings(action="ignore"), file.open() as stream:
        known = {name: (shape, kind) for name, shape, kind in whosmat(stream)}
        if file.part and file.part not in known:
            names = ", ".join(map(repr, list(known)[:8]))
            raise InputError(f"{file.name!r} has no variable {file.part!r}: there are {names}")
        wanted = [file.part] if file.part else list(known)
        shapes = {name: known[name][0] for name in wanted if known[name][1] in _NUMBERS}
        found = chosen(shapes)
        if found is not None:
            others = [name for name in wanted if name not in found.names]
            loaded = _loaded(stream, found.names)
            arrays = {name: np.asarray(loaded[name]) for name in found.names}
            notes = left_out(others, f"not {found.rows} rows of numbers")
            return from_arrays(file.name, arrays, notes=notes)
        for name in wanted:
            if known[name] != ((1, 1), "struct"):
                continue
            table = _of_struct(file, _loaded(stream, [name])[name])
            if table is not None:
                return Raw(
                    table.frame, table.names, notes=[f"The struct {name!r} was read.", *table.notes]
                )
    raise InputError(
        f"{file.name!r} holds no table: a matrix, or vectors of one length, are needed; {_TABLES}"
    )


def _loaded(stream: Any, names: Any) -> dict[str, Any]:
    stream.seek(0)
    return dict(loadmat(stream, variable_names=list(names), simplify_cells=False))


def _of_struct(file: File, found: Any) -> Raw | None:
    """The fields of a struct that are vectors of one length, of numbers or texts."""
    record = found.reshape(-1)[0]
    fields = {name: _values(record[name]) for name in found.dtype.names or ()}
    columns: Mapping[str, np.ndarray] = {n: v for n, v in fields.items() if v is not None}
    table = chosen({name: values.shape for name, values in columns.items()})
    if table is None:
        return None
    return from_arrays(file.name, {name: columns[name] for name in table.names}, notes=table.notes)


def _values(found: Any) -> np.ndarray | None:
    """Numbers as they are, a cell array of texts as texts, nothing else."""
    if not isinstance(found, np.ndarray):
        return None
    if found.dtype.kind in "iufb":
        return found
    if found.dtype.kind == "O" and found.size and min(found.shape) == 1:
        texts = [_text(cell) for cell in found.reshape(-1).tolist()]
        return None if any(text is None for text in texts) else np.array(texts, dtype=object)
    return None


def _text(cell: Any) -> str | None:
    if isinstance(cell, np.ndarray) and cell.dtype.kind == "U" and cell.size < 2:
        return str(cell.reshape(-1)[0]) if cell.size else ""
    return None


def _require_moderate(file: File, start: bytes) -> None:
    """Refuse what unpacks to too much, and cells that claim to be more than there are bytes for."""
    if start[:4].count(0):  # version 4, which packs nothing
        return
    if start[126:128] == b"MI":
        raise InputError(f"{file.name!r} was written on a machine of old: save it again")
    size = 0
    for piece in _elements(file):
        size += len(piece)
        require_unpacked(file.name, size, file.size)
        for match in _SIZED.finditer(piece):
            if _cells(piece, match) > max(_MOST_PLACES, len(piece)):
                raise InputError(f"{file.name!r} claims more cells than it has bytes for")


def _cells(piece: bytes, match: re.Match[bytes]) -> float:
    """The product of the dimensions that follow their tag."""
    first, count = match.end(), 1
    if match[0][-2] == 0:
        first, count = first + 4, piece[first] // 4
    sizes = piece[first : first + 4 * count]
    return float(np.prod(np.frombuffer(sizes[: len(sizes) // 4 * 4], "<i4"), dtype=float))


def _elements(file: File) -> Iterator[bytes]:
    """Every element at the top, unpacked."""
    with file.open() as stream:
        stream.seek(_HEADER)
        while len(tag := stream.read(8)) == 8:
            kind, length = struct.unpack("<II", tag)
            if length > file.size:
                raise InputError(f"{file.name!r} is cut: it claims more bytes than it has")
            content = stream.read(length)
            if kind != _PACKED:
                yield content
                continue
            unpacking = zlib.decompressobj()
            found = bytearray()
            while content and not unpacking.eof:
                found += unpacking.decompress(content, _PIECE)
                content = unpacking.unconsumed_tail
                require_unpacked(file.name, len(found), file.size)
            yield bytes(found + unpacking.flush())
