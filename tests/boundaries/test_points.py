"""Points of a boundary are checked when they are made."""

import numpy as np
import pandas as pd
import pytest

from workbench.boundaries import Points
from workbench.errors import InputError


def test_points_are_checked() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    for options, message in (
        ({"errors": [0.1, 0.1]}, "need the variable"),
        ({"errors": [0.1], "column": "a"}, "one number for each of 2"),
        ({"errors": [-1.0, 1.0], "column": "a"}, "not negative"),
        ({"labelled": frame}, "'inside'"),
    ):
        with pytest.raises(InputError, match=message):
            Points(frame, **options)
    with pytest.raises(InputError, match="finite"):
        Points(frame.assign(a=np.nan))
    assert Points(frame, [0.1, 0.2], column="a").joined(
        Points(frame, [0.1, 0.2], column="a")
    ).x.shape == (4, 2)
