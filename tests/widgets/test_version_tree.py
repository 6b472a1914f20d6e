"""Versions on the screen: go, keep, compare."""

import pytest

from tests.problems import PROBLEMS
from tests.widgets.conftest import send
from workbench.session import Session
from workbench.widgets import VersionTree


@pytest.fixture
def tree() -> VersionTree:
    session = Session(PROBLEMS[0].dataset(100), (2, 2, 1), grids=(3,), starts=2).start().wait()
    return VersionTree(session)


def test_versions_are_gone_to_named_and_compared(tree: VersionTree) -> None:
    send(tree, "keep", name="first")
    tree.session.prune(0.3)
    assert [v["label"] for v in tree.versions] == ["", "first", ""]
    send(tree, "compare", first=1, second=2)
    found = tree.comparison
    assert found["first"]["title"] == "first"
    assert found["second"]["title"] == "2 prune below 0.3"
    assert len(found["only_first"]) == 6 - len(tree.session.model.edges())
    assert found["only_first"][0].startswith("x")
    send(tree, "go", number=1)
    assert tree.session.steps[-1].name == "train"
    assert tree.comparison == {}
    send(tree, "redo")
    assert tree.versions[2]["present"]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("go", {"number": 9}, "versions 0 to 1"),
        ("keep", {"name": 5}, "must be a text"),
        ("compare", {"first": 1, "second": 1}, "two different versions"),
        ("redo", {}, "nothing to redo"),
    ],
)
def test_what_cannot_be_done_is_said(tree: VersionTree, kind: str, more: dict, said: str) -> None:
    send(tree, kind, **more)
    assert said in tree.state["message"]
    assert tree.state["error"]
