"""Slopes and Gauss–Newton matrices of every loss against autograd; weights count rows."""

import numpy as np
import pytest
import torch
from scipy.stats import median_abs_deviation

from workbench.errors import InputError
from workbench.kan import KAN, Dataset, fit
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import CrossEntropy, Huber, Poisson, SquaredError, Winsorized
from workbench.kan.training.objective import Objective, Rows, loss_value, target_scale

CASES = {
    "squared": (SquaredError(), lambda g: torch.randn(7, 2, generator=g).double(), 2),
    "huber": (Huber(0.5), lambda g: torch.randn(7, 2, generator=g).double(), 2),
    "poisson": (Poisson(), lambda g: torch.randint(0, 4, (7, 1), generator=g).double(), 1),
    "two classes": (CrossEntropy(), lambda g: torch.randint(0, 2, (7,), generator=g), 1),
    "three classes": (CrossEntropy(), lambda g: torch.randint(0, 3, (7,), generator=g), 3),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_slope_and_matrix_agree_with_autograd(name: str, weighted: bool) -> None:
    loss, targets, outputs = CASES[name]
    generator = torch.Generator().manual_seed(0)
    y = targets(generator)
    f = torch.randn(1, 7, outputs, generator=generator).double().requires_grad_()
    w = torch.rand(7, generator=generator).double() if weighted else None
    eye = torch.eye(7 * outputs).double().reshape(1, 7, outputs, -1)
    slope, root = loss.linearize(f.detach(), y, eye, w)
    (expected,) = torch.autograd.grad(loss.value(f, y, w).sum(), f)
    torch.testing.assert_close(slope / len(y), expected)
    flat = root.flatten(1, 2)[0] / len(y) ** 0.5
    hessian = torch.autograd.functional.hessian(
        lambda v: loss.value(v.reshape(1, 7, outputs), y, w).sum(), f.detach().flatten()
    )
    if name == "huber":  # the majorizer lies above the loss
        assert torch.linalg.eigvalsh(flat.mT @ flat - hessian).min() > -1e-12
    else:
        torch.testing.assert_close(flat.mT @ flat, hessian)


def test_a_weight_of_two_is_a_row_twice() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (120, 1))
    y = np.sin(3 * x[:, 0]) + 0.2 * random.standard_normal(120)
    twice = np.concatenate((x, x[:60])), np.concatenate((y, y[:60]))
    weights = np.r_[np.full(60, 2.0), np.ones(60)]
    split = ["train"] * 120
    options = {"grids": (4,), "starts": 1, "steps": 5, "smoothness": 1e-4}
    one = fit(KAN((1, 1)), Dataset.from_arrays(x, y, weights=weights, split=split), **options)
    two = fit(KAN((1, 1)), Dataset.from_arrays(*twice, split=["train"] * 180), **options)
    points = torch.linspace(-0.9, 0.9, 20).double().unsqueeze(1)
    torch.testing.assert_close(one.model(points), two.model(points), rtol=1e-4, atol=1e-4)


def test_poisson_finds_a_rate() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (2000, 2))
    rate = np.exp(1 + np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    data = Dataset.from_arrays(x, random.poisson(rate).astype(float))
    result = fit(KAN((2, 1)), data, loss="poisson", grids=(3, 6))
    found = result.model(torch.from_numpy(x)).exp().detach().numpy()[:, 0]
    assert np.abs(found / rate - 1).mean() < 0.06
    assert result.solver.startswith("lm")


def test_huber_is_not_moved_by_outliers() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (600, 1))
    truth = np.sin(np.pi * x[:, 0])
    y = truth + 0.05 * random.standard_normal(600)
    y[::10] += 20
    data = Dataset.from_arrays(x, y)
    error = {}
    for loss in ("squared", "huber"):
        model = fit(KAN((1, 1)), data, loss=loss, grids=(3, 6)).model
        found = model(torch.from_numpy(x)).detach().numpy()[:, 0]
        error[loss] = np.abs(found - truth).mean()
    assert error["huber"] < 0.15  # one-sided outliers leave a bias of about delta / 9
    assert error["squared"] > 10 * error["huber"]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), "one number per row, 30 in all"),
        (-np.ones(30), "not negative"),
        (np.zeros(30), "above 0 in at least 6 complete rows, got 0"),
        (np.full(30, np.nan), "must be finite"),
        (["a"] * 30, "must be numbers"),
    ],
)
def test_bad_weights_are_refused(weights, message: str) -> None:
    x = np.linspace(0, 1, 30)[:, None]
    with pytest.raises(InputError, match=message):
        Dataset.from_arrays(x, x[:, 0], weights=weights)


def test_huber_is_a_square_and_a_line_that_meet() -> None:
    loss = Huber(0.5)
    at = torch.tensor([0.3, 0.5, 2.0, -3.0], dtype=torch.float64)
    found = [float(loss.value(r.view(1, 1, 1), torch.zeros(1, 1).double())) for r in at]
    assert found == pytest.approx([0.045, 0.125, 0.5 * (2.0 - 0.25), 0.5 * (3.0 - 0.25)])


def test_what_is_far_off_counts_as_the_bend_where_it_is_winsorized() -> None:
    far = torch.tensor([0.3, 2.0, -3.0, 0.0], dtype=torch.float64).view(1, 4, 1)
    found = Winsorized(0.5).value(far, torch.zeros(4, 1).double())
    assert float(found) == pytest.approx((0.3**2 + 0.5**2 + 0.5**2) / 2 / 4)


def test_huber_standardizes_by_median_and_median_deviation() -> None:
    y = np.random.default_rng(0).standard_t(2, 41) + 5
    data = Dataset.from_arrays(y[:, None], y, split=["train"] * 41)
    scale, shift = target_scale(data, Huber())
    assert float(shift) == np.median(y)
    assert float(scale) == pytest.approx(median_abs_deviation(y, scale="normal"), rel=1e-3)


def test_rows_count_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(70, 1, generator=generator, dtype=torch.float64)
    rows = Rows(x, x**2, torch.rand(70, generator=generator, dtype=torch.float64))
    stack = Ensemble.of([KAN((1, 1), seed=0)])
    problem = Objective(stack, rows, SquaredError())
    whole = (loss_value(stack, rows, SquaredError()), *problem.linearize(problem.start))
    monkeypatch.setattr(
        "workbench.kan.training.objective.BLOCK_BYTES", 1
    )  # blocks of 32, 32 and 6 rows
    parts = (loss_value(stack, rows, SquaredError()), *problem.linearize(problem.start))
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)


def test_a_bend_is_the_second_derivative_of_the_outputs_along_a_step() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(40, 2, generator=generator, dtype=torch.float64)
    rows = Rows(x, x.prod(1, keepdim=True), None)
    problem = Objective(Ensemble.of([KAN((2, 2, 1), seed=0)]), rows, SquaredError())
    start = problem.start
    step = 0.1 * torch.randn(start.shape, generator=generator, dtype=torch.float64)

    def outputs(parameters: torch.Tensor) -> torch.Tensor:
        return problem.ensemble(parameters).nodes(x)[-1]

    h = 1e-2
    second = (outputs(start + h * step) - 2 * outputs(start) + outputs(start - h * step)) / h**2
    at = start.clone().requires_grad_()
    (expected,) = torch.autograd.grad((outputs(at) * second.detach()).mean(), at)
    found = problem.bend(start, step)
    assert found is not None
    assert float((found - expected).norm()) < 0.1 * float(expected.norm())
    huber = Objective(Ensemble.of([KAN((2, 2, 1), seed=0)]), rows, Huber())
    assert huber.bend(start, step) is None
