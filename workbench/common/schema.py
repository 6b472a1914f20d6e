"""Files from elsewhere are data: each is checked whole against a schema before anything is made of it.

msgspec decodes text straight into typed records, so a wrong type, an unknown key or a list that is too
long ends the reading where it stands, and a small file cannot first become large lists. pydantic would
build the tree of Python objects before it looks, and brings a compiler of its own.
"""

import re
from collections.abc import Collection
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace as changed

from workbench.errors import InputError

__all__ = [
    "MOST_NAMES", "MOST_NODES", "Count", "Label", "Meta", "Name", "Number", "Strict", "Struct", "Text",
    "changed", "finite", "read", "require", "require_names", "require_text",
]  # fmt: skip

MOST_NAMES, MOST_NODES = 10_000, 5_000
_PRINTED = r"\A[^\x00]*\Z"

Text = Annotated[str, Meta(max_length=1_000_000, pattern=_PRINTED)]
Name = Annotated[str, Meta(min_length=1, max_length=1000, pattern=_PRINTED)]
Label = bool | int | float | Annotated[str, Meta(max_length=10_000, pattern=_PRINTED)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Number = float | None
"""None where a number is not finite, which JSON cannot say."""


class Strict(Struct, forbid_unknown_fields=True):
    """A record of a file; what it does not name is refused."""


T = TypeVar("T")
_HALVES = re.compile("[\ud800-\udfff]")
_NOT_JSON = re.compile(rb'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN', re.DOTALL)


def read(content: bytes, kind: type[T], what: str, *, most: int = 4_000_000) -> T:
    """The JSON text ``content`` as ``kind``.

    Args:
        content: of the file. kind: the record that it must be.
        what: the file, for people. most: bytes that it may have.

    Raises:
        InputError: it is too long, no JSON, or says something else; the message says where.
    """
    if len(content) > most:
        raise InputError(f"{what} is too long: at most {most} bytes are read, got {len(content)}")
    try:
        return msgspec.json.decode(finite(content), type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"{what} is damaged: {error}") from error


def require(true: bool, what: str, sentence: str) -> None:
    """An ``InputError`` that the file ``what`` is damaged, unless something holds."""
    if not true:
        raise InputError(f"{what} is damaged: {sentence}")


def require_text(text: str) -> None:
    """An ``InputError`` where a text holds NUL or half a character, which no file can."""
    if "\0" in text or (not text.isascii() and _HALVES.search(text)):
        raise InputError(
            f"a name or text holds a character that cannot be written: {text[:40]!r}; rename it"
        )


def require_names(names: Collection[str], what: str) -> None:
    """An ``InputError`` unless column names differ and are not too many."""
    require(len(names) <= MOST_NAMES, what, f"it has {len(names)} names, {MOST_NAMES} at most")
    require(len(set(names)) == len(names), what, "its names must differ")


def finite(content: bytes) -> bytes:
    """Words that Python writes for numbers that are not finite, and JSON does not know, as null."""
    if b"NaN" not in content and b"Infinity" not in content:
        return content
    return _NOT_JSON.sub(lambda m: m[0] if m[0][:1] == b'"' else b"null", content)
