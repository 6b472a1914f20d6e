"""Constants that a fit finds, and their errors."""

import numpy as np
import pytest
import sympy

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import parametrize

A = sympy.Symbol("a", real=True)


def test_errors_of_a_logistic_line_are_those_of_the_fisher_information() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-2, 2, (300, 1))
    y = (x[:, 0] + random.logistic(size=300) > 0.3).astype(int)
    weights = random.uniform(0.2, 3, 300)
    fitted = refit(parametrize([1.1 * A + 0.2], ("a",)), Sample(x, y, weights, classes=True))
    logits = fitted.parametric.outputs(x)[:, 0]
    p = 1 / (1 + np.exp(-logits))
    slopes = fitted.parametric.jacobian(x, np.array(fitted.parametric.values))[:, 0]
    share = (weights / weights.mean()) * p * (1 - p)
    expected = np.sqrt(np.diag(np.linalg.inv((slopes.T * share) @ slopes)))
    np.testing.assert_allclose(fitted.sigma, expected, rtol=1e-6)


def test_each_of_several_targets_has_errors_of_its_own_noise() -> None:
    random = np.random.default_rng(3)
    x = random.uniform(1, 2, (200, 1))
    y = x * [2.0, 5.0] + [0.01, 1.0] * random.standard_normal((200, 2))
    one, other = (
        refit(parametrize([k * A], ("a",)), Sample(x, y[:, [i]])) for i, k in ((0, 2.0), (1, 5.0))
    )
    both = refit(
        parametrize([2.0 * A, 5.0 * A], ("a",)), Sample(x, y, balance=np.array([1.5, 0.8]))
    )
    assert both.sigma == pytest.approx((*one.sigma, *other.sigma), rel=1e-6)


def test_a_target_without_noise_leaves_the_errors_of_the_other() -> None:
    x = np.random.default_rng(3).uniform(1, 2, (200, 1))
    y = np.hstack((2.0 * x, 5.0 * x + np.random.default_rng(4).standard_normal((200, 1))))
    first, second = refit(parametrize([2.0 * A, 5.0 * A], ("a",)), Sample(x, y)).sigma
    assert first < 1e-6 * second
    assert second == pytest.approx(1 / np.linalg.norm(x), rel=0.1)


def test_the_loss_is_in_units_of_the_target() -> None:
    random = np.random.default_rng(5)
    x = random.uniform(1, 2, (80, 1))
    y = 300 * x + 40 * random.standard_normal((80, 1))
    fitted = refit(parametrize([250.0 * A], ("a",)), Sample(x, y))
    residuals = fitted.parametric.outputs(x) - y
    assert fitted.loss == pytest.approx(float(np.square(residuals).mean()))
    assert fitted.noise == pytest.approx(float(np.square(residuals).sum()) / 79)
