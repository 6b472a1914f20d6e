"""The right function is found on every curve of the table, at any scale."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
import torch

from tests.operations import Operations
from workbench.kan.functions import lookup
from workbench.kan.model import KAN, Edge
from workbench.network.candidates import EVERY, MATCHED, Candidate, match, suggest
from workbench.network.fixing import fix, unfix
from workbench.search.symbolic import ranked

POINTS = torch.linspace(0.3, 2.1, 128, dtype=torch.float64)
INNER = {
    "linear": (1, 0),
    "square": (1, -1),
    "cube": (1, -1.2),
    "abs": (1, -1),
    "reciprocal": (1, 0.4),
    "reciprocal_square": (1, 0.2),
    "sqrt": (1, -0.25),
    "inverse_sqrt": (1, 0.1),
    "power_3_2": (1, -0.28),
    "log": (1, -0.2),
    "exp": (1.5, 0),
    "sin": (7, 1),
    "tanh": (2, -2),
    "arctan": (2, -2),
    "gaussian": (2, -2),
    "erf": (2, -2),
    "cosh": (2, -2),
    "sinh": (2, -2),
    "arcsin": (1, -1.15),
    "artanh": (1, -1.15),
    "tan": (1, -1),
}
RARE = {
    "power_4": (1, -1.2), "power_5": (1, -1.1), "sign": (1, -1), "reciprocal_cube": (1, 0.2),
    "reciprocal_power_4": (1, 0.2), "reciprocal_power_5": (1, 0.3), "sinc": (7, -8),
    "bessel_j0": (9, -9), "bessel_j1": (9, -7), "softplus": (4, -4),
}  # fmt: skip
ON_REQUEST = {"lambertw": (2, -0.9)}


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_right_family_wins_at_any_scale(scale: float) -> None:
    assert set(INNER) == set(MATCHED)
    curves = torch.stack([lookup(n).value(a * POINTS + b) for n, (a, b) in INNER.items()])
    found = match(POINTS.expand(len(curves), -1), scale * (3 * curves + 1))
    assert [row[0].name for row in found] == list(INNER)
    assert all(1 - row[0].r2 < 1e-12 for row in found)


def test_rare_functions_are_told_apart_when_asked_for() -> None:
    assert set(INNER | RARE) == set(EVERY)
    everything = INNER | RARE | ON_REQUEST
    curves = torch.stack([lookup(n).value(a * POINTS + b) for n, (a, b) in everything.items()])
    found = match(POINTS.expand(len(curves), -1), 3 * curves + 1, tuple(everything))
    assert [row[0].name for row in found] == list(everything)


@pytest.mark.parametrize("inner", [(0.3, 0.1), (-1.2, 3.0), (-0.2, 0.06), (8.0, -2.7)])
def test_lambertw_is_found_wherever_the_curve_lies(inner: tuple[float, float]) -> None:
    curve = lookup("lambertw").value(inner[0] * POINTS + inner[1])
    best = match(POINTS[None], (2 * curve - 1)[None], (*EVERY, "lambertw"))[0][0]
    assert best.name == "lambertw"
    assert best.affine == pytest.approx((*inner, 2, -1), rel=1e-4)


def test_a_simple_function_wins_where_noise_hides_the_difference() -> None:
    noise = torch.randn(128, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    best = match(POINTS[None], (2 * POINTS + 0.02 * noise)[None])[0][0]
    assert best.name == "linear"


def test_the_overlay_is_the_curve() -> None:
    curve = 2 * torch.exp(-POINTS) + 1
    best = match(POINTS[None], curve[None])[0][0]
    assert torch.allclose(best.curve(POINTS), curve, atol=1e-9)


def test_affine_parameters_reproduce_the_curve() -> None:
    curve = 2.5 * torch.sin(4 * POINTS - 0.3) + 7
    best = match(POINTS[None], curve[None])[0][0]
    a, b, c, d = best.affine
    assert best.name == "sin"
    assert torch.allclose(c * torch.sin(a * POINTS + b) + d, curve, atol=1e-9)


def test_noise_does_not_change_the_family_of_a_clear_curve() -> None:
    noise = torch.randn(128, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for name in ("sin", "gaussian", "tanh", "cube", "reciprocal_square"):
        a, b = INNER[name]
        curve = lookup(name).value(a * POINTS + b)
        found = match(POINTS[None], (curve + 0.01 * curve.std() * noise)[None])[0]
        assert found[0].name == name


@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_sine_is_a_sine_and_not_nothing(seed: int) -> None:
    noise = torch.randn(128, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    curve = torch.sin(4 * POINTS + 0.3)
    found = match(POINTS[None], (curve + 0.065 * curve.std() * noise)[None])[0]
    assert found[0].name == ranked(found, effect=1.0, noise=0.065)[0].name == "sin"
    assert 0.99 < found[0].r2 < 0.999


@pytest.mark.parametrize("amplitude", [1e-4, 1e-5])
def test_a_sine_of_tiny_amplitude_on_an_edge_is_recognised(amplitude: float) -> None:
    edge = Edge(0, 0, 0)
    model = fix(KAN((1, 1), 24), edge, "sin", (3.0, 0.2, amplitude, 0.0))
    model = unfix(model, edge)
    x = torch.linspace(-1, 1, 100, dtype=torch.float64).unsqueeze(1)
    best = suggest(model, x)[edge][0]
    assert best.name == "sin"
    assert best.r2 > 0.9999


def test_the_work_does_not_grow_with_the_number_of_curves() -> None:
    curve = (torch.sin(4 * POINTS) + 0.2 * POINTS**2)[None]
    with Operations() as one:
        match(POINTS[None], curve)
    with Operations() as many:
        match(POINTS.expand(20, -1), curve.expand(20, -1))
    assert many.count < 1.2 * one.count


def test_candidates_that_were_handed_out_do_not_change() -> None:
    best = match(POINTS[None], torch.exp(POINTS)[None])[0][0]
    with pytest.raises(FrozenInstanceError):
        best.name = "sin"
    assert len({best, replace(best)}) == 1


def test_curves_are_matched_where_their_edges_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[torch.Tensor] = []

    def noted(points: torch.Tensor, curves: torch.Tensor, functions: Any) -> list[list[Candidate]]:
        asked.append(points)
        return match(points, curves, functions)

    monkeypatch.setattr("workbench.network.candidates.match", noted)
    x = torch.cat((torch.linspace(-1, 0, 99), torch.tensor([3.0]))).double()[:, None]
    suggest(KAN((1, 1)), x, functions=("linear",))
    (points,) = asked[0]
    assert (points[0], points[-1]) == (-1.0, 3.0)
    assert bool((points.diff() > 0).all())
    assert 0.2 < points.median() + 0.5 < 0.8  # between the middle of the range and that of the rows
