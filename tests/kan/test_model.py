"""The network: shapes, products, tracing, exact refinement, analytic derivatives."""

import copy

import pytest
import torch

from workbench.errors import InputError
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN, Edge
from workbench.kan.training.linearize import Columns, jacobian
from workbench.network.fixing import fix

X = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def network() -> KAN:
    model = KAN((3, (2, 2), 2), arity=3, seed=4)
    model = fix(model, Edge(0, 1, 2), "sin", (1.3, 0.2, 0.7, -0.1))
    return fix(model, Edge(1, 0, 1), "exp", (0.4, -0.2, 1.1, 0.3))


def test_sub_nodes_of_products_are_multiplied() -> None:
    model = KAN((3, (1, 1), 1), arity=2)
    trace = model.trace(X)
    factors = trace.postacts[0].sum(-1)
    assert torch.allclose(trace.nodes[1][:, 0], factors[:, 0])
    assert torch.allclose(trace.nodes[1][:, 1], factors[:, 1] * factors[:, 2])


def test_trace_agrees_with_forward_and_leaves_nothing_behind() -> None:
    model = network()
    before = set(vars(model)) | set(model.state_dict())
    trace = model.trace(X)
    assert torch.allclose(trace.nodes[-1], model(X))
    assert set(vars(model)) | set(model.state_dict()) == before


@pytest.mark.parametrize("grid_size", [6, 12])
def test_refine_keeps_the_function(grid_size: int) -> None:
    model = network()
    finer = model.refine(grid_size)
    assert finer.layer(0).grid_size == grid_size
    assert torch.allclose(finer(X), model(X), atol=1e-12)


def test_jacobian_agrees_with_autograd() -> None:
    model = network()
    model.layer(0).mask[0, 0] = 0
    ensemble = Ensemble.of([model])
    columns = Columns.of(ensemble)
    start = columns.pack(ensemble).requires_grad_()

    def outputs(parameters: torch.Tensor) -> torch.Tensor:
        return columns.unpack(ensemble, parameters).nodes(X)[-1][0]

    expected = torch.autograd.functional.jacobian(outputs, start)
    values, found = jacobian(ensemble, X, columns)
    assert torch.allclose(values[0], outputs(start))
    assert torch.allclose(found[0], expected[:, :, 0], atol=1e-10)


def test_a_stack_evaluates_each_network_as_itself() -> None:
    models = [KAN((3, 2, 1), seed=seed) for seed in range(4)]
    stacked = Ensemble.of(models).nodes(X)[-1]
    for values, model in zip(stacked, models, strict=True):
        assert torch.allclose(values, model(X))
    assert torch.allclose(Ensemble.of(models).model(2)(X), models[2](X))


def test_layers_work_in_sequential_and_copies_share_nothing() -> None:
    first, second = KAN((3, 2, 1)).layer(0), KAN((2, 1)).layer(0)
    stack = torch.nn.Sequential(first, second)
    stack(X).sum().backward()
    assert first.coefficients.grad is not None
    assert first.coefficients.grad.abs().sum() > 0
    model = network()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.layer(0).coefficients.zero_()
    assert model.layer(0).coefficients.abs().sum() > 0


def test_no_global_generator_is_touched() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    KAN((3, 2, 1), seed=1)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KAN((3,)), "at least two layers"),
        (lambda: KAN((3, 0, 1)), "at least one node"),
        (lambda: KAN((3, 1), grid_size=0), "grid_size must be at least 1, got 0"),
        (lambda: KAN(((2, 1), 1)), "no product nodes"),
        (lambda: KAN((2, 1))(X), r"shape \(rows, 2\), got \(40, 3\)"),
    ],
)
def test_bad_shapes_are_refused_in_words(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
