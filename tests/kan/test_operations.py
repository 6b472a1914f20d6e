"""Locks, grids, growth: what each operation leaves alone, and that it can be trained afterwards."""

import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan import fit
from workbench.kan.bases import BASES
from workbench.kan.grid import update_grid_
from workbench.kan.growth import expand_depth, expand_width, permute_nodes, submodel, warm_start
from workbench.kan.locking import lock, locked_edges, unlock
from workbench.kan.model import KAN, Edge
from workbench.network.fixing import fix

X = torch.rand(60, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
DATA = PROBLEMS[0].dataset(200)
CURVE, FIXED = Edge(0, 0, 0), Edge(0, 1, 1)


def network(**settings) -> KAN:
    model = KAN((2, (2, 2), 1), arity=((), (2, 3), ()), seed=1, **settings)
    model = fix(model, FIXED, "sin", (1.2, 0.1, 0.8, 0.2))
    model.layer(0).mask[2, 0] = 0
    model.output_scale.fill_(3.0)
    return lock(model, CURVE)


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
@pytest.mark.parametrize("starts", [1, 8])
def test_no_solver_moves_a_locked_edge(solver: str, starts: int) -> None:
    if solver != "lm" and starts > 1:
        pytest.skip("first-order solvers have one start")
    model = fix(KAN((2, 2, 1), grid_size=6, seed=3), FIXED, "sin", (1.2, 0.1, 0.8, 0.2))
    model = lock(lock(model, CURVE), FIXED)
    found = fit(
        model, DATA, solver=solver, starts=starts, steps=4, grids=(6, 12), smoothness=1e-4, l1=1e-4
    ).model
    points = torch.linspace(-1, 1, 50, dtype=torch.float64)
    for edge in (CURVE, FIXED):
        before, after = model.activation(edge, points), found.activation(edge, points)
        assert torch.allclose(before, after, rtol=0, atol=1e-12)
    other = Edge(0, 1, 0)
    assert not torch.allclose(model.activation(other, points), found.activation(other, points))
    assert locked_edges(found) == [CURVE, FIXED]


def test_a_locked_edge_into_an_output_keeps_its_curve_in_the_target_s_units() -> None:
    edge = Edge(1, 1, 0)
    model = lock(KAN((2, 2, 1), seed=3), edge)
    model.layer(1).grid_range.mul_(4)
    found = fit(model, DATA, starts=1, steps=3, grids=(3,)).model
    points = torch.linspace(-4, 4, 20, dtype=torch.float64)
    before, after = (m.activation(edge, points) * m.output_scale for m in (model, found))
    assert torch.allclose(before, after, atol=1e-10)


def test_a_locked_edge_gets_no_gradient_and_no_parameters() -> None:
    model = KAN((2, 2, 1))
    held = lock(model, CURVE)
    assert held.parameter_count == model.parameter_count - 6
    assert locked_edges(model) == []
    held(X).sum().backward()
    gradient = held.layer(0).coefficients.grad
    assert float(gradient[0, 0].abs().sum()) == 0
    assert float(gradient[0, 1].abs().sum()) > 0
    free = unlock(held, CURVE)
    assert locked_edges(free) == []
    assert free.parameter_count == model.parameter_count


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lock(KAN((2, 1)), Edge(0, 5, 0)), "there is no Edge"),
        (lambda: lock(KAN((2, 1)), Edge(1, 0, 0)), "there is no Edge"),
        (lambda: lock(network(), Edge(0, 0, 2)), "is pruned"),
        (lambda: unlock(network(), Edge(0, 1, 0)), "is not locked"),
        (lambda: fix(KAN((2, 1)), Edge(0, 0, -1), "sin", (1, 0, 1, 0)), "there is no Edge"),
        (lambda: update_grid_(KAN((2, 1)), X[:, :1]), r"shape \(rows, 2\)"),
        (lambda: update_grid_(KAN((2, 1)), X[:0]), "at least one row"),
        (lambda: update_grid_(KAN((2, 1)), X * torch.nan), "must be finite"),
        (lambda: expand_width(KAN((2, 1)), 1, sums=1), "no hidden layer"),
        (lambda: expand_width(KAN((2, 2, 1)), 2, sums=1), "from 1 to 1, got 2"),
        (lambda: expand_width(KAN((2, 2, 1)), 1), "how many nodes to add"),
        (lambda: expand_depth(KAN((2, 1)), 2), "between 0 and 1, got 2"),
        (lambda: permute_nodes(KAN((2, 2, 1)), 1, [0, 0]), "must be a permutation"),
        (lambda: permute_nodes(network(), 1, [2, 0, 1, 3]), "must be a permutation of the 2 sums"),
        (lambda: submodel(KAN((2, 2, 1)), 1, 0), "in order between 0 and 1"),
        (lambda: warm_start(KAN((2, 1)), KAN((2, 2, 1))), "of the same depth"),
        (lambda: warm_start(KAN((2, 1), basis="rbf"), KAN((2, 1))), "of the same basis"),
    ],
)
def test_bad_requests_are_refused_in_words(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("grid_size", [4, 12])
def test_grids_move_onto_the_samples_and_nothing_changes(grid_size: int) -> None:
    model = KAN((2, 3, 1), grid_size=grid_size, seed=2)
    x = 0.2 + 0.2 * X
    wide = model.copy()
    with torch.no_grad():
        wide.layer(1).grid_range.mul_(4)
    moved = wide.copy()
    change = update_grid_(moved, x)
    assert change < 1e-10
    assert torch.allclose(moved(x), wide(x), atol=1e-10)
    for level in range(2):
        before, after = wide.layer(level).grid_range, moved.layer(level).grid_range
        values = moved.trace(x).nodes[level]
        assert bool((after.diff() <= before.diff() + 1e-12).all())
        assert bool((after[:, 0] <= values.amin(0) + 1e-12).all())
        assert bool((after[:, 1] >= values.amax(0) - 1e-12).all())
    assert bool((moved.layer(0).grid_range.diff() < wide.layer(0).grid_range.diff() - 0.5).all())


def test_samples_outside_the_grid_are_reached_by_least_squares() -> None:
    model = KAN((2, 3, 1), seed=2).refine(12)
    moved = model.copy()
    change = update_grid_(moved, 2 * X)
    assert 1e-10 < change < 0.1 * float(model(2 * X).detach().abs().max())
    assert change == pytest.approx(float((moved(2 * X) - model(2 * X)).detach().abs().max()))
    assert float(moved.layer(0).grid_range[:, 1].min()) > 1.8


@pytest.mark.parametrize("basis", BASES)
def test_tight_grids_change_little(basis: str) -> None:
    model = KAN((2, 2, 1), basis=basis, seed=2).refine(12)
    moved = model.copy()
    change = update_grid_(moved, 0.9 * X, exact=False)
    size = float(model(X).detach().abs().max())
    assert change < 0.05 * size
    if basis == "chebyshev":
        within = model.copy()
        with torch.no_grad():
            within.layer(1).grid_range.mul_(100)
        assert update_grid_(within, 0.9 * X) < 1e-8


def test_grids_of_locked_curves_stay() -> None:
    model = lock(KAN((2, 3, 1), grid_size=4, seed=2), CURVE)
    update_grid_(model, 0.2 * X, exact=False)
    assert model.layer(0).grid_range[0].tolist() == [-1.0, 1.0]
    assert float(model.layer(0).grid_range[1, 1]) < 0.5


def settings_kept(new: KAN, old: KAN) -> bool:
    same = ("degree", "basis", "base", "grid_size")
    return (
        all(getattr(new.config, name) == getattr(old.config, name) for name in same)
        and new.output_scale.dtype == old.output_scale.dtype
        and torch.equal(new.output_scale, old.output_scale)
    )


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("base", [None, "silu"])
def test_larger_networks_say_the_same_and_can_learn(basis: str, base: str | None) -> None:
    model = network(basis=basis, base=base, grid_size=4)
    wider = expand_width(model, 1, sums=2, products=1, arity=3)
    assert wider.config.width == (2, (4, 3), 1)
    assert wider.config.arities(1) == (2, 3, 3)
    deeper = [expand_depth(model, level) for level in range(3)]
    assert deeper[1].config.width == (2, (2, 2), 4, 1)
    for grown in (wider, *deeper):
        assert torch.allclose(grown(1.5 * X), model(1.5 * X), atol=1e-9)
        assert settings_kept(grown, model)
        assert CURVE in locked_edges(grown) or grown is deeper[0]
        grown(X).square().sum().backward()
    fresh = wider.layer(1).coefficients.grad[:, 2:4]
    assert bool((fresh.abs().sum((0, 2)) > 0).all())


def test_nodes_in_another_order_and_parts() -> None:
    model = network()
    order = [1, 0, 3, 2]
    permuted = permute_nodes(model, 1, order)
    assert permuted.config.arities(1) == (3, 2)
    assert torch.allclose(permuted(X), model(X))
    assert torch.allclose(permuted.trace(X).nodes[1], model.trace(X).nodes[1][:, order])
    first, last = submodel(model, 0, 0), submodel(model, 1, 1)
    hidden = first(X)
    assert torch.equal(hidden, model.trace(X).nodes[1])
    assert torch.allclose(last(hidden), model(X))
    assert locked_edges(first) == [CURVE]


def test_a_warm_start_says_what_the_smaller_one_said() -> None:
    model = network(grid_size=3)
    larger = KAN((3, (4, 3), 2), arity=((), (2, 3, 2), ()), grid_size=6, seed=9)
    started = warm_start(larger, model)
    x = torch.cat((X, X[:, :1]), 1)
    assert torch.allclose(started(x)[:, :1], model(X), atol=1e-10)
    assert not torch.allclose(larger(x)[:, :1], model(X))
    assert started.config == larger.config
    assert locked_edges(started) == [CURVE]
    smaller = warm_start(KAN((2, 1, 1)), KAN((2, 3, 1), seed=5))
    points = torch.linspace(-1, 1, 9, dtype=torch.float64)
    edge = Edge(0, 1, 0)
    expected = KAN((2, 3, 1), seed=5).activation(edge, points)
    assert torch.allclose(smaller.activation(edge, points), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_everything_runs_on_cuda() -> None:
    model = network(device="cuda", base="silu")
    x = X.cuda()
    for grown in (expand_width(model, 1, sums=1), expand_depth(model, 1), model.refine(6)):
        assert grown(x).device.type == "cuda"
        assert torch.allclose(grown(x), model(x), atol=1e-9)
    assert update_grid_(model.copy(), 0.5 * x) < 1e-9
    assert fit(model, DATA, starts=2, steps=2, grids=(3,)).model.output_scale.device.type == "cuda"


def test_every_hidden_layer_of_a_deep_network_is_reordered_with_its_fixed_edges() -> None:
    model = KAN((2, 5, 2, 1), seed=2)
    for edge, name in ((Edge(0, 1, 2), "sin"), (Edge(1, 3, 0), "tanh"), (Edge(2, 1, 0), "exp")):
        model = fix(model, edge, name, (0.7, 0.1, 0.9, 0.2))
    for level, order in ((1, [3, 0, 4, 1, 2]), (2, [1, 0])):
        permuted = permute_nodes(model, level, order)
        assert torch.allclose(permuted(X), model(X), atol=1e-12)
        assert sum(len(permuted.layer(k).fixed) for k in range(3)) == 3
        assert not torch.equal(permuted.layer(level).coefficients, model.layer(level).coefficients)
