"""Every curve gets the smoothness that the rows want for it."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from workbench import KAN, Dataset, InputError, fit
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import SquaredError
from workbench.kan.training import smoothing
from workbench.kan.training.linearize import jacobian
from workbench.kan.training.objective import Objective, standardized
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.smoothing import assessed, smoothed
from workbench.network.fixing import fix

NOISE = 0.2


def sums(rows: int) -> tuple[Dataset, np.ndarray]:
    """A straight line of one input and a wave of the other, with noise; and the truth."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (rows, 2))
    clean = 2 * x[:, 0] + np.sin(6 * x[:, 1])
    noisy = clean + NOISE * random.standard_normal(rows)
    return Dataset.from_arrays(x, noisy, split=["train"] * len(x)), clean


def trained(data: Dataset, width: tuple[int, ...], grid_size: int) -> KAN:
    return fit(KAN(width), data, grids=(grid_size,), starts=1, smoothness=0.0).model


def error(model: KAN, data: Dataset, clean: np.ndarray) -> float:
    with torch.no_grad():
        found = model(data.inputs)[:, 0].numpy()
    return float(np.sqrt(np.mean((found - clean) ** 2)))


@pytest.mark.parametrize("rows", [300, 3600])
def test_a_line_becomes_straight_and_a_wave_stays(rows: int) -> None:
    data, clean = sums(rows)
    rough = trained(data, (2, 1), 48)
    model = smoothed(rough, data, (48,)).model
    curves = model.layer(0).coefficients[0].detach()
    bends = curves.diff(n=2).square().sum(1).sqrt()
    assert float(bends[0]) < 0.01 * float(bends[1])
    assert error(model, data, clean) < 0.7 * error(rough, data, clean)


def test_weights_settle_where_the_likelihood_is_largest() -> None:
    """Against a direct search of the restricted likelihood of a linear model."""
    data, _ = sums(150)
    model = trained(data, (2, 1), 8)
    rows = standardized(model, data, "train")
    stack = Ensemble.of([model])
    weights = torch.full((1, 2), 1e-3, dtype=torch.float64)
    for _ in range(60):
        stack = smoothing.refitted(stack, rows, SquaredError(), weights, 5)
        _, weights = assessed(stack, rows, SquaredError(), weights)

    columns = Objective(stack, rows, SquaredError()).columns
    design = jacobian(stack, rows.x, columns)[1][0, :, 0].numpy()
    target = rows.y[:, 0].numpy()
    bend = columns.like.roughness(2).numpy()
    size, count = len(bend), len(target)
    eigenvalues, vectors = np.linalg.eigh(design.T @ design)
    full = vectors[:, eigenvalues > 1e-9]  # constants can be traded between the curves

    def deviance(logs: np.ndarray) -> float:
        """Minus twice the logarithm of the likelihood, the variance profiled out."""
        blocks = np.kron(np.diag(count * np.exp(logs)), bend)
        inside = full.T @ (design.T @ design + blocks) @ full
        c = full @ np.linalg.solve(inside, full.T @ design.T @ target)
        misfit = np.sum((target - design @ c) ** 2) + c @ blocks @ c
        null = full.shape[1] - 2 * (size - 2)
        return float(
            (count - null) * np.log(misfit) + np.linalg.slogdet(inside)[1] - (size - 2) * logs.sum()
        )

    best = minimize(deviance, np.log([1e-3, 1e-3]), method="Nelder-Mead").x
    reached = deviance(np.log(weights[0].numpy()))
    assert reached <= deviance(best) + 0.05
    assert np.isclose(float(weights[0, 1]), np.exp(best[1]), rtol=0.05)


def test_classes_are_smoothed_too() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (400, 2))
    odds = 3 * x[:, 0] + 2 * np.sin(3 * x[:, 1])
    labels = random.random(400) < 1 / (1 + np.exp(-odds))
    data = Dataset.from_arrays(
        x, labels.astype(int), task="classification", split=["train"] * len(x)
    )
    rough = fit(KAN((2, 1)), data, grids=(12,), starts=1, smoothness=0.0).model
    model = smoothed(rough, data, (12,)).model

    def misfit(one: KAN) -> float:
        with torch.no_grad():
            return float(np.sqrt(np.mean((one(data.inputs)[:, 0].numpy() - odds) ** 2)))

    assert misfit(model) < 0.7 * misfit(rough)


def test_one_weight_for_all_curves_is_the_same_as_equal_weights() -> None:
    data, _ = sums(50)
    stack = Ensemble.of([KAN((2, 3, 1)), KAN((2, 3, 1), seed=1)])
    rows = standardized(KAN((2, 3, 1)), data, "train")
    columns = Objective(stack, rows, SquaredError()).columns
    weights = torch.full((2, columns.edge_count), 0.3)
    one = Penalty(smoothness=0.3, ridge=0.1).quadratic(columns, rows.x)
    each = Penalty(smoothness=weights, ridge=0.1).quadratic(columns, rows.x)
    assert one is not None
    assert each is not None
    torch.testing.assert_close(each, one.expand(2, -1, -1), rtol=1e-6, atol=0)
    with pytest.raises(InputError, match="smoothness"):
        Penalty(smoothness=-weights)


def test_another_table_is_refused() -> None:
    data, _ = sums(50)
    with pytest.raises(InputError, match="needs a network with 2 inputs"):
        smoothed(KAN((3, 1)), data, (3,))


def test_a_table_without_noise_keeps_its_digits() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    clean = 2 * x[:, 0] + np.sin(3 * x[:, 1])
    data = Dataset.from_arrays(x, clean, split=["train"] * len(x))
    exact = trained(data, (2, 1), 48)
    model = smoothed(exact, data, (48,)).model
    assert error(model, data, clean) <= 1.5 * error(exact, data, clean)


def test_a_network_of_symbols_alone_is_refused() -> None:
    data, _ = sums(50)
    model = KAN((2, 1))
    for edge in model.edges():
        model = fix(model, edge, "sin", (1.0, 0.0, 1.0, 0.0))
    with pytest.raises(InputError, match="no free curve"):
        smoothed(model, data, (3,))


def test_a_weight_goes_down_as_fast_as_it_goes_up() -> None:
    data, _ = sums(300)
    model = trained(data, (2, 1), 8)
    rows = standardized(model, data, "train")
    up, down = (
        assessed(Ensemble.of([model]), rows, SquaredError(), torch.full((1, 2), weight).double())[1]
        / weight
        for weight in (1e-9, 1.0)
    )
    assert (up > 1).all()
    torch.testing.assert_close(up * down, torch.ones_like(up))
