"""Training reaches the accuracy that each problem of the zoo allows, and repeats itself."""

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS, Problem
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.kan.training.run import Progress
from workbench.network.fixing import fix

SMALL = PROBLEMS[0]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_levenberg_marquardt_solves_the_zoo(problem: Problem) -> None:
    data = problem.dataset()
    result = fit(KAN(problem.width), data, seed=1)
    x, y = data.split("test")
    assert float((result.model.predict(x) - y).square().mean().sqrt()) < problem.accuracy
    assert 0 < result.success_share <= 1
    assert result.solver.startswith("lm")


def test_adam_learns() -> None:
    data = SMALL.dataset()
    result = fit(KAN((2, 3, 1)), data, solver="adam", steps=400)
    assert result.validation_loss < 0.3 * float(data.targets.std())


def test_a_seeded_run_repeats_itself_to_the_last_bit() -> None:
    data = SMALL.dataset(300, noise=0.1)
    first, second = (fit(KAN((2, 2, 1)), data, seed=3, grids=(3, 6)) for _ in range(2))
    assert torch.equal(first.model(data.inputs), second.model(data.inputs))
    other = fit(KAN((2, 2, 1)), data, seed=4, grids=(3, 6))
    assert not torch.equal(first.model(data.inputs), other.model(data.inputs))


def test_the_default_dtype_of_torch_does_not_matter() -> None:
    data = PROBLEMS[0].dataset(200)
    found = []
    try:
        for dtype in (torch.float32, torch.float64):
            torch.set_default_dtype(dtype)
            found.append(fit(KAN((2, 1, 1), seed=0), data, grids=(3,), starts=4).validation_loss)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found[0] == found[1]


def test_noisy_data_is_not_overfitted() -> None:
    data = SMALL.dataset(noise=0.1)
    result = fit(KAN((2, 1, 1)), data)
    x = data.split("test")[0]
    truth = torch.from_numpy(SMALL.law(*x.numpy().T))
    error = float((result.model.predict(x)[:, 0] - truth).square().mean().sqrt())
    assert error < 0.05 * float(data.targets.std())


@pytest.mark.parametrize("classes", [2, 3])
def test_cross_entropy_separates_classes(classes: int) -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (600, 2))
    radius = np.hypot(*x.T)
    labels = np.array(["in", "mid", "out"])[np.digitize(radius, [0.5, 0.85][: classes - 1])]
    data = Dataset.from_arrays(x, labels)
    result = fit(KAN((2, 1, data.outputs)), data, grids=(3, 6))
    inputs, y = data.split("test")
    outputs = result.model.predict(inputs)
    guess = (outputs[:, 0] > 0).long() if classes == 2 else outputs.argmax(1)
    assert float((guess == y).double().mean()) > 0.93


def test_callback_sees_progress_and_stops() -> None:
    data = SMALL.dataset(200)
    seen: list[Progress] = []

    def callback(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) == 7

    result = fit(KAN((2, 1, 1)), data, callback=callback)
    assert result.stopped == "stopped"
    assert len(seen) == len(result.history) == 7
    assert seen[-1].total >= 7
    assert torch.isfinite(seen[-1].snapshot()(data.inputs)).all()
    assert np.isfinite(result.validation_loss)


def test_interrupt_keeps_the_best_state() -> None:
    def callback(progress: Progress) -> None:
        if progress.step == 40:
            raise KeyboardInterrupt

    result = fit(KAN((2, 1, 1)), SMALL.dataset(200), callback=callback)
    assert result.stopped == "interrupted"
    assert np.isfinite(result.validation_loss)


def test_an_interrupt_leaves_fixed_edges_at_work_and_the_best_of_all_states() -> None:
    def callback(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    data = SMALL.dataset(200)
    edge = Edge(0, 0, 0)
    model = fix(KAN((2, 2, 1), seed=1), edge, "sin", (3.0, 0.0, 1.0, 0.0))
    result = fit(model, data, starts=1, grids=(3, 6), callback=callback)
    assert result.stopped == "interrupted"
    assert result.model.layer(0).fixed == {(0, 0): "sin"}
    a, b, c, d = result.model.layer(0).affine[0, 0].tolist()
    points = torch.linspace(-1, 1, 9, dtype=torch.float64)
    expected = c * torch.sin(a * points + b) + d
    assert torch.allclose(result.model.activation(edge, points), expected)
    x, y = data.split("validation")
    loss = float((result.model(x) - y).square().mean().sqrt().detach())
    assert loss == pytest.approx(result.validation_loss)
    assert loss == pytest.approx(min(r.validation_loss for r in result.history))


def test_l1_makes_idle_edges_faint() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (400, 4))
    data = Dataset.from_arrays(x, x[:, 0] ** 2 + 0.05 * random.standard_normal(400))
    from workbench.network.attribution import feature_scores

    plain = feature_scores(fit(KAN((4, 1)), data, grids=(6,)).model, data.inputs)
    sparse = feature_scores(fit(KAN((4, 1)), data, grids=(6,), l1=0.05).model, data.inputs)
    assert sparse[1:].sum() < 0.2 * plain[1:].sum()
    assert sparse[0] > 0.5


def test_warm_start_continues() -> None:
    data = SMALL.dataset()
    rough = fit(KAN((2, 1, 1)), data, grids=(3,))
    better = fit(rough.model, data, starts=1, grids=(6, 12))
    assert better.validation_loss < 0.3 * rough.validation_loss
    assert len(better.history) < len(rough.history)


def test_wrong_shape_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="2 inputs and 1 outputs"):
        fit(KAN((3, 1)), SMALL.dataset(50))
    with pytest.raises(InputError, match="solver must be"):
        fit(KAN((2, 1)), SMALL.dataset(50), solver="lbgfs")  # type: ignore[arg-type]


def test_prediction_outside_the_range_warns() -> None:
    data = SMALL.dataset(200)
    model = fit(KAN((2, 1, 1)), data, grids=(3,), starts=4).model
    beyond = data.inputs.clone()
    beyond[0, 0] = 3.0
    with pytest.warns(UserWarning, match="1 of 200 rows lie outside"):
        model.predict(beyond)


def test_training_rows_with_a_single_value_are_learned() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 1))
    data = Dataset.from_arrays(
        x, np.repeat([2.0, 3.0], 30), task="regression", split=["train"] * 30 + ["test"] * 30
    )
    result = fit(KAN((1, 1)), data, grids=(3,), starts=2)
    assert result.train_loss < 0.01
    assert float(result.model.output_scale) == 1


@pytest.mark.parametrize(
    ("rows", "grid", "share"), [(60, 3, 1 - 6 / 60), (60, 8, 1 - 11 / 60), (20, 30, 1e-3)]
)
def test_without_validation_rows_a_fit_is_judged_by_generalized_cross_validation(
    rows: int, grid: int, share: float
) -> None:
    # One layer is linear in its grid + 3 numbers, so each costs a whole degree of freedom.
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, rows)
    y = np.sin(3 * x) + 0.1 * random.standard_normal(rows)
    data = Dataset.from_arrays(x[:, None], y, split=["train"] * rows)
    result = fit(KAN((1, 1)), data, grids=(grid,), starts=1, smoothness=0.0)
    assert result.train_loss / result.validation_loss == pytest.approx(share)
