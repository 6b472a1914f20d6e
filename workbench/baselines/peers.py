"""``compare``: peers on the rows of a dataset, each judged on the test rows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.baselines.training import STARTS, Solver, fit_mlp
from workbench.discovery.fence import attempt
from workbench.kan.data import Dataset

DECAYS = (0.0, 1e-4, 1e-3, 1e-2)
_ITERATIONS = 2000


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


def compare(
    data: Dataset,
    *,
    hidden: Sequence[Sequence[int]] = ((8,),),
    iterations: int = _ITERATIONS,
    solver: Solver = "auto",
    starts: int = STARTS,
    seed: int = 0,
) -> list[Baseline]:
    """Train the baselines on the training rows and judge them on the test rows.

    Args:
        data: the table and its split.
        hidden: hidden layer sizes, one MLP each, see ``fit_mlp``.
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


def _perceptron(data: Dataset, hidden: Sequence[int], **options: Any) -> Baseline:
    trained = fit_mlp(data, hidden=hidden, decay=DECAYS, **options)
    with torch.no_grad():
        outputs = trained.model(data.split("test")[0]).numpy()
    name = f"MLP {'×'.join(map(str, hidden))}"
    return _judged(name, trained.parameters, trained.seconds, outputs, data)


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


def _judged(
    name: str, parameters: int, seconds: float, outputs: np.ndarray, data: Dataset
) -> Baseline:
    """Figures of outputs ``(N, m)``: predictions in the target's units, or logits."""
    true = data.split("test")[1].numpy()
    if data.task == "classification":
        logits = np.hstack((0 * outputs, outputs)) if outputs.shape[1] == 1 else outputs
        guess = logits.argmax(1)
        each = logsumexp(logits, axis=1) - logits[np.arange(len(true)), true]
        return Baseline(
            name,
            parameters,
            seconds,
            accuracy=float((guess == true).mean()),
            predictions=guess,
            cross_entropy=float(each.mean()),
        )
    error = float(np.square(outputs - true).mean())
    r2 = 1 - error / max(float(np.var(true, axis=0).mean()), 1e-300)
    predicted = outputs[:, 0] if outputs.shape[1] == 1 else outputs
    return Baseline(name, parameters, seconds, error**0.5, r2, predictions=predicted)
