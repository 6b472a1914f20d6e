"""``KANRegressor`` and ``KANClassifier``."""

from collections.abc import Sequence
from typing import Any, Literal, Self
from warnings import warn

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from workbench.errors import ExtrapolationWarning, InputError, warn_missing
from workbench.estimators.rows import Missing, checked_weights, dataset, merged
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Task
from workbench.kan.training.request import Solver
from workbench.kan.training.run import Callback
from workbench.network.attribution import feature_scores
from workbench.search.networks.selection import default_shapes, select
from workbench.search.networks.splits import splits_of
from workbench.search.networks.trials import Prune, Settings, Stop, all_training

Hidden = Literal["auto"] | Sequence[Any]


class _KANEstimator(BaseEstimator):
    _task: Task

    def __init__(
        self,
        hidden: Hidden = "auto",
        *,
        grids: Sequence[int] | None = None,
        starts: int = 8,
        solver: Solver = "auto",
        l1: float = 0.0,
        smoothness: float | None = None,
        prune: Prune = "auto",
        missing: Missing = "error",
        validation_fraction: float = 0.2,
        callback: Callback | None = None,
        random_state: Any = 0,
    ) -> None:
        self.hidden = hidden
        self.grids = grids
        self.starts = starts
        self.solver = solver
        self.l1 = l1
        self.smoothness = smoothness
        self.prune = prune
        self.missing = missing
        self.validation_fraction = validation_fraction
        self.callback = callback
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing != "error"
        return tags

    # What a user reads off

    @property
    def formulas_(self) -> FormulaSet:
        """Formulas from simple to accurate, found when first asked for; names are the frame's."""
        check_is_fitted(self)
        if not hasattr(self, "_formulas"):
            from workbench.search.symbolic import symbolify
            from workbench.search.untrained import untrained

            named = symbolify(self.model_, self.data_, seed=self._seed)
            self._formulas = untrained(self.data_).merged(named)
        return self._formulas

    @property
    def formula_(self) -> Formula:
        """The formula that the held-out rows choose; of several targets, one expression for each."""
        return self.formulas_.best

    @property
    def feature_importances_(self) -> np.ndarray:
        """Share of every input in the change of the outputs when it is frozen at its mean, ``(d,)``."""
        check_is_fitted(self)
        scores = feature_scores(self.model_, all_training(self.data_).typical("train"))
        shares: np.ndarray = (scores / scores.sum().clamp(min=1e-300)).numpy()
        return shares

    # What the two estimators share

    def _check_settings(self) -> None:
        if self.missing not in ("error", "drop", "impute"):
            raise InputError(f"missing must be 'error', 'drop' or 'impute', got {self.missing!r}")
        if not 0 < self.validation_fraction < 1:
            raise InputError(
                f"validation_fraction must lie between 0 and 1, got {self.validation_fraction}"
            )
        if self.prune not in (True, False, "auto"):
            raise InputError(f"prune must be True, False or 'auto', got {self.prune!r}")

    def _checked(
        self, x: Any, y: Any, sample_weight: Any, **how: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Complete rows with their targets and weights."""
        self._check_settings()
        finite: bool | str = True if self.missing == "error" else "allow-nan"
        table, target = validate_data(
            self, x, y, dtype=np.float64, ensure_all_finite=finite, ensure_min_samples=2, **how
        )
        weights = checked_weights(sample_weight, table)
        gaps = np.isnan(table)
        if self.missing == "drop":
            full = ~gaps.any(1)
            if not full.any():
                raise InputError(
                    f"missing='drop' leaves none of {len(table)} rows: set missing='impute'"
                )
            table, target, weights = table[full], target[full], weights[full]
        elif self.missing == "impute":
            empty = gaps.all(0)
            if empty.any():
                raise InputError(f"column {int(empty.argmax())} has no values: leave it out")
            self.medians_ = np.nanmedian(table, axis=0)
            table = np.where(gaps, self.medians_, table)
        return table, target, weights

    def _train(
        self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, classes: tuple[Any, ...] | None
    ) -> None:
        self.__dict__.pop("_formulas", None)
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rows, targets, counts = merged(x, y, weights)
        default = [f"x{i + 1}" for i in range(x.shape[1])]
        names = [str(name) for name in getattr(self, "feature_names_in_", default)]
        self.data_ = dataset(
            rows,
            targets,
            counts,
            names=names,
            task=self._task,
            classes=classes,
            held_out=self.validation_fraction,
            seed=self._seed,
        )
        how = Settings(
            grids=None if self.grids is None else tuple(self.grids),
            starts=self.starts,
            solver=self.solver,
            l1=self.l1,
            smoothness=self.smoothness,
            prune=self.prune,
            seed=self._seed,
            stop=Stop(self.callback),
        )
        chosen = select(splits_of(self.data_), self._shapes(), how)
        self.result_ = chosen.fits[0]
        self.model_ = self.result_.model

    def _shapes(self) -> list[tuple[Any, ...]]:
        if isinstance(self.hidden, str):
            if self.hidden != "auto":
                raise InputError(f"hidden must be 'auto' or numbers of nodes, got {self.hidden!r}")
            return list(default_shapes(self.data_))
        if isinstance(self.hidden, list):
            if not self.hidden:
                raise InputError("hidden needs at least one shape, got an empty list")
            return [tuple(shape) for shape in self.hidden]
        return [tuple(self.hidden)]

    def _raw(self, x: Any) -> np.ndarray:
        check_is_fitted(self)
        finite: bool | str = True if self.missing == "error" else "allow-nan"
        table = validate_data(self, x, reset=False, dtype=np.float64, ensure_all_finite=finite)
        if self.missing == "impute":
            table = np.where(np.isnan(table), self.medians_, table)
        known = ~np.isnan(table).any(1)
        inputs = torch.tensor(table[known])
        if len(inputs):
            self._warn_outside(inputs)
        values = np.full((len(table), self.model_.out_features), np.nan)
        with torch.no_grad():
            values[known] = self.model_(inputs).numpy()
        warn_missing(int((~known).sum()), len(known), stacklevel=4)
        return values

    def _warn_outside(self, inputs: torch.Tensor) -> None:
        """Name the column in which rows go furthest beyond those of training.

        The sentence holds no number, so that Python may leave out repetitions.
        """
        first = self.model_.layer(0)
        low, high = first.grid_range.unbind(-1)
        beyond = torch.maximum(low - inputs, inputs - high).amax(0) / (high - low)
        beyond = beyond.where((first.mask != 0).any(0), 0.0)
        if float(beyond.max()) > 0:
            name = self.data_.names[int(beyond.argmax())]
            warn(
                f"column {name!r} has values outside the range that the network was trained on: "
                "there the curves go on as straight lines, which no data supports",
                ExtrapolationWarning,
                stacklevel=4,
            )


class KANRegressor(RegressorMixin, _KANEstimator):
    """A Kolmogorov–Arnold network for numbers.

    Args:
        hidden: nodes of the hidden layers, ``(4,)``, ``()`` for none, ``((2, 1),)`` for two sums and a
            product; a list of such shapes from simple to rich, or "auto" for a list of its own: the
            held-out rows choose.
        grids: increasing grid sizes to choose from; by default from 3 for as long as it pays.
        starts: random starts of every shape.
        solver, l1: see ``workbench.fit``; ``Adam(batch_size=256)`` is a solver with options.
        smoothness: weight of the curvature; None lets the rows choose, in the end for every curve by
            itself.
        prune: remove edges that the held-out rows do not miss: True, False, or "auto": where there are
            at most 64 edges.
        missing: what to do with NaN: "error" refuses it in words; "drop" leaves such rows out of
            training and predicts none for them (NaN, of classes None), with a warning; "impute" puts
            the training median of the column.
        validation_fraction: share of the distinct rows that is held out for early stopping and all
            choices; a sum of curves of 500 rows or less is judged by every such share in turn. The
            chosen network is refitted on all rows at the end.
        callback: called with a ``Progress`` after every iteration; True stops and keeps the best.
        random_state: seed of the starts and of the split.

    Rows that occur several times are merged and weighted, so that copies never stand on both sides of
    the split, and ``sample_weight=2`` means the same as a second copy.

    Several targets ``(N, m)`` share the hidden nodes of one network; ``score`` is the mean of their R²,
    as in scikit-learn, and ``formula_.expressions`` holds one expression for each. Predictions outside
    the range of the training data warn with an ``ExtrapolationWarning``, once for every call.

    Attributes:
        model_: the trained ``KAN``. result_: its ``FitResult``, with the loss on the held-out rows.
        data_: the distinct rows and their split.
        formula_, formulas_: what the table says by itself, and symbols for the network, found when first
            asked for.
        feature_importances_: see there. medians_: of the columns, with ``missing="impute"``.
    """

    _task = "regression"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train on ``X (N, d)``, ``y (N,)`` or ``(N, m)``, and weights ``(N,)`` or None."""
        x, target, weights = self._checked(X, y, sample_weight, y_numeric=True, multi_output=True)
        self._one_column = target.ndim == 1
        self._train(x, np.asarray(target, dtype=np.float64).reshape(len(x), -1), weights, None)
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Predictions in the targets' units, ``(N,)`` or ``(N, m)`` as the targets were given."""
        values = self._raw(X)
        return values[:, 0] if self._one_column else values


class KANClassifier(ClassifierMixin, _KANEstimator):
    """A Kolmogorov–Arnold network for classes, trained on cross-entropy.

    Args:
        hidden: nodes of the hidden layers, ``(4,)``, ``()`` for none, ``((2, 1),)`` for two sums and a
            product; a list of such shapes from simple to rich, or "auto" for a list of its own: the
            held-out rows choose.
        grids: increasing grid sizes to choose from; by default from 3 for as long as it pays.
        starts: random starts of every shape.
        solver, l1: see ``workbench.fit``; ``Adam(batch_size=256)`` is a solver with options.
        smoothness: weight of the curvature; None lets the rows choose, in the end for every curve by
            itself.
        prune: remove inputs that the classes do not need, where ``smoothness`` and ``l1`` are left as
            they are: True, False or "auto"; with True also edges that the held-out rows do not miss.
        missing: what to do with NaN: "error" refuses it in words; "drop" leaves such rows out of
            training and predicts none for them (NaN, of classes None), with a warning; "impute" puts
            the training median of the column.
        validation_fraction: share of the distinct rows that is held out for early stopping and all
            choices. The chosen network is refitted on all rows at the end.
        callback: called with a ``Progress`` after every iteration; True stops and keeps the best.
        random_state: seed of the starts and of the split.

    Rows that occur several times are merged and weighted, so that copies never stand on both sides of
    the split, and ``sample_weight=2`` means the same as a second copy. Predictions outside the range of
    the training data warn with an ``ExtrapolationWarning``, once for every call.

    Attributes:
        classes_: the labels.
        model_: the trained ``KAN``. result_: its ``FitResult``, with the loss on the held-out rows.
        data_: the distinct rows and their split.
        formula_, formulas_: what the table says by itself, and symbols for the network, found when first
            asked for.
        feature_importances_: see there. medians_: of the columns, with ``missing="impute"``.
    """

    _task = "classification"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train on ``X (N, d)``, labels ``y (N,)`` and weights ``(N,)`` or None."""
        x, labels, weights = self._checked(X, y, sample_weight)
        check_classification_targets(labels)
        used = weights > 0
        self.classes_, codes = np.unique(labels[used], return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                f"at least two classes are needed, got one class: {self.classes_[0]!r}"
            )
        self._train(x[used], codes.reshape(-1, 1), weights[used], tuple(self.classes_.tolist()))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Probabilities ``(N, classes)``."""
        return self._probabilities(self._raw(X))

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The most probable label of every row; None where a value is missing."""
        values = self._raw(X)
        labels: np.ndarray = self.classes_[self._probabilities(values).argmax(1)]
        unknown = np.isnan(values).any(1)
        if unknown.any():
            labels = labels.astype(object)
            labels[unknown] = None
        return labels

    def _probabilities(self, values: np.ndarray) -> np.ndarray:
        logits = torch.from_numpy(values)
        if logits.shape[1] == 1:
            logits = torch.cat((torch.zeros_like(logits), logits), 1)
        found: np.ndarray = logits.softmax(1).numpy()
        return found
