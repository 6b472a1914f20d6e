"""A layer in the user's own loop: fast paths agree with the plain formula, to second derivatives."""

import copy
import io
import pickle

import pytest
import torch

from tests.operations import Operations
from workbench.errors import InputError
from workbench.kan import edge_sums
from workbench.kan.layer import KANLayer
from workbench.kan.model import KAN

DEVICES = (
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    ),
)


def points(rows: int, columns: int, reach: float = 1.4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return (torch.rand(rows, columns, dtype=torch.float64, generator=generator) * 2 - 1) * reach


@pytest.mark.parametrize("grid_size", [1, 5, 40])
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_fast_sums_agree_with_the_plain_formula(grid_size: int, degree: int) -> None:
    layer = KANLayer(3, 4, grid_size, degree)
    x = points(50, 3).requires_grad_()
    weights, grid_range = layer.coefficients, layer.grid_range
    fast = edge_sums.edge_sums(x, weights, grid_range, degree)
    plain = edge_sums._plain(x, weights, grid_range, degree)
    assert torch.allclose(fast, plain, atol=1e-12)
    found = torch.autograd.grad((fast**2).sum(), (x, weights))
    expected = torch.autograd.grad((plain**2).sum(), (x, weights))
    for a, b in zip(found, expected, strict=True):
        assert torch.allclose(a, b, atol=1e-10 * float(b.abs().max()))
    with torch.no_grad():
        assert torch.allclose(layer(x), plain, atol=1e-12)


@pytest.mark.parametrize("grid_size", [4, 40])
def test_gradients_can_be_differentiated_again(grid_size: int) -> None:
    layer = KANLayer(2, 3, grid_size)
    x = points(6, 2).requires_grad_()
    weights = layer.coefficients.detach().requires_grad_()

    def sums(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return edge_sums.edge_sums(x, weights, layer.grid_range, 3)

    assert torch.autograd.gradcheck(sums, (x, weights))
    assert torch.autograd.gradgradcheck(sums, (x, weights))


@pytest.mark.parametrize("grid_size", [4, 40])
def test_only_the_gradient_that_is_asked_for(grid_size: int) -> None:
    layer = KANLayer(2, 3, grid_size)
    x = points(20, 2)
    layer(x).sum().backward()
    by_weights = layer.coefficients.grad.clone()
    layer.requires_grad_(False)
    x.requires_grad_()
    layer(x).sum().backward()
    assert float(x.grad.abs().sum()) > 0
    layer.requires_grad_(True)
    layer.coefficients.grad = None
    layer(x).sum().backward()
    assert torch.equal(layer.coefficients.grad, by_weights)


def test_transforms_of_torch_func_work() -> None:
    model = KAN((2, 3, 1), grid_size=5, seed=2)
    x = points(7, 2)
    found = torch.func.vmap(torch.func.jacrev(lambda row: model(row.unsqueeze(0))[0]))(x)
    inputs = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(model(inputs).sum(), inputs)
    assert torch.allclose(found[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("grid_size", [5, 40])
def test_a_user_s_own_loop_learns(grid_size: int, dtype: torch.dtype, device: str) -> None:
    first = KANLayer(2, 4, grid_size, dtype=dtype, device=device)
    stack = torch.nn.Sequential(
        first, torch.nn.Tanh(), torch.nn.Linear(4, 1, dtype=dtype, device=device)
    )
    x = points(256, 2, 1.0).to(device, dtype)
    y = (x[:, :1] * 3).sin() + x[:, 1:] ** 2
    optimizer = torch.optim.Adam(stack.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (stack(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]


def test_leading_dimensions_are_kept() -> None:
    layer = KANLayer(3, 2)
    x = points(12, 3)
    assert torch.allclose(layer(x.view(2, 6, 3)).view(12, 2), layer(x))
    assert torch.allclose(layer(x[0]), layer(x)[0])


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.filterwarnings("ignore")  # of the compiler's own
def test_compiled_layers_and_models_say_the_same(backend: str) -> None:
    x = points(30, 2)
    for module in (KANLayer(2, 3, 40), KAN((2, (1, 1), 1), grid_size=4, base="silu")):
        compiled = torch.compile(copy.deepcopy(module), backend=backend)
        assert torch.allclose(compiled(x), module(x), atol=1e-12)
        compiled(x).sum().backward()
        module(x).sum().backward()
        for a, b in zip(compiled.parameters(), module.parameters(), strict=True):
            if b.grad is not None:
                assert torch.allclose(a.grad, b.grad, atol=1e-10)


def test_numbers_move_by_state_dict_and_copies_share_nothing() -> None:
    first, second = KANLayer(2, 3, generator=torch.Generator().manual_seed(1)), KANLayer(2, 3)
    x = points(9, 2)
    assert not torch.equal(first(x), second(x))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(x), second(x))
    twin = copy.deepcopy(first)
    with torch.no_grad():
        twin.coefficients.zero_()
        twin.locked.fill_(True)
    assert torch.equal(first(x), second(x))
    assert not bool(first.locked.any())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KANLayer(0, 2), "in_features must be at least 1, got 0"),
        (lambda: KANLayer(2, 0), "out_features must be at least 1, got 0"),
        (lambda: KANLayer(2, 2, 0), "grid_size must be at least 1, got 0"),
        (lambda: KANLayer(2, 2, basis="wavelet"), "basis must be one of bspline, chebyshev"),
        (lambda: KANLayer(2, 2, base="relu6"), "base must be None, 'silu' or a known function"),
        (lambda: KANLayer(2, 2)(torch.zeros(5, 3).double()), r"inputs of shape \(\.\.\., 2\)"),
        (lambda: KANLayer(2, 2)(torch.zeros(5, 2)), "dtype torch.float64, got .* torch.float32"),
    ],
)
def test_bad_layers_are_refused_in_words(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_fixed_edges_cost_operations_by_function_and_not_by_edge() -> None:
    x = points(10, 8)
    counts = []
    for edges in (1, 8, 64):
        places = [(target, source) for target in range(8) for source in range(8)][:edges]
        layer = KANLayer(8, 8, fixed=dict.fromkeys(places, "sin"))
        with Operations() as done:
            layer(x).sum().backward()
        counts.append(done.count)
    assert counts[0] == counts[1] == counts[2]


def test_networks_with_fixed_edges_are_copied_and_pickled() -> None:
    model = KAN((2, (1, 1), 1), seed=1)
    model.layer(0).fixed[0, 0] = "sin"
    x = points(9, 2)
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    for twin in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(buffer, weights_only=False),
    ):
        assert torch.equal(twin(x), model(x))
        twin.layer(0).fixed.clear()
        assert not torch.equal(twin(x), model(x))
