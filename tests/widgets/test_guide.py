"""What comes next on every page, from no table to a formula."""

import threading
from pathlib import Path

import pytest

from tests.problems import PROBLEMS
from workbench.session import Session
from workbench.widgets.guide import PAGES, next_step
from workbench.widgets.keeping import readable
from workbench.widgets.panel import Panel


def commands(session: Session | None, *, table: bool = True, used: bool = True) -> list[str]:
    """What the button of each page does."""
    return [next_step(page, session, table=table, used=used).command for page in PAGES]


def test_the_next_step_of_every_page() -> None:
    assert commands(None, table=False, used=False) == [""] * 7
    assert commands(None, used=False) == ["use"] * 7
    assert commands(None) == ["train-page"] * 7
    session = Session(PROBLEMS[0].dataset(60), (2, 1), grids=(3,), starts=1, steps=2)
    assert commands(session) == ["train-page", *["train"] * 5, ""]
    session.start().wait()
    assert commands(session) == [
        "train-page", "look", "simplify", "prune", "search", "search", "",
    ]  # fmt: skip
    session.symbolify(functions=["linear"])
    assert commands(session)[4:] == ["export", "", ""]
    assert "Copy or save" in next_step("Export", session, table=True, used=True).text


def test_paths_are_shortened_at_home_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert readable(tmp_path / "me" / "a" / "b.kan") == "~/a/b.kan"
    assert readable(tmp_path / "you" / "b.kan") == str(tmp_path / "you" / "b.kan")


@pytest.mark.parametrize("error", [OSError, RuntimeError, ValueError])
def test_errors_of_work_that_is_done_aside_are_said(error: type[Exception]) -> None:
    said = []

    class Told(Panel):
        def __init__(self) -> None:
            pass

        def _refuse(self, sentence: str) -> None:
            said.append(sentence)

    def work() -> None:
        raise error("out of luck")

    before = set(threading.enumerate())
    Told()._aside(work)
    for thread in set(threading.enumerate()) - before:
        thread.join()
    assert said == ["out of luck"]
