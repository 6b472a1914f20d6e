"""Days that are written in one country or another."""

import pandas as pd
import pytest

from workbench.tables.dates import as_dates


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03.04.2024", "2024-04-03"),
        ("3.4.2024", "2024-04-03"),
        ("03/04/2024", "2024-03-04"),
        ("2024-04-03", "2024-04-03"),
        ("3 April 2024", "2024-04-03"),
    ],
)
def test_dots_mean_that_the_day_comes_first_and_slashes_the_month(text: str, day: str) -> None:
    found = as_dates([text])
    assert found is not None
    assert found[0].tolist() == [pd.Timestamp(day)]
