"""Cheap models that say what a table is like, before any is trained in earnest (landmarking).

Rows that are not test rows are parted anew: two thirds train, a third judges, which is more than the table's
own validation rows, so that differences have small standard errors. Pfahringer, Bensusan and Giraud-Carrier,
"Meta-learning by landmarking various learning algorithms" (2000), choose among classifiers so.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from workbench.baselines import fit_mlp
from workbench.common.fence import attempt
from workbench.comparison.families import Outputs, logits_of, training
from workbench.comparison.run import Margin, error_of, margin
from workbench.evidence.sample import Sample, network_values
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.smoothing import smoothed
from workbench.search.networks.trials import affordable

ROWS = 1000
"""At most so many rows are looked at."""
FAMILY_OF = {
    "mean": "linear",
    "line": "linear",
    "curves": "kan",
    "kan": "kan",
    "mlp": "mlp",
    "boosting": "boosting",
}
_JUDGES = 1 / 3
_KNOTS, _SHRINKAGE = 6, np.logspace(-3, 3, 7)
_NODES, _HIDDEN, _STARTS, _DECAYS = 4, (16,), 4, (1e-4, 1e-2)
_GRIDS, _ROWS_TO_TRY = (3, 6), 1.5
_EFFORT, _PATIENCE = 0.3, 2.0
_TREES = 100


@dataclass(frozen=True)
class Landmarks:
    """Losses of cheap models on rows that they have not seen.

    Attributes:
        losses: of the judging rows ``(n,)``, by model: "mean", "line", "curves" (a sum of curves), "kan",
            "mlp", "boosting". data: the rows that were used, with their split.
    """

    losses: Mapping[str, np.ndarray]
    data: Dataset

    def error(self, name: str) -> float:
        """RMSE or mean cross-entropy."""
        return error_of(self.losses[name], self.data)

    def margin(self, first: str, second: str) -> Margin:
        """By how much the first one is ahead."""
        squares = self.data.task == "regression"
        return margin(self.losses[first], self.losses[second], squares=squares)

    @property
    def best(self) -> str:
        return min(self.losses, key=self.error)

    def of_families(self) -> dict[str, str]:
        """The best model of every family, the best family first."""
        found: dict[str, str] = {}
        for name in sorted(self.losses, key=self.error):
            found.setdefault(FAMILY_OF[name], name)
        return found

    def share(self, name: str) -> float:
        """How much of what the best one explains this one explains, by mean losses; 0 to 1."""
        mean, best, own = (float(self.losses[n].mean()) for n in ("mean", self.best, name))
        return float(np.clip((mean - own) / (mean - best), 0, 1)) if mean > best else 1.0

    @property
    def left(self) -> float:
        """Share of the mean's loss that the best one leaves: the noise, or less."""
        mean = float(self.losses["mean"].mean())
        return float(self.losses[self.best].mean()) / mean if mean else 0.0


def landmarks(data: Dataset, seed: int = 0) -> Landmarks:
    """Train and judge the cheap models; those that cannot be computed are left out."""
    rows = parted(data, seed)
    judge = Sample.of(rows, "validation")
    found = {}
    with threadpool_limits(limits=1):
        for name, train in _MODELS.items():
            with attempt(f"the landmark {name}"):
                outputs = train(rows, seed)
                found[name] = judge.row_losses(outputs(judge.x)) * judge.counts
    known = {name: losses for name, losses in found.items() if np.isfinite(losses).all()}
    return Landmarks(known, rows)


def parted(data: Dataset, seed: int = 0) -> Dataset:
    """At most ``ROWS`` rows that are no test rows, parted so that every class is on both sides."""
    random = np.random.default_rng(seed)
    rows = random.permutation(torch.cat((data.train, data.validation)).numpy())[:ROWS]
    if data.task == "classification":
        rows = rows[np.argsort(data.targets[rows].numpy(), kind="stable")]
    judges = np.zeros(len(rows), dtype=bool)
    judges[np.linspace(0, len(rows) - 1, max(2, round(_JUDGES * len(rows)))).astype(int)] = True
    train, held = (torch.from_numpy(np.sort(rows[part])) for part in (~judges, judges))
    return replace(data, train=train, validation=held, test=train[:0])


def _fitted(model: Any, data: Dataset) -> Outputs:
    x, y, weights = training(data)
    pipe = make_pipeline(StandardScaler(), *model)
    several = data.task == "classification" or y.shape[1] > 1
    pipe.fit(x, y if several else y[:, 0], **{f"{pipe.steps[-1][0]}__sample_weight": weights})
    if data.task == "classification":
        return logits_of(pipe, len(data.classes or ()))
    return lambda new: pipe.predict(new).reshape(len(new), -1)


def _mean(data: Dataset, seed: int) -> Outputs:
    _, y, weights = training(data)
    if data.task == "regression":
        row = np.average(y, axis=0, weights=weights)
    else:
        counts = np.bincount(y, weights=weights, minlength=len(data.classes or ()))
        row = np.log(np.maximum(counts / counts.sum(), 1e-12))
    return lambda new: np.tile(row, (len(new), 1))


def _line(data: Dataset, seed: int) -> Outputs:
    last = LinearRegression() if data.task == "regression" else LogisticRegression(max_iter=500)
    return _fitted([last], data)


def _curves(data: Dataset, seed: int) -> Outputs:
    """A sum of curves, one for each input: smoothed by leave-one-out errors."""
    last = RidgeCV(_SHRINKAGE) if data.task == "regression" else LogisticRegression(max_iter=500)
    return _fitted([SplineTransformer(_KNOTS, extrapolation="linear"), last], data)


def _kan(data: Dataset, seed: int) -> Outputs:
    """With hidden nodes where the rows can pay for them, else a sum of curves."""
    deep = KAN((len(data.names), _NODES, data.outputs), seed=seed)
    plain = KAN((len(data.names), data.outputs), seed=seed)
    model = deep if affordable(deep, data, _ROWS_TO_TRY) else plain
    stop = _deadline()
    found = fit(
        model, data, grids=_GRIDS[:1], starts=_STARTS, seed=seed, callback=lambda progress: stop()
    ).model
    smooth = smoothed(found, data, _GRIDS).model
    return lambda new: network_values(smooth, new)


def _mlp(data: Dataset, seed: int) -> Outputs:
    model = fit_mlp(
        data, hidden=_HIDDEN, starts=_STARTS, solver="auto", effort=_EFFORT, decay=_DECAYS, seed=seed,
        stop=_deadline(),
    ).model  # fmt: skip

    def outputs(new: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(model(torch.from_numpy(new)).numpy())

    return outputs


def _boosting(data: Dataset, seed: int) -> Outputs:
    options: dict[str, Any] = {"max_iter": _TREES, "early_stopping": False, "random_state": seed}
    options["min_samples_leaf"] = max(2, min(20, len(data.train) // 30))
    if data.task == "classification":
        return _fitted([HistGradientBoostingClassifier(**options)], data)
    single = HistGradientBoostingRegressor(**options)
    return _fitted([MultiOutputRegressor(single) if data.outputs > 1 else single], data)


def _deadline() -> Callable[[], bool]:
    """True once so much processor time has passed."""
    begun = time.process_time()
    return lambda: time.process_time() - begun > _PATIENCE


_MODELS: dict[str, Callable[[Dataset, int], Outputs]] = {
    "mean": _mean,
    "line": _line,
    "curves": _curves,
    "kan": _kan,
    "mlp": _mlp,
    "boosting": _boosting,
}
