"""The target against other columns: where points are, and how ranks go together."""

import numpy as np
import pandas as pd

from workbench.tables.against import POINTS, against


def test_numbers_dates_and_labels_have_places() -> None:
    x = np.linspace(1.0, 3.0, 400)
    frame = pd.DataFrame({"x": x, "down": np.exp(-x), "same": 1.0, "word": ["b", "a"] * 200})
    frame["day"] = pd.date_range("2020-01-01", periods=400)
    frame["y"] = x**3
    found = {entry.name: entry for entry in against(frame, "y")}
    assert list(found) == ["x", "down", "same", "word", "day"]
    assert len(found["x"].x) == POINTS
    assert (min(found["x"].x), max(found["x"].x)) == (0, 255)
    assert set(found["word"].x) <= {0, 255}
    assert [found[n].correlation for n in ("same", "word")] == [None, None]
    np.testing.assert_allclose([found[n].correlation for n in ("x", "down", "day")], [1, -1, 1])


def test_gaps_identifiers_and_huge_numbers() -> None:
    frame = pd.DataFrame({"x": [1e308, -1e308, 0.0, np.nan, 2.0], "y": [1, 2, 3, 4, np.inf]})
    frame["name"] = [f"row {i} of this table" for i in range(5)]
    (entry,) = against(frame, "y")
    assert (entry.name, entry.x, entry.y) == ("x", (255, 0, 128), (0, 128, 255))
    assert against(frame, "nothing") == ()
    assert against(frame.head(0), "y") == ()
