"""Tables of time series: what is put right, and what is refused in a sentence."""

import numpy as np
import pandas as pd
import pytest

from workbench.dynamics.trajectories import read_trajectories
from workbench.errors import InputError


def frame(rows: int = 20) -> pd.DataFrame:
    t = np.linspace(0, 1, rows)
    return pd.DataFrame({"t": t, "x": np.sin(t), "y": np.cos(t)})


def test_all_other_columns_are_states() -> None:
    data = read_trajectories(frame())
    assert data.states == ("x", "y")
    assert data.names == ("x", "y", "t")
    assert [len(run) for run in data.runs] == [20]


def test_a_mapping_and_a_file_are_tables_too(tmp_path) -> None:
    path = tmp_path / "rows.csv"
    frame().to_csv(path, index=False)
    for table in ({name: column.tolist() for name, column in frame().items()}, path, str(path)):
        assert np.allclose(read_trajectories(table).runs[0].states, frame()[["x", "y"]])


def test_rows_are_put_in_the_order_of_time_and_that_is_said() -> None:
    data = read_trajectories(frame().iloc[::-1])
    assert np.allclose(data.runs[0].states, frame()[["x", "y"]])
    assert data.notes == ("The rows of table were put in the order of time.",)


def test_times_that_occur_twice_are_averaged() -> None:
    table = pd.concat([frame(), frame().iloc[[3]].assign(x=0.0)])
    data = read_trajectories(table)
    assert data.runs[0].states[3, 0] == pytest.approx(frame()["x"][3] / 2)
    assert "1 times of table occur more than once" in data.notes[-1]


def test_a_missing_state_leaves_the_others_of_its_row() -> None:
    table = frame()
    table.loc[5, "x"] = np.nan
    table.loc[[6], ["x", "y"]] = np.nan
    table.loc[7, "t"] = np.nan
    (run,) = (data := read_trajectories(table)).runs
    assert len(run) == 18
    assert np.isnan(run.states[5, 0])
    assert not np.isnan(run.states[5, 1])
    assert "2 rows without" in data.notes[0]
    assert "row 6 first" in data.notes[0]


def test_controls_and_runs() -> None:
    table = pd.concat([frame().assign(run="a", u=1.0), frame().assign(run="b", u=2.0)])
    data = read_trajectories(table, controls=["u"])
    assert data.states == ("x", "y")
    assert [run.label for run in data.runs] == ["a", "b"]
    assert [run.controls[0, 0] for run in data.runs] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (frame(), {"time": "s"}, "no column 's': the table has t, x, y"),
        (frame(), {"states": ["z"]}, "no column 'z'"),
        (frame(), {"groups": "animal"}, "no column 'animal'"),
        (frame(), {"states": ["x", "t"]}, "must be different columns"),
        (frame()[["t"]], {}, "a state is needed"),
        (frame(8), {}, "the table has 8 rows with 'x', at least 12 are needed"),
        (frame().assign(y=1.0), {}, "column 'y' never changes"),
        (frame().assign(x=["a"] * 20), {}, "column 'x' needs finite numbers, but row 0 has 'a'"),
        (frame().assign(x=np.inf), {}, "column 'x' needs finite numbers, but row 0 has 'inf'"),
        (pd.concat([frame(), frame()]), {}, "name the column of the runs with groups="),
        ({"t": [1, 2], "x": [1]}, {}, "same number of rows"),
        (3, {}, "a table is a frame, a mapping of columns or a file, got int"),
    ],
)
def test_what_cannot_be_used_is_said(table, options, message) -> None:
    with pytest.raises(InputError, match=message):
        read_trajectories(table, **options)
