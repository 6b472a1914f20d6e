"""Splines of two coordinates: where they stand, what they fit, and the network that they are."""

import itertools

import numpy as np
import pytest
import torch

from workbench.equations import Box, Condition, Data, Interval, Problem, library, solve
from workbench.equations.objective import Rows
from workbench.equations.tensor.grid import TensorGrid
from workbench.equations.tensor.least_squares import BandedLeastSquares, minimized
from workbench.equations.tensor.levels import holds, levels
from workbench.equations.tensor.normal import Normal
from workbench.equations.tensor.slabs import marched, marches
from workbench.equations.tensor.splines import TensorSplines

LIKE = torch.zeros(1, dtype=torch.float64)
NOTHING = LIKE[:0]
GRIDS = [
    TensorGrid(((-1, 1), (0, 3)), sizes, 4, closed, fields)
    for sizes in ((9, 5), (5, 12))
    for closed in itertools.product((False, True), repeat=2)
    for fields in (1, 2)
]


def never() -> bool:
    return False


def growing() -> Problem:
    return Problem("u_t + u_x - u", Box(x=(0, 1), t=(0, 1), periodic="x"), Condition("u - 1", t=0))


@pytest.mark.parametrize("grid", GRIDS)
def test_the_band_holds_all_that_meet(grid: TensorGrid) -> None:
    cells = torch.tensor(list(itertools.product(*map(range, grid.sizes))))
    near = grid.near(cells).flatten(1)
    assert int((near.amax(1) - near.amin(1)).max()) <= grid.band
    assert sorted(set(near.flatten().tolist())) == list(range(grid.parameter_count))


@pytest.mark.parametrize("closed", [(False, False), (True, False)])
def test_the_matrix_is_that_of_the_jacobian(closed: tuple[bool, bool]) -> None:
    names = [n for n, c in zip("xy", closed, strict=True) if c]
    problem = Problem(
        ["u_xy + a*u*v_y - x", "a*v_xx + b*u^2"],
        Box(x=(0, 1), y=(0, 2), periodic=names),
        [Condition("u"), Condition("v")],
        coefficients={"a": 2, "b": 0.5},
        fields=["u", "v"],
    )
    grid = TensorGrid(problem.domain.ranges, (7, 4), 3, closed, 2)
    points = torch.rand(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = Rows(problem.inside, points * torch.tensor([1.0, 2.0]), (0.3, 2.0))
    count = grid.parameter_count
    least = BandedLeastSquares(grid, [(rows, 1)], {"a": 3.0, "b": 0.1})
    vector = torch.randn(count + 2, generator=torch.Generator().manual_seed(1)).to(LIKE)
    loss, normal, gradient = least.linearize(vector)
    jacobian = torch.autograd.functional.jacobian(least.residuals, vector)
    torch.testing.assert_close(gradient, jacobian.mT @ least.residuals(vector))
    assert loss == pytest.approx(least.value(vector))
    matrix = jacobian.mT @ jacobian
    banded = matrix[:count, :count]
    for offset, diagonal in enumerate(normal.band):
        torch.testing.assert_close(diagonal[: count - offset], banded.diagonal(-offset))
    torch.testing.assert_close(normal.border, matrix[:count, count:])
    torch.testing.assert_close(normal.corner, matrix[count:, count:])
    torch.testing.assert_close(least.jacobian(vector), jacobian)
    directions = torch.randn(count + 2, 3, generator=torch.Generator().manual_seed(2)).to(LIKE)
    torch.testing.assert_close(least.along(vector, directions), jacobian @ directions)


def test_a_banded_matrix_with_a_border_is_solved() -> None:
    drawn = torch.randn(40, 12, generator=torch.Generator().manual_seed(0), dtype=LIKE.dtype)
    square = (drawn.mT @ drawn).tril(3).triu(-3) + 50 * torch.eye(12, dtype=LIKE.dtype)
    square[:10, 10:] = drawn[:10, 10:]
    square[10:, :10] = drawn[:10, 10:].mT
    bands = [torch.nn.functional.pad(square[:10, :10].diagonal(-k), (0, k)) for k in range(4)]
    normal = Normal(torch.stack(bands), square[:10, 10:], square[10:, 10:])
    right = drawn[:12, :5]
    factored = normal.factored()
    torch.testing.assert_close(square @ factored.solved(right), right, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(factored.solved(right[:, 0]), factored.solved(right)[:, 0])
    assert Normal(-normal.band, normal.border, normal.corner).factored() is None
    nothing = Normal(normal.band, 0 * normal.border, 0 * normal.corner).factored()
    assert (nothing.solved(torch.cat((right[:10], 0 * right[10:])))[10:] == 0).all()


def test_steps_that_do_not_descend_are_damped() -> None:
    grid = TensorGrid(((0, 1), (0, 1)), (2, 2), 3)
    problem = Problem("u_x + atan(9*u) - 1", Box(x=(0, 1), y=(0, 1)), Condition("u", x=0))
    points = grid.gauss((4, 4), LIKE)
    rows = [(Rows(problem.inside, points.flatten(0, 1), (1.0,)), 16)]
    least = BandedLeastSquares(grid, rows)
    start = LIKE.new_full((grid.parameter_count,), 40.0)
    found, loss = minimized(least, start, steps=40, over=never)
    assert loss == pytest.approx(least.value(found))
    assert loss < 0.1 * least.value(start)
    assert minimized(least, start, steps=40, over=lambda: True)[1] == least.value(start)


def test_a_march_in_time() -> None:
    problem = growing()
    assert marches(problem)
    grid = TensorGrid(problem.domain.ranges, (4, 3), 6, (True, False))
    coefficients, wanted = marched(problem, grid, LIKE, never)
    points = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    values = TensorSplines(problem, grid, coefficients, NOTHING).values(points)
    torch.testing.assert_close(values[:, 0], points[:, 1].exp(), rtol=1e-7, atol=0)
    assert set(wanted) <= {1, 2}


def test_a_march_that_is_stopped_goes_on_as_it_ended() -> None:
    problem = growing()
    grid = TensorGrid(problem.domain.ranges, (4, 4), 6, (True, False))
    coefficients, _ = marched(problem, grid, LIKE, lambda: True)
    ends = torch.tensor([[0.5, 0.25], [0.5, 1.0]], dtype=torch.float64)
    first, last = TensorSplines(problem, grid, coefficients, NOTHING).values(ends)[:, 0].tolist()
    assert first == pytest.approx(last, rel=0.05)


def test_what_happens_in_the_order_of_time() -> None:
    assert marches(growing())
    square = Box(x=(0, 1), t=(0, 1))
    both_ends = [Condition("u"), Condition("u", t=0), Condition("u", t=1)]
    assert not marches(Problem("u_t - u_xx", square, both_ends))
    assert not marches(Problem("u_xx + u_yy", Box(x=(0, 1), y=(0, 1)), Condition("u")))


def test_which_problems_are_solved_on_grids() -> None:
    assert holds(library["heat"])
    assert holds(library["heat-inverse"])
    assert not marches(library["heat-inverse"])
    for other in ("poisson-disc", "poisson-3d", "pendulum"):
        assert not holds(library[other])
    assert not holds(Problem("u_t - u", Interval(t=(0, 1)), Condition("u = 1", t=0)))


def test_splines_are_a_network_of_few_products() -> None:
    problem = library["heat"]
    _, found = itertools.islice(levels(problem, LIKE, lambda s: 1.0, never), 2)
    points = torch.from_numpy(problem.domain.inside(200, 5))
    rows = [Rows(problem.inside, points, (1.0,))]
    few = found.compressed(rows, 1e-9)
    assert few.ranks is not None
    assert few.ranks[0] < min(few.grid.counts)
    with torch.no_grad():
        torch.testing.assert_close(few.model(points), few.values(points), rtol=0, atol=1e-12)
    torch.testing.assert_close(few.values(points), found.values(points), rtol=0, atol=1e-7)
    known = problem.reference(points.numpy())
    np.testing.assert_allclose(found.values(points)[:, 0].numpy(), known, atol=1e-6)
    assert few.parameter_count == sum(few.ranks) * sum(few.grid.counts)


def test_finer_grids_hold_the_same_functions() -> None:
    problem = growing()
    grid = TensorGrid(problem.domain.ranges, (5, 3), 4, (True, False))
    vector = torch.randn(grid.parameter_count, generator=torch.Generator().manual_seed(3)).to(LIKE)
    coarse = TensorSplines(problem, grid, vector[grid.places], NOTHING)
    points = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for factors in ((2, 1), (1, 4)):
        fine = coarse.on(grid.finer(factors))
        torch.testing.assert_close(fine.values(points), coarse.values(points), rtol=0, atol=1e-13)
        assert (fine.grid.vector(fine.coefficients)[fine.grid.places] == fine.coefficients).all()


@pytest.mark.parametrize(("problem", "error"), [("heat", 1e-8), ("helmholtz", 1e-6)])
def test_what_no_single_product_holds(problem: str, error: float) -> None:
    solution = solve(library[problem], seed=1)
    points = solution.problem.domain.inside(1000, 4321)
    known = solution.problem.reference(points)
    apart = float(np.linalg.norm(solution(points) - known) / np.linalg.norm(known))
    assert apart < error
    assert apart < 10 * solution.error
    assert solution.converged


def test_a_wave_that_breathes_is_two_fields() -> None:
    problem = library["schrodinger"]
    coarse = next(levels(problem, LIKE, lambda s: 1.0, never))
    assert coarse.coefficients.shape[0] == 2
    begin = np.stack((np.linspace(-4, 4, 9), np.zeros(9)), 1)
    values = coarse.values(torch.from_numpy(begin)).numpy()
    np.testing.assert_allclose(values, problem.reference(begin), atol=0.05)


def test_coefficients_of_a_travelling_wave_are_found() -> None:
    def known(points: np.ndarray) -> np.ndarray:
        turn = 2 * np.pi
        faded = np.exp(-0.02 * turn**2 * points[:, 1])
        return faded * np.sin(turn * (points[:, 0] - 0.7 * points[:, 1]))

    box = Box(x=(0, 1), t=(0, 0.5), periodic="x")
    points, random = box.inside(200, 3), np.random.default_rng(1)
    problem = Problem(
        "u_t + c*u_x = d*u_xx",
        box,
        Condition("u = sin(2*pi*x)", t=0),
        coefficients={"c": (0, 2), "d": (0.001, 0.2)},
        data=Data(points, known(points) + 0.01 * random.standard_normal(200)),
        reference=known,
    )
    solution = solve(problem)
    assert solution.converged
    for name, true, width in (("c", 0.7, 0.004), ("d", 0.02, 0.001)):
        found = solution.coefficients[name]
        assert found.low < true < found.high
        assert found.high - found.low < width
    fresh = box.inside(500, 4)
    apart = np.linalg.norm(solution(fresh) - known(fresh)) / np.linalg.norm(known(fresh))
    assert apart < solution.error < 0.01
