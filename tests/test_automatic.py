"""The choices that a discovery makes by itself."""

import numpy as np
import pytest

from workbench.automatic import default_widths
from workbench.kan.data import Dataset
from workbench.kan.model import KAN


@pytest.mark.parametrize("effort", ["quick", "normal"])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("inputs", [1, 2, 3, 8, 9])
def test_every_shape_fits_the_table(inputs: int, outputs: int, effort: str) -> None:
    random = np.random.default_rng(0)
    data = Dataset.from_arrays(
        random.standard_normal((30, inputs)), random.standard_normal((30, outputs))
    )
    widths = default_widths(data, effort)
    assert len(set(widths)) == len(widths) > 0
    assert {(width[0], width[-1]) for width in widths} == {(inputs, outputs)}
    assert [KAN(width).config.nodes(0) for width in widths] == [inputs] * len(widths)
