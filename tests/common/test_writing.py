"""Files that appear whole or not at all, whatever ends the writing."""

import errno
import os
from pathlib import Path

import pytest

from workbench.common.writing import remove_leftovers, replacing, write_text
from workbench.errors import InputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_several_files_change_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    with replacing(*paths) as new:
        for file in new:
            file.write_text("new")
        assert not any(path.exists() for path in paths)
    assert [path.read_text() for path in paths] == ["new", "new"]
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("cause", [KeyboardInterrupt, RuntimeError])
def test_what_is_broken_off_changes_nothing(cause: type, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def broken_off() -> None:
        with replacing(tmp_path / "a", tmp_path / "b") as (a, _):
            a.write_text("new")
            raise cause

    with pytest.raises(cause):
        broken_off()
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("workbench.common.writing.os.fsync", full)
    says = "cannot be written: No space left on device; what was there is left as it was"
    with pytest.raises(InputError, match=says):
        write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "path", ["none/a", "a\0b", "\ud800"], ids=["no folder", "NUL", "surrogate"]
)
def test_a_path_that_cannot_be_is_one_sentence(path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: "):
        write_text(tmp_path / path, "text")
    assert names(tmp_path) == []


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".x1.part").mkdir()
    (tmp_path / ".x1.part" / "a").write_text("half")
    (tmp_path / "mine.part").write_text("of the user")
    (tmp_path / ".file.part").write_text("no folder, so none of ours")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [".file.part", "mine.part"]
