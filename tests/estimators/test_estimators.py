"""The estimators keep scikit-learn's contract and choose their networks honestly."""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_friedman1
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from workbench import KANClassifier, KANRegressor
from workbench.errors import ExtrapolationWarning, InputError, MissingValueWarning
from workbench.estimators.rows import dataset, merged
from workbench.kan import Adam

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (240, 2))
Y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
LABELS = np.where(np.hypot(*X.T) < 0.7, "in", "out")
QUICK = {"hidden": (), "grids": (3, 6)}


@pytest.mark.filterwarnings("ignore:.*SCIPY_ARRAY_API.*")
@pytest.mark.filterwarnings("ignore::workbench.errors.ExtrapolationWarning")
@parametrize_with_checks([KANRegressor(**QUICK), KANClassifier(**QUICK)])
def test_scikit_learn_contract(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize("missing", ["drop", "impute"])
@pytest.mark.parametrize("kind", [KANRegressor, KANClassifier])
def test_missing_values(kind, missing: str) -> None:
    target = Y if kind is KANRegressor else LABELS
    holes = X.copy()
    holes[::10, 0] = np.nan
    model = kind(missing=missing, **QUICK).fit(holes, target)
    full = ~np.isnan(holes).any(1)
    if missing == "drop":
        alone = kind(**QUICK).fit(holes[full], target[full])
        assert np.array_equal(model.predict(X), alone.predict(X))
        with pytest.warns(MissingValueWarning, match="24 of 240 rows have no prediction") as seen:
            found = model.predict(holes)
        assert len(seen) == 1
        assert (found[full] == model.predict(holes[full])).all()
        assert all(v is None or v != v for v in found[~full])
    else:
        filled = np.where(np.isnan(holes), np.nanmedian(holes, axis=0), holes)
        assert np.array_equal(model.predict(holes), model.predict(filled))
    assert model.score(X[full], target[full]) > 0.9
    with pytest.raises(ValueError, match="NaN"):
        kind(**QUICK).fit(holes, target)


@pytest.mark.filterwarnings("ignore::workbench.errors.ExtrapolationWarning")
def test_regressor_in_a_pipeline_and_a_search() -> None:
    model = make_pipeline(StandardScaler(), KANRegressor(**QUICK))
    assert cross_val_score(model, X, Y, cv=3).min() > 0.999
    search = GridSearchCV(KANRegressor(grids=(3,)), {"hidden": [(), (2,)]}, cv=2)
    assert search.fit(X, X[:, 0] * X[:, 1]).best_params_["hidden"] == (2,)


def test_classifier_finds_the_circle() -> None:
    model = KANClassifier().fit(X, LABELS)
    assert np.allclose(model.predict_proba(X).sum(1), 1)
    assert model.score(X, LABELS) > 0.95


def test_a_classifier_stays_a_sum_of_curves_where_that_is_enough() -> None:
    odds = 3 * np.sin(3 * X[:, 0]) - 2 * X[:, 1]
    widths = []
    for seed in range(3):
        labels = np.random.default_rng(seed).uniform(size=len(X)) < 1 / (1 + np.exp(-odds))
        widths.append(KANClassifier().fit(X, labels).model_.config.width)
    assert widths.count((2, 1)) >= 2  # one standard error is passed by chance now and then


def test_frames_give_names_to_formulas() -> None:
    frame = pd.DataFrame(X, columns=["angle", "height"])
    model = KANRegressor(**QUICK).fit(frame, np.sin(3 * X[:, 0]))
    assert "_formulas" not in vars(model)
    assert model.formula_.used == ("angle",)
    assert model.formula_ is model.formula_
    assert model.feature_importances_ == pytest.approx([1, 0], abs=1e-3)
    with pytest.raises(NotFittedError):
        _ = KANRegressor().formula_


def test_noise_is_not_learned() -> None:
    x, y = make_friedman1(400, n_features=6, noise=0, random_state=0)
    noisy = y + 0.1 * y.std() * np.random.default_rng(0).standard_normal(len(y))
    fresh, truth = make_friedman1(1000, n_features=6, noise=0, random_state=1)
    model = KANRegressor(hidden=[(), (3,)], starts=4).fit(x, noisy)
    assert model.model_.config.width == (6, 3, 1)
    assert np.sqrt(np.mean((model.predict(fresh) - truth) ** 2)) < 0.06 * truth.std()
    assert model.feature_importances_[5] == 0


def test_a_richer_shape_has_to_earn_its_place() -> None:
    chosen = []
    for seed in range(5):
        noise = np.random.default_rng(seed).standard_normal(len(X))
        model = KANRegressor(hidden=[(), (4,)], starts=4).fit(X, 2 * X[:, 0] + noise)
        chosen.append(model.model_.config.width)
    assert chosen.count((2, 1)) >= 3


def test_a_weight_of_two_is_a_second_copy() -> None:
    weights = np.repeat([1.0, 2.0, 0.0], 80)
    weighted = KANRegressor(**QUICK).fit(X, Y, sample_weight=weights)
    order = RANDOM.permutation(240)
    rows = np.repeat(order, weights[order].astype(int))
    copied = KANRegressor(**QUICK).fit(X[rows], Y[rows])
    assert np.array_equal(weighted.predict(X), copied.predict(X))


def test_copies_stay_on_one_side_of_the_split() -> None:
    x, y, counts = merged(np.repeat(X, 2, axis=0), np.repeat(Y, 2)[:, None], np.ones(480))
    assert (len(x), counts) == (240, None)
    assert sorted(y[:, 0]) == sorted(Y)


def test_every_class_is_held_out_in_its_share() -> None:
    codes = np.repeat([0.0, 1.0, 2.0], [20, 60, 160])[:, None]
    data = dataset(
        X, codes, None, names=("a", "b"), task="classification", classes=(0, 1, 2), held_out=0.2,
        seed=1,
    )  # fmt: skip
    held = np.bincount(data.targets[data.validation].numpy())
    assert held.tolist() == [4, 12, 32]
    both = torch.cat((data.train, data.validation)).sort().values
    assert torch.equal(both, torch.arange(240))


def test_a_callback_sees_progress_and_stops() -> None:
    seen: list[int] = []

    def stop(progress) -> bool:
        seen.append(progress.step)
        return len(seen) == 30

    model = KANRegressor(callback=stop).fit(X, Y)
    assert len(seen) == 30
    assert model.result_.stopped == "stopped"
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("place", ["training", "eliminate", "smoothed"])
def test_after_ctrl_c_the_best_so_far_is_there(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    steps: list[int] = []

    def watch(progress) -> None:
        steps.append(progress.step)
        if place == "training" and len(steps) == 30:
            interrupt()

    if place != "training":
        monkeypatch.setattr(f"workbench.search.networks.selection.{place}", interrupt)
    model = KANRegressor(callback=watch).fit(X, Y)
    assert model.result_.stopped == "stopped"
    assert len(steps) == 30 or place != "training"
    assert np.isfinite(model.predict(X)).all()


def test_the_same_seed_repeats() -> None:
    first, again = (KANRegressor(hidden=(1,), grids=(3,), random_state=4).fit(X, Y) for _ in "12")
    assert np.array_equal(first.predict(X), again.predict(X))
    assert np.array_equal(first.predict(X), copy.deepcopy(first).predict(X))


def test_several_targets_share_a_network() -> None:
    both = np.column_stack((np.sin(3 * X[:, 0]) + X[:, 1], 1000 * X[:, 1] ** 2))
    frame = pd.DataFrame(X, columns=["angle", "height"])
    model = KANRegressor(**QUICK).fit(frame, both)
    found = model.predict(frame)
    assert found.shape == (240, 2)
    assert np.abs(found - both).max(0) == pytest.approx([0, 0], abs=5)
    each = r2_score(both, found, multioutput="raw_values")
    assert each.min() > 0.999
    assert model.score(frame, both) == pytest.approx(each.mean())
    inputs = [sorted(map(str, e.free_symbols)) for e in model.formula_.expressions]
    assert inputs == [["angle", "height"], ["height"]]
    column = KANRegressor(**QUICK).fit(X, Y[:, None])
    assert column.predict(X).shape == (240, 1)
    np.testing.assert_array_equal(
        column.predict(X)[:, 0], KANRegressor(**QUICK).fit(X, Y).predict(X)
    )


@pytest.mark.parametrize("kind", [KANRegressor, KANClassifier])
def test_a_prediction_beyond_the_data_warns_once_and_names_the_column(kind) -> None:
    frame = pd.DataFrame(X, columns=["angle", "height"])
    model = kind(**QUICK).fit(frame, Y if kind is KANRegressor else LABELS)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model.predict(frame)
        assert seen == []
        model.predict(frame.assign(angle=1.5, height=3 * frame["height"]))
        assert [w.category for w in seen] == [ExtrapolationWarning]
        assert "column 'height' has values outside the range" in str(seen[0].message)
        assert seen[0].filename == __file__
        if kind is KANClassifier:
            model.predict_proba(frame * 2)
            assert len(seen) == 2


def test_an_idle_column_may_go_anywhere() -> None:
    model = KANRegressor(**QUICK).fit(X, np.sin(3 * X[:, 0]))
    model.predict(X * [1, 100])  # a warning would be an error here


def test_a_search_warns_at_most_once_in_a_fold() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        wide = RANDOM.standard_normal((120, 2))
        model = KANRegressor((), grids=(3,), prune=False, smoothness=0.0)
        cross_val_score(model, wide, wide[:, 0] - wide[:, 1], cv=8)
    assert {w.category for w in seen} == {ExtrapolationWarning}
    assert len(seen) <= 8


def test_few_noisy_rows_keep_their_weak_inputs() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((300, 6))
    truth = x @ [1.0, 0.7, 0.5, 0.5, 0.5, 0.0]
    model = KANRegressor().fit(x, truth + 1.5 * random.standard_normal(300))
    assert (model.feature_importances_[:5] > 0).all()
    fresh = random.uniform(-1, 1, (500, 6))
    assert r2_score(fresh @ [1.0, 0.7, 0.5, 0.5, 0.5, 0.0], model.predict(fresh)) > 0.8


def test_rows_that_weigh_more_pull_a_classifier_more() -> None:
    random = np.random.default_rng(0)
    labels = random.uniform(size=240) < 0.5
    even = KANClassifier(hidden=(), grids=(3,)).fit(X, labels)
    heavy = KANClassifier(hidden=(), grids=(3,))
    heavy.fit(X, labels, sample_weight=np.where(labels, 9.0, 1.0))
    shares = [model.predict_proba(X)[:, 1].mean() for model in (even, heavy)]
    assert shares == pytest.approx([0.5, 0.9], abs=0.05)


def test_training_ends_early_on_noise() -> None:
    random = np.random.default_rng(0)
    noise = random.standard_normal(len(X))
    model = KANRegressor(hidden=(), prune=False).fit(X, X[:, 0] + noise)
    steps = {record.grid_size for record in model.result_.history}
    assert max(steps) <= 6  # finer grids were there to be had


def test_adam_with_options_trains_an_estimator() -> None:
    model = KANRegressor(
        (), solver=Adam(learning_rate=0.1, batch_size=64), callback=lambda seen: seen.step >= 20
    )
    assert clone(model).get_params()["solver"] == model.solver
    model.fit(X, Y)
    assert model.result_.solver == "adam: as asked"
    assert model.score(X, Y) > 0.8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"missing": "skip"}, "missing must be 'error', 'drop' or 'impute', got 'skip'"),
        ({"validation_fraction": 1.5}, "validation_fraction must lie between 0 and 1, got 1.5"),
        ({"prune": "often"}, "prune must be True, False or 'auto', got 'often'"),
        ({"hidden": "deep"}, "hidden must be 'auto' or numbers of nodes, got 'deep'"),
        ({"hidden": []}, "hidden needs at least one shape"),
        ({"starts": 0}, "starts must be at least 1, got 0"),
    ],
)
def test_bad_settings_are_refused(wrong, message: str) -> None:
    with pytest.raises(InputError, match=message):
        KANRegressor(**wrong).fit(X, Y)


def test_bad_weights_are_refused() -> None:
    with pytest.raises(InputError, match="sample_weight must not be negative"):
        KANRegressor().fit(X, Y, sample_weight=-np.ones(240))


def test_a_constant_target_is_learned_as_it_is() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    model = KANRegressor((1,), starts=4, grids=(3,)).fit(x, np.full(60, 3.0))
    np.testing.assert_allclose(model.predict(x), 3.0, atol=1e-9)


def test_every_curve_is_as_smooth_as_noisy_rows_want_it() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (300, 2))
    truth = 2 * x[:, 0] + np.sin(4 * x[:, 1])
    noisy = truth + 0.3 * random.standard_normal(300)
    smooth = KANRegressor((), random_state=0).fit(x, noisy)
    rough = KANRegressor((), random_state=0, smoothness=0.0).fit(x, noisy)
    errors = [np.sqrt(np.mean((one.predict(x) - truth) ** 2)) for one in (smooth, rough)]
    assert errors[0] < 0.9 * errors[1]
    left = np.sqrt(np.mean((smooth.predict(x) - noisy) ** 2))
    assert smooth.result_.train_loss == pytest.approx(left)


def used(model: KANClassifier) -> list[int]:
    return sorted({edge.source for edge in model.model_.edges() if edge.layer == 0})


@pytest.mark.parametrize("rows", [600, 5000])
def test_inputs_that_classes_do_not_need_are_dropped(rows: int) -> None:
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (rows, 4))
    y = (x[:, :2] ** 2).sum(1) + 0.4 * random.standard_normal(rows) < 0.6
    assert used(KANClassifier(hidden=[()]).fit(x, y)) == [0, 1]
    assert used(KANClassifier(hidden=[()], prune=False).fit(x, y)) == [0, 1, 2, 3]


def test_classes_that_hardly_overlap_keep_their_inputs() -> None:
    x, y = make_blobs(120, n_features=6, centers=2, cluster_std=3.0, random_state=0)
    assert used(KANClassifier(hidden=[()]).fit(x, y)) == list(range(6))
