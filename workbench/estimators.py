"""scikit-learn's face of the network: ``KANRegressor`` and ``KANClassifier``."""

from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training import STARTS, fit


class _KANEstimator(BaseEstimator):
    def __init__(
        self,
        hidden: tuple[int, ...] = (2,),
        grids: tuple[int, ...] | None = None,
        starts: int = STARTS,
        l1: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.grids = grids
        self.starts = starts
        self.l1 = l1
        self.random_state = random_state

    def _train(self, x: np.ndarray, y: torch.Tensor, task: Any, classes: Any) -> None:
        order = np.random.default_rng(self.random_state).permutation(len(x))
        held = max(1, len(x) // 6)
        rows = torch.from_numpy(order)
        names = tuple(getattr(self, "feature_names_in_", [f"x{i + 1}" for i in range(x.shape[1])]))
        data = Dataset(
            inputs=torch.tensor(x, dtype=torch.float64),
            targets=y,
            names=names,
            target="y",
            train=rows[held:] if len(x) > 2 else rows,
            validation=rows[:held],
            test=rows[:held],
            task=task,
            classes=classes,
        )
        model = KAN((len(names), *self.hidden, data.outputs), seed=self.random_state)
        self.result_ = fit(
            model,
            data,
            grids=self.grids,
            starts=self.starts,
            l1=self.l1,
            seed=self.random_state,
        )
        self.model_ = self.result_.model

    def _raw(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=np.float64)
        with torch.no_grad():
            values: np.ndarray = self.model_(torch.tensor(x)).numpy()
        return values


class KANRegressor(RegressorMixin, _KANEstimator):
    """A Kolmogorov–Arnold network for numbers.

    Args:
        hidden: nodes of the hidden layers.
        grids, starts, l1: see ``workbench.fit``.
        random_state: seed of starts and of the validation split (a sixth of the rows).

    Attributes:
        model_: the trained ``KAN``. result_: its ``FitResult``.
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on ``X (N, d)`` and ``y (N,)``."""
        x, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        values = torch.from_numpy(np.array(target, dtype=np.float64).reshape(-1, 1))
        self._train(x, values, "regression", None)
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Predictions ``(N,)`` in the target's units."""
        return self._raw(X)[:, 0]


class KANClassifier(ClassifierMixin, _KANEstimator):
    """A Kolmogorov–Arnold network for classes, trained on cross-entropy.

    Args:
        hidden: nodes of the hidden layers.
        grids, starts, l1: see ``workbench.fit``.
        random_state: seed of starts and of the validation split (a sixth of the rows).

    Attributes:
        classes_: the labels. model_: the trained ``KAN``. result_: its ``FitResult``.
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on ``X (N, d)`` and labels ``y (N,)``."""
        x, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"at least two classes are needed, got one class: {self.classes_[0]!r}"
            )
        self._train(x, torch.from_numpy(codes), "classification", tuple(self.classes_.tolist()))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Probabilities ``(N, classes)``."""
        logits = torch.from_numpy(self._raw(X))
        if logits.shape[1] == 1:
            logits = torch.cat((torch.zeros_like(logits), logits), 1)
        values: np.ndarray = logits.softmax(1).numpy()
        return values

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The most probable label of every row."""
        probabilities = self.predict_proba(X)
        labels: np.ndarray = self.classes_[probabilities.argmax(1)]
        return labels
