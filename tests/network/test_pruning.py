"""Elimination finds the known smallest networks; removals keep the function where they can."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.growth import expand_width
from workbench.kan.locking import lock, locked_edges
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.kan.training.starts import random_starts
from workbench.network.attribution import edge_scores, feature_scores
from workbench.network.elimination import eliminate
from workbench.network.fixing import fix
from workbench.network.pruning import (
    prune_edges,
    prune_inputs,
    prune_nodes,
    remove_each,
    remove_edges,
    remove_node,
)

EXP, BY_SQUARES, PRODUCT, QUOTIENT, _ = PROBLEMS


@pytest.mark.parametrize(
    ("problem", "width", "edges"),
    [
        (EXP, (2, 4, 1), 3),
        (BY_SQUARES, (2, 4, 1), 6),
        (PRODUCT, (2, (1, 1), 1), 3),
        (QUOTIENT, (2, 3, 1), 3),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_known_smallest_network_is_found(problem, width, edges) -> None:
    data = problem.dataset()
    result = fit(KAN(width), data, grids=(3, 6))
    found = eliminate(result.model, data)
    assert len(found.model.edges()) == edges
    assert found.path[found.chosen].validation_loss < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_an_edge_between_classes_keeps_its_product(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (900, 3))
    above = x[:, 2] > x[:, 0] * x[:, 1] + 0.03 * random.standard_normal(900)
    data = Dataset.from_arrays(x, above)
    trained = fit(KAN((3, (1, 1), 1), seed=seed), data, grids=(3, 6), seed=seed)
    found = eliminate(trained.model, data)
    assert len(found.model.edges()) == 5
    assert found.path[found.chosen].validation_loss < 1.1 * trained.validation_loss


def test_refits_keep_to_the_finest_grid_and_to_the_smoothness() -> None:
    data = EXP.dataset()
    trained = fit(KAN((2, 1, 1)), data, grids=(3,)).model
    for finest in (2, 3, 5, 12):
        grids = {s.model.layer(0).grid_size for s in eliminate(trained, data, finest=finest).path}
        assert max(grids) == finest
    stiff = eliminate(trained, data, smoothness=1.0)
    assert stiff.path[0].validation_loss > 10 * eliminate(trained, data).path[0].validation_loss
    with pytest.raises(InputError, match="finest must be at least 1"):
        eliminate(trained, data, finest=0)


def losses(model: KAN, data: Dataset, **options: Any) -> list[float]:
    return [s.validation_loss for s in eliminate(model, data, **options).path]


def test_refits_take_the_options_of_trainings_that_have_a_meaning_for_them() -> None:
    data = EXP.dataset()
    trained = fit(KAN((2, 1, 1)), data, grids=(3,)).model
    usual = losses(trained, data)
    assert losses(trained, data, training={"grids": (2, 5)}) == losses(trained, data, finest=5)
    stiff = losses(trained, data, training={"smoothness": 1.0})
    assert stiff == losses(trained, data, smoothness=1.0) != usual
    assert losses(trained, data, smoothness=0.0, training={"smoothness": 1.0}) == usual
    for asked in ({"l1": (0.1, 1.0)}, {"entropy": 1.0}):
        assert losses(trained, data, training=asked)[0] != usual[0]
    assert losses(trained, data, training={"l1": (0.1, 1.0)}) == losses(
        trained, data, training={"l1": 1.0}
    )
    hasty = losses(trained, data, training={"steps": 1})
    assert hasty[0] > 1.5 * usual[0]
    assert losses(trained, data, training={"steps": 1, "solver": "lm"}) == hasty
    for solver in ("adam", "lbfgs"):  # its steps are others
        assert losses(trained, data, training={"steps": 1, "solver": solver}) == usual
    with pytest.raises(InputError, match="starts must be at least 1"):
        eliminate(trained, data, training={"starts": -1})
    with pytest.raises(InputError, match="fit has no argument 'rate': it has solver, loss"):
        eliminate(trained, data, training={"rate": 1})


def test_random_numbers_of_an_elimination_are_those_of_its_seed_and_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def noted(model: KAN, x: torch.Tensor, grid: int, copies: int, seed: int) -> Ensemble:
        asked.append((copies, seed))
        return random_starts(model, x, grid, copies, seed)

    monkeypatch.setattr("workbench.network.elimination.random_starts", noted)
    data = BY_SQUARES.dataset()
    trained = fit(KAN((2, 4, 1)), data, grids=(3,)).model
    eliminate(trained, data, training={"starts": 3}, seed=5)
    assert {copies for copies, _ in asked} == {3}
    assert min(seed for _, seed in asked) == 5


@pytest.mark.parametrize("locked_on", [5, 6])
def test_what_is_locked_is_not_bent_by_another_grid(locked_on: int) -> None:
    data = EXP.dataset()
    model = lock(fit(KAN((2, 1, 1)), data, grids=(locked_on,), starts=2).model, Edge(0, 0, 0))
    x = torch.linspace(-0.9, 0.9, 50, dtype=torch.float64)
    before = model.activation(Edge(0, 0, 0), x)
    after = eliminate(model, data).path[0].model.activation(Edge(0, 0, 0), x)
    assert torch.allclose(after, before, atol=1e-5 * float(before.abs().max()))


def test_idle_inputs_go() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (600, 4))
    y = np.exp(np.sin(np.pi * x[:, 1]) + x[:, 3] ** 2) + 0.05 * random.standard_normal(600)
    data = Dataset.from_arrays(x, y)
    found = eliminate(fit(KAN((4, 2, 1)), data, grids=(3, 6)).model, data)
    assert {e.source for e in found.model.edges() if e.layer == 0} == {1, 3}
    importance = feature_scores(found.model, data.inputs)
    assert importance[0] == importance[2] == 0
    assert importance[1] > 0.3


def test_scores_do_not_see_the_gauge() -> None:
    data = EXP.dataset()
    model = fit(KAN((2, 1, 1)), data, grids=(6,)).model
    before = edge_scores(model, data.inputs)
    shifted = model.copy()
    with torch.no_grad():  # a constant traded between the two edges into the hidden node
        shifted.layer(0).coefficients[0, 0] += 0.7
        shifted.layer(0).coefficients[0, 1] -= 0.7
    for old, new in zip(before, edge_scores(shifted, data.inputs), strict=True):
        assert torch.allclose(old, new, atol=1e-10)


def test_removal_passes_the_mean_on_and_leaves_the_model() -> None:
    data = EXP.dataset()
    model = fit(KAN((2, 1, 1)), data, grids=(6,)).model
    before = model(data.inputs).detach()
    smaller = remove_edges(model, data.inputs, [Edge(0, 0, 0)])
    assert torch.equal(model(data.inputs), before)
    assert len(smaller.edges()) == 2
    hidden = model.trace(data.inputs).nodes[1].mean()
    assert torch.isclose(smaller.trace(data.inputs).nodes[1].mean(), hidden)


def test_threshold_pruning() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (400, 3))
    data = Dataset.from_arrays(x, x[:, 0] ** 2)
    model = fit(KAN((3, 1)), data, grids=(6,)).model
    assert prune_edges(model, data).edges() == [Edge(0, 0, 0)]
    with pytest.raises(InputError, match="threshold must lie between 0 and 1"):
        prune_edges(model, data, threshold=2.0)


def test_locked_edges_are_never_pruned() -> None:
    data = EXP.dataset(400)
    model = fit(KAN((2, 3, 1)), data, grids=(3,), starts=8).model.refine(6)
    layers = edge_scores(model, data.split("train")[0])
    largest = max(float(layer.max()) for layer in layers)
    node = int(layers[1][0].argmax())
    weak = layers[0][node]
    held = Edge(0, int(weak.argmin()), node)
    locked = lock(model, held)
    found = eliminate(locked, data)
    points = torch.linspace(-1, 1, 50, dtype=torch.float64)
    for stage in found.path:
        assert locked_edges(stage.model) == [held]
        curve = stage.model.activation(held, points)
        assert torch.allclose(curve, locked.activation(held, points), rtol=0, atol=1e-12)
    assert len(found.path[-1].model.edges()) < len(locked.edges())
    kept = prune_edges(locked, data, threshold=1.001 * float(weak.min()) / largest)
    assert held in kept.edges()


def test_a_threshold_that_would_cut_off_a_locked_edge_is_refused() -> None:
    data = EXP.dataset(200)
    model = lock(KAN((2, 2, 1), seed=1), Edge(0, 0, 1))
    with torch.no_grad():
        model.layer(1).coefficients[0, 1] *= 1e-3
    with pytest.raises(InputError, match="would cut off a locked edge: lower or unlock it"):
        prune_edges(model, data, threshold=0.5)


def test_faint_nodes_and_inputs_go_with_all_their_edges() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (400, 3))
    data = Dataset.from_arrays(x, np.exp(x[:, 0] + x[:, 2] ** 2))
    model = fit(KAN((3, 1, 1)), data, grids=(6,)).model
    wider = expand_width(model, 1, sums=2, products=1)
    pruned = prune_nodes(wider, data)
    assert pruned.edges() == model.edges()
    assert torch.allclose(pruned(data.inputs), model(data.inputs), atol=1e-9)
    fewer = prune_inputs(model, data)
    assert fewer.edges() == [Edge(0, 0, 0), Edge(0, 2, 0), Edge(1, 0, 0)]
    assert fewer.in_features == 3
    held = lock(wider, Edge(0, 1, 2))
    left = prune_inputs(held, data).edges()
    assert [e for e in left if e.layer == 0 and e.source == 1] == [Edge(0, 1, 2)]
    with pytest.raises(InputError, match="would cut off a locked edge"):
        prune_nodes(held, data)
    with pytest.raises(InputError, match="has no hidden node"):
        prune_nodes(KAN((3, 1)), data)
    with pytest.raises(InputError, match="threshold must lie between 0 and 1, got 2"):
        prune_inputs(model, data, threshold=2)


def test_a_stack_of_removals_keeps_what_is_fixed_in_the_others() -> None:
    data = EXP.dataset(200)
    model = KAN((2, 2, 1), seed=1)
    model = fix(model, Edge(0, 0, 0), "sin", (1.0, 0.2, 1.0, 0.0))
    model = fix(model, Edge(0, 1, 1), "square", (1.0, 0.2, 1.0, 0.0))
    nets = remove_each(model, data.inputs, [[edge] for edge in model.edges()])
    stack = Ensemble.of(nets)
    outputs = stack.nodes(data.inputs)[-1]
    for index, net in enumerate(nets):
        alone = stack.model(index)
        expected = net(data.inputs)
        torch.testing.assert_close(alone(data.inputs), expected)
        torch.testing.assert_close(outputs[index] * net.output_scale + net.output_shift, expected)
        assert alone.edges() == net.edges()
        assert [alone.layer(0).fixed, alone.layer(1).fixed] == [
            net.layer(0).fixed,
            net.layer(1).fixed,
        ]


def test_a_node_is_removed_with_all_its_edges() -> None:
    model = KAN((2, (1, 1), 1), seed=0)
    x = torch.rand(50, 2, dtype=torch.float64)
    less = remove_node(model, x, 1, 1)
    # The product with both of its factors; the sum is left.
    assert less.edges() == [Edge(0, 0, 0), Edge(0, 1, 0), Edge(1, 0, 0)]
    assert float(less(x).detach().mean()) == pytest.approx(float(model(x).detach().mean()))
    assert len(model.edges()) == 8
    wide = remove_node(KAN((2, 2, 3), seed=0), x, 1, 1)
    assert wide.edges() == [Edge(0, 0, 0), Edge(0, 1, 0), *(Edge(1, 0, k) for k in range(3))]
    without_input = remove_node(model, x, 0, 1)
    assert {edge.source for edge in without_input.edges() if edge.layer == 0} == {0}


@pytest.mark.parametrize(
    ("level", "node", "said"),
    [(2, 0, "an input or hidden"), (1, 5, "an input or hidden"), (0, -1, "an input or hidden")],
)
def test_a_node_that_is_not_there_is_refused(level: int, node: int, said: str) -> None:
    x = torch.rand(50, 2, dtype=torch.float64)
    with pytest.raises(InputError, match=said):
        remove_node(KAN((2, 2, 1)), x, level, node)


def test_the_last_way_to_an_output_stays() -> None:
    x = torch.rand(50, 2, dtype=torch.float64)
    with pytest.raises(InputError, match="needs at least one edge"):
        remove_node(KAN((2, 1, 1)), x, 1, 0)


def test_scores_are_root_mean_squares() -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    data = Dataset.from_arrays(x, 3 * x[:, 0])
    model = fit(KAN((1, 1)), data, grids=(3,), starts=1, steps=10).model
    score = float(edge_scores(model, data.split("train")[0])[0])
    assert score == pytest.approx(1, abs=0.02)  # the mean absolute change would be 0.87
