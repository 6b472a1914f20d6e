"""Which of the networks that were trained and pruned are worth naming."""

from types import SimpleNamespace

import pytest
import torch

from workbench.kan.model import KAN
from workbench.network.elimination import Elimination, Stage
from workbench.network.pruning import remove_edges
from workbench.search.discovery import Shape
from workbench.search.shapes import worth_naming


def shape(width: tuple[int, ...], losses: tuple[float, ...], chosen: int) -> Shape:
    """A shape whose path loses an edge at every stage."""
    whole = KAN(width)
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None].repeat(1, width[0])
    nets = [remove_edges(whole, x, whole.edges()[:gone]) for gone in range(len(losses))]
    path = tuple(Stage(n, len(n.edges()), loss) for n, loss in zip(nets, losses, strict=True))
    fit = SimpleNamespace(validation_loss=1.0)
    return Shape(width, fit, Elimination(path, chosen))  # type: ignore[arg-type]


def edges(nets: list[KAN]) -> list[int]:
    return [len(net.edges()) for net in nets]


@pytest.mark.parametrize(
    ("chosen", "named"), [(1, [3, 4, 2]), (0, [4, 3]), (3, [1, 2]), (2, [2, 3, 1])]
)
def test_neighbours_on_the_path_of_the_best_shape_are_named_too(
    chosen: int, named: list[int]
) -> None:
    losses = tuple(0.1 if place == chosen else 0.2 for place in range(4))
    best = shape((4, 1), losses, chosen)
    assert edges(worth_naming([best], "normal")) == named
    assert edges(worth_naming([best], "quick")) == named[:1]
