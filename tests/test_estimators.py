"""The estimators keep scikit-learn's contract."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from workbench import KANClassifier, KANRegressor

SMALL = {"grids": (3,), "starts": 4}
CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")
    for kind in (KANRegressor, KANClassifier)
    for estimator, check in estimator_checks_generator(kind(**SMALL))
]


@pytest.mark.filterwarnings("ignore:.*SCIPY_ARRAY_API.*")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_contract(estimator, check) -> None:
    check(estimator)


def test_regressor_in_a_pipeline() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (200, 2))
    y = np.sin(3 * x[:, 0]) + x[:, 1] ** 2
    model = make_pipeline(StandardScaler(), KANRegressor(hidden=(), grids=(3, 6)))
    assert cross_val_score(model, x, y, cv=3).min() > 0.999


def test_classifier_probabilities() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (300, 2))
    y = np.where(np.hypot(*x.T) < 0.7, "in", "out")
    model = KANClassifier(hidden=(1,), grids=(3,)).fit(x, y)
    assert np.allclose(model.predict_proba(x).sum(1), 1)
    assert model.score(x, y) > 0.95
