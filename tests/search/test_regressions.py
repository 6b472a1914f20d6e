"""Sums of chosen terms, which every formula has to beat."""

import numpy as np

from workbench.formulas.selection import REGRESSION, best
from workbench.kan.data import Dataset
from workbench.search.polish import constants_and_lines
from workbench.search.regressions import regressions

RANDOM = np.random.default_rng(2)
NAMES = [f"x{i}" for i in range(8)]
X = RANDOM.uniform(0.5, 2, (200, 8))


def chosen(y: np.ndarray, **options) -> set[str]:
    """Inputs of the best of all regressions."""
    data = Dataset.from_arrays(X, y, names=NAMES, **options)
    return set(constants_and_lines(data).merged(regressions(data)).best.used)


def test_the_inputs_that_matter_are_chosen() -> None:
    assert chosen(2 * X[:, 1] - X[:, 4] + 0.2 * RANDOM.standard_normal(200)) == {"x1", "x4"}


def test_curves_and_products_are_chosen() -> None:
    for law in (np.log(X[:, 2]) + X[:, 3], X[:, 0] * X[:, 5], X[:, 0] ** 0.4 * X[:, 7] ** -1.3):
        data = Dataset.from_arrays(X, law + 0.01 * RANDOM.standard_normal(200), names=NAMES)
        assert regressions(data).best.scores["test_r2"] > 0.98


def test_noise_has_none() -> None:
    assert chosen(RANDOM.standard_normal(200)) == set()


def test_classes_are_told_by_the_inputs_that_matter() -> None:
    kind = np.where(X[:, 6] - X[:, 0] + 0.2 * RANDOM.standard_normal(200) > 0, "up", "down")
    assert chosen(kind) == {"x0", "x6"}


def test_a_formula_that_is_much_worse_than_a_regression_is_not_chosen() -> None:
    data = Dataset.from_arrays(X, X.sum(1) + 0.3 * RANDOM.standard_normal(200), names=NAMES)
    found = constants_and_lines(data).merged(regressions(data))
    short = [f for f in found if len(f.used) < len(NAMES)]
    assert all(f.provenance[REGRESSION] for f in found)
    assert len(best(found).used) == len(NAMES)
    assert best(short).used != best(found).used
