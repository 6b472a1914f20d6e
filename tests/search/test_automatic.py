"""The choices that a discovery makes by itself."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.automatic import discover
from workbench.search.shapes import default_widths


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


def test_structure_is_looked_for_where_it_is_wanted() -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
    data = Dataset.from_arrays(x, x[:, 0] / x[:, 1], names=["a", "b"])
    told: list[str] = []

    def report(what: str, share: float) -> bool:
        told.append(what)
        return what != "looking for structure"

    found = discover(data, effort="quick", report=report)
    assert told[0] == "looking for structure"
    assert str(found.formula) == "y = a/b"
    assert "a/b" in found.suggestions[-1].law
    told.clear()
    assert discover(data, effort="quick", structure=False, report=report).suggestions == ()
    assert "looking for structure" not in told
