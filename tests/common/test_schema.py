"""Text from elsewhere becomes typed records or one sentence."""

import pytest

from workbench.common.schema import Name, Number, Strict, Text, read, require_text
from workbench.errors import InputError


class Record(Strict):
    name: Name
    size: Number = 0.0
    note: Text = ""


def test_numbers_that_json_does_not_know_are_none() -> None:
    found = read(b'{"name": "NaN", "size": -Infinity, "note": "\\"NaN"}', Record, "it")
    assert (found.name, found.size, found.note) == ("NaN", None, '"NaN')


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[", b"[" * 100_000, b"\xff", b"7", b'{"name": ""}', b'{"name": "a\\u0000"}',
        b'{"name": "\\ud800"}', b'{"name": "\xed\xa0\x80"}', b'{"name": "a", "other": 1}',
        b'{"name": "a", "size": "1"}', b'{"name": "a", "size": 1e999}', b'{"name": 1}',
    ],
)  # fmt: skip
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="it is damaged"):
        read(content, Record, "it")


def test_long_texts_are_not_read() -> None:
    with pytest.raises(InputError, match="too long: at most 10 bytes"):
        read(b" " * 11, Record, "it", most=10)


@pytest.mark.parametrize("text", ["a\0", "é\0", "\ud800", "a\udfff"])
def test_text_that_no_file_can_hold_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        require_text(text)


@pytest.mark.parametrize("text", ["", "mass (kg)", "é ∇ 𝛼"])
def test_all_other_text_is_welcome(text: str) -> None:
    require_text(text)
