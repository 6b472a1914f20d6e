"""A table that is piped in: what it is, is told by its first bytes instead of a name."""

import re
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
_SIGNS = {
    rb"PAR1\x15": ".parquet",
    rb"ARROW1\x00\x00": ".arrow",
    rb"SQLite format 3\x00": ".sqlite",
    rb"MATLAB \d\.\d MAT-file": ".mat",
    rb"\x89HDF\r\n": ".h5",
    rb"CDF[\x01\x02\x05]": ".nc",
    rb"SIMPLE  =": ".fits",
    rb"\xd0\xcf\x11\xe0": ".xls",
    rb"PK\x03\x04": ".zip",
    rb"\x1f\x8b": ".txt.gz",
    rb"BZh\d1AY&SY": ".txt.bz2",
    rb"\xfd7zXZ\x00": ".txt.xz",
}
"""How files begin that are no text; a column may be called PAR1 or CDF."""
_IN_ARCHIVE = {"xl/workbook.xml": ".xlsx", "content.xml": ".ods"}


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[Path]:
    """A file with all that the stream holds, named after it, for as long as the block runs.

    Args:
        stream: of any table that ``reading.read_table`` reads; what is packed is a text.

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
    found = next((suffix for sign, suffix in _SIGNS.items() if re.match(sign, head)), ".txt")
    if found == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
        return next((suffix for name, suffix in _IN_ARCHIVE.items() if name in names), found)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return ".json" if found == ".txt" and text[:1] in (b"{", b"[") else found
