"""A table is checked at the door; each refusal says what is required, given, and what to do."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset


def frame(rows: int = 60, **columns: object) -> pd.DataFrame:
    random = np.random.default_rng(0)
    base = {"a": random.random(rows), "b": random.random(rows), "y": random.random(rows)}
    return pd.DataFrame({**base, **columns})


def test_parts_are_disjoint_and_complete() -> None:
    data = Dataset.from_frame(frame(), "y")
    rows = sorted([*data.train.tolist(), *data.validation.tolist(), *data.test.tolist()])
    assert rows == list(range(60))
    assert (len(data.train), len(data.validation), len(data.test)) == (42, 9, 9)
    assert data.names == ("a", "b")
    assert data.task == "regression"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rare", [2, 3, 4, 20])
def test_every_class_has_its_share_of_every_part(rare: int, seed: int) -> None:
    labels = np.array(["no"] * 300, dtype=object)
    labels[np.random.default_rng(seed).permutation(300)[:rare]] = "yes"
    data = Dataset.from_frame(frame(300, y=labels), "y", seed=seed)
    counts = [int((data.split(part)[1] == 1).sum()) for part in ("train", "validation", "test")]
    assert sum(counts) == rare
    assert abs(counts[0] - 0.7 * rare) < 1.5
    assert min(counts[:2]) >= 1
    assert (len(data.train), len(data.validation) + len(data.test)) == pytest.approx(
        (210, 90), abs=1
    )


def test_a_class_without_a_training_row_is_refused_with_its_count() -> None:
    labels = np.array(["no"] * 58 + ["yes"] * 2)
    parts = ["train"] * 50 + ["validation"] * 5 + ["test"] * 5
    with pytest.raises(
        InputError, match=r"'yes' has 2 of 60 rows and none of them is for training"
    ):
        Dataset.from_frame(frame(y=labels), "y", split=parts)


def test_groups_stay_together() -> None:
    groups = np.repeat(np.arange(12), 5)
    data = Dataset.from_frame(frame(), "y", groups=list(groups))
    parts = [set(groups[part.numpy()]) for part in (data.train, data.validation, data.test)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not parts[one] & parts[other]


def test_missing_rows_are_dropped_and_said() -> None:
    table = frame()
    table.loc[3, "a"] = np.nan
    table.loc[5, "b"] = np.inf
    table.loc[7, "y"] = np.nan
    data = Dataset.from_frame(table, "y")
    assert len(data.inputs) == 57
    assert data.notes == (
        "3 of 60 rows were dropped: missing or infinite values ('a' 1, 'b' 1, 'y' 1).",
    )


def test_task_is_guessed() -> None:
    assert Dataset.from_frame(frame(y=["no", "yes"] * 30), "y").classes == ("no", "yes")
    assert Dataset.from_frame(frame(y=[0, 1] * 30), "y").classes == (0, 1)
    assert Dataset.from_frame(frame(y=[True, False] * 30), "y").task == "classification"
    assert Dataset.from_frame(frame(y=list(range(6)) * 10), "y").task == "regression"


def test_a_copy_of_an_input_is_pointed_out() -> None:
    table = frame()
    table["y"] = table["b"]
    assert "copy of the input 'b'" in Dataset.from_frame(table, "y").notes[0]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("table", "target", "message"),
    [
        (frame(), "z", "there is no 'z': there are 'a', 'b', 'y'"),
        (frame(speed=1.5).assign(speed=frame()["a"]), "sped", "did you mean 'speed'"),
        (frame(0), "y", "a header and no rows"),
        (frame(1), "y", "at least 6 complete rows are needed, got 1"),
        (frame(y=NAN), "y", "has no values"),
        (frame(y=[INF, *[1.0] * 59]), "y", "1 of its values are infinite"),
        (frame(y=2.0), "y", "must vary, but every row has the value 2"),
        (frame(y="same"), "y", "every row says 'same'"),
        (frame(y=[f"label {i}" for i in range(60)]), "y", "60 different labels for 60 rows"),
        (frame()[["y"]], "y", "at least one input column"),
        (pd.concat([frame(), frame()[["a"]]], axis=1), "y", "'a' stands more than once"),
    ],
)
def test_bad_tables_are_refused_in_words(table: pd.DataFrame, target: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Dataset.from_frame(table, target)


def test_arrays_are_checked_too() -> None:
    with pytest.raises(InputError, match="must be a table"):
        Dataset.from_arrays(np.zeros(30), np.zeros(30))
    with pytest.raises(InputError, match="need as many names"):
        Dataset.from_arrays(np.zeros((30, 2)), np.zeros(30), names=["a"])


def test_rows_of_weight_zero_are_left_out_as_if_absent() -> None:
    table, weights = frame(80), np.random.default_rng(1).integers(0, 3, 80).astype(float)
    table.loc[4, "a"], weights[4] = np.nan, 100.0
    weighed = Dataset.from_frame(table, "y", weights=weights)
    kept = (weights > 0) & table["a"].notna().to_numpy()
    absent = Dataset.from_frame(table[kept], "y", weights=weights[kept])
    for name in ("inputs", "targets", "train", "validation", "test", "weights"):
        assert (getattr(weighed, name) == getattr(absent, name)).all()
    assert float(weighed.weights.mean()) == pytest.approx(1)  # over the rows that are left
    for part in ("train", "validation", "test"):
        assert float(weighed.row_weights(part).mean()) == pytest.approx(1)
    assert f"{int((weights == 0).sum())} rows of weight 0 were left out." in weighed.notes
