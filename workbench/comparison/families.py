"""What competes: families of models, each as ladders of sizes that are trained from small to large."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.comparison.flops import of_layers, of_trees
from workbench.kan.data import Dataset

NUMBER = 8
"""Bytes of a number that a model holds."""
_ALPHAS = (1e-2, 1.0, 1e2)
_LEAVES, _TREES, _LEAF_ROWS = (3, 7, 15, 31), (30, 100, 300), (2, 20)
_NEVER = 1e-12
_ITERATIONS = 500

Outputs = Callable[[np.ndarray], np.ndarray]
"""Predictions in the target's units, or logits, ``(N, m)`` at inputs ``(N, d)``."""


@dataclass(frozen=True)
class Model:
    """A trained member of a family.

    Attributes:
        outputs: see ``Outputs``. size: in words.
        parameters: numbers that training has set. flops: operations of one prediction.
        memory: bytes of the numbers that it holds. grid: intervals of its splines, or None.
    """

    outputs: Outputs
    size: str
    parameters: int
    flops: int
    memory: int
    grid: int | None = None


@dataclass(frozen=True)
class Limits:
    """What a model may take at most.

    Attributes:
        parameters, flops: see ``Model``. stop: whether training is to end with what it has.
    """

    parameters: float
    flops: float
    stop: Callable[[], bool]

    def allows(self, parameters: int, flops: int = 0) -> bool:
        return parameters <= self.parameters and flops <= self.flops


Ladder = Iterator[Model]
Family = Callable[[Dataset, int, Limits], list[Ladder]]
"""From a table, a seed and limits to ladders, from simple to rich; each step trains one model."""


def lines(data: Dataset, seed: int, limits: Limits) -> list[Ladder]:
    """The mean, a line and lines with shrunk slopes (ridge; logistic for classes)."""
    return [_lines(data, limits)]


def trees(data: Dataset, seed: int, limits: Limits) -> list[Ladder]:
    """Gradient boosting by histograms, a ladder for each size of tree."""
    return [_trees(data, leaves, seed, limits) for leaves in _LEAVES]


def training(data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Inputs ``(n, d)``, targets ``(n, m)`` or class numbers ``(n,)``, and weights of the training rows."""
    x, y = data.split("train")
    weights = data.row_weights("train")
    return x.numpy(), y.numpy(), None if weights is None else weights.numpy()


def logits_of(model: Any, classes: int) -> Outputs:
    """Logarithms of the probabilities of all classes, those not seen in training included."""

    def outputs(x: np.ndarray) -> np.ndarray:
        table = np.full((len(x), classes), _NEVER)
        table[:, model.classes_] = model.predict_proba(x)
        return np.asarray(np.log(np.maximum(table, _NEVER)))

    return outputs


def _lines(data: Dataset, limits: Limits) -> Ladder:
    yield _constant(data)
    count = (len(data.names) + 1) * data.outputs
    flops = of_layers((len(data.names), data.outputs))
    if not limits.allows(count, flops):
        return
    x, y, weights = training(data)
    for alpha in (0.0, *_ALPHAS):
        last, size = _line(data, alpha)
        model = make_pipeline(StandardScaler(), last)
        model.fit(x, y, **{f"{model.steps[-1][0]}__sample_weight": weights})
        if data.task == "regression":
            outputs: Outputs = partial(_predicted, model)
        else:
            outputs = logits_of(model, len(data.classes or ()))
        yield Model(outputs, size, count, flops, NUMBER * count)


def _predicted(model: Any, x: np.ndarray) -> np.ndarray:
    """Numbers ``(N, m)``."""
    return np.asarray(model.predict(x)).reshape(len(x), -1)


def _line(data: Dataset, alpha: float) -> tuple[Any, str]:
    shrunk = f", shrunk by {alpha:g}" if alpha else ""
    if data.task == "regression":
        return (Ridge(alpha) if alpha else LinearRegression()), f"line{shrunk}"
    inverse = 1 / alpha if alpha else 1e6
    return LogisticRegression(C=inverse, max_iter=_ITERATIONS), f"logistic{shrunk}"


def _constant(data: Dataset) -> Model:
    """The mean of the training rows, or the shares of its classes."""
    _, y, weights = training(data)
    if data.task == "regression":
        row = np.average(y, axis=0, weights=weights)
    else:
        counts = np.bincount(y, weights=weights, minlength=len(data.classes or ()))
        row = np.log(np.maximum(counts / counts.sum(), _NEVER))
    count = len(row)
    return Model(lambda new: np.tile(row, (len(new), 1)), "mean", count, 0, NUMBER * count)


def _trees(data: Dataset, leaves: int, seed: int, limits: Limits) -> Ladder:
    x, y, weights = training(data)
    fewest, most = _LEAF_ROWS
    options: dict[str, Any] = {
        "max_leaf_nodes": leaves,
        "min_samples_leaf": max(fewest, min(most, len(x) // 30)),
        "early_stopping": False,
        "random_state": seed,
    }
    for rounds in _TREES:
        if limits.stop():
            return
        found, several = _boosted(data, {**options, "max_iter": rounds})
        found.fit(x, y if several or y.ndim == 1 else y[:, 0], sample_weight=weights)
        model = _model_of_trees(found, several, data, f"{rounds} × {leaves} leaves")
        if not limits.allows(model.parameters, model.flops):
            return
        yield model


def _boosted(data: Dataset, options: dict[str, Any]) -> tuple[Any, bool]:
    """An estimator, and whether it holds one for each of several targets."""
    if data.task == "classification":
        return HistGradientBoostingClassifier(**options), False
    single = HistGradientBoostingRegressor(**options)
    several = data.outputs > 1
    return (MultiOutputRegressor(single) if several else single), several


def _model_of_trees(found: Any, several: bool, data: Dataset, size: str) -> Model:
    """A split holds a column and a threshold, a leaf a value."""
    parts = found.estimators_ if several else [found]
    trees = [tree for part in parts for round_ in part._predictors for tree in round_]
    leaves = np.array([tree.get_n_leaf_nodes() for tree in trees])
    if data.task == "regression":
        outputs: Outputs = partial(_predicted, found)
    else:
        outputs = logits_of(found, len(data.classes or ()))
    return Model(
        outputs,
        size,
        parameters=int((leaves + 2 * (leaves - 1)).sum()),
        flops=of_trees(np.array([tree.get_max_depth() for tree in trees])),
        memory=sum(tree.nodes.nbytes for tree in trees),
    )
