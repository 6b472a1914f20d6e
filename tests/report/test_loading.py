"""A folder of results says of new rows what it said of the old ones, and what is doubtful of them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench import KAN, Formula, load
from workbench.cli import main
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.report.loading import Results
from workbench.report.recipe import Recipe, load_recipe, recipe_of, to_text
from workbench.report.results import summary, write_first, write_results
from workbench.search.automatic import discover

ROWS = 90
_random = np.random.default_rng(5)
TABLE = pd.DataFrame(
    {
        "a": _random.uniform(1, 2, ROWS).round(3),
        "place": _random.choice(["north", "south", "east"], ROWS),
        "when": pd.date_range("2021-03-01", periods=ROWS),
        "smoker": _random.choice(["yes", "no"], ROWS),
        "id": range(ROWS),
        "b": _random.uniform(-1, 1, ROWS).round(3),
    }
)
TABLE["y"] = 3 * TABLE["a"] + 2 * (TABLE["place"] == "north") - (TABLE["smoker"] == "yes")


def written(folder: Path, table: pd.DataFrame, **options: object) -> Dataset:
    data = Dataset.from_frame(table, "y", **options)
    found = discover(data, effort="quick", hidden=())
    write_first(folder, found, summary(found, seed=0))
    return data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    written(folder, TABLE)
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return load(folder)


def test_rows_that_were_seen_are_as_they_were(results: Results) -> None:
    data = Dataset.from_frame(TABLE, "y")
    assert np.array_equal(results.recipe.inputs(TABLE), data.inputs.numpy())
    assert np.array_equal(results.predict(TABLE), results.formula(data.inputs))
    assert np.array_equal(
        results.predict(TABLE, by="network"), results.network.predict(data.inputs)[:, 0]
    )
    assert np.allclose(results.predict(TABLE), TABLE["y"], atol=1e-6)


def test_columns_in_any_order_with_others_beside_them(results: Results) -> None:
    other = TABLE.assign(more="x", y=0)[["more", "b", "when", "smoker", "place", "y", "a"]]
    assert np.array_equal(results.predict(other), results.predict(TABLE))


def test_what_is_not_used_may_lack(results: Results) -> None:
    assert set(results.formula.used) == {"a", "place_north", "smoker"}
    few = TABLE[["a", "place", "smoker"]]
    assert np.array_equal(results.predict(few), results.predict(TABLE))
    assert results.table(few)["network"].isna().all()
    with pytest.raises(InputError, match=r"the network needs the columns \['when', 'b'\]"):
        results.predict(few, by="network")
    with pytest.raises(InputError, match=r"the formula needs the columns \['place'\]"):
        results.predict(few.drop(columns="place"))


def test_what_is_doubtful_is_said(results: Results) -> None:
    rows = TABLE.head(5).copy()
    rows.loc[0, "a"], rows.loc[1, "a"] = np.nan, 7.0
    rows.loc[2, "place"], rows.loc[3, "b"] = "moon", np.nan
    table = results.table(rows)
    assert table["remark"].tolist() == [
        "missing: a", "extrapolated: a", "missing: place_north", "", "",
    ]  # fmt: skip
    assert table["y"].isna().tolist() == [True, False, True, False, False]
    assert np.isnan(table["network"][3])


def test_gaps_are_filled_as_they_were(tmp_path: Path) -> None:
    table = TABLE.assign(a=TABLE["a"].where(TABLE.index % 9 > 0))
    data = Dataset.from_frame(table, "y", missing="indicator")
    (tmp_path / "table.json").write_text(to_text(recipe_of(data)))
    assert np.array_equal(load_recipe(tmp_path / "table.json").inputs(table), data.inputs.numpy())


def test_classes_have_probabilities() -> None:
    a = sympy.Symbol("a", real=True)
    law = Formula((20 * a - 30,), ("a", "b"), "y", "classification", ("high", "low"))
    results = Results(law, KAN((2, 1)), Recipe(("a", "b"), "y"))
    table = results.table(TABLE)
    assert results.predict(TABLE).tolist() == np.where(TABLE["a"] > 1.5, "low", "high").tolist()
    assert set(table["y"]) <= {"high", "low"}
    assert np.allclose(table["P(high)"] + table["P(low)"], 1)
    assert ((table["P(low)"] > 0.5) == (table["y"] == "low")).all()


def test_the_command_line_predicts(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    new, out = tmp_path / "new.csv", tmp_path / "predictions.csv"
    TABLE.sample(frac=1, random_state=0).assign(a=lambda t: t["a"].map("{:.3f} mg".format)).to_csv(
        new, sep=";", index=False
    )
    assert main(["predict", str(folder), str(new), "--out", str(out)]) == 0
    found = pd.read_csv(out)
    expected = load(folder).predict(TABLE.sample(frac=1, random_state=0))
    assert np.array_equal(found["y"], expected)
    assert "'a': the unit mg was taken off" in capsys.readouterr().out


def test_the_command_line_looks(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "t.csv"
    TABLE.assign(b=TABLE["b"].where(TABLE.index > 2)).to_csv(path, index=False)
    assert main(["look", str(path), "--target", "y", "--column", "smoker=category"]) == 0
    said = capsys.readouterr().out
    for words in ("2021-03-01 to 2021-05-29", "3 missing", "identifier", "place_north", "smoker_"):
        assert words in said
    assert main(["look", str(path), "--column", "smoker=colour"]) == 2


DATE = {"column": "a", "kind": "date", "names": ["a"]}


def test_other_units_are_refused(tmp_path: Path) -> None:
    table = TABLE.copy()
    table.attrs["units"] = {"a": "mg"}
    written(tmp_path, table)
    table.attrs["units"] = {"a": "g"}
    with pytest.raises(InputError, match="'a' is in g, and was in mg"):
        load(tmp_path).predict(table)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 99}, "newer"),
        ({"names": []}, "damaged"),
        ({"names": ["a", "a"]}, "must differ"),
        ({"names": ["a", "b"]}, "of different tables"),
        ({"more": 1}, "damaged"),
        ({"encodings": [{"column": "a", "kind": "colour", "names": ["a"]}]}, "damaged"),
        ({"encodings": [{"column": "a", "kind": "text", "names": ["a"]}]}, "is no input"),
        ({"encodings": [{"column": "a", "kind": "number", "names": ["a", "b"]}]}, "must be one input"),
        ({"encodings": [{"column": "a", "kind": "category", "names": ["a"]}]}, "other labels"),
        ({"encodings": [{**DATE, "unit": "days", "start": "x"}]}, "damaged"),
        ({"encodings": [{**DATE, "unit": "weeks"}]}, "no unit of dates"),
    ],
)  # fmt: skip
def test_a_recipe_of_elsewhere_is_checked(
    folder: Path, tmp_path: Path, change: dict, said: str
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    about = json.loads((tmp_path / "table.json").read_text())
    (tmp_path / "table.json").write_text(json.dumps(about | change))
    with pytest.raises(InputError, match=said):
        load(tmp_path)


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder of results is needed"):
        load(tmp_path / "none")
    with pytest.raises(InputError):
        load(tmp_path)


@pytest.fixture(scope="module")
def by_group(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("groups")
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {"site": [f"<i>s{k}" for k in range(4)] * 12, "x": random.uniform(1, 5, 48)}
    )
    slope = table["site"].map({f"<i>s{k}": 2.0 + k for k in range(4)})
    table["y"] = slope * table["x"] + 0.02 * random.standard_normal(48)
    data = Dataset.from_frame(table, "y", by="site")
    found = discover(data, effort="quick", hidden=())
    write_results(folder, found, summary(found, seed=0), title="t")
    return folder, table


def test_rows_of_groups_are_told_by_their_column(by_group: tuple[Path, pd.DataFrame]) -> None:
    folder, table = by_group
    results = load(folder)
    assert results.predict(table) == pytest.approx(table["y"].to_numpy(), abs=0.1)
    told = results.table(table.drop(columns="y").iloc[::-1])
    assert list(told.columns) == ["y", "y low", "y high", "network", "remark"]
    inside = (told["y low"] < table["y"].to_numpy()[::-1]) & (
        table["y"].to_numpy()[::-1] < told["y high"]
    )
    assert inside.mean() > 0.85
    with pytest.raises(InputError, match="needs the column 'site', which names the groups"):
        results.predict(table[["x"]])
    with pytest.raises(InputError, match="but not 'elsewhere'"):
        results.predict(table.assign(site="elsewhere"))
    gap = table.assign(site=[None, *table["site"][1:]])
    assert results.table(gap)["remark"][0] == "missing: the group"


def test_a_report_has_a_table_and_a_picture_of_the_groups(
    by_group: tuple[Path, pd.DataFrame],
) -> None:
    folder, _ = by_group
    page = (folder / "report.html").read_text()
    assert "What differs between groups" in page
    assert "<i>s0" not in page
    assert (folder / "groups-a.svg").exists()
    assert "<i>s0" not in (folder / "groups-a.svg").read_text()
    assert "What differs between groups" in (folder / "report.md").read_text()
