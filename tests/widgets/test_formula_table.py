"""The table of formulas without a browser: inspect, verify, choose, pin, snap."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.problems import PROBLEMS
from tests.widgets.conftest import send, until
from workbench.session import Session
from workbench.widgets import FormulaTable


@pytest.fixture
def table(found: Session) -> Iterator[FormulaTable]:
    place = found.history.place
    table = FormulaTable(found)
    yield table
    table.close()
    found.go(place)


def test_rows_go_from_simple_to_accurate(table: FormulaTable) -> None:
    formulas = table.session.formulas
    assert [row["text"] for row in table.rows] == [str(f) for f in formulas]
    assert [row["chosen"] for row in table.rows].index(True) == table.session.choice
    front = [row["validation"] for row in table.rows if row["front"]]
    assert front == sorted(front, reverse=True)
    assert all(row["mathml"].startswith("<math") for row in table.rows)


def test_the_chosen_formula_is_open_and_verified(table: FormulaTable) -> None:
    detail = table.detail
    assert detail["index"] == table.session.choice
    assert detail["text"] == "y = x1**2 + x2**2 + x3**2"
    found = detail["verification"]
    assert (found["part"], found["rows"], found["undefined"]) == ("test", 30, 0)
    assert found["gap"] < 1e-6
    assert [name for name, _ in detail["sensitivity"]] != []
    assert {node["text"] for node in detail["impacts"]} >= {"x1**2", "x2**2", "x3**2"}
    assert all(node["loss"] > 0.1 for node in detail["impacts"])
    pairs = np.frombuffer(table.dots, "<f4").reshape(-1, 2)
    assert len(pairs) == 30
    assert np.allclose(pairs[:, 0], pairs[:, 1], atol=1e-6)


def test_another_formula_is_inspected_and_chosen(table: FormulaTable) -> None:
    send(table, "inspect", index=0)
    assert table.detail["index"] == 0
    assert table.detail["verification"]["gap"] > 0.5
    send(table, "choose", index=0)
    assert table.rows[0]["chosen"]
    assert table.session.formula is table.session.formulas[0]
    assert table.detail["index"] == 0
    send(table, "undo")
    assert not table.rows[0]["chosen"]
    send(table, "close")
    assert table.detail == {}


def test_pins_stay(table: FormulaTable) -> None:
    send(table, "pin", index=1)
    assert [row["index"] for row in table.rows if row["pinned"]] == [1]
    send(table, "choose", index=0)
    assert [row["index"] for row in table.rows if row["pinned"]] == [1]
    send(table, "pin", index=1)
    assert not any(row["pinned"] for row in table.rows)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("inspect", {"index": 999}, "no longer in the table"),
        ("inspect", {"index": "first"}, "whole number"),
        ("choose", {"index": -1}, "must lie between"),
        ("snap", {"index": 0}, "close enough to an exact number"),
    ],
)
def test_what_cannot_be_done_is_said(table: FormulaTable, kind: str, more: dict, said: str) -> None:
    send(table, kind, **more)
    assert said in table.state["message"]
    assert table.state["error"]


def test_a_search_fills_the_table_and_can_be_stopped() -> None:
    session = Session(PROBLEMS[0].dataset(200), (2, 2, 1), grids=(3,), starts=4).start().wait()
    table = FormulaTable(session)
    seen: list[int] = []
    table.observe(lambda change: seen.append(len(change["new"])), names="rows")
    send(table, "search")
    until(lambda: bool(table.rows))
    send(table, "stop")
    session.wait()
    assert seen[0] == 4  # a constant, two lines and a plane, while it still searches
    assert table.rows == []
    assert table.state["status"] == "stopped"
    assert not session.has_formulas
    assert session.undoable == "train"
    table.close()


def test_a_saved_notebook_keeps_a_table(table: FormulaTable) -> None:
    content, _ = table._repr_mimebundle_()
    assert content["text/html"].startswith("<table")
