"""One step takes a row out of a fit: the loss is that of a fit without it."""

import numpy as np
import pytest
import sympy

from workbench.evidence.fitting import refit
from workbench.evidence.leave_one_out import judging_rows, mean_losses, row_losses
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset

A, B = sympy.symbols("a b", real=True)


def table(rows: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.uniform(0.5, 2, (rows, 2))
    return x, (x[:, :1] * x[:, 1:] + 0.2 * random.standard_normal((rows, 1)))


def without_each(expression: sympy.Expr, sample: Sample) -> np.ndarray:
    start = refit(parametrize([expression], ("a", "b")), sample).parametric
    values = []
    for row in range(len(sample)):
        again = refit(start, sample[np.arange(len(sample)) != row]).parametric
        values.append(again.outputs(sample.x[row : row + 1])[0, 0])
    return np.array(values)


def test_squares_are_those_of_fits_without_the_row() -> None:
    x, y = table()
    plane = refit(parametrize([0.5 * A + 0.5 * B + 0.1], ("a", "b")), Sample(x, y)).parametric
    found = row_losses(plane, Sample(x, y), np.ones(12, dtype=bool))
    expected = np.square(without_each(0.5 * A + 0.5 * B + 0.1, Sample(x, y)) - y[:, 0])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    half = np.arange(12) < 6  # rows that no constant saw are judged as they are
    seen = row_losses(plane, Sample(x, y), half)
    np.testing.assert_allclose(seen[~half], np.square(plane.outputs(x) - y)[~half, 0])


def test_of_two_targets_each_counts_in_its_own_scale() -> None:
    x, y = table()
    sample = Sample(x, np.hstack((y, 50 * y + 1)), balance=np.array([5.0, 0.1]))
    slope, level, other = sympy.symbols("_c0:3", real=True)
    lines = (slope * A + level * B, 50 * slope * A + other)
    start = Parametric(lines, (A, B), (slope, level, other), (0.5, 0.1, 1.0))
    start = refit(start, sample).parametric
    again = [
        refit(start, sample[np.arange(12) != k]).parametric.outputs(x[[k]])[0] for k in range(12)
    ]
    expected = np.square((np.array(again) - sample.y) * sample.balance).mean(1)
    found = row_losses(start, sample, np.ones(12, dtype=bool))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_cross_entropies_are_nearly_those_of_fits_without_the_row() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(-2, 2, (80, 2))
    y = (x[:, 0] + random.standard_normal(80) > 0).astype(int)
    sample = Sample(x, y, classes=True)
    logit = refit(parametrize([1.0 * A + 0.1], ("a", "b")), sample).parametric
    found = row_losses(logit, sample, np.ones(80, dtype=bool))
    values = without_each(1.0 * A + 0.1, sample)
    expected = np.logaddexp(0, np.where(y == 1, -values, values))
    plain = row_losses(logit, sample, np.zeros(80, dtype=bool))
    assert np.abs(found - expected).max() < 0.2 * np.abs(plain - expected).max()


@pytest.mark.parametrize("apart", [0.0, 0.1, 0.3])
def test_of_classes_that_stand_apart_a_row_is_judged_by_the_same_weak_prior(apart: float) -> None:
    a = np.linspace(-2, 2, 16)
    x = np.stack((a + apart * np.sign(a), 0 * a), 1)
    sample = Sample(x, (a > 0).astype(int), classes=True)
    logit = refit(parametrize([1.3 * A + 0.2], ("a", "b")), sample).parametric
    found = row_losses(logit, sample, np.ones(16, dtype=bool))
    values = without_each(1.3 * A + 0.2, sample)
    expected = np.logaddexp(0, np.where(a > 0, -values, values))
    plain = row_losses(logit, sample, np.zeros(16, dtype=bool))
    assert np.abs(found - expected).max() < 0.12 * np.abs(plain - expected).max()


def test_a_row_that_alone_decides_a_constant_is_no_evidence() -> None:
    x, y = table()
    x[:, 1] = 0.0
    x[3, 1] = 1.0
    only = refit(parametrize([0.5 * A + 0.5 * B], ("a", "b")), Sample(x, y)).parametric
    found = row_losses(only, Sample(x, y), np.ones(12, dtype=bool))
    assert np.isinf(found[3])
    assert np.isfinite(np.delete(found, 3)).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_is_judged_in_the_same_way(weighted: bool) -> None:
    x, y = table(40)
    weights = np.random.default_rng(2).uniform(0.5, 2, 40) if weighted else None
    data = Dataset.from_arrays(x, y[:, 0], names=["a", "b"], weights=weights)
    sample, fitted = judging_rows(data)
    targets, counts = sample.y, sample.counts
    losses = mean_losses(data)
    keep = np.arange(len(targets)) != 0
    mean = np.average(targets[fitted & keep, 0], weights=counts[fitted & keep])
    assert losses[0] == pytest.approx((targets[0, 0] - mean) ** 2)
    assert len(losses) == len(data.train) + len(data.validation)
