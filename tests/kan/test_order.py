"""Rows that follow their neighbours are not held out at random without a word."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.order import alike, parts_in_order, wanders

ROWS = 300
_random = np.random.default_rng(2)
WALK = _random.normal(size=ROWS).cumsum()
DAYS = pd.date_range("2020-01-01", periods=ROWS)


def test_a_walk_wanders_and_curves_and_noise_do_not() -> None:
    t = np.linspace(0, 20, ROWS)
    assert wanders(WALK)
    for other in (np.sin(t), t**2, _random.normal(size=ROWS), t + _random.normal(size=ROWS), t * 0):
        assert not wanders(other)
    assert alike(WALK) > 0.9


def test_a_walk_is_warned_of() -> None:
    table = pd.DataFrame({"t": np.arange(ROWS), "a": _random.normal(size=ROWS), "y": WALK})
    data = Dataset.from_frame(table, "y")
    assert data.notes[-1].startswith("Warning: 'y' goes from row to row")
    assert data.test.tolist() != list(range(255, 300))
    data = Dataset.from_frame(table, "y", split="ordered")
    assert data.test.tolist() == list(range(255, 300))
    assert data.notes == ()


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_in_the_order_of_dates_are_held_out_at_the_end(backwards: bool) -> None:
    table = pd.DataFrame({"day": DAYS, "a": _random.normal(size=ROWS), "y": WALK})
    table = table[::-1] if backwards else table
    data = Dataset.from_frame(table, "y")
    days = table["day"].to_numpy()
    assert days[data.test].min() > days[data.train].max()
    assert "Rows follow 'day': the last ones are held out" in data.notes[-1]
    data = Dataset.from_frame(table, "y", split="random")
    assert days[data.test].min() < days[data.train].max()


def test_dates_of_rows_that_are_not_alike_change_nothing() -> None:
    table = pd.DataFrame({"day": DAYS, "y": _random.normal(size=ROWS)})
    assert "held out" not in " ".join(Dataset.from_frame(table, "y").notes)
    shuffled = pd.DataFrame({"day": DAYS, "y": WALK}).sample(frac=1, random_state=0)
    assert "held out" not in " ".join(Dataset.from_frame(shuffled, "y").notes)


def test_parts_have_the_usual_shares() -> None:
    parts = parts_in_order(100)
    assert [parts.count(part) for part in ("train", "validation", "test")] == [70, 15, 15]


def test_a_split_that_there_is_not_is_refused() -> None:
    table = pd.DataFrame({"a": WALK, "y": WALK**2})
    with pytest.raises(InputError, match="random, ordered or one part per row"):
        Dataset.from_frame(table, "y", split="by taste")
