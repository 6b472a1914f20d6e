"""Variables of a MATLAB file of version 5, read within the bounds of its bytes.

SciPy's reader is compiled code that a damaged file can bring down, and the program with it; so what a table
is made of (numbers, texts, cells and structs of them) is read here with NumPy. Layout: MathWorks, "MAT-File
Format", chapter 1.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.errors import InputError
from workbench.tables.files import File
from workbench.tables.limits import require_unpacked

_HEADER, _TAG, _PIECE = 128, 8, 1 << 20
_MATRIX, _PACKED = 14, 15
_STORED = {
    1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8", 12: "<i8", 13: "<u8",
}  # fmt: skip
"""How the numbers of an element are stored, by its type."""
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"}
_NUMBERS = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
"""What the numbers of an array are, by its class."""
_CELL, _STRUCT, _CHAR = 1, 2, 4
_COMPLEX, _LOGICAL = 1 << 11, 1 << 9
_DEEPEST, _MOST_FIELDS = 3, 10_000


class DamagedError(Exception):
    """The bytes do not fit each other."""


def variables(file: File) -> dict[str, Any]:
    """Arrays of numbers, texts, lists (cells) and dicts (structs) by name; None for what is none of these.

    Raises:
        InputError: the file is damaged, or unpacks to too much.
    """
    found: dict[str, Any] = {}
    try:
        for content in _elements(file):
            name, value = _matrix(content, 0)
            found[name] = value
    except (DamagedError, zlib.error, UnicodeDecodeError, struct.error) as error:
        raise InputError(f"{file.name!r} is a damaged MATLAB file: {error}") from error
    return found


def _elements(file: File) -> Iterator[memoryview]:
    """Every matrix at the top, unpacked."""
    size = 0
    with file.open() as stream:
        stream.seek(_HEADER)
        while tag := stream.read(_TAG):
            kind, length = struct.unpack("<II", tag)
            if length > file.size:
                raise DamagedError("it claims more bytes than it has")
            content = stream.read(length)
            if kind == _PACKED:
                packed = _unpacked(content, file)
                kind, inner, _ = _element(memoryview(packed), 0)
            else:
                inner = memoryview(content)
            size += len(inner)
            require_unpacked(file.name, size, file.size)
            if kind == _MATRIX:
                yield inner


def _unpacked(content: bytes, file: File) -> bytes:
    unpacking = zlib.decompressobj()
    found = bytearray()
    while content and not unpacking.eof:
        found += unpacking.decompress(content, _PIECE)
        content = unpacking.unconsumed_tail
        require_unpacked(file.name, len(found), file.size)
    return bytes(found)


def _element(view: memoryview, place: int) -> tuple[int, memoryview, int]:
    """Type and content of an element, and where the next one begins."""
    (first,) = struct.unpack_from("<I", view, place)
    short = first >> 16
    if short:
        begin, length, after = place + 4, short, place + _TAG
        kind = first & 0xFFFF
        if length > 4:
            raise DamagedError("a short element is too long")
    else:
        kind, length = struct.unpack_from("<II", view, place)
        begin = place + _TAG
        after = begin + length + -length % 8
    if begin + length > len(view):
        raise DamagedError("an element ends behind the file")
    return kind, view[begin : begin + length], after


def _matrix(view: memoryview, depth: int) -> tuple[str, Any]:
    """Name and value of an array."""
    if not len(view):  # an empty cell
        return "", np.empty((0, 0))
    _, flags, place = _element(view, 0)
    (about,) = struct.unpack_from("<I", flags)
    kind, sizes, place = _element(view, place)
    shape = tuple(int(n) for n in _numbers(kind, sizes))
    _, name, place = _element(view, place)
    if len(shape) < 2 or min(shape) < 0 or math.prod(shape) > len(view):
        raise DamagedError("an array has another size than it claims")
    read = {_CELL: _cells, _STRUCT: _struct, _CHAR: _text}.get(about & 0xFF)
    if read is not None:
        value = read(view, place, shape, depth + 1) if depth < _DEEPEST else None
    elif about & 0xFF in _NUMBERS:
        value = _array(view, place, shape, about)
    else:
        value = None
    return bytes(name).rstrip(b"\0").decode("latin-1"), value


def _numbers(kind: int, content: memoryview) -> np.ndarray:
    if kind not in _STORED:
        raise DamagedError("numbers are of an unknown type")
    stored = np.dtype(_STORED[kind])
    return np.frombuffer(content[: len(content) // stored.itemsize * stored.itemsize], stored)


def _array(view: memoryview, place: int, shape: tuple[int, ...], about: int) -> np.ndarray:
    kind, content, place = _element(view, place)
    values = _numbers(kind, content)
    if about & _COMPLEX:
        kind, content, _ = _element(view, place)
        parts = _numbers(kind, content)
        values = values[: len(parts)] + 1j * parts[: len(values)]
    else:
        with np.errstate(all="ignore"):
            values = values.astype("?" if about & _LOGICAL else _NUMBERS[about & 0xFF])
    if len(values) != math.prod(shape):
        raise DamagedError("an array has another size than it claims")
    return values.reshape(shape, order="F")


def _text(view: memoryview, place: int, shape: tuple[int, ...], depth: int) -> str | None:
    """A text of one line."""
    if math.prod(shape) == 0:
        return ""
    kind, content, _ = _element(view, place)
    if kind not in _TEXTS or shape[0] != 1:
        return None
    return bytes(content).decode(_TEXTS[kind])


def _cells(view: memoryview, place: int, shape: tuple[int, ...], depth: int) -> list[Any]:
    found = []
    for _ in range(math.prod(shape)):
        _, content, place = _element(view, place)
        found.append(_matrix(content, depth)[1])
    return found


def _struct(view: memoryview, place: int, shape: tuple[int, ...], depth: int) -> Any:
    """Fields by name; of an array of structs nothing."""
    if math.prod(shape) != 1:
        return None
    kind, content, place = _element(view, place)
    widths = _numbers(kind, content)
    width = int(widths[0]) if len(widths) else 0
    _, content, place = _element(view, place)
    if width < 1 or len(content) // width > _MOST_FIELDS:
        raise DamagedError("the fields of a struct have no names")
    found = {}
    for k in range(len(content) // width):
        name = bytes(content[k * width : (k + 1) * width]).split(b"\0")[0].decode("latin-1")
        _, inner, place = _element(view, place)
        found[name] = _matrix(inner, depth)[1]
    return found
