"""The bytes of a table: a file, or what it unpacks to, read in pieces so that a small one cannot grow."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from workbench.errors import InputError

PACKED = (".gz", ".bz2", ".xz", ".zip")
_PIECE = 1 << 20
_ALWAYS, _RATIO = 4_000_000, 100
"""Bytes that any file may unpack to, and how many times its size a larger one may."""


@dataclass(frozen=True)
class File:
    """A table's bytes.

    Attributes:
        path: of the file. name: without what says how it is packed.
        content: what it unpacks to, or None where it is not packed.
        part: the sheet, table or member that was asked for, or "".
    """

    path: Path
    name: str
    content: bytes | None = None
    part: str = ""

    @property
    def suffix(self) -> str:
        """Of the name, in small letters: the kind of the file."""
        return Path(self.name).suffix.lower()

    @property
    def size(self) -> int:
        """Bytes that are read."""
        return self.path.stat().st_size if self.content is None else len(self.content)

    def open(self) -> BinaryIO:
        """The bytes from the start; whoever opens them closes them."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)


def opened(path: Path, part: str, suffixes: Collection[str]) -> File:
    """The file at ``path``; of an archive the member ``part``, or the first of a kind in ``suffixes``.

    Raises:
        InputError: it unpacks to too much, or holds no table.
    """
    packing = path.suffix.lower()
    if packing == ".zip":
        return _member(path, part, suffixes)
    if packing not in PACKED:
        return File(path, path.name, part=part)
    with _stream(path, packing) as stream:
        return File(path, path.stem, _bounded(path, stream), part)


def _stream(path: Path, packing: str) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    if packing == ".gz":
        return gzip.GzipFile(path)
    return bz2.BZ2File(path) if packing == ".bz2" else lzma.LZMAFile(path)


def _member(path: Path, part: str, suffixes: Collection[str]) -> File:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if _is_table(name, suffixes)]
        if part and part not in names:
            raise InputError(f"{path.name!r} holds no table {part!r}: there are {names[:5]}")
        if not names:
            raise InputError(f"{path.name!r} holds no table: a .csv file in it, say, is needed")
        name = part or names[0]
        with archive.open(name) as stream:
            return File(path, PurePosixPath(name).name, _bounded(path, stream))


def _is_table(name: str, suffixes: Collection[str]) -> bool:
    """Archives made on a Mac hold a second, hidden file for each."""
    inside = PurePosixPath(name)
    hidden = inside.name.startswith(".") or inside.parts[0] == "__MACOSX"
    return not hidden and inside.suffix.lower() in suffixes


def _bounded(path: Path, stream: IO[bytes] | io.BufferedIOBase) -> bytes:
    most = max(_ALWAYS, _RATIO * path.stat().st_size)
    pieces, size = [], 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > most:
            raise InputError(
                f"{path.name!r} is too large: it unpacks to more than {most // 1_000_000} MB; "
                "unpack it yourself if that is right"
            )
        pieces.append(piece)
    return b"".join(pieces)
