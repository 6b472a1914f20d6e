"""Units leave groups without a dimension, and the law of a table with units is found in them."""

from collections.abc import Mapping

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.search.structure.homogeneity import reductions
from workbench.search.structure.problem import Problem
from workbench.search.structure.propose import propose

DRAG = {"rho": "kg/m^3", "v": "m/s", "A": "m^2", "mu": "Pa s", "F": "N"}


def drag(units: Mapping[str, str], noise: float = 0.0) -> Dataset:
    """Rows of F = 0.3 rho v^2 A (1 + 30 / Re)."""
    random = np.random.default_rng(1)
    rho, v, a, mu = random.uniform([1, 1, 0.1, 0.01], [2, 10, 2, 0.1], (300, 4)).T
    y = 0.3 * rho * v**2 * a * (1 + 30 * mu / (rho * v * np.sqrt(a)))
    y += noise * y.std() * random.standard_normal(300)
    x = np.stack((rho, v, a, mu), 1)
    return Dataset.from_arrays(x, y, names=["rho", "v", "A", "mu"], target="F", units=units)


def views(data: Dataset) -> list[str]:
    return [view.sentence for view in reductions(Problem.of(data), data)]


def test_the_measures_that_explain_most_come_first() -> None:
    first, *_ = views(drag(DRAG))
    assert first == "by its units F/(A*rho*v**2) depends on mu/(sqrt(A)*rho*v) alone"


@pytest.mark.parametrize(
    "changed",
    [
        {"mu": ""},  # unknown
        {"F": "K"},  # no product of the columns' units
        dict.fromkeys(DRAG, "1"),
    ],
)
def test_there_is_no_view_where_units_say_nothing(changed: Mapping[str, str]) -> None:
    assert views(drag({**DRAG, **changed})) == []


def test_a_law_of_as_many_columns_as_units_is_a_product_of_powers() -> None:
    random = np.random.default_rng(0)
    length, g = random.uniform([0.1, 5], [2, 15], (40, 2)).T
    y = 2 * np.pi * np.sqrt(length / g)
    y += 0.1 * y.std() * random.standard_normal(40)
    data = Dataset.from_arrays(
        np.stack((length, g), 1), y, names=["l", "g"], target="T",
        units={"l": "m", "g": "m/s^2", "T": "s"},
    )  # fmt: skip
    found = propose(data)
    assert [s.kind for s in found.suggestions][:1] == ["units"]
    law = found.formulas.best(data.inputs.numpy())
    assert np.ptp(law / np.sqrt(length / g)) < 1e-9
    assert law / np.sqrt(length / g) == pytest.approx(2 * np.pi, rel=0.05)


def test_no_root_is_taken_of_a_column_with_negative_rows() -> None:
    random = np.random.default_rng(0)
    x, k = random.uniform([-1, 1], [1, 2], (60, 2)).T
    data = Dataset.from_arrays(
        np.stack((x, k), 1), k * x**2, names=["x", "k"], target="y",
        units={"x": "m^2", "k": "kg", "y": "kg m^4"},
    )  # fmt: skip
    (view,) = reductions(Problem.of(data), data)
    assert view.problem.sound
    assert view.problem.width == 0


def test_a_refused_sentence_is_not_used() -> None:
    data = drag(DRAG, noise=0.01)
    sentence = views(data)[0]
    assert sentence not in [s.sentence for s in propose(data, refused=[sentence]).suggestions]
