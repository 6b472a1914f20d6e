"""Every function's slope is the derivative of its value, and stays finite outside the domain."""

import pytest
import torch

from workbench.kan.functions import FUNCTIONS, lookup


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
