"""Results of an earlier run make way, or the user is told why they cannot."""

from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.report.results import FIRST, check_folder, set_aside


def test_results_that_cannot_be_moved_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FIRST[-1]).write_text("earlier")
    blocked = tmp_path / "previous" / FIRST[-1]
    blocked.mkdir(parents=True)
    (blocked / "mine").write_text("of the user")
    with pytest.raises(InputError, match=r"cannot be moved to 'previous': \w"):
        set_aside(tmp_path)
    assert (tmp_path / FIRST[-1]).read_text() == "earlier"
    assert (blocked / "mine").read_text() == "of the user"


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("of the user")
    with pytest.raises(InputError, match=r"'.*out' cannot be one: \w"):
        check_folder(tmp_path / "out")
