"""Solutions of known problems, and verdicts that know what they do not know."""

import numpy as np
import pytest
import torch

from workbench.equations import (
    Box,
    Condition,
    Data,
    Interval,
    Problem,
    Solution,
    inference,
    library,
    solve,
)
from workbench.equations.approximation import Approximation
from workbench.equations.sampling import Sampler
from workbench.errors import InputError
from workbench.kan.config import KANConfig


def true_error(solution: Solution) -> float:
    points = solution.problem.domain.inside(1000, 4321)
    known = solution.problem.reference(points)
    return float(np.linalg.norm(solution(points) - known) / np.linalg.norm(known))


@pytest.mark.parametrize(
    ("problem", "error"),
    [
        ("pendulum", 1e-9),
        ("schwarzschild", 1e-10),
        ("lotka-volterra", 1e-7),
        ("blasius", 1e-7),
        ("poisson-disc", 1e-8),
    ],
)
def test_a_problem_of_the_library(problem: str, error: float) -> None:
    solution = solve(library[problem], seed=3)
    assert true_error(solution) < error
    assert true_error(solution) < 10 * solution.error
    assert solution.converged
    assert "Converged" in str(solution)


def test_every_reference_fulfils_its_conditions() -> None:
    for name, problem in library.items():
        for condition, residual in zip(problem.held, problem.outside, strict=True):
            points = problem.points_of(condition, 20, 0)
            values = torch.from_numpy(problem.reference(points).reshape(len(points), -1))
            if all(sum(index) == 0 for _, index in residual.asked):
                entries = {entry: values[:, entry[0]] for entry in residual.asked}
                left = residual.value(entries, torch.from_numpy(points), {})
                assert float(left.abs().max()) < 1e-4, (name, condition)


def test_a_coefficient_lies_in_its_interval() -> None:
    t = np.linspace(0.1, 4, 40)
    noise = 0.01 * np.random.default_rng(0).standard_normal(40)
    decay = Problem(
        "q_t + k*q",
        Interval(t=(0, 4)),
        Condition("q = 2", t=0),
        coefficients={"k": (0.1, 5)},
        data=Data(t, 2 * np.exp(-0.7 * t) + noise),
        fields=["q"],
    )
    solution = solve(decay)
    found = solution.coefficients["k"]
    assert found.low < 0.7 < found.high
    assert found.high - found.low < 0.05
    assert "95 %" in str(solution)


def test_time_that_is_up_is_no_success() -> None:
    solution = solve(library["lotka-volterra"], seconds=0)
    assert not solution.converged
    assert "Not converged" in str(solution)


def test_a_problem_without_a_solution_is_not_called_solved() -> None:
    impossible = Problem("u_x - 1", Interval(x=(0, 1)), [Condition("u", x=0), Condition("u", x=1)])
    assert not solve(impossible).converged


def test_one_of_many_solutions_is_not_called_the_solution() -> None:
    slopes = [Condition("u_x", x=0), Condition("u_x - 2", x=1)]
    solution = solve(Problem("u_xx - 2", Interval(x=(0, 1)), slopes))
    assert not solution.converged
    assert "not unique" in str(solution)


@pytest.mark.parametrize(
    ("equation", "domain", "ends"),
    [
        ("u_xx = -2*exp(u)", (0, 1), ("u", "u")),  # two solutions
        ("u*u_x = 0.02*u_xx", (-1, 1), ("u = 1", "u = -1")),  # a front that hardly feels its ends
    ],
)
def test_another_solution_is_looked_for(
    equation: str, domain: tuple[int, int], ends: tuple[str, str]
) -> None:
    low, high = domain
    conditions = [Condition(ends[0], x=low), Condition(ends[1], x=high)]
    solution = solve(Problem(equation, Interval(x=domain), conditions))
    assert not solution.converged
    assert "not unique" in str(solution)


def test_a_coefficient_outside_of_its_range_is_no_success() -> None:
    growth = Problem(
        "u_t = k*u",
        Interval(t=(0, 1)),
        Condition("u = 1", t=0),
        coefficients={"k": (2, 3)},
        data=Data([0.2, 0.5, 0.9], np.exp([0.2, 0.5, 0.9])),
    )
    solution = solve(growth)
    assert solution.coefficients["k"].value == pytest.approx(1)
    assert not solution.converged
    assert "left the range" in str(solution)


def test_what_does_not_fit_the_data_is_no_other_solution() -> None:
    solution = solve(library["heat-inverse"], seed=1)
    assert "not unique" not in str(solution)
    assert solution.coefficients["k"].low < 0.1 < solution.coefficients["k"].high
    assert true_error(solution) < 10 * solution.error < 1


def test_stop_keeps_what_there_is() -> None:
    solution = solve(library["pendulum"], stop=lambda: True)
    assert solution.stopped
    assert np.isfinite(solution([0.0, 1.0])).all()


def test_the_same_seed_gives_the_same_solution() -> None:
    growth = Problem("u_t - u", Interval(t=(0, 1)), Condition("u = 1", t=0))
    first, second = (solve(growth, seed=1)([0.5, 1.0]) for _ in range(2))
    assert (first == second).all()


def test_jets_and_graph_of_a_solution() -> None:
    solution = solve(
        Problem("u_xx + u", Interval(x=(0, 3)), [Condition("u", x=0), Condition("u_x - 1", x=0)])
    )
    x = np.linspace(0, 3, 7)
    found = solution.jet(x)
    np.testing.assert_allclose(found[2,][:, 0], -np.sin(x), atol=1e-6)
    np.testing.assert_allclose(solution(x), np.sin(x), atol=1e-8)
    assert solution.to_networkx().number_of_nodes() == 2
    assert max(solution.residuals) < 1e-5
    with pytest.raises(InputError, match="need the columns x"):
        solution([[1.0, 2.0]])


@pytest.mark.parametrize("periodic", [(), ("x",)])
def test_gradient_is_that_of_the_loss(periodic: tuple[str, ...]) -> None:
    box = Box(x=(-1, 1), y=(0, 2), periodic=periodic)
    problem = Problem(
        "u_xxy + a*u*u_y + exp(x)", box, [Condition("u - x", y=0)], coefficients={"a": 2}
    )
    sampler = Sampler(problem, torch.zeros(1, dtype=torch.float64), 0, (0.3, 2.0))
    rows = sampler.rows(150)
    with torch.no_grad():
        start = Approximation.random(problem, KANConfig((2, (2, 1), 1), 4, 6), rows[0].points, 2, 0)
        objective, parameters = start.objective(rows)
        loss, _, gradient = objective.linearize(parameters)
        torch.testing.assert_close(objective.value(parameters), loss)
        along = torch.randn(parameters.shape, generator=torch.Generator().manual_seed(2)).to(loss)
        above, below = (objective.value(parameters + s * along) for s in (1e-5, -1e-5))
    torch.testing.assert_close((above - below) / 2e-5, (gradient * along).sum(1), rtol=1e-5, atol=0)


def test_a_periodic_solution_closes() -> None:
    problem = library["advection"]
    sampler = Sampler(problem, torch.zeros(1, dtype=torch.float64), 0)
    points = sampler.rows(50)[0].points
    with torch.no_grad():
        drawn = Approximation.random(problem, KANConfig((2, 2, 1), 4, 5), points, 1, 0)
        closed = drawn.at(drawn.objective(sampler.rows(50))[1])
    ends = torch.tensor([[0.0, 0.3], [2.0, 0.3]], dtype=torch.float64)
    values = closed.model(ends).detach()
    torch.testing.assert_close(values[0], values[1])
    assert not torch.allclose(*drawn.model(ends).detach())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"seconds": -1}, "seconds"), ({"device": "nowhere"}, "device"), ({"seed": 0.5}, "seed")],
)
def test_settings_that_cannot_be_used(arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        solve(library["pendulum"], **arguments)


def test_no_problem() -> None:
    with pytest.raises(InputError, match="needs a Problem"):
        solve("u_xx")


def test_a_name_that_is_not_in_the_library() -> None:
    with pytest.raises(KeyError, match="pendulum"):
        library["nothing"]


def test_numbers_that_nothing_depends_on_do_not_spoil_the_intervals() -> None:
    drawn = torch.randn(30, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rank_five = drawn.mT @ drawn
    rank_five[5] = rank_five[:, 5] = 0
    factor = inference._factor(rank_five - 1e-13 * torch.eye(6, dtype=torch.float64))
    torch.testing.assert_close(factor @ factor.mT, rank_five, rtol=1e-6, atol=1e-6)
    assert inference._factor(-rank_five) is None
