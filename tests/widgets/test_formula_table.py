"""The table of formulas without a browser: inspect, verify, choose, pin, snap."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.problems import PROBLEMS
from tests.widgets.conftest import send, until
from workbench.kan.data import Dataset
from workbench.search.structure.propose import propose
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


def part(table: FormulaTable, text: str) -> int:
    return next(node["place"] for node in table.detail["impacts"] if node["text"] == text)


def test_a_part_is_made_constant_and_given_back(table: FormulaTable) -> None:
    before = table.detail["text"]
    send(table, "hold-part", index=table.detail["index"], place=part(table, "x2**2"))
    assert table.detail["held"] == "x2**2"
    assert "x2" not in table.detail["text"]
    assert table.detail["index"] == table.session.choice
    assert next(row for row in table.rows if row["chosen"])["text"] == table.detail["text"]
    assert table.session.undoable == "hold x2**2 constant"
    send(table, "give-back")
    assert table.detail["text"] == before
    assert table.detail["held"] == ""
    send(table, "give-back")
    assert "no part was made constant" in table.state["message"]


def test_residuals_are_drawn_against_an_input(table: FormulaTable) -> None:
    data = table.session.data
    for against in ("x2", ""):
        send(table, "against", against=against)
        assert table.against == against
        left = np.frombuffer(table.residuals, "<f4").reshape(-1, 3)
        assert (left[:, 2] == 1).sum() == len(data.test)
        assert (left[:, 2] == 0).sum() == len(data.train)
        assert np.abs(left[:, 1]).max() < 1e-6
    send(table, "against", against="speed")
    assert "drawn against one of" in table.state["message"]
    assert table.against == ""


def test_building_blocks_reach_the_search_and_the_script(table: FormulaTable) -> None:
    session = table.session
    edge = session.model.edges()[0]
    assert {block["name"] for block in table.blocks} >= {"square", "bessel_j0"}
    send(table, "blocks", names=["sin", "linear"], edge=None)
    send(table, "blocks", names=["cube"], edge=list(edge))
    assert table.options["chosen"] == ["linear", "sin"]
    assert table.options["own"] == [[list(edge), ["cube"]]]
    assert table.options["edges"][0] == [list(edge), "x1 → y"]
    send(table, "blocks", names=[], edge=None)
    assert "at least one building block" in table.answers["blocks"][0]
    assert table.options["chosen"] == ["linear", "sin"]
    send(table, "search")
    session.wait()
    assert "functions=('linear', 'sin'), allowed={Edge(" in session.to_script()
    session.undo()
    assert table.options["own"] == [[list(edge), ["cube"]]]
    send(table, "discover")
    session.wait()
    assert session.suggestions
    said = "discover(data, effort='normal', seed=0, functions=('linear', 'sin'), training="
    assert f"{said}{{'grids': (3,), 'starts': 4}})" in session.to_script()
    send(table, "blocks", names=None, edge=list(edge))
    send(table, "blocks", names=None, edge=None)
    assert table.options["own"] == []
    assert len(table.options["chosen"]) > 10


def test_a_law_becomes_the_network(table: FormulaTable) -> None:
    session = table.session
    assert table.options["example"] == "y = f(x1) + g(x2, x3)"
    send(table, "law", text="y = f(x1")
    assert table.answers["law"][1]
    assert "closing bracket" in table.answers["law"][0]
    assert session.undoable == "find formulas"
    send(table, "law", text="y = k*f(x1) + x2^2 + x3^2")
    assert table.answers["law"] == [
        "The network has the shape of this law: f is a curve to be found; "
        "k is no column, so a number to be found. Train it next.",
        False,
    ]
    assert not table.state["trained"]
    assert table.rows, "the formulas that were found stay"
    send(table, "train")
    session.wait()
    assert table.state["trained"]
    assert table.answers == {}


def test_a_formula_of_ones_own(table: FormulaTable) -> None:
    count = len(table.rows)
    send(table, "add", text="k*x1^2 + x2^2")
    assert table.answers["start"][0].startswith("The formula is in the table")
    assert len(table.rows) > count
    send(table, "start", text="2*x1^2 + x2^2 + x3^2")
    assert table.session.undoable == "start from 2*x1^2 + x2^2 + x3^2"
    assert table.state["trained"]


def test_names_that_are_no_words_are_quoted() -> None:
    x = np.random.default_rng(0).uniform(0, 1, (60, 1))
    data = Dataset.from_arrays(x, x[:, 0], names=["bond length"], target="y")
    table = FormulaTable(Session(data, (1, 1)))
    assert table.options["example"] == "y = f(`bond length`)"
    send(table, "law", text=table.options["example"])
    assert not table.answers["law"][1]
    table.close()


def test_a_long_target_leaves_room_for_its_formula() -> None:
    x = np.linspace(0, 1, 20)
    data = Dataset.from_arrays(x[:, None], 2 * x, target="rate " * 12)
    table = FormulaTable(Session(data, (1, 1)).symbolify())
    assert all("rate rate rate …rate rate rate" in row["mathml"] for row in table.rows)
    assert all(row["text"].startswith("`" + "rate " * 12) for row in table.rows)


def test_structure_is_shown_used_and_refused() -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (120, 3))
    y = np.tanh(x[:, 0] * x[:, 1]) ** 3 / (1 + x[:, 2] ** 4) + np.sin(9 * x[:, 2])
    data = Dataset.from_arrays(x, y, names=["a", "b c", "d"], target="the rate")
    session = Session(data)
    table = FormulaTable(session)
    assert table.structure == []
    send(table, "refuse", text="the rate is blue")
    assert "nobody suggested" in table.state["message"]
    session.suggestions = propose(data, seconds=5).suggestions
    session.allow(None)  # any step brings the table up to date
    apart = "`the rate` is a function of d plus a function of the other inputs"
    assert apart in [found["sentence"] for found in table.structure]
    assert all(found["evidence"] and found["usable"] for found in table.structure)
    send(table, "refuse", text=apart)
    assert [f["refused"] for f in table.structure if f["sentence"] == apart] == [True]
    send(table, "refuse", text=apart)
    send(table, "take", text=apart)
    assert "Train it next" in table.answers["take"][0]
    assert not session.trained
    assert "compile_target('`the rate` = f(d) + g(a, `b c`)'" in session.to_script()
