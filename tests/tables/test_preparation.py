"""A table is looked at before it is learned from: what is dropped and why, what may go wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.tables.preparation import (
    BINS,
    Preparation,
    cautions,
    columns_of,
    findings,
    suggested,
)
from workbench.tables.reading import read_table

ROWS = 60


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"mass": random.uniform(1, 5, ROWS), "speed": random.normal(0, 1, ROWS)})
    frame["same"] = 7.0
    frame["copy"] = frame["mass"]
    frame["where"] = ["north", "south"] * (ROWS // 2)
    frame["day"] = pd.date_range("2020-01-01", periods=ROWS)
    frame["count"] = np.arange(ROWS) % 7
    frame["heavy"] = frame["mass"] > 3
    frame["energy"] = frame["mass"] * frame["speed"] ** 2 / 2
    return frame


def test_every_column_is_told(frame: pd.DataFrame) -> None:
    found = {c.name: c for c in columns_of(frame)}
    assert [c.kind for c in found.values()] == [
        "number", "number", "whole number", "number", "category", "date", "whole number", "yes/no", "number",
    ]  # fmt: skip
    assert sum(found["mass"].counts) == ROWS
    assert len(found["mass"].counts) == BINS
    assert len(found["count"].counts) == 7
    assert found["where"].labels == ("north", "south")
    assert {name: c.useless for name, c in found.items() if c.useless} == {
        "same": "it is 7 in every row",
        "copy": "it is a copy of 'mass'",
    }


def test_the_first_guess_explains_the_last_column(frame: pd.DataFrame) -> None:
    guess = suggested(frame)
    assert guess == Preparation("energy", ("mass", "speed", "where", "day", "count", "heavy"))
    assert suggested(frame, "where").inputs == ("mass", "speed", "day", "count", "heavy", "energy")
    data = suggested(frame, "where").apply(frame)
    assert data.classes == ("north", "south")
    dropped = [f.text for f in findings(frame, guess) if f.kind == "dropped"]
    assert dropped[0] == "'same' is left out: it is 7 in every row."
    with pytest.raises(InputError, match="no 'enregy'"):
        suggested(frame, "enregy")


def test_logarithms_and_scales_have_names_of_their_own(frame: pd.DataFrame) -> None:
    chosen = Preparation(
        "energy",
        ("mass", "speed"),
        log=("mass",),
        standardise=("mass", "speed"),
        units={"mass": "kg"},
    )
    data = chosen.apply(frame)
    assert data.names == ("std_log_mass", "std_speed")
    column = np.log(frame["mass"])
    expected = (column - column.mean()) / column.std()
    assert np.allclose(data.inputs[:, 0].numpy(), expected)
    assert data.units == {}
    assert Preparation("energy", ("mass",), units={"mass": "kg"}).apply(frame).units == {
        "mass": "kg"
    }


def test_the_split_is_the_user_s(frame: pd.DataFrame) -> None:
    ordered = Preparation("energy", ("mass",), split="ordered").apply(frame)
    assert ordered.train.tolist() == list(range(42))
    assert ordered.test.tolist() == list(range(51, 60))
    grouped = Preparation("energy", ("mass",), groups="count").apply(frame)
    members = frame["count"].to_numpy()
    assert not set(members[grouped.train]) & set(members[grouped.test])


def test_the_code_does_the_same(frame: pd.DataFrame) -> None:
    chosen = Preparation("energy", ("mass", "speed"), log=("mass",), seed=3)
    code = chosen.code("frame")
    assert code == (
        "Preparation(target='energy', inputs=('mass', 'speed'), log=('mass',), seed=3).apply(frame)"
    )
    again: Dataset = eval(code)
    assert again.inputs.equal(chosen.apply(frame).inputs)
    assert again.test.equal(chosen.apply(frame).test)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(mass=f["mass"].where(f.index > 5)), "6 of 60 rows are left out"),
        (lambda f: f.head(5), "only 5 complete rows"),
        (lambda f: f.head(30), "30 rows are few for 6 inputs"),
        (lambda f: pd.concat([f, f.head(5)]), "5 rows occur more than once"),
        (lambda f: f.assign(speed=np.exp(f["energy"])), "'speed' alone orders the rows"),
    ],
)
def test_what_may_go_wrong_is_said(frame: pd.DataFrame, change, said: str) -> None:
    changed = change(frame)
    texts = [finding.text for finding in findings(changed, suggested(changed, "energy"))]
    assert any(said in text for text in texts), texts


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Preparation("energy", ()), "at least one input"),
        (Preparation("energy", ("energy",)), "cannot be an input too"),
        (Preparation("energy", ("where",), kinds={"where": "text"}), "'where' cannot be an input"),
        (Preparation("energy", ("mass",), kinds={"mass": "colour"}), "a column is one of number"),
        (Preparation("energy", ("mass",), missing="mean"), "drop, median, indicator"),
        (Preparation("energy", ("mess",)), "no column 'mess'"),
        (Preparation("energy", ("mess", "spin")), "no column 'mess'"),
        (Preparation("energy", ("speed",), log=("speed",)), "positive numbers"),
        (Preparation("energy", ("where",), standardise=("where",)), "do not vary"),
        (Preparation("energy", ("mass",), split="by taste"), "random or ordered"),
    ],
)
def test_what_cannot_be_done_is_said(frame: pd.DataFrame, chosen: Preparation, said: str) -> None:
    with pytest.raises(InputError, match=said):
        chosen.apply(frame)


def test_excel_is_read_like_any_table(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    frame[["mass", "speed", "energy"]].to_excel(path, index=False)
    assert np.allclose(read_table(path), frame[["mass", "speed", "energy"]])
    pd.DataFrame([["A title", None], ["a", "b"], [1, 2]]).to_excel(path, index=False, header=False)
    assert list(read_table(path).columns) == ["a", "b"]
    pd.DataFrame([["A title", None]]).to_excel(path, index=False, header=False)
    with pytest.raises(InputError, match="row of names"):
        read_table(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(InputError, match="not an Excel table"):
        read_table(path)


def test_a_table_without_anything_to_explain_is_refused() -> None:
    with pytest.raises(InputError, match="no column of this table varies"):
        suggested(pd.DataFrame({"a": [1] * 30, "b": ["x"] * 30}))


def test_labels_and_dates_are_inputs_that_are_told(frame: pd.DataFrame) -> None:
    chosen = Preparation("energy", ("mass", "where", "day"), kinds={"where": "category"})
    data = chosen.apply(frame)
    assert data.names == ("mass", "where_south", "day")
    assert data.notes[1] == "'day': dates became days since 2020-01-01."
    assert eval(chosen.code("frame")).inputs.equal(data.inputs)


def test_units_and_notes_of_a_file_are_taken(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 7},{i % 5 + 0.5},{i}" for i in range(40))
    (tmp_path / "t.csv").write_text(f"a run\na,b,y\nm,furlong,s\n{rows}\n")
    frame = read_table(tmp_path / "t.csv")
    assert frame.attrs["units"] == {"a": "m", "y": "s"}
    assert suggested(frame).units == {"a": "m", "y": "s"}
    data = Dataset.from_frame(frame, "y")
    assert data.units == {"a": "m", "y": "s"}
    assert data.notes[0] == "A row above the table left out: 'a run'."
    assert suggested(frame).apply(frame).notes[0] == data.notes[0]


def test_a_leak_is_said_without_a_form(frame: pd.DataFrame) -> None:
    table = frame.assign(after=np.exp(frame["energy"]))
    said = cautions(table, Dataset.from_frame(table, "energy"))
    assert any("'after' alone orders the rows" in text for text in said)


def test_the_first_guess_of_a_series_holds_out_its_end() -> None:
    days = pd.date_range("2020-01-01", periods=ROWS)
    walk = np.random.default_rng(0).normal(size=ROWS).cumsum()
    assert suggested(pd.DataFrame({"day": days, "y": walk})).split == "ordered"


def test_rows_of_one_patient_are_noticed() -> None:
    random = np.random.default_rng(0)
    patient = np.repeat(np.arange(25), 8)
    table = pd.DataFrame(
        {
            "age": np.linspace(20, 80, 25)[patient],
            "weight": np.linspace(90, 50, 25)[patient],
            "dose": random.uniform(0, 1, 200),
        }
    )
    table["y"] = table["dose"] * random.normal(1, 0.1, 200)
    said = cautions(table, Dataset.from_frame(table, "y"))
    assert any("Rows come in 25 groups with the same 'age' and 'weight'" in text for text in said)
    assert Dataset.from_frame(table, "y", groups="age").names == ("age", "weight", "dose")
    planned = table.assign(
        age=np.tile(np.arange(10) / 10, 20), weight=np.repeat(np.arange(10) / 7, 20)
    )
    assert not any("groups" in text for text in cautions(planned, Dataset.from_frame(planned, "y")))
