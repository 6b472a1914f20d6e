"""The choices that a discovery makes by itself."""

from typing import Any

import numpy as np
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.result import FitResult
from workbench.network.elimination import Elimination, eliminate
from workbench.search.automatic import GRIDS, discover
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


@pytest.mark.parametrize("asked", [(3, 6), None])
def test_options_of_trainings_count_for_every_network(
    asked: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[dict[str, Any]] = []
    pruned: list[dict[str, Any]] = []

    def noted_fit(model: KAN, data: Dataset, **options: Any) -> FitResult:
        trained.append({k: v for k, v in options.items() if k != "callback"})
        return fit(model, data, **options)

    def noted_elimination(model: KAN, data: Dataset, **options: Any) -> Elimination:
        pruned.append(options["training"])
        return eliminate(model, data, **options)

    monkeypatch.setattr("workbench.search.tasks.fit", noted_fit)
    monkeypatch.setattr("workbench.search.tasks.eliminate", noted_elimination)
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (120, 1))
    data = Dataset.from_arrays(x, np.sin(9 * x[:, 0]) + np.abs(x[:, 0]))
    chosen = {"steps": 4, "smoothness": 1e-6} | ({"grids": asked} if asked else {})
    discover(
        data,
        widths=((1, 1),),
        structure=False,
        ratio=False,
        training=chosen,
        seed=2,
        report=lambda what, share: what == "baselines",
    )
    *_, shape, last = trained  # the first ones are of what is known before any network
    grids = asked or GRIDS
    assert shape == {"seed": 2, "steps": 4, "smoothness": 1e-6, "grids": grids}
    assert pruned == [{"steps": 4, "smoothness": 1e-6, "grids": grids}]
    assert {k: last[k] for k in ("steps", "smoothness", "starts", "seed")} == {
        "steps": 4, "smoothness": 1e-6, "starts": 1, "seed": 2
    }  # fmt: skip
    assert list(last["grids"]) == [last["grids"][0] * 2**k for k in range(len(last["grids"]))]
    assert (max(last["grids"]) <= 6) is (asked is not None)
    for unknown in ("callback", "rate"):
        with pytest.raises(InputError, match=f"fit has no argument '{unknown}'"):
            discover(data, training={unknown: 1})


def test_eight_planets_are_enough_for_keplers_law_and_nine_dice_for_none() -> None:
    axis = np.array([0.387, 0.723, 1, 1.524, 5.203, 9.537, 19.19, 30.07])
    period = np.array([0.2408, 0.6152, 1, 1.881, 11.862, 29.457, 84.02, 164.8])
    planets = Dataset.from_arrays(axis[:, None], period)
    assert "Only 8 rows" in planets.notes[0]
    found = discover(planets, hidden=()).formula
    np.testing.assert_allclose(found(4 * axis[:, None]), 8 * axis**1.5, rtol=2e-3)
    dice = np.array([3.0, 6, 1, 1, 5, 2, 4, 6, 2])
    assert not discover(Dataset.from_arrays(np.arange(9.0)[:, None], dice), hidden=()).formula.used
