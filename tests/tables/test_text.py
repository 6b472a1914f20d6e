"""Texts whose beginning says how they are to be read."""

from pathlib import Path

import pytest

from workbench.tables.reading import read_table
from workbench.tables.text import _HEAD


@pytest.mark.parametrize("sign", ["é", "€", "𝑥"])
@pytest.mark.parametrize("shift", range(4))
def test_a_sign_that_the_first_part_cuts_spoils_no_text(
    tmp_path: Path, sign: str, shift: int
) -> None:
    """A long text is looked at up to some byte, which may lie within a sign of several bytes."""
    rows = [f"{i},{'-' * shift if not i else ''}{sign * 20}" for i in range(_HEAD // 40)]
    text = "\n".join(["number,sign", *rows])
    assert len(text.encode()) > _HEAD
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    table = read_table(tmp_path / "t.csv")
    assert list(table.columns) == ["number", "sign"]
    assert len(table) == len(rows)
    assert table["sign"].iloc[-1] == sign * 20
    assert not any("UTF-8" in note for note in table.attrs.get("notes", ()))


@pytest.mark.parametrize("name", ["µ", "T (°C)", "naïve", "±", "§ 3", "è, ê"])
def test_foreign_signs_that_stand_alone_are_western(tmp_path: Path, name: str) -> None:
    """A byte or two say nothing of their language: programs of Asia would see one letter in them."""
    rows = "\n".join(f"{i},{i}.5" for i in range(20))
    (tmp_path / "t.csv").write_bytes(f'"{name}",y\n{rows}\n'.encode("cp1252"))
    table = read_table(tmp_path / "t.csv")
    assert list(table.columns) == [name, "y"]
    assert any("cp1252" in note for note in table.attrs["notes"])
