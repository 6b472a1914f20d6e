"""Splines are tested by their laws."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from workbench.kan import spline
from workbench.kan.edge_sums import edge_sums

LOW, HIGH = torch.tensor(-1.5, dtype=torch.float64), torch.tensor(2.0, dtype=torch.float64)
INSIDE = torch.linspace(-1.5, 2.0, 201, dtype=torch.float64)


def design(x: torch.Tensor, grid_size: int, degree: int, derivative: int = 0) -> torch.Tensor:
    return spline.basis(x.unsqueeze(-1), LOW, HIGH, grid_size, degree, derivative).squeeze(-2)


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5])
def test_basis_is_a_partition_of_unity(degree: int) -> None:
    assert torch.allclose(design(INSIDE, 7, degree).sum(-1), torch.ones(201).double(), atol=1e-13)


def test_degree_zero_is_binning() -> None:
    found = design(INSIDE[:-1], 7, 0).argmax(-1).numpy()
    assert (found == np.floor((INSIDE[:-1].numpy() + 1.5) / 0.5 + 1e-12)).all()


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_basis_agrees_with_scipy(degree: int) -> None:
    grid_size = 6
    step = 3.5 / grid_size
    knots = -1.5 + step * np.arange(-degree, grid_size + degree + 1)
    inner = INSIDE[:-1]
    expected = BSpline.design_matrix(inner.numpy(), knots, degree).toarray()
    assert np.abs(design(inner, grid_size, degree).numpy() - expected).max() < 1e-13


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_cubics_are_reproduced(power: int) -> None:
    matrix = design(INSIDE, 4, 3)
    target = INSIDE**power
    solution = torch.linalg.lstsq(matrix, target.unsqueeze(1)).solution
    assert torch.allclose(matrix @ solution, target.unsqueeze(1), atol=1e-12)


@pytest.mark.parametrize("derivative", [1, 2])
def test_derivatives_agree_with_finite_differences(derivative: int) -> None:
    x = torch.tensor([-2.0, -1.1, 0.33, 1.9, 2.7], dtype=torch.float64)
    step = 1e-5
    lower = design(x - step, 5, 3, derivative - 1)
    upper = design(x + step, 5, 3, derivative - 1)
    assert torch.allclose(design(x, 5, 3, derivative), (upper - lower) / (2 * step), atol=1e-6)


def test_continuation_is_a_straight_line() -> None:
    values = design(torch.tensor([2.0, 2.5, 3.0, 3.5], dtype=torch.float64), 5, 3)
    assert torch.allclose(values.diff(n=2, dim=0), torch.zeros(2, 8).double(), atol=1e-12)


@pytest.mark.parametrize("finer", [6, 9, 12, 48])
def test_refinement_on_nested_knots_is_exact(finer: int) -> None:
    coefficients = torch.randn(
        2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    low, high = torch.full((4,), -1.5).double(), torch.full((4,), 2.0).double()
    found = spline.transfer(coefficients, (low, high), (low, high), finer, 3)
    before = torch.einsum("pk,oik->poi", design(INSIDE, 3, 3), coefficients)
    after = torch.einsum("pk,oik->poi", design(INSIDE, finer, 3), found)
    assert torch.allclose(before, after, atol=1e-12)


@pytest.mark.parametrize("grid_size", [3, 40])
def test_a_point_without_a_value_spoils_its_own_row_alone(grid_size: int) -> None:
    x = torch.tensor([[0.2], [torch.nan], [0.7]], dtype=torch.float64)
    ends = torch.tensor([[-1.0, 1.0]], dtype=torch.float64)
    dense = spline.basis(x, ends[:, 0], ends[:, 1], grid_size, 3)[:, 0]
    assert dense.isnan().any(1).tolist() == [False, True, False]
    weights = torch.ones(1, 1, grid_size + 3, dtype=torch.float64)
    for asked in (False, True):
        total = edge_sums(x, weights.requires_grad_(asked), ends, 3)
        assert total[:, 0].isnan().tolist() == [False, True, False]
