"""Every function's slope is the derivative of its value, and stays finite outside the domain."""

import pytest
import torch
from scipy import special

from workbench.kan.functions import FUNCTIONS, add_function, lookup, remove_function

PYKAN = (
    "zero", "linear", "square", "cube", "power_4", "power_5", "reciprocal", "reciprocal_square",
    "reciprocal_cube", "reciprocal_power_4", "reciprocal_power_5", "sqrt", "power_3_2", "inverse_sqrt",
    "exp", "log", "abs", "sin", "cos", "tan", "tanh", "sign", "arcsin", "arccos", "arctan", "artanh",
    "gaussian",
)  # fmt: skip
MORE = (
    "sinh", "cosh", "sigmoid", "softplus", "erf", "bessel_j0", "bessel_j1", "sinc", "step", "lambertw",
)  # fmt: skip


def test_the_table_holds_what_others_offer_and_more() -> None:
    assert set(PYKAN + MORE) <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slope_is_the_derivative(name: str) -> None:
    function = lookup(name)
    x = torch.tensor([0.11, 0.37, 0.73, 0.9], dtype=torch.float64)
    step = 1e-6
    numeric = (function.value(x + step) - function.value(x - step)) / (2 * step)
    assert torch.allclose(function.slope(x), numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_finite_everywhere(name: str) -> None:
    x = torch.tensor([-300.0, -1.0, 0.0, 1.0, 300.0], dtype=torch.float64)
    assert lookup(name).value(x).isfinite().all()
    assert lookup(name).slope(x).isfinite().all()


def test_unknown_name_is_said() -> None:
    with pytest.raises(ValueError, match="unknown function 'cosine': choose one of"):
        lookup("cosine")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_autograd_agrees_with_the_slope(name: str) -> None:
    x = torch.tensor([0.11, 0.37, 0.73, 0.9], dtype=torch.float64, requires_grad=True)
    value = lookup(name).value(x)
    if not value.requires_grad:  # constants
        assert (lookup(name).slope(x) == 0).all()
        return
    (found,) = torch.autograd.grad(value.sum(), x)
    assert torch.allclose(found, lookup(name).slope(x.detach()), rtol=1e-9, atol=1e-12)


def test_slopes_survive_a_small_argument() -> None:
    x = torch.tensor([-1e-3, -1e-9, 0.0, 1e-9, 1e-3], dtype=torch.float64)
    assert torch.allclose(lookup("sinc").slope(x), -x / 3, atol=1e-9)
    assert torch.allclose(lookup("bessel_j1").slope(x), torch.full_like(x, 0.5), atol=1e-6)


def test_bessel_functions_hold_far_out() -> None:
    x = torch.linspace(-180, 180, 2001, dtype=torch.float64)
    for order, name in enumerate(("bessel_j0", "bessel_j1")):
        expected = torch.from_numpy(special.jv(order, x.numpy()))
        assert torch.allclose(lookup(name).value(x), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
def test_lambertw_holds_from_near_its_branch_point_to_far_out(
    dtype: torch.dtype, rtol: float
) -> None:
    far = torch.logspace(-12, 30, 2001, dtype=torch.float64)
    x = torch.cat((torch.linspace(-0.36, 3, 2001, dtype=torch.float64), far)).to(dtype)
    expected = torch.from_numpy(special.lambertw(x.double().numpy()).real)
    assert torch.allclose(lookup("lambertw").value(x).double(), expected, rtol=rtol, atol=0)


def test_lambertw_has_its_slope_at_zero_and_its_curvature() -> None:
    x = torch.tensor([-0.3, 0.0, 0.4, 0.6, 50.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(lookup("lambertw").value(x).sum(), x, create_graph=True)
    assert torch.allclose(slope, lookup("lambertw").slope(x), rtol=1e-12, atol=0)
    assert slope[1].item() == pytest.approx(1)
    (curvature,) = torch.autograd.grad(slope.sum(), x)
    w = lookup("lambertw").value(x.detach())
    expected = -(-2 * w).exp() * (w + 2) / (1 + w) ** 3
    assert torch.allclose(curvature, expected, rtol=1e-9, atol=0)


def test_added_functions_are_probed() -> None:
    slope = add_function("twice", lambda x: 2 * x).slope
    try:
        assert (slope(torch.ones(3)) == 2).all()
        with pytest.raises(ValueError, match="already a function 'twice'"):
            add_function("twice", torch.sin)
    finally:
        remove_function("twice")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("two words", torch.sin, "must be an identifier"),
        ("mean", lambda x: x.mean(), "must map a tensor elementwise"),
        ("whole", lambda x: x.long(), "must map a tensor elementwise"),
        ("nan", lambda x: x * torch.nan, "not finite anywhere"),
        ("broken", lambda x: x @ x, "fails on a tensor"),
    ],
)
def test_bad_functions_are_refused(name, value, words) -> None:
    with pytest.raises(ValueError, match=words):
        add_function(name, value)
    assert name not in FUNCTIONS
