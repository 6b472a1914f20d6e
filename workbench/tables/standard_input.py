"""A table that is piped in: what it is, is told by its first bytes instead of a name."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from workbench.errors import InputError

NAME = "standard input"
_HEAD = 1 << 12
_SIGNS = (
    (b"PAR1", ".parquet"),
    (b"ARROW1", ".arrow"),
    (b"SQLite format 3\0", ".sqlite"),
    (b"PK\3\4", ".zip"),
    (b"\x1f\x8b", ".txt.gz"),
    (b"BZh", ".txt.bz2"),
    (b"\xfd7zXZ\0", ".txt.xz"),
)
_IN_ARCHIVE = {"xl/workbook.xml": ".xlsx", "content.xml": ".ods"}


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[Path]:
    """A file with all that the stream holds, named after it, for as long as the block runs.

    Args:
        stream: of a text table, packed or not, Parquet, Arrow, Excel, OpenDocument, JSON or SQLite.

    Raises:
        InputError: it is empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        if not path.stat().st_size:
            raise InputError(f"a table is needed, but the {NAME} is empty")
        yield path.rename(path.with_suffix(_suffix(path)))


def _suffix(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = next((suffix for sign, suffix in _SIGNS if head.startswith(sign)), ".txt")
    if found == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
        return next((suffix for name, suffix in _IN_ARCHIVE.items() if name in names), found)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return ".json" if found == ".txt" and text[:1] in (b"{", b"[") else found
