"""Constants that a fit finds, and their errors."""

import numpy as np
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
