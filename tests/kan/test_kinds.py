"""What columns hold is guessed, said, and can be changed; what becomes of them is done again to new rows."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.encoding import Encoding
from workbench.kan.frames import columns_of
from workbench.kan.kinds import guessed, plain

ROWS = 60
_random = np.random.default_rng(0)
PLACES = np.array(["north", "south", "south", "east", "south", "north"] * 10, dtype=object)
TABLE = pd.DataFrame({"a": _random.random(ROWS), "y": _random.random(ROWS)})


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("a", [0.5, 1.5, np.nan], "number"),
        ("a", [3, 4, 4], "whole number"),
        ("a", [3.0, 4.0, np.nan], "whole number"),
        ("year", [1990, 1991, 1992], "whole number"),
        ("a", [Decimal("1.5"), None, 10**30], "number"),
        ("a", [0, 1, 1], "yes/no"),
        ("a", [True, False, None], "yes/no"),
        ("a", ["no", "Yes", "no"], "yes/no"),
        ("a", ["low", "High", "medium", "low"] * 3, "ordered category"),
        ("a", ["red", "blue", "red", None] * 3, "category"),
        ("a", pd.to_datetime(["2020-01-01", None]), "date"),
        ("id", [3, 1, 2], "identifier"),
        ("patient_id", [1, 1, 2, 2, 3, 3], "identifier"),
        ("patientID", [4, 1, 2], "identifier"),
        ("a", ["Ann", "Bob", "Cleo"], "identifier"),
        ("a", [f"note {i // 2}" for i in range(60)], "text"),
        ("solid", [3, 1, 2], "whole number"),
    ],
)
def test_kinds_are_guessed(name: str, values: object, kind: str) -> None:
    array = (
        values.to_numpy() if hasattr(values, "to_numpy") else plain(np.array(values, dtype=object))
    )
    guess = guessed(name, array)
    assert guess.kind == kind
    assert guess.reason


def test_labels_become_indicators() -> None:
    data = Dataset.from_frame(TABLE.assign(place=PLACES), "y")
    assert data.names == ("a", "place_north", "place_east")
    assert data.inputs[:, 1].tolist() == [float(place == "north") for place in PLACES]
    assert data.notes == (
        "'place': an input of 0 and 1 for each of north, east; all are 0 for south.",
    )


def test_rare_labels_have_no_input() -> None:
    places = PLACES.copy()
    places[:2] = "west", "here"
    data = Dataset.from_frame(TABLE.assign(place=places), "y")
    assert "place_west" not in data.names
    assert "2 rare labels" in data.notes[0]
    pairs = np.repeat([f"place {i}" for i in range(15)], 2).tolist() * 2
    few = TABLE.head(30).assign(place=pairs[:30])
    assert Dataset.from_frame(few, "y").names == ("a",)


def test_scales_and_yes_are_one_number() -> None:
    levels, smoker = ["low", "high", "medium"] * 20, ["yes", "no"] * 30
    data = Dataset.from_frame(TABLE.assign(level=levels, smoker=smoker), "y")
    assert data.names == ("a", "level", "smoker")
    assert data.inputs[:3, 1].tolist() == [0, 2, 1]
    assert data.inputs[:2, 2].tolist() == [1, 0]
    own = pd.Categorical(levels, ["high", "low", "medium"], ordered=True)
    data = Dataset.from_frame(TABLE.assign(level=own), "y")
    assert data.inputs[:3, 1].tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("step", "unit", "last"),
    [("D", "days", 59), ("YS", "years", 59), ("min", "seconds", 3540), ("h", "hours", 59)],
)  # fmt: skip
def test_dates_become_numbers(step: str, unit: str, last: float) -> None:
    when = pd.date_range("2020-01-01", periods=ROWS, freq=step)
    for column in (when, when.tz_localize("UTC"), when.to_pydatetime()):
        data = Dataset.from_frame(TABLE.assign(when=column), "y")
        assert float(data.inputs[-1, 1]) == pytest.approx(last, rel=1e-3)
        assert data.notes == (f"'when': dates became {unit} since 2020-01-01.",)
    data = Dataset.from_frame(TABLE.assign(y=when), "y")
    assert data.task == "regression"


def test_what_is_no_input_is_left_out_and_said() -> None:
    table = TABLE.assign(
        id=range(ROWS), note=[f"text {i // 2}" for i in range(ROWS)], same=7, empty=None,
        sparse=[1.0] + [np.nan] * 59, wave=np.full(ROWS, 1j),
    )  # fmt: skip
    data = Dataset.from_frame(table, "y")
    assert data.names == ("a",)
    said = " ".join(data.notes)
    for name, why in {
        "id": "another whole number in every row", "note": "30 different texts",
        "same": "it is 7 in every row", "empty": "it has no values",
        "sparse": "it is 1 in every row", "wave": "complex",
    }.items():  # fmt: skip
        assert f"{name!r} was left out: " in said
        assert why in said


def test_a_column_that_would_cost_most_rows_is_left_out() -> None:
    table = TABLE.assign(sparse=[1.0, 2.0] + [np.nan] * 58, half=[np.nan, *range(59)])
    data = Dataset.from_frame(table, "y")
    assert data.names == ("a", "half")
    assert "'sparse' was left out: 58 of its 60 cells are missing" in data.notes[0]
    assert len(data.inputs) == 59
    with pytest.raises(InputError, match="2 of 60, the others have missing values"):
        Dataset.from_frame(table, "y", inputs=["a", "sparse"])


def test_kinds_are_changed() -> None:
    table = TABLE.assign(cylinders=[4, 6, 8] * 20, id=range(ROWS), place=PLACES)
    kinds = {"cylinders": "category", "id": "number", "place": "text"}
    data = Dataset.from_frame(table, "y", columns=kinds)
    assert data.names == ("a", "cylinders_6", "cylinders_8", "id")
    with pytest.raises(InputError, match="a column is one of number"):
        Dataset.from_frame(table, "y", columns={"a": "colour"})
    with pytest.raises(InputError, match="there is no 'b'"):
        Dataset.from_frame(table, "y", columns={"b": "number"})
    with pytest.raises(InputError, match="'place' must hold numbers"):
        Dataset.from_frame(table, "y", columns={"place": "number"})
    with pytest.raises(InputError, match="'place' must hold dates"):
        Dataset.from_frame(table, "y", columns={"place": "date"})
    with pytest.raises(InputError, match="3 labels"):
        Dataset.from_frame(table, "y", columns={"place": "yes/no"})


def test_a_column_that_is_asked_for_and_cannot_be_is_refused() -> None:
    table = TABLE.assign(note=[f"text {i}" for i in range(ROWS)], same=7, id=range(ROWS))
    with pytest.raises(InputError, match="'note' cannot be an input: every row has another text"):
        Dataset.from_frame(table, "y", inputs=["a", "note"])
    with pytest.raises(InputError, match="'same' cannot be an input: it is 7 in every row"):
        Dataset.from_frame(table, "y", inputs=["a", "same"])
    assert Dataset.from_frame(table, "y", inputs=["a", "id"]).names == ("a", "id")


def test_the_task_of_few_whole_numbers_is_said_and_changed() -> None:
    table = TABLE.assign(y=[0, 1, 2] * 20)
    data = Dataset.from_frame(table, "y")
    assert data.classes == (0, 1, 2)
    assert "the task regression reads numbers" in data.notes[0]
    assert Dataset.from_frame(table, "y", task="regression").task == "regression"
    assert Dataset.from_frame(table, "y", columns={"y": "number"}).task == "regression"
    data = Dataset.from_frame(table.assign(y=[3, 4, 5] * 20), "y")
    assert data.task == "regression"
    assert "the task classification reads classes" in data.notes[0]
    gap = table.assign(y=[np.nan, 1, 2] * 20)
    assert Dataset.from_frame(gap, "y").classes == (1, 2)


def test_rows_of_one_patient_stay_together() -> None:
    table = TABLE.assign(patient_id=np.repeat(range(12), 5))
    data = Dataset.from_frame(table, "y")
    assert data.names == ("a",)
    patients = table["patient_id"].to_numpy()
    assert not set(patients[data.train]) & set(patients[data.test])
    assert "Rows with the same 'patient_id' stay together" in " ".join(data.notes)
    data = Dataset.from_frame(table.rename(columns={"patient_id": "b"}), "y", groups="b")
    assert data.names == ("a",)
    assert not set(patients[data.train]) & set(patients[data.test])


class Foreign:
    """A table of another library, which pandas has a form of."""

    def to_pandas(self) -> pd.DataFrame:
        return TABLE.assign(place=PLACES)


@pytest.mark.parametrize(
    "table",
    [
        Foreign(),
        pa.Table.from_pandas(TABLE.assign(place=PLACES)),
        {"a": TABLE["a"].to_numpy(), "place": PLACES, "y": TABLE["y"].tolist()},
        TABLE.assign(place=PLACES).convert_dtypes(),
        TABLE.assign(place=pd.Categorical(PLACES)),
        TABLE.assign(place=PLACES.astype(str)).to_records(index=False),
        TABLE.assign(place=PLACES).set_index("place"),
    ],
    ids=["to_pandas", "arrow", "dict", "nullable", "categorical", "records", "index"],
)
def test_tables_of_any_library(table: object) -> None:
    expected = Dataset.from_frame(TABLE.assign(place=PLACES), "y")
    data = Dataset.from_frame(table, "y")
    assert set(data.names) == set(expected.names)
    assert data.select(expected.names).inputs.equal(expected.inputs)


def test_tables_of_polars() -> None:
    polars = pytest.importorskip("polars")
    table = TABLE.assign(place=PLACES.astype(str))
    expected = Dataset.from_frame(table, "y")
    data = Dataset.from_frame(polars.DataFrame({n: table[n].tolist() for n in table}), "y")
    assert data.names == expected.names
    assert data.inputs.equal(expected.inputs)


def test_grids_of_xarray() -> None:
    xarray = pytest.importorskip("xarray")
    coordinates = {"t": np.arange(6.0), "x": np.linspace(0, 1, 7)}
    heat = np.outer(coordinates["t"], coordinates["x"]) ** 2
    array = xarray.DataArray(heat, coordinates, ("t", "x"), attrs={"units": "K", "notes": "mine"})
    for table in (xarray.Dataset({"heat": array}), array.rename("heat"), array):
        target = "value" if table is array else "heat"
        data = Dataset.from_frame(table, target)
        assert data.names == ("t", "x")
        assert data.units == {}
        np.testing.assert_allclose(data.inputs.prod(1) ** 2, data.targets[:, 0])


class Grid:
    """What is asked of a grid of xarray, which is not installed everywhere."""

    data_vars: tuple[str, ...] = ("y",)

    def to_dataframe(self) -> pd.DataFrame:
        place = pd.MultiIndex.from_product([range(6), np.linspace(0, 1, 10)], names=["t", "x"])
        frame = pd.DataFrame({"y": np.arange(60.0)}, index=place)
        frame.attrs = {"units": "K"}
        return frame

    def to_pandas(self) -> pd.DataFrame:
        raise ValueError("cannot convert arrays with 2 dimensions")


def test_coordinates_of_a_grid_are_inputs() -> None:
    data = Dataset.from_frame(Grid(), "y")
    assert data.names == ("t", "x")
    assert len(data.inputs) == 60


def test_nullable_types_have_gaps() -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], "Int64"),
            "yes": pd.array([True, None, False], "boolean"),
            "text": pd.array(["a", None, "b"], "string"),
        }
    )
    columns = columns_of(table)
    assert [guessed(c.name, c.values).kind for c in columns.values()] == [
        "whole number",
        "yes/no",
        "category",
    ]
    assert np.isnan(columns["whole"].values[1])


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(InputError, match="a table with named columns is needed"):
        Dataset.from_frame(np.zeros((30, 2)), "y")


def test_gaps_are_filled_where_that_is_asked_for() -> None:
    table = TABLE.assign(b=[np.nan, *range(59)], place=PLACES)
    table.loc[3, "place"] = None
    assert len(Dataset.from_frame(table, "y").inputs) == 58
    data = Dataset.from_frame(table, "y", missing="median")
    assert len(data.inputs) == ROWS
    median = float(np.nanmedian(table["b"].to_numpy()[data.train]))
    assert float(data.inputs[0, data.names.index("b")]) == median
    assert "1 gaps were filled" in " ".join(data.notes)
    data = Dataset.from_frame(table, "y", missing="indicator")
    assert data.names[-1] == "place_missing"
    assert data.inputs[:, data.names.index("b_missing")].tolist() == [1] + [0] * 59
    with pytest.raises(InputError, match="drop, median, indicator"):
        Dataset.from_frame(table, "y", missing="mean")


@pytest.mark.parametrize("missing", ["drop", "median", "indicator"])
def test_new_rows_become_the_same_inputs(missing: str) -> None:
    table = TABLE.assign(
        place=PLACES, smoker=["yes", "no"] * 30, when=pd.date_range("2020-01-01", periods=ROWS),
        level=["low", "high", "medium"] * 20,
    )  # fmt: skip
    table.loc[4, "a"] = np.nan
    data = Dataset.from_frame(table, "y", missing=missing)
    columns = columns_of(table)
    made = {
        n: v
        for e in data.encodings
        for n, v in zip(e.inputs, e.encoded(columns[e.column].values).T, strict=True)
    }
    values = np.stack([made[name] for name in data.names], 1)
    kept = ~np.isnan(values).any(1)
    assert np.array_equal(values[kept], data.inputs.numpy())


def test_a_label_that_was_never_seen_says_nothing() -> None:
    encoding = Encoding("place", "category", ("place_north",), ("north",), ("south",))
    found = encoding.encoded(np.array(["north", "south", "up", None], dtype=object))
    assert np.array_equal(found[:, 0], [1, 0, np.nan, np.nan], equal_nan=True)
    numbers = Encoding("n", "category", ("n_2",), (2,), (1,))
    assert numbers.encoded(np.array([2.0, 1.0]))[:, 0].tolist() == [1, 0]


def test_durations_are_numbers_of_seconds() -> None:
    spans = pd.to_timedelta(["00:01:30", None, "2 days"])
    assert plain(spans.to_numpy()).tolist() == pytest.approx([90.0, np.nan, 172800.0], nan_ok=True)
