"""The data form without a browser: what is chosen, what is refused, what becomes of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.widgets.conftest import send
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.tables.preparation import Preparation
from workbench.widgets import DataForm


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.uniform(1, 2, 60), "b": random.uniform(1, 2, 60)})
    frame["word"] = "x"
    frame["y"] = frame["a"] * frame["b"]
    frame.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "notes.md").write_text("no table")
    return tmp_path


@pytest.fixture
def form(folder: Path) -> DataForm:
    return DataForm("table.csv", folder=folder)


def test_an_empty_form_offers_the_tables_of_the_folder(folder: Path) -> None:
    form = DataForm(folder=folder)
    assert (form.files, form.table, form.columns) == (["table.csv"], {}, [])
    send(form, "open", path="table.csv")
    assert form.table == {"name": "table.csv", "rows": 60, "columns": 4}
    assert form.choice["target"] == "y"
    send(form, "close")
    assert form.table == {}


def test_the_choice_becomes_a_dataset(form: DataForm) -> None:
    taken: list[Dataset] = []
    form.on_use(taken.append)
    assert form.ready["names"] == ["a", "b"]
    send(form, "choose", log=["a"], units={"b": "m", "a": ""}, seed=5)
    assert form.ready["names"] == ["log_a", "b"]
    send(form, "choose", target="a", inputs=["a", "b", "y"], log=[])
    assert form.ready["names"] == ["b", "y"]  # the target is no input
    assert not form.state["used"]
    send(form, "use")
    assert form.state["used"]
    assert taken == [form.dataset]
    assert form.source.code == (
        "data = Preparation(target='a', inputs=('b', 'y'), units={'b': 'm'}, seed=5)"
        ".apply(read_table('table.csv'))"
    )
    send(form, "choose", task="classes")
    assert "different labels" in form.state["message"]
    assert not form.state["used"]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("open", {"path": "gone.csv"}, "no file"),
        ("open", {"path": 3}, "must be a text"),
        ("choose", {"inputs": []}, "at least one input"),
        ("choose", {"inputs": "a"}, "by their names"),
        ("choose", {"inputs": ["word"]}, "'word' cannot be an input"),
        ("choose", {"target": "nothing"}, "no column 'nothing'"),
        ("choose", {"seed": -1}, "not negative"),
        ("upload", {"name": "virus.exe"}, "a table is a file of"),
        ("upload", {"name": "a/.hidden.csv"}, "must not be a hidden file"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_lost(
    form: DataForm, kind: str, more: dict, said: str
) -> None:
    before = form.table
    send(form, kind, **more)
    assert said in form.state["message"]
    assert form.state["error"]
    assert form.table == before
    send(form, "choose", target="y", inputs=["a", "b"])
    assert not form.state["error"]
    assert form.ready["train"] == 42


def test_a_form_without_a_usable_choice_gives_nothing(form: DataForm) -> None:
    send(form, "choose", inputs=[])
    with pytest.raises(InputError, match="at least one input"):
        form.use()
    with pytest.raises(InputError, match="open one"):
        DataForm(folder=form._folder).change(target="a")
    with pytest.raises(InputError, match="no such choice"):
        form.change(tarket="a")


def test_dropped_files_are_kept_and_never_overwrite(form: DataForm, folder: Path) -> None:
    content = (folder / "table.csv").read_bytes()
    other = content.replace(b"a,b", b"p,q")
    for name, sent in (("table.csv", content), ("table.csv", other), ("../up.csv", other)):
        form._handle_custom_msg({"type": "upload", "name": name}, [memoryview(sent)])
    assert (folder / "table.csv").read_bytes() == content
    assert not (folder.parent / "up.csv").exists()
    assert len(form.files) == 3
    assert form.columns[0]["name"] == "p"
    form._handle_custom_msg({"type": "upload", "name": "bad.csv"}, [memoryview(b"a,b\n1\n")])
    assert "needs 2 fields" in form.state["message"]
    assert form.columns[0]["name"] == "p"


def test_a_file_that_cannot_be_kept_is_said_and_nothing_is_left_behind(
    form: DataForm, folder: Path
) -> None:
    (folder / "taken.csv").mkdir()
    before = sorted(folder.iterdir())
    sent = b"p,q,r\n" + b"1,2,3\n2,3,5\n" * 20
    for name in ("x" * 300 + ".csv", "a\0b.csv"):
        form._handle_custom_msg({"type": "upload", "name": name}, [memoryview(sent)])
        assert "cannot be written" in form.state["message"]
        assert sorted(folder.iterdir()) == before
    form._handle_custom_msg({"type": "upload", "name": "taken.csv"}, [memoryview(sent)])
    assert form.columns[0]["name"] == "p"
    assert len(list(folder.iterdir())) == len(before) + 1


def test_a_frame_needs_no_file() -> None:
    frame = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40.0) ** 2})
    form = DataForm(frame, "x")
    assert form.source == ""
    assert form.use().target == "x"
    assert any("orders the rows" in finding["text"] for finding in form.findings)
    form.settle(Preparation("y", ("x",)))
    assert form.state["used"]


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(InputError, match="500 columns"):
        DataForm(pd.DataFrame(np.zeros((3, 500))))


def test_an_example_is_at_hand(folder: Path) -> None:
    form = DataForm(folder=folder)
    send(form, "example")
    assert form.choice["target"] == "period"
    assert form.source.code.endswith(".apply(example_table())")


def test_a_column_is_read_as_another_kind(folder: Path) -> None:
    table = pd.DataFrame(
        {"a": [4, 6, 8] * 20, "note": [f"text {i // 2}" for i in range(60)], "y": np.arange(60.0)}
    )
    form = DataForm(table)
    assert form.preparation.inputs == ("a",)
    form._handle_custom_msg({"type": "choose", "kinds": {"a": "category", "note": "category"}}, [])
    assert form.ready["names"][:2] == ["a_6", "a_8"]
    assert form.preparation.inputs == ("a", "note")
    assert [c["kind"] for c in form.columns][:2] == ["category", "category"]
    assert any("'a': an input of 0 and 1" in f["text"] for f in form.findings)
    form._handle_custom_msg({"type": "choose", "kinds": {"a": "text"}}, [])
    assert form.preparation.inputs == ()
    assert "at least one input" in form.state["message"]
    form._handle_custom_msg({"type": "choose", "kinds": {"a": "colour"}}, [])
    assert "a column is one of number" in form.state["message"]


def test_gaps_are_met_as_is_chosen(folder: Path) -> None:
    table = pd.DataFrame({"a": [np.nan, *range(59)], "y": np.arange(60.0)})
    form = DataForm(table)
    rows = sum(form.ready[part] for part in ("train", "validation", "test"))
    form._handle_custom_msg({"type": "choose", "missing": "indicator"}, [])
    assert (rows, form.ready["names"]) == (59, ["a", "a_missing"])
    assert form.choice["missing"] == "indicator"


def test_groups_and_errors_are_no_inputs_and_come_back(folder: Path) -> None:
    table = folder / "metals.csv"
    frame = pd.read_csv(folder / "table.csv").drop(columns="word")
    frame.assign(metal=["iron", "tin"] * 30, err=frame["a"] / 9).to_csv(table, index=False)
    form = DataForm("metals.csv", target="y", folder=folder)
    every = form.choice["inputs"]
    send(form, "choose", by="metal", sigma="err")
    assert tuple(form.choice["inputs"]) == ("a", "b")
    assert form.ready["groups"] == 2
    assert form.dataset.sigma is not None
    assert "by='metal', sigma='err'" in form.source.code
    send(form, "choose", inputs=["a", "b", "metal"])
    assert tuple(form.choice["inputs"]) == ("a", "b")
    send(form, "choose", by="", sigma="", weights="err")
    assert tuple(form.choice["inputs"]) == ("a", "b", "metal")
    assert form.dataset.weights is not None
    send(form, "choose", weights="")
    assert form.choice["inputs"] == every
    send(form, "choose", sigma="err", log=["y"])
    assert "take no logarithm of it" in form.state["message"]


def test_the_target_is_drawn_against_every_column(form: DataForm) -> None:
    assert form.clouds["a"]["correlation"] > 0.3
    assert len(form.clouds["a"]["x"]) == 60
    send(form, "choose", target="a", inputs=["b", "y"])
    assert set(form.clouds) == {"b", "word", "y"}
    assert form.rows[0][2] == "x"
