"""Residuals that hold derivatives: differential equations, conserved quantities, Lagrangians."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacrev, vmap

from workbench.equations.solving import Field, Solution, _Residuals
from workbench.errors import InputError
from workbench.kan import KAN, Condition, solve, spline

INSIDE = 2 * torch.rand(600, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1


def relative_error(solution: Solution, truth: Tensor, x: Tensor) -> float:
    with torch.no_grad():
        return float((solution.model(x)[:, 0] - truth).norm() / truth.norm())


def laplacian(u: Field, x: Tensor) -> Tensor:
    return hessian(lambda z: u(z)[0])(x).diagonal().sum()


def value(u: Field, x: Tensor) -> Tensor:
    return u(x)


def waves(x: Tensor) -> Tensor:
    return torch.sin(math.pi * x).prod(-1)


def test_poisson_on_a_line() -> None:
    x = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    inside = Condition(lambda u, x: laplacian(u, x) + math.pi**2 * waves(x), x)
    solution = solve(KAN((1, 1), 8, 5), [inside, Condition(value, [[-1.0], [1.0]])], starts=1)
    assert relative_error(solution, waves(x), x) < 1e-7


def test_poisson_on_a_square() -> None:
    side = torch.linspace(-1, 1, 30, dtype=torch.float64)
    end = torch.ones_like(side)
    pairs = ((side, end), (side, -end), (end, side), (-end, side))
    boundary = torch.cat([torch.stack(pair, 1) for pair in pairs])
    inside = Condition(lambda u, x: laplacian(u, x) + 2 * math.pi**2 * waves(x), INSIDE, 0.01)
    network = KAN((2, (0, 1)), 8, 5)
    solution = solve(network, [inside, Condition(value, boundary)], starts=3)
    assert relative_error(solution, waves(INSIDE), INSIDE) < 1e-6
    assert len(solution.losses) == 3


def test_energy_of_a_pendulum_is_conserved() -> None:
    def along_the_flow(u: Field, x: Tensor) -> Tensor:
        return grad(lambda z: u(z)[0])(x) @ torch.stack((x[1], -torch.sin(x[0])))

    conditions = [
        Condition(along_the_flow, 2 * INSIDE),
        Condition(value, [[0.0, 0.0]]),
        Condition(lambda u, x: u(x) - 0.5, [[0.0, 1.0]]),
    ]
    solution = solve(KAN((2, 1), 8, 5), conditions, starts=1)
    q, v = (2 * INSIDE).unbind(1)
    assert relative_error(solution, v**2 / 2 + 1 - torch.cos(q), 2 * INSIDE) < 1e-6


def test_lagrangian_of_an_oscillator_from_its_acceleration() -> None:
    def motion(u: Field, x: Tensor) -> Tensor:
        """L_vv a + L_vq v - L_q, which vanishes along the motion a = -q."""
        second = hessian(lambda z: u(z)[0])(x)
        return second[1, 1] * -x[0] + second[1, 0] * x[1] - grad(lambda z: u(z)[0])(x)[0]

    conditions = [
        Condition(motion, INSIDE),
        Condition(value, [[0.0, 0.0]]),
        Condition(lambda u, x: jacrev(u)(x)[0, 1] - x[1], [[0.0, 0.0], [0.0, 1.0]]),
    ]
    solution = solve(KAN((2, 1), 4, 3), conditions, starts=1, refinements=0)
    q, v = INSIDE.unbind(1)
    assert relative_error(solution, (v**2 - q**2) / 2, INSIDE) < 1e-6


def test_gradient_is_that_of_the_loss() -> None:
    network = KAN((2, 2, 1), 4, 4, seed=1)
    network.layer(0).fixed = {(0, 0): "sin", (1, 1): "exp"}
    problem = _Residuals(network, [Condition(laplacian, INSIDE[:20], 0.3)])
    parameters = problem.start
    loss, _, gradient = problem.linearize(parameters)
    assert torch.equal(problem.value(parameters), loss)
    along = torch.randn(parameters.shape, generator=torch.Generator().manual_seed(2)).to(loss)
    step = 1e-5 * along
    slope = (problem.value(parameters + step) - problem.value(parameters - step)) / 2e-5
    torch.testing.assert_close(slope, (gradient * along).sum(1), rtol=1e-5, atol=0)


def test_a_given_network_goes_on_and_is_left_untouched() -> None:
    inside = Condition(lambda u, x: u(x)[0] - waves(x), INSIDE[:200])
    network = KAN((2, (0, 1)), 6)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    solution = solve(network, [inside], starts=4, refinements=0)
    better = solve(solution.model, [inside], starts=0, refinements=1)
    assert better.residuals[0] < 0.1 * solution.residuals[0]  # fourth order: a 22nd
    assert better.losses == ()
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


def test_stop_keeps_what_there_is() -> None:
    solution = solve(KAN((2, 1)), [Condition(value, INSIDE)], stop=lambda: True)
    assert solution.stopped
    assert math.isfinite(solution.residuals[0])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Condition(value, [[0.0]]), r"points of condition 0 must have shape \(points, 2\)"),
        (Condition(value, [[0.0, math.nan]]), "points of condition 0 must be finite"),
        (Condition(value, [["a", "b"]]), "must be a table of real numbers"),
        (Condition(value, INSIDE, -1.0), "weight must be finite and not negative"),
        (Condition(lambda u, x: 1.0, INSIDE), "must map the network u and one point x"),
        (Condition(lambda u, x: u(x) if x[0] > 0 else -u(x), INSIDE), "torch.func can transform"),
        (Condition(lambda u, x: u(x) / 0.0, INSIDE), "must be finite, at"),
    ],
)
def test_conditions_that_cannot_be_used(condition: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve(KAN((2, 1)), [condition])


def test_no_condition() -> None:
    with pytest.raises(InputError, match="at least one condition"):
        solve(KAN((2, 1)), [])


def test_a_transform_leaves_nothing_behind_in_the_caches() -> None:
    spline._table.cache_clear()
    x = INSIDE[:5]
    network = KAN((2, 1), 4, 3)

    def one(z: Tensor) -> Tensor:
        return network(z[None])[0, 0]

    first = vmap(hessian(one))(x)
    torch.testing.assert_close(vmap(jacrev(grad(one)))(x), first)
