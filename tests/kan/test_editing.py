"""Edges edited by hand: what is bent is what was asked for, what comes back changes nothing."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from workbench.errors import InputError
from workbench.kan.editing import greville, reopen, reshape
from workbench.kan.model import KAN, Edge

EDGE = Edge(0, 1, 2)
X = torch.linspace(-1, 1, 50, dtype=torch.float64)


@pytest.fixture
def model() -> KAN:
    return KAN((2, 3, 1), grid_size=4, seed=0)


def pruned(model: KAN) -> KAN:
    less = model.copy()
    less.layer(0).mask[EDGE.target, EDGE.source] = 0
    return less


def test_a_bent_edge_is_the_spline_of_its_coefficients(model: KAN) -> None:
    given = [0.5, -1.0, 2.0, 0.25, 0.0, 1.0, -0.125]
    bent = reshape(model, EDGE, given)
    knots = -1 + 0.5 * (np.arange(11) - 3)
    assert np.allclose(bent.activation(EDGE, X), BSpline(knots, given, 3)(X.numpy()), atol=1e-12)
    others = [edge for edge in model.edges() if edge != EDGE]
    assert all(torch.equal(bent.activation(e, X), model.activation(e, X)) for e in others)
    assert not torch.equal(model.activation(EDGE, X), bent.activation(EDGE, X))


def test_a_base_is_one_coefficient_more() -> None:
    model = KAN((2, 1), base="silu", seed=0)
    edge = Edge(0, 0, 0)
    bent = reshape(model, edge, [0.0] * 6 + [2.0])
    assert torch.allclose(bent.activation(edge, X), 2 * torch.nn.functional.silu(X))


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_coefficients_on_a_line_at_their_abscissae_are_that_line(degree: int) -> None:
    model = KAN((2, 1), grid_size=5, degree=degree)
    model.layer(0).grid_range[1] = torch.tensor([-3.0, 2.0])
    places = greville(model.layer(0), 1)
    assert places is not None
    edge = Edge(0, 1, 0)
    bent = reshape(model, edge, (3 * places - 1).tolist())
    assert torch.allclose(bent.activation(edge, X), 3 * X - 1)


def test_only_splines_have_abscissae() -> None:
    assert greville(KAN((2, 1), basis="chebyshev").layer(0), 0) is None


def test_an_edge_that_comes_back_changes_nothing_and_can_learn(model: KAN) -> None:
    less = pruned(model)
    back = reopen(less, EDGE)
    assert EDGE in back.edges()
    assert EDGE not in less.edges()
    x = torch.rand(20, 2, dtype=torch.float64)
    assert torch.equal(back(x), less(x))
    back(x).square().sum().backward()
    gradient = back.layer(0).coefficients.grad
    assert gradient is not None
    assert float(gradient[EDGE.target, EDGE.source].abs().max()) > 0


@pytest.mark.parametrize(
    ("edge", "coefficients", "said"),
    [
        (EDGE, [1.0], "needs 7 finite coefficients"),
        (EDGE, [float("nan")] * 7, "needs 7 finite coefficients"),
        (Edge(0, 5, 0), [0.0] * 7, "there is no"),
        (Edge(0, 0, 0), [0.0] * 7, "unfix it first"),
    ],
)
def test_what_cannot_be_bent_is_said(model: KAN, edge: Edge, coefficients, said: str) -> None:
    model.layer(0).fixed[0, 0] = "sin"
    with pytest.raises(InputError, match=said):
        reshape(model, edge, coefficients)


@pytest.mark.parametrize(
    ("edge", "said"),
    [(EDGE, "is alive"), (Edge(2, 0, 0), "there is no"), (Edge(0, -1, 0), "there is no")],
)
def test_what_cannot_come_back_is_said(model: KAN, edge: Edge, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reopen(model, edge)
