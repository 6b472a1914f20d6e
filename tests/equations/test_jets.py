"""Derivatives by jets are those of torch.func, and go back to every coefficient."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.func import jacfwd, vmap

from workbench.equations.jets import carried, jet
from workbench.equations.taylor import Indices
from workbench.errors import InputError
from workbench.kan import KAN
from workbench.kan.ensemble import Ensemble

POINTS = 2 * torch.rand(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1


def by_torch(model: KAN, order: int) -> Tensor:
    def derivative(x: Tensor) -> Tensor:
        return model(x[None])[0]

    function = derivative
    for _ in range(order):
        function = jacfwd(function)
    return vmap(function)(POINTS).detach()


@pytest.mark.parametrize(("width", "arity"), [((2, 3, 2), 2), ((2, (1, 1), 2, (0, 1)), 3)])
def test_derivatives_up_to_the_fourth_order(width, arity) -> None:
    model = KAN(width, 4, 6, arity=arity, seed=1)
    model.layer(0).mask[0, 1] = 0
    asked = [i for i in itertools.product(range(5), repeat=2) if sum(i) <= 4]
    found = jet(model, POINTS, asked)
    for order in (0, 1, 2, 4):
        expected = by_torch(model, order)
        for index in (i for i in asked if sum(i) == order):
            place = [0] * index[0] + [1] * index[1]
            wanted = expected[(..., *place)]
            torch.testing.assert_close(
                found[index], wanted, rtol=1e-9, atol=1e-9 * float(wanted.abs().max())
            )


@pytest.mark.parametrize("family", [{"base": "silu"}, {"basis": "chebyshev"}])
def test_other_curves_are_differentiated_too(family) -> None:
    model = KAN((2, 2, 1), 4, 5, seed=1, **family)
    found = jet(model, POINTS, [(1, 1)])[1, 1]
    torch.testing.assert_close(found, by_torch(model, 2)[..., 0, 1], rtol=1e-9, atol=1e-9)


def test_the_way_back_is_the_derivative_by_every_coefficient() -> None:
    model = KAN((2, (2, 1), 2, (0, 1)), 4, 6, seed=3)
    model.layer(1).mask[1, 0] = 0
    indices = Indices.below([(2, 1), (0, 2)], 2)
    ensemble = Ensemble.of([model])
    generator = torch.Generator().manual_seed(0)
    towards = [torch.randn(1, 1, 5, generator=generator).double() for _ in indices.every]

    def value(*coefficients: Tensor) -> Tensor:
        changed = [
            replace(layer, coefficients=c)
            for layer, c in zip(ensemble.layers, coefficients, strict=True)
        ]
        outputs = carried(replace(ensemble, layers=tuple(changed)), POINTS, indices).outputs
        return torch.stack(
            [(o * t).sum((0, 1)) for o, t in zip(outputs, towards, strict=True)]
        ).sum(0)

    given = tuple(layer.coefficients.detach() for layer in ensemble.layers)
    wanted = torch.autograd.functional.jacobian(value, given)
    wanted = torch.cat([part[:, 0].transpose(1, 2).flatten(1) for part in wanted], 1).mT
    out = torch.full((1, *wanted.shape), math.nan, dtype=torch.float64)
    with torch.no_grad():
        carried(ensemble, POINTS, indices).jacobian(towards, out)
    torch.testing.assert_close(out[0], wanted, rtol=1e-9, atol=1e-9 * float(wanted.abs().max()))


def test_beyond_the_grid_curves_are_lines() -> None:
    model = KAN((1, 1), 4, 5, seed=1)
    far = torch.tensor([[2.0], [3.0]], dtype=torch.float64)
    found = jet(model, far, [(1,), (2,)])
    assert found[2,].abs().max() == 0
    slope = (model(far)[1] - model(far)[0]).detach()
    torch.testing.assert_close(found[1,][0], slope)


def test_products_of_series_and_their_way_back() -> None:
    indices = Indices.below([(2, 1)], 2)
    assert indices.every == ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (2, 1))
    assert indices.factorials[-1] == 2
    one = [torch.tensor(float(k)) for k in range(6)]
    assert indices.multiply(one, one)[-1] == 2 * (0 * 5 + 1 * 4 + 2 * 3)


@pytest.mark.parametrize("index", [(1,), (1, -1)])
def test_an_index_of_another_length(index) -> None:
    with pytest.raises(InputError, match="needs 2 numbers"):
        jet(KAN((2, 1)), POINTS, [index])


def test_fixed_edges() -> None:
    model = KAN((2, 1))
    model.layer(0).fixed = {(0, 0): "sin"}
    with pytest.raises(InputError, match="fixed edges"):
        jet(model, POINTS, [(1, 0)])
