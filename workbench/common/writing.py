"""Files that appear whole or not at all: the one way in which the workbench writes what must not be lost.

New files are made in a folder of their own beside their places, ``.….part``, and moved there when they are
complete. Whatever ends the program in between leaves what was there before, and at most that folder, which
``remove_leftovers`` takes away.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import InputError

_SUFFIX = ".part"


@contextmanager
def replacing(*paths: str | Path) -> Iterator[list[Path]]:
    """Paths to write to, one for each of ``paths``, which are replaced together when the block ends.

    An exception within the block, also for want of space, leaves all of ``paths`` as they were.

    Args:
        paths: files in one folder.

    Raises:
        InputError: they cannot be written; the sentence says why.
    """
    targets = [Path(path) for path in paths]
    names = ", ".join(repr(str(target)) for target in targets)
    try:
        for target in targets:
            if b"\0" in os.fsencode(target):
                raise ValueError("embedded null byte")
        staged = Path(tempfile.mkdtemp(dir=targets[0].parent, prefix=".", suffix=_SUFFIX))
    except (OSError, ValueError) as error:  # ValueError: no file can be called so
        raise InputError(f"{names} cannot be written: {_why(error)}") from error
    try:
        new = [staged / target.name for target in targets]
        yield new
        for file in new:
            _to_disk(file)
        for file, target in zip(new, targets, strict=True):
            os.replace(file, target)
    except OSError as error:
        raise InputError(
            f"{names} cannot be written: {_why(error)}; what was there is left as it was"
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _to_disk(file: Path) -> None:
    """Wait until a file's bytes lie on the disk: some file systems only then know that it is full."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file; it appears whole or not at all.

    Raises:
        InputError: see ``replacing``.
    """
    with replacing(path) as (new,):
        new.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """The same with a text in UTF-8."""
    write_bytes(path, text.encode())


def remove_leftovers(folder: Path) -> None:
    """Take away what a program that was killed while it wrote into ``folder`` has left there."""
    for left in folder.glob(f".*{_SUFFIX}"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def scratch(folder: str | Path) -> Iterator[None]:
    """Temporary files of this program lie in ``folder`` within the block, and go with it.

    For programs that own their process: others may rely on their temporary files for longer.

    Raises:
        InputError: nothing can be written there.
    """
    before = tempfile.tempdir
    try:
        tempfile.tempdir = tempfile.mkdtemp(dir=folder, prefix=".", suffix=_SUFFIX)
    except OSError as error:
        raise InputError(f"{str(folder)!r} cannot be written: {_why(error)}") from error
    try:
        yield
    finally:
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
        tempfile.tempdir = before
