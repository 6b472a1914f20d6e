"""Versions: a tree in which nothing is lost, names, and two of them side by side."""

import pytest

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.model import Edge
from workbench.session import Session


@pytest.fixture
def session() -> Session:
    return Session(PROBLEMS[0].dataset(200), (2, 2, 1), grids=(3,), starts=4).start().wait()


def test_another_way_keeps_the_first_one(session: Session) -> None:
    session.prune(0.5).undo().fix(Edge(0, 0, 0), "sin", (1.0, 0.0, 1.0, 0.0))
    assert [(v.name, v.parent) for v in session.versions] == [
        ("new network", None),
        ("train", 0),
        ("prune below 0.5", 1),
        ("fix sin", 1),
    ]
    assert [v.past for v in session.versions] == [True, True, False, True]
    assert [v.present for v in session.versions] == [False, False, False, True]
    session.go(2)
    assert session.steps[-1].name == "prune below 0.5"
    assert session.undo().redoable == "prune below 0.5"
    assert session.go(3).undo().redoable == "fix sin"


def test_versions_have_names(session: Session) -> None:
    session.keep("before").prune(0.5).keep("after")
    assert session.go("before").steps[-1].name == "train"
    session.keep(" mine ")
    assert [v.label for v in session.versions] == ["", "mine", "after"]
    session.go("after").keep("mine")
    assert [v.label for v in session.versions] == ["", "", "mine"]
    assert [v.label for v in session.keep("").versions] == ["", "", ""]
    for wrong in ("before", 99, -1, True):
        with pytest.raises(InputError, match="version"):
            session.go(wrong)


def test_two_versions_are_compared(session: Session) -> None:
    before = set(session.model.edges())
    session.keep("a").prune(0.3).fix(session.model.edges()[0], "square", (1.0, 0.0, 1.0, 0.0))
    found = session.compare("a", 3)
    assert set(found.only_first) == before - set(session.model.edges())
    assert found.only_second == ()
    assert len(found.renamed) == 1
    assert found.difference > 0
    assert found.second.loss == pytest.approx(session.loss())
    same = session.compare(1, 1)
    assert (same.difference, same.only_first, same.renamed) == (0.0, (), ())
    session.rebuild((2, 1, 1))
    assert not session.compare(1, session.history.place).same_width


def test_a_new_network_begins_again(session: Session) -> None:
    session.rebuild((2, 3, 1))
    assert session.model.config.width == (2, 3, 1)
    assert session.result is None
    assert not session.trained
    session.start(grids=(3,), starts=2).wait()
    assert "starts=2" in session.steps[-1].code
    with pytest.raises(InputError, match="no argument 'gird'"):
        session.start(gird=3)
    with pytest.raises(InputError, match="from 2 inputs to 1 outputs"):
        session.rebuild((3, 1))


def test_edges_are_removed_held_and_released(session: Session) -> None:
    edge = session.model.edges()[0]
    session.hold(edge)
    with pytest.raises(InputError, match="not locked"):
        session.release(edge).release(edge)
    session.remove(edge)
    assert edge not in session.model.edges()
    with pytest.raises(InputError, match="not a living edge"):
        session.remove(edge)
    for last in [e for e in session.model.edges() if e.layer == 1][:-1]:
        session.remove(last)
    with pytest.raises(InputError, match="at least one edge"):
        session.remove(next(e for e in session.model.edges() if e.layer == 1))
    assert "lock(model" in session.to_script()
