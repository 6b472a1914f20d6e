"""Every family of functions obeys the same laws; every kind of edge and node has its derivative."""

import math

import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan import fit
from workbench.kan.bases import BASES, base_values, find_basis
from workbench.kan.config import KANConfig
from workbench.kan.ensemble import Ensemble
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN, Edge
from workbench.kan.training.linearize import Columns, jacobian
from workbench.network.fixing import fix

X = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2.6 - 1.3
LOW, HIGH = torch.tensor([-1.0]).double(), torch.tensor([2.0]).double()


def values(name: str, x: torch.Tensor, derivative: int = 0, grid_size: int = 5) -> torch.Tensor:
    found = find_basis(name).values(x.unsqueeze(-1), LOW, HIGH, grid_size, 3, derivative)
    return found.squeeze(-2)


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("derivative", [1, 2])
def test_derivatives_agree_with_finite_differences(name: str, derivative: int) -> None:
    x = torch.tensor([-1.7, -0.9, 0.33, 1.8, 2.9], dtype=torch.float64)
    step = 1e-5
    upper, lower = values(name, x + step, derivative - 1), values(name, x - step, derivative - 1)
    found = values(name, x, derivative)
    expected = (upper - lower) / (2 * step)
    assert torch.allclose(found, expected, atol=1e-7 * float(expected.abs().max()) + 1e-7)


@pytest.mark.parametrize("name", BASES)
def test_autograd_agrees_with_the_analytic_slope(name: str) -> None:
    x = torch.linspace(-1.5, 2.5, 21, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (slope,) = torch.autograd.grad((values(name, x) @ weights).sum(), x)
    assert torch.allclose(slope, values(name, x.detach(), 1) @ weights, atol=1e-9)


@pytest.mark.parametrize("name", BASES)
def test_the_constant_is_one_and_the_continuation_straight(name: str) -> None:
    x = torch.linspace(-1, 2, 50, dtype=torch.float64)
    one = find_basis(name).constant(x, 8)
    assert torch.allclose(values(name, x) @ one, torch.ones_like(x), atol=1e-13)
    outside = values(name, torch.tensor([2.0, 3.0, 4.0, 5.0], dtype=torch.float64))
    assert torch.allclose(outside.diff(n=2, dim=0), torch.zeros(2, 8).double(), atol=1e-9)


def test_chebyshev_and_fourier_agree_with_their_definitions() -> None:
    x = torch.linspace(-1, 2, 30, dtype=torch.float64)
    u = (x + 1) / 3
    cosines = [(k * (2 * u - 1).clamp(-1, 1).acos()).cos() for k in range(8)]
    assert torch.allclose(values("chebyshev", x), torch.stack(cosines, -1), atol=1e-12)
    found = values("fourier", x)
    assert torch.allclose(found[:, 3], (2 * math.pi * u).sin(), atol=1e-13)
    assert torch.allclose(found[:, 4], (2 * math.pi * u).cos(), atol=1e-13)


@pytest.mark.parametrize("name", BASES)
def test_roughness_is_the_mean_squared_second_derivative(name: str) -> None:
    layer = KANLayer(1, 1, 40, basis=name, base="sin").activations()
    zero = layer.constant
    assert float(zero @ layer.roughness(2) @ zero) == pytest.approx(0, abs=1e-6)
    grid = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    c = torch.zeros(44, dtype=torch.float64)
    c[:6] = torch.tensor([0.2, 0.4, 1.0, -0.5, 0.3, 0.1], dtype=torch.float64)
    if name == "bspline":  # differences of coefficients are derivatives where a curve is smooth
        c[:43] = (0.15 * torch.arange(43)).sin()
    bent = layer.basis(grid.view(1, -1, 1), 2)[0, :, 0] @ c * 4  # the grid has length 2
    assert float(c @ layer.roughness(2) @ c) == pytest.approx(float(bent.square().mean()), rel=0.1)


@pytest.mark.parametrize("name", ["chebyshev", "fourier", "bspline"])
def test_refine_is_exact_where_families_are_nested(name: str) -> None:
    model = KAN((3, 2, 1), grid_size=3, basis=name, base="silu", seed=1)
    assert torch.allclose(model.refine(6)(X), model(X), atol=1e-8)
    assert model.refine(6).config.basis == name


@pytest.mark.parametrize("name", BASES)
def test_every_family_is_trained_by_the_same_solver(name: str) -> None:
    problem = PROBLEMS[0]
    result = fit(KAN(problem.width, basis=name), problem.dataset(400), grids=(3, 6), starts=12)
    assert result.model.config.basis == name
    assert result.validation_loss < 0.02
    assert result.solver.startswith("lm")


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("base", [None, "silu", "sin"])
def test_the_jacobian_agrees_with_autograd_for_every_edge_and_node(
    basis: str, base: str | None
) -> None:
    arity = ((), (3, 2), (2,))
    model = KAN((3, (2, 2), (1, 1)), arity=arity, basis=basis, base=base, seed=4)
    model = fix(model, Edge(0, 1, 2), "sin", (1.3, 0.2, 0.7, -0.1))
    model = fix(model, Edge(1, 0, 1), "exp", (0.4, -0.2, 1.1, 0.3))
    model.layer(0).mask[0, 0] = 0
    model.layer(1).locked[2, 1] = True
    ensemble = Ensemble.of([model])
    columns = Columns.of(ensemble)
    assert columns.count == model.parameter_count
    start = columns.pack(ensemble).requires_grad_()

    def outputs(parameters: torch.Tensor) -> torch.Tensor:
        return columns.unpack(ensemble, parameters).nodes(X)[-1][0]

    expected = torch.autograd.functional.jacobian(outputs, start)[:, :, 0]
    nodes, found = jacobian(ensemble, X, columns)
    assert torch.allclose(nodes[0], outputs(start))
    assert torch.allclose(found[0], expected, atol=1e-9 * float(expected.abs().max()))


def test_a_base_is_one_more_column() -> None:
    layer = KANLayer(2, 1, 4, base="silu")
    with torch.no_grad():
        layer.coefficients.zero_()
        layer.coefficients[0, :, -1] = torch.tensor([2.0, -1.0])
    assert layer.grid_size == 4
    expected = torch.nn.functional.silu(X[:, :2]) @ torch.tensor([2.0, -1.0]).double()
    assert torch.allclose(layer(X[:, :2])[:, 0], expected)


@pytest.mark.parametrize("name", ["silu", "tanh", "square"])
def test_derivatives_of_bases(name: str) -> None:
    x, step = torch.linspace(-2, 2, 9, dtype=torch.float64), 1e-6
    for order in (1, 2):
        upper, lower = (base_values(name, x + s, order - 1) for s in (step, -step))
        assert torch.allclose(base_values(name, x, order), (upper - lower) / (2 * step), atol=1e-8)


def test_product_nodes_have_arities_of_their_own() -> None:
    config = KANConfig((3, (1, 2), 1), arity=((), (3, 2), ()))
    assert config.subnodes(1) == 6
    assert [list(config.parents(1, node)) for node in range(3)] == [[0], [1, 2, 3], [4, 5]]
    assert hash(config) == hash(KANConfig((3, (1, 2), 1), arity=((), (3, 2), ())))
    model = KAN((3, (1, 2), 1), arity=[2, [3, 2], 2])
    trace = model.trace(X)
    s = trace.postacts[0].sum(-1)
    expected = torch.stack((s[:, 0], s[:, 1] * s[:, 2] * s[:, 3], s[:, 4] * s[:, 5]), -1)
    assert torch.allclose(trace.nodes[1], expected)


@pytest.mark.parametrize(
    ("arity", "message"),
    [
        (1, "arity must be at least 2, got 1"),
        ([[], [2, 1], []], "arity must be at least 2, got 1"),
        ([[2, 2]], "one entry for each of the 3 layers"),
        ([[], [2], []], "must name 2 product nodes in layer 1"),
    ],
)
def test_bad_arities_are_refused_in_words(arity, message: str) -> None:
    with pytest.raises(InputError, match=message):
        KAN((3, (1, 2), 1), arity=arity)
