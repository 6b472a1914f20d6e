"""Groups that a column of a table names."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset


def frame(rows: int = 24) -> pd.DataFrame:
    random = np.random.default_rng(0)
    names = [f"m{i % 3 * 5}" for i in range(rows)]
    x = random.uniform(0, 1, rows)
    return pd.DataFrame({"x": x, "z": x**2, "g": names, "y": 3 * x + random.normal(size=rows)})


def test_the_column_is_no_input_and_every_group_is_split_alike() -> None:
    data = Dataset.from_frame(frame(30), "y", by="g")
    assert data.by is not None
    assert data.names == ("x", "z")
    assert data.by.labels == ("m0", "m5", "m10")
    for rows in (data.train, data.validation, data.test):
        assert len(set(np.bincount(data.by.codes[rows.numpy()]).tolist())) == 1


def test_rows_that_are_dropped_take_their_group_along() -> None:
    table = frame()
    table.loc[[0, 5], "x"] = np.nan
    data = Dataset.from_frame(table, "y", by="g")
    assert data.by is not None
    kept = table.drop(index=[0, 5])["g"].tolist()
    assert [data.by.labels[code] for code in data.by.codes] == kept


def test_whole_numbers_name_groups_as_they_are() -> None:
    data = Dataset.from_frame(frame().assign(g=[1.0, 2.0, 3.0] * 8), "y", by="g")
    assert data.by is not None
    assert data.by.labels == (1, 2, 3)


def test_an_ordered_split_holds_the_last_rows_of_every_group_out() -> None:
    table = frame(30).sort_values("g", ignore_index=True)
    data = Dataset.from_frame(table, "y", by="g", split="ordered")
    assert data.by is not None
    for code in range(3):
        own = np.flatnonzero(data.by.codes == code)
        assert set(own[-1:]) <= set(data.test.tolist())
        assert set(own[:6]) <= set(data.train.tolist())


BAD = {
    "an unknown column": ({"by": "G"}, None, "column of groups must be a column, but there is no 'G'"),
    "the target": ({"by": "y"}, None, "target 'y' cannot name the groups too"),
    "an input": ({"by": "g", "inputs": ["x", "g"]}, None, "'g' names the groups and cannot be an input"),
    "groups of the split": ({"by": "g", "groups": "g"}, None, "cannot hold whole groups out"),
    "one group": ({"by": "g"}, {"g": "a"}, "two or more, but 'g' is 'a' in every row"),
    "a gap": ({"by": "g"}, {"g": [None] + ["a", "b"] * 11 + ["a"]}, "missing in 1 of 24 rows.*row 1"),
    "one row": ({"by": "g"}, {"g": ["a"] + ["b"] * 23}, "two complete rows or more, but 'a' has 1"),
    "classes": ({"by": "g"}, {"y": ["u", "v"] * 12}, "needs a target of numbers, and 'y' has classes"),
    "a split": (
        {"by": "g", "split": ["train", "test", "test"] * 8}, None, "the split leaves 0 of 'm10'|leaves 0 of"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_refused_in_a_sentence(case: str) -> None:
    options, columns, message = BAD[case]
    with pytest.raises(InputError, match=message):
        Dataset.from_frame(frame().assign(**(columns or {})), "y", **options)
