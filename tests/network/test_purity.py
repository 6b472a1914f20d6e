"""Operations return new networks: what they were given, generators and folders stay as they were."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.kan.growth import expand_depth, expand_width, permute_nodes, submodel, warm_start
from workbench.kan.locking import lock, locked_edges, unlock
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.network.attribution import edge_scores
from workbench.network.candidates import suggest
from workbench.network.elimination import eliminate
from workbench.network.fixing import fix, unfix
from workbench.network.graph import to_networkx
from workbench.network.pruning import prune_edges, remove_edges
from workbench.search.symbolic import symbolify

DATA = PROBLEMS[0].dataset(200)
FIXED, LOCKED, WEAK, FREE = Edge(0, 0, 0), Edge(0, 1, 0), Edge(0, 1, 1), Edge(0, 0, 1)


def network() -> KAN:
    """Every setting differs from its default."""
    model = KAN((2, (1, 1), 1), 4, 2, arity=3, base="silu", seed=1)
    model = lock(lock(fix(model, FIXED, "sin", (1.2, 0.1, 0.8, 0.2)), FIXED), LOCKED)
    model.layer(0).grid_range.mul_(1.5)
    model.output_scale.fill_(2.5)
    with torch.no_grad():
        model.layer(0).coefficients[WEAK.target, WEAK.source] *= 1e-6
    return model


CHANGES: dict[str, Callable[[KAN], KAN]] = {
    "prune_edges": lambda model: prune_edges(model, DATA),
    "remove_edges": lambda model: remove_edges(model, DATA.inputs, [WEAK]),
    "eliminate": lambda model: eliminate(model, DATA).model,
    "refine": lambda model: model.refine(8),
    "fix": lambda model: fix(model, FREE, "exp", (1.0, 0.0, 1.0, 0.0)),
    "unfix": lambda model: unfix(model, FIXED),
    "lock": lambda model: lock(model, FREE),
    "unlock": lambda model: unlock(model, LOCKED),
    "expand_width": lambda model: expand_width(model, 1, sums=1),
    "expand_depth": lambda model: expand_depth(model, 2),
    "permute_nodes": lambda model: permute_nodes(model, 1, [0, 1]),
    "submodel": lambda model: submodel(model, 0, 0),
    "warm_start": lambda model: warm_start(model, model),
    "fit": lambda model: fit(model, DATA, starts=2, steps=2, grids=(4,)).model,
    "fit by adam": lambda model: fit(model, DATA, solver="adam", starts=1, steps=3).model,
}

READINGS: dict[str, Callable[[KAN], object]] = {
    "forward": lambda model: model(DATA.inputs),
    "predict": lambda model: model.predict(0.9 * DATA.inputs),
    "trace": lambda model: model.trace(DATA.inputs),
    "edge_scores": lambda model: edge_scores(model, DATA.inputs),
    "suggest": lambda model: suggest(model, DATA.inputs),
    "to_networkx": lambda model: to_networkx(model, DATA, suggest=True),
}


def contents(model: KAN) -> tuple:
    numbers = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fixed = [dict(model.layer(level).fixed) for level in range(model.config.depth)]
    return model.config, fixed, numbers, sorted(vars(model))


def same(one: tuple, other: tuple) -> bool:
    return (
        one[:2] == other[:2]
        and one[3] == other[3]
        and all(torch.equal(tensor, other[2][name]) for name, tensor in one[2].items())
    )


@contextmanager
def all_else_stays(model: KAN, folder: Path) -> Iterator[None]:
    """Nothing in the block changes the model, a global generator or the folder."""
    before = contents(model)
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    yield
    assert same(contents(model), before)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert random.getstate() == states[2]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", [*CHANGES, *READINGS])
def test_the_model_that_was_given_the_generators_and_the_folder_stay(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = network()
    with all_else_stays(model, tmp_path):
        (CHANGES | READINGS)[name](model)


@pytest.mark.parametrize("name", CHANGES)
def test_settings_survive(name: str) -> None:
    old = network()
    new = CHANGES[name](old)
    assert new is not old
    for setting in ("degree", "basis", "base"):
        assert getattr(new.config, setting) == getattr(old.config, setting)
    assert new.config.grid_size == new.layer(0).grid_size
    assert new.output_scale.dtype == old.output_scale.dtype
    assert all(parameter.requires_grad for parameter in new.parameters())
    if name in ("fit", "fit by adam"):  # inputs and outputs take the table's units
        return
    assert torch.equal(new.layer(0).grid_range, old.layer(0).grid_range)
    if name != "submodel":
        assert torch.equal(new.output_scale, old.output_scale)
    if name != "unfix":
        assert new.layer(0).fixed[FIXED.target, FIXED.source] == "sin"
    if name != "unlock":
        assert LOCKED in locked_edges(new)


def test_what_was_predicted_last_does_not_matter() -> None:
    model = network()
    before = [score.clone() for score in edge_scores(model, DATA.inputs)]
    proposed = suggest(model, DATA.inputs)
    model(3 * DATA.inputs)
    assert all(map(torch.equal, edge_scores(model, DATA.inputs), before))
    assert suggest(model, DATA.inputs) == proposed


def test_targets_of_the_test_rows_are_never_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = PROBLEMS[4].dataset(150)
    targets = data.targets.clone()
    targets[data.test] = 1e3
    other = replace(data, targets=targets)
    one, two = (fit(KAN((3, 1)), rows, starts=2, grids=(3,)).model for rows in (data, other))
    assert torch.equal(one(data.inputs), two(data.inputs))
    one, two = eliminate(one, data).model, eliminate(two, other).model
    assert torch.equal(one(data.inputs), two(data.inputs))
    with all_else_stays(one, tmp_path):
        first, second = (symbolify(one, rows, beam=1, candidates=1) for rows in (data, other))
    assert [f.expressions for f in first] == [f.expressions for f in second]
    assert first.best.expressions == second.best.expressions
    assert first.best.scores["test_loss"] != second.best.scores["test_loss"]
