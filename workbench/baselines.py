"""What a network is measured against, on the same split: a constant, a line, and MLPs."""

import time
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.kan.data import Dataset


@dataclass(frozen=True)
class Baseline:
    """A peer's held-out figures; ``rmse`` and ``r2`` for regression, ``accuracy`` for classes."""

    name: str
    parameters: int
    seconds: float
    rmse: float | None = None
    r2: float | None = None
    accuracy: float | None = None
    predictions: np.ndarray | None = None


def compare(
    data: Dataset,
    *,
    hidden: tuple[tuple[int, ...], ...] = ((8,),),
    iterations: int = 2000,
    seed: int = 0,
) -> list[Baseline]:
    """Train the baselines on the training rows and judge them on the test rows.

    Args:
        data: the table and its split.
        hidden: hidden layer sizes, one MLP each; small ones are trained by L-BFGS, those of more than
            5,000 parameters by Adam with early stopping on a tenth of the training rows.
        iterations: of L-BFGS.
        seed: of the MLPs.
    """
    names = ["linear", *(f"MLP {'×'.join(map(str, sizes))}" for sizes in hidden)]
    models = [LinearRegression() if data.task == "regression" else LogisticRegression(max_iter=500)]
    models += [_mlp(data, sizes, iterations, seed) for sizes in hidden]
    found = [_constant(data)]
    for name, model in zip(names, models, strict=True):
        found.append(_judge(name, make_pipeline(StandardScaler(), model), data))
    return found


def _arrays(data: Dataset, part: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = data.split(part)
    return x.numpy(), y.squeeze(-1).numpy() if data.task == "regression" else y.numpy()


def _constant(data: Dataset) -> Baseline:
    y = _arrays(data, "train")[1]
    test = _arrays(data, "test")[1]
    if data.task == "regression":
        return _scored("mean", 1, 0.0, np.full_like(test, y.mean()), data)
    majority = np.bincount(y).argmax()
    return _scored("majority", 0, 0.0, np.full_like(test, majority), data)


def _mlp(data: Dataset, sizes: tuple[int, ...], iterations: int, seed: int) -> Any:
    kind = MLPRegressor if data.task == "regression" else MLPClassifier
    shape = (len(data.names), *sizes, data.outputs)
    count = sum((a + 1) * b for a, b in pairwise(shape))
    if count <= 5000:
        return kind(
            hidden_layer_sizes=sizes,
            activation="tanh",
            solver="lbfgs",
            max_iter=iterations,
            random_state=seed,
        )
    return kind(
        hidden_layer_sizes=sizes,
        early_stopping=True,
        max_iter=60,
        batch_size=256,
        random_state=seed,
    )


def _judge(name: str, model: Any, data: Dataset) -> Baseline:
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(*_arrays(data, "train"))
    seconds = time.perf_counter() - begun
    final = model[-1]
    weights = [*final.coefs_, *final.intercepts_] if hasattr(final, "coefs_") else None
    if weights is None:
        weights = [final.coef_, np.atleast_1d(final.intercept_)]
    count = sum(np.size(w) for w in weights)
    return _scored(name, count, seconds, model.predict(_arrays(data, "test")[0]), data)


def _scored(
    name: str, parameters: int, seconds: float, predicted: np.ndarray, data: Dataset
) -> Baseline:
    true = _arrays(data, "test")[1]
    if data.task == "classification":
        accuracy = float((predicted == true).mean())
        return Baseline(name, parameters, seconds, accuracy=accuracy, predictions=predicted)
    error = float(np.square(predicted - true).mean())
    r2 = 1 - error / max(float(np.var(true)), 1e-300)
    return Baseline(name, parameters, seconds, error**0.5, r2, predictions=predicted)
