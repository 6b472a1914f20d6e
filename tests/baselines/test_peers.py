"""Peers are trained on training rows and judged on test rows; the perceptron is trained fairly."""

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.baselines import Architecture, baselines_of, fit_mlp, matching_width
from workbench.baselines.spline_mlp import SplineArchitecture
from workbench.baselines.task import PerceptronProblem
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.losses import CrossEntropy, SquaredError
from workbench.kan.training.objective import Rows

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (500, 2))
CURVE = PROBLEMS[0].dataset(rows=400)
RINGS = Dataset.from_arrays(X, np.digitize(np.hypot(*X.T), (0.5, 0.9)), task="classification")


def test_numbers() -> None:
    data = Dataset.from_arrays(X, 2 * X[:, 0] - X[:, 1] + 3)
    mean, linear, mlp, large = baselines_of(data, hidden=((6,), (80, 80)), iterations=200)
    assert [b.name for b in (mean, linear, mlp, large)] == ["mean", "linear", "MLP 6", "MLP 80×80"]
    assert mean.r2 == pytest.approx(0, abs=0.1)
    assert linear.r2 == pytest.approx(1)
    assert linear.parameters == 3
    assert mlp.parameters == 2 * 6 + 6 + 6 + 1
    assert mlp.r2 is not None
    assert mlp.r2 > 0.9999


def test_classes() -> None:
    data = Dataset.from_arrays(X, np.where(X[:, 0] ** 2 > 0.2, "out", "in"))
    majority, linear, mlp = baselines_of(data)
    shares = np.bincount(data.targets[data.test]) / len(data.test)
    assert majority.accuracy == pytest.approx(shares.max())
    assert majority.cross_entropy == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.1)
    assert mlp.accuracy is not None
    assert mlp.accuracy > 0.93 > (linear.accuracy or 0)
    assert (mlp.cross_entropy or 9) < 0.2 < (linear.cross_entropy or 0)


@pytest.mark.parametrize("activation", ["tanh", "silu", "spline"])
@pytest.mark.parametrize("sizes", [(3, 1), (3, 4, 2), (3, 4, 5, 2)])
def test_jacobian_is_autograds(activation, sizes) -> None:
    spline = activation == "spline"
    shape = SplineArchitecture(sizes) if spline else Architecture(sizes, activation)
    generator = torch.Generator().manual_seed(1)
    parameters = shape.draw(2, generator)
    x = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    outputs, ours = shape.jacobian(parameters, x)
    assert torch.equal(outputs, shape.outputs(parameters, x))
    assert ours.shape == (2, 7, sizes[-1], shape.count)
    for number in range(2):
        theirs = torch.autograd.functional.jacobian(
            lambda p: shape.outputs(p.unsqueeze(0), x)[0], parameters[number]
        )
        torch.testing.assert_close(ours[number], theirs)


@pytest.mark.parametrize("outputs", [1, 3])
def test_gauss_newton_of_cross_entropy(outputs: int) -> None:
    """The matrix is JᵀHJ with the Hessian H of the loss by the outputs; weights count rows."""
    shape = Architecture((2, 3, outputs))
    generator = torch.Generator().manual_seed(0)
    parameters = shape.draw(1, generator)
    x = torch.randn(20, 2, generator=generator, dtype=torch.float64)
    y = torch.randint(max(outputs, 2), (20,), generator=generator)
    weights = torch.rand(20, generator=generator, dtype=torch.float64)
    loss = CrossEntropy()
    problem = PerceptronProblem(shape, Rows(x, y, weights), loss, torch.zeros(1))
    value, matrix, gradient = problem.linearize(parameters)
    torch.testing.assert_close(value, problem.value(parameters))
    theirs = torch.autograd.functional.jacobian(
        lambda p: problem.value(p.unsqueeze(0))[0], parameters[0]
    )
    torch.testing.assert_close(gradient[0], theirs)
    values, derivative = shape.jacobian(parameters, x)
    hessian = torch.autograd.functional.hessian(
        lambda f: loss.value(f.unflatten(0, (1, 20, outputs)), y, weights)[0], values.flatten()
    )
    flat = derivative.flatten(0, 2)
    torch.testing.assert_close(matrix[0], flat.mT @ hessian @ flat)


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_every_solver_learns_a_law(solver) -> None:
    result = fit_mlp(CURVE, hidden=(10,), solver=solver, starts=8, effort=0.3, seed=1)
    assert result.solver == solver
    assert result.parameters == 10 * 3 + 11
    assert result.test_loss < 0.15 * float(CURVE.targets.std())
    x, y = CURVE.split("test")
    with torch.no_grad():
        assert float((result.model(x) - y).square().mean().sqrt()) == pytest.approx(
            result.test_loss
        )


def test_second_order_steps_go_deeper() -> None:
    deep = fit_mlp(CURVE, hidden=(8, 8), solver="lm", starts=8)
    adam = fit_mlp(CURVE, hidden=(8, 8), solver="adam", starts=4, effort=0.5)
    assert deep.validation_loss < 0.2 * adam.validation_loss


def test_best_is_the_best_by_validation() -> None:
    best = fit_mlp(CURVE, hidden=(5,), solver="best", starts=4, effort=0.2)
    each = [
        fit_mlp(CURVE, hidden=(5,), solver=s, starts=4, effort=0.2).validation_loss
        for s in ("lm", "lbfgs", "adam")
    ]
    assert best.validation_loss == min(each)


def test_three_classes() -> None:
    result = fit_mlp(RINGS, hidden=(8,), activation="silu", starts=8, decay=(1e-4, 1e-3))
    assert result.decay in (1e-4, 1e-3)
    assert result.test_loss < 0.25
    x, y = RINGS.split("test")
    assert float((result.model(x).argmax(1) == y).double().mean()) > 0.9


def test_the_same_seed_repeats() -> None:
    first, again, other = (
        fit_mlp(CURVE, hidden=(4,), starts=4, effort=0.1, seed=s) for s in (3, 3, 4)
    )
    assert torch.equal(first.model.weights, again.model.weights)
    assert not torch.equal(first.model.weights, other.model.weights)


def test_decay_helps_on_noise() -> None:
    noisy = PROBLEMS[0].dataset(rows=120, noise=0.3)
    plain = fit_mlp(noisy, hidden=(12,), starts=8, decay=0.0)
    decayed = fit_mlp(noisy, hidden=(12,), starts=8, decay=3e-3)
    assert decayed.train_loss > plain.train_loss
    assert decayed.validation_loss < 1.2 * plain.validation_loss


@pytest.mark.parametrize(("layers", "count"), [(1, 41), (2, 137), (3, 1000)])
def test_matching_width(layers: int, count: int) -> None:
    width = matching_width(count, 2, 1, layers=layers)
    misses = [
        abs(Architecture((2, *[w] * layers, 1)).count - count)
        for w in range(max(1, width - 1), width + 2)
    ]
    assert min(misses) == abs(Architecture((2, *[width] * layers, 1)).count - count)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solver": "sgd"}, "solver must be one of lm, lbfgs, adam, auto, best, got 'sgd'"),
        ({"starts": 0}, "at least one start"),
        ({"decay": -1.0}, "decays of at least 0"),
        ({"effort": 0.0}, "effort above 0"),
        ({"hidden": (0,)}, "at least one node each"),
        ({"activation": "relu"}, "activation must be 'tanh' or 'silu', got 'relu'"),
    ],
)
def test_bad_settings_are_refused(wrong, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_mlp(CURVE, **wrong)
    with pytest.raises(InputError, match="layers must be at least 1"):
        matching_width(10, 2, 1, layers=0)


def test_the_perceptron_is_the_best_by_validation_and_rows_count_by_their_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = np.where(np.arange(200) % 2 == 0, 1.0, 1e-6)
    y = np.sin(2 * X[:200, 0]) - 50 * (weights < 1)
    data = Dataset.from_arrays(X[:200], y, weights=weights)
    options = {"hidden": ((4,),), "iterations": 100, "starts": 2}
    both = baselines_of(data, **options)[-1]
    monkeypatch.setattr("workbench.baselines.peers._METHODS", ())
    ours = baselines_of(data, **options)[-1]
    monkeypatch.setattr("workbench.baselines.peers._METHODS", ({"solver": "lbfgs", "max_iter": 1},))
    assert baselines_of(data, **options)[-1].rmse == ours.rmse  # what validates worse is not shown
    assert both.rmse < 0.3
    assert both.rmse <= 1.5 * ours.rmse


@pytest.mark.parametrize("outputs", [1, 2])
def test_predictions_of_a_line_are_those_of_least_squares(outputs: int) -> None:
    y = np.stack((X[:, 0] * X[:, 1], np.exp(X[:, 0])), 1)[:, :outputs]
    data = Dataset.from_arrays(X, y)
    mean, line = baselines_of(data, hidden=())
    rows, _ = data.split("train")
    design = np.column_stack((rows.numpy(), np.ones(len(rows))))
    numbers = np.linalg.lstsq(design, data.split("train")[1].numpy(), rcond=None)[0]
    held = data.split("test")[0].numpy()
    expected = np.column_stack((held, np.ones(len(held)))) @ numbers
    np.testing.assert_allclose(line.predictions, expected[:, 0] if outputs == 1 else expected)
    assert mean.predictions.shape == line.predictions.shape


def test_blocks_of_rows_keep_within_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Architecture((2, 4, 20))
    x, y = torch.rand(500, 2).double(), torch.rand(500, 20).double()
    problem = PerceptronProblem(shape, Rows(x, y, None), SquaredError(), torch.zeros(2))
    parameters = shape.draw(2, torch.Generator().manual_seed(0))
    whole = problem.value(parameters)
    sizes = []
    ours = Architecture.jacobian

    def watched(self, parameters, rows):
        outputs, derivative = ours(self, parameters, rows)
        sizes.append(derivative.numel() * derivative.element_size())
        return outputs, derivative

    monkeypatch.setattr(Architecture, "jacobian", watched)
    monkeypatch.setattr("workbench.baselines.task._BLOCK_BYTES", 2**22)
    torch.testing.assert_close(problem.linearize(parameters)[0], whole)
    assert len(sizes) > 1
    assert max(sizes) <= 2**22


def test_a_learned_activation_says_what_tanh_cannot_with_as_few_nodes() -> None:
    data = Dataset.from_arrays(X, np.sin(4 * (X[:, 0] + X[:, 1])))
    found = {
        name: fit_mlp(data, hidden=(1,), activation=name, starts=8, effort=0.3)
        for name in ("tanh", "spline")
    }
    assert found["spline"].parameters == 3 + 2 + 9
    assert found["spline"].test_loss < 0.2 < 0.5 < found["tanh"].test_loss


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_training_ends_when_asked_with_what_it_has(solver) -> None:
    asked = []
    found = fit_mlp(CURVE, solver=solver, starts=1, stop=lambda: bool(asked.append(1)) or True)
    assert len(asked) <= 4
    assert np.isfinite(found.validation_loss)
