"""``baselines_of``: peers on the rows of a dataset, each judged on the test rows."""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.baselines.methods import FEW_PARAMETERS
from workbench.baselines.mlp import MLP
from workbench.baselines.training import STARTS, Solver, fit_mlp
from workbench.common.fence import attempt
from workbench.evidence.sample import Sample, both_logits
from workbench.kan.data import Dataset, Part

DECAYS = (0.0, 1e-4, 1e-3, 1e-2)
_ITERATIONS = 2000
_SKLEARN_ITERATIONS, _SKLEARN_STARTS, _NEVER = 2000, 3, 1e-12
_METHODS: tuple[dict[str, Any], ...] = (
    *({"solver": "lbfgs", "activation": "tanh", "alpha": alpha} for alpha in (1e-4, 1e-2, 1.0)),
    {"solver": "lbfgs", "activation": "relu", "alpha": 1e-2},
    {"solver": "adam", "early_stopping": True, "learning_rate_init": 1e-2},
)
"""What scikit-learn's perceptrons are trained with; validation rows choose."""
_Outputs = Callable[[np.ndarray], np.ndarray]
"""Predictions in the target's units, or logits, ``(N, m)`` at inputs ``(N, d)``."""


@dataclass(frozen=True)
class Baseline:
    """A peer's held-out figures.

    Attributes:
        name: of the peer. parameters: their number. seconds: of training and prediction.
        rmse, r2: for regression; accuracy, cross_entropy: for classes; None for the other.
        predictions: for the test rows, or None.
    """

    name: str
    parameters: int
    seconds: float
    rmse: float | None = None
    r2: float | None = None
    accuracy: float | None = None
    predictions: np.ndarray | None = None
    cross_entropy: float | None = None


def baselines_of(
    data: Dataset,
    *,
    hidden: Sequence[Sequence[int]] = ((8,),),
    iterations: int = _ITERATIONS,
    solver: Solver = "auto",
    starts: int = STARTS,
    seed: int = 0,
) -> list[Baseline]:
    """Train the baselines on the training rows and judge them on the test rows.

    They have the weights of the rows, and least squares where the table's loss is another one.

    Args:
        data: the table and its split.
        hidden: hidden layer sizes, one MLP each: the best of ``fit_mlp`` and of scikit-learn's.
        iterations: budget of an MLP; 2000 stand for an ``effort`` of 1, see ``fit_mlp``.
        solver, starts: of the MLPs; weight decay is chosen on validation rows.
        seed: of the MLPs.
    """
    options: dict[str, Any] = {
        "solver": solver,
        "starts": starts,
        "effort": iterations / _ITERATIONS,
        "seed": seed,
    }
    mlps = [partial(_perceptron, hidden=sizes, **options) for sizes in hidden]
    peers: list[Callable[[Dataset], Baseline]] = [_constant, _linear, *mlps]
    found = []
    for peer in peers:
        with attempt("a baseline"):
            found.append(peer(data))
    return found


def _perceptron(
    data: Dataset, hidden: Sequence[int], *, effort: float, seed: int, **options: Any
) -> Baseline:
    """The one of all trained perceptrons that validates best: ours and those of scikit-learn."""
    begun = time.perf_counter()
    classes = data.task == "classification"
    decays = DECAYS[1:] if classes else DECAYS
    ours = fit_mlp(data, hidden=hidden, decay=decays, effort=effort, seed=seed, **options)
    tried = [_of_torch(ours.model)]
    large = ours.parameters > FEW_PARAMETERS
    starts = 1 if large else max(round(effort * _SKLEARN_STARTS), 1)
    methods = [m for m in _METHODS if _suits(m, classes, large)]
    for method, start in product(methods, range(starts)):
        with attempt("a perceptron of scikit-learn"):
            how = {"random_state": seed + start, **method}
            tried.append(_of_scikit_learn(data, hidden, effort, how))
    held_out = _judge(data, "validation" if len(data.validation) else "train")
    best = min(tried, key=lambda outputs: held_out.error(outputs(held_out.x)))
    name = f"MLP {'×'.join(map(str, hidden))}"
    seconds = time.perf_counter() - begun
    return _judged(name, ours.parameters, seconds, best(data.inputs[data.test].numpy()), data)


def _suits(method: Mapping[str, Any], classes: bool, large: bool) -> bool:
    """L-BFGS is for small networks; separable classes drive logits that are hardly held to infinity."""
    if method["solver"] != "lbfgs":
        return True
    return not large and (not classes or method["alpha"] >= 1.0)


def _of_torch(model: MLP) -> _Outputs:
    def outputs(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(x)).numpy()

    return outputs


def _of_scikit_learn(
    data: Dataset, hidden: Sequence[int], effort: float, options: dict[str, Any]
) -> _Outputs:
    """A perceptron of scikit-learn on standardized columns, see ``_METHODS``."""
    x, y = (part.numpy() for part in data.split("train"))
    regression, weights = data.task == "regression", _weights(data)
    kind = MLPRegressor if regression else MLPClassifier
    budget = max(round(effort * _SKLEARN_ITERATIONS), 1)
    network = kind(hidden_layer_sizes=tuple(hidden), **{"max_iter": budget, **options})
    model = make_pipeline(StandardScaler(), network)
    shift = np.average(y, axis=0, weights=weights) if regression else 0
    scale = y.std(0) + (y.std(0) == 0) if regression else 1
    targets = (y - shift) / scale if regression else y
    targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    counts = {} if weights is None else {f"{model.steps[-1][0]}__sample_weight": weights}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the budget is meant to end it
        model.fit(x, targets, **counts)

    def outputs(new: np.ndarray) -> np.ndarray:
        if regression:
            return np.asarray(model.predict(new).reshape(len(new), -1) * scale + shift)
        table = np.full((len(new), len(data.classes or ())), _NEVER)
        table[:, network.classes_] = model.predict_proba(new)
        return np.log(np.maximum(table, _NEVER))

    return outputs


def _constant(data: Dataset) -> Baseline:
    """The training mean, or the shares of the classes."""
    y, weights = data.split("train")[1].numpy(), _weights(data)
    rows = len(data.test)
    if data.task == "regression":
        mean = np.average(y, axis=0, weights=weights)
        return _judged("mean", y.shape[1], 0.0, np.tile(mean, (rows, 1)), data)
    counts = np.bincount(y, weights=weights, minlength=len(data.classes or ()))
    with np.errstate(divide="ignore"):
        logits = np.log(counts)
    if len(logits) == 2:
        logits = logits[1:] - logits[:1]
    return _judged("majority", 0, 0.0, np.tile(logits, (rows, 1)), data)


def _linear(data: Dataset) -> Baseline:
    x, y = (part.numpy() for part in data.split("train"))
    regression = data.task == "regression"
    last = LinearRegression() if regression else LogisticRegression(max_iter=500)
    begun = time.perf_counter()
    model = make_pipeline(StandardScaler(), last)
    model.fit(x, y, **{f"{model.steps[-1][0]}__sample_weight": _weights(data)})
    seconds = time.perf_counter() - begun
    test = data.split("test")[0].numpy()
    outputs = model.predict(test) if regression else model.decision_function(test)
    count = np.size(last.coef_) + np.size(last.intercept_)
    return _judged("linear", count, seconds, outputs.reshape(len(test), -1), data)


def _weights(data: Dataset) -> np.ndarray | None:
    weights = data.row_weights("train")
    return None if weights is None else weights.numpy()


def _judge(data: Dataset, part: Part) -> Sample:
    """Rows that judge peers as they judge formulas; counts, which have no formulas, by squares."""
    return Sample.of(replace(data, loss="auto") if data.loss == "poisson" else data, part)


def _judged(
    name: str, parameters: int, seconds: float, outputs: np.ndarray, data: Dataset
) -> Baseline:
    """Figures of outputs ``(N, m)``: predictions in the target's units, or logits."""
    test = _judge(data, "test")
    if not test.classes:
        r2 = 1 - test.loss(outputs) / test.spread**2
        predicted = outputs[:, 0] if outputs.shape[1] == 1 else outputs
        return Baseline(name, parameters, seconds, test.error(outputs), r2, predictions=predicted)
    guess = both_logits(outputs).argmax(1)
    return Baseline(
        name,
        parameters,
        seconds,
        accuracy=float(np.average(guess == test.y, weights=test.weights))
        if len(test)
        else math.nan,
        predictions=guess,
        cross_entropy=test.error(outputs),
    )
