"""Bad input is refused at the door, in one sentence, and changes nothing.

The tables beside ``fit``, ``Dataset``, losses, layers, growth and files hold what belongs to these alone.
"""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.checkpoint import save
from workbench.kan.data import Dataset
from workbench.kan.functions import lookup
from workbench.kan.grid import update_grid_
from workbench.kan.losses import CrossEntropy, Huber, Poisson, SquaredError
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.network.attribution import edge_scores
from workbench.network.elimination import eliminate
from workbench.network.fixing import fix
from workbench.network.pruning import prune_edges, remove_edges

DATA = PROBLEMS[0].dataset(60)
MODEL = KAN((2, 2, 1))
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.uniform(-1, 1, (60, 2)), RANDOM.uniform(-1, 1, 60)
HOLES = torch.where(DATA.inputs > 0.9, torch.nan, DATA.inputs)
CLASSES = Dataset.from_arrays(X, Y > 0)

CASES: dict[str, tuple[Callable[[], object], str]] = {
    # Tables
    "targets in three dimensions": (
        lambda: Dataset.from_arrays(X, Y[:, None, None]),
        r"targets must have shape \(rows,\) or \(rows, outputs\), got shape \(60, 1, 1\)",
    ),
    "targets in a row": (lambda: Dataset.from_arrays(X, Y[None]), "must have as many rows"),
    "text in inputs": (
        lambda: Dataset.from_arrays([["a", "b"]] * 60, Y),
        "inputs must be a table of real numbers, encode or leave out the rest: .*'a'",
    ),
    "complex inputs": (lambda: Dataset.from_arrays(1j * X, Y), "found complex128"),
    "complex targets": (lambda: Dataset.from_arrays(X, 1j * Y), "real numbers or labels, got comp"),
    "one constant target of two": (
        lambda: Dataset.from_arrays(X, np.stack((Y, np.ones(60)), 1)),
        "'y' must vary, but every row has the value 1",
    ),
    "two columns of classes": (
        lambda: Dataset.from_arrays(X, np.stack((Y, Y), 1) > 0),
        "classes need one target column, got 2",
    ),
    "a misspelt task": (
        lambda: Dataset.from_arrays(X, Y, task="regresion"),
        "task must be 'regression' or 'classification', got 'regresion'",
    ),
    "a short split": (
        lambda: Dataset.from_arrays(X, Y, split=["train"] * 5),
        "split must say something for each of 60 rows, got 5",
    ),
    "no training rows": (
        lambda: Dataset.from_arrays(X, Y, split=["test"] * 60),
        "at least two rows 'train', got 0",
    ),
    "short groups": (lambda: Dataset.from_arrays(X, Y, groups=[1, 2]), "groups must say something"),
    "no weight on the training rows": (
        lambda: Dataset.from_arrays(
            X, Y, weights=[0] * 40 + [1] * 20, split=["train"] * 40 + ["validation"] * 20
        ),
        "at least two rows 'train', got 0",
    ),
    "a negative seed of the split": (
        lambda: Dataset.from_arrays(X, Y, seed=-1),
        "seed must be at least 0, got -1",
    ),
    "an unknown input": (
        lambda: DATA.select(["x3"]),
        "the input must be a column, but there is no",
    ),
    "no input": (lambda: DATA.select([]), "at least one input must be selected"),
    # Networks
    "half an interval": (lambda: KAN((2, 1), 2.5), "grid_size must be a whole number, got 2.5"),
    "a negative grid": (lambda: KAN((2, 1), -3), "grid_size must be at least 1, got -3"),
    "half a node": (lambda: KAN((2, 1.5, 1)), "width must hold whole numbers of nodes, or pairs"),
    "a triple of nodes": (lambda: KAN((2, (1, 1, 1), 1)), r"or pairs \(sums, products\)"),
    "fewer than no products": (lambda: KAN((2, (3, -1), 1)), "at least one node each"),
    "half a factor": (lambda: KAN((2, (1, 1), 1), arity=2.5), "arity must be a whole number"),
    "an unknown basis": (lambda: KAN((2, 1), basis="wavelet"), "basis must be one of bspline"),
    "an unknown base": (lambda: KAN((2, 1), base="relu6"), "base must be None, 'silu' or a known"),
    "an unknown device": (
        lambda: KAN((2, 1), device="gpu"),
        "device must be one that this machine has, such as 'cpu', got 'gpu'",
    ),
    "whole numbers as parameters": (
        lambda: KAN((2, 1), dtype=torch.int64),
        "dtype must be torch.float64 or torch.float32, got torch.int64",
    ),
    "true as a seed": (lambda: KAN((2, 1), seed=True), "seed must be a whole number, got True"),
    "a seed that is too large": (
        lambda: KAN((2, 1), seed=2**40),
        "seed must be at most 4294967295",
    ),
    "no intervals": (lambda: MODEL.refine(0), "grid_size must be at least 1, got 0"),
    "text to predict": (lambda: MODEL.predict([["a", "b"]]), "a table of real numbers"),
    "holes to predict": (
        lambda: MODEL.predict(HOLES),
        "inputs must be finite, but .* of 60 rows hold missing or infinite values",
    ),
    "a curve that is not there": (
        lambda: MODEL.activation(Edge(0, 7, 0), DATA.inputs[:, 0]),
        r"there is no Edge\(layer=0, source=7, target=0\) in a network of width \(2, 2, 1\)",
    ),
    "an unknown function": (lambda: lookup("sine"), "unknown function 'sine': choose one of"),
    "text for the grids": (lambda: update_grid_(MODEL, [["a", "b"]]), "a table of real numbers"),
    # Training
    "a table in the model's place": (
        lambda: fit(DATA, MODEL),
        "a KAN and a Dataset are needed, in this order, got Dataset and KAN",
    ),
    "a negative l1": (lambda: fit(MODEL, DATA, l1=(0.1, -1)), "l1 must be finite and not negative"),
    "an undefined entropy": (
        lambda: fit(MODEL, DATA, entropy=float("nan")),
        "entropy must be finite and not negative, got nan",
    ),
    "a negative smoothness": (lambda: fit(MODEL, DATA, smoothness=-1), "smoothness must be finite"),
    "half a step": (lambda: fit(MODEL, DATA, steps=1.5), "steps must be a whole number, got 1.5"),
    "half a grid": (lambda: fit(MODEL, DATA, grids=(3.5,)), "a grid size must be a whole number"),
    "a number for the grids": (lambda: fit(MODEL, DATA, grids=3), "grids must be at least one"),
    "a negative seed": (lambda: fit(MODEL, DATA, seed=-1), "seed must be at least 0, got -1"),
    "a negative budget": (lambda: fit(MODEL, DATA, memory=-1), "memory must be finite and not neg"),
    "no function to call": (
        lambda: fit(MODEL, DATA, callback=3),
        "callback must be a function of a Progress, got 3",
    ),
    "no journal to resume": (lambda: fit(MODEL, DATA, resume="it"), "resume needs the journal"),
    "no loss": (lambda: fit(MODEL, DATA, loss=None), "or a Loss, got None"),
    "negative counts": (
        lambda: fit(MODEL, DATA_BELOW, loss=Poisson()),
        "needs counts of 0 or more",
    ),
    "classes as numbers": (lambda: fit(MODEL, CLASSES, loss=SquaredError()), "leave out loss="),
    "numbers as classes": (lambda: fit(MODEL, DATA, loss=CrossEntropy()), "needs classes"),
    "a negative robust scale": (lambda: Huber(-1.0), "delta of the Huber loss must be above 0"),
    # Pruning
    "an edge that is not there": (
        lambda: remove_edges(MODEL, DATA.inputs, [Edge(0, 0, 0), Edge(0, 0, 7)]),
        "there is no Edge",
    ),
    "every edge of an output": (
        lambda: prune_edges(MODEL, DATA, threshold=1.0),
        "threshold 1.0 would remove every edge of an output: lower it",
    ),
    "a foreign table to prune by": (
        lambda: prune_edges(KAN((3, 1)), DATA),
        r"the data needs a network with 2 inputs and 1 outputs, got width \(3, 1\)",
    ),
    "a foreign table to eliminate by": (lambda: eliminate(KAN((3, 1)), DATA), "needs a network"),
    "no rows to eliminate by": (lambda: eliminate(MODEL, DATA, rows=0), "rows must be at least 1"),
    "three affine numbers": (
        lambda: fix(MODEL, Edge(0, 0, 0), "sin", (1.0, 0.0, 1.0)),
        r"affine must be four finite numbers a, b, c, d, got \(1.0, 0.0, 1.0\)",
    ),
    "an undefined affine number": (
        lambda: fix(MODEL, Edge(0, 0, 0), "sin", (1.0, 0.0, 1.0, float("nan"))),
        "affine must be four finite numbers",
    ),
    "scores of foreign inputs": (
        lambda: edge_scores(MODEL, DATA.inputs[:, :1]),
        r"inputs must have shape \(rows, 2\), got \(60, 1\)",
    ),
    # Files
    "a folder that is not there": (
        lambda: save(MODEL, Path("none") / "model.safetensors"),
        "cannot be written: No such file or directory",
    ),
    "too few names": (
        lambda: save(MODEL, "model.safetensors", names=("a",)),
        "names must name the 2 inputs, got 1",
    ),
}
DATA_BELOW = Dataset.from_arrays(X, Y - 5)


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_in_words_and_changes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run, words = CASES[name]
    before = copy.deepcopy(MODEL.state_dict())
    with pytest.raises(InputError, match=words) as caught:
        run()
    assert "\n" not in str(caught.value)
    assert all(torch.equal(MODEL.state_dict()[key], value) for key, value in before.items())
    assert list(tmp_path.iterdir()) == []


def test_flat_targets_a_column_and_other_containers_are_the_same() -> None:
    flat = Dataset.from_arrays(X, Y)
    for inputs, targets in ((X, Y[:, None]), (X.tolist(), Y.tolist()), map(torch.tensor, (X, Y))):
        data = Dataset.from_arrays(inputs, targets)
        assert torch.equal(data.inputs, flat.inputs)
        assert torch.equal(data.targets, flat.targets)
        assert data.targets.shape == (60, 1)


@pytest.mark.parametrize("solver", ["lm", "lbfgs"])
def test_flat_targets_are_learned_and_not_their_mean(solver: str) -> None:
    data = Dataset.from_arrays(X, 2 * X[:, 0] + 1)
    result = fit(KAN((2, 1)), data, solver=solver, steps=300)
    assert result.train_loss < 0.1 * float(data.targets.std())


def test_several_targets_are_fitted_and_pruned_at_once() -> None:
    data = Dataset.from_arrays(X, np.stack((X[:, 0] ** 2, 1e3 * X[:, 1]), 1))
    result = fit(KAN((2, 2)), data, grids=(3,), starts=2)
    assert torch.allclose(result.model(data.inputs), data.targets, rtol=1e-6, atol=1e-4)
    assert eliminate(result.model, data).model.edges() == [Edge(0, 0, 0), Edge(0, 1, 1)]


def test_arrays_lists_and_either_precision_can_be_predicted_from() -> None:
    inside = 0.9 * DATA.inputs
    expected = MODEL.predict(inside)
    assert torch.equal(MODEL.predict(inside.numpy()), expected)
    assert torch.equal(MODEL.predict(inside.tolist()), expected)
    assert torch.allclose(MODEL.predict(inside.float()), expected, atol=1e-6)
    single = KAN((2, 2, 1), dtype=torch.float32)
    assert single.predict(inside.numpy()).dtype == torch.float32


def test_a_batch_may_be_larger_than_the_table() -> None:
    few = Dataset.from_arrays(X[:20], Y[:20])
    assert len(few.train) < 1024
    result = fit(KAN((2, 1)), few, solver="adam", steps=3)
    assert np.isfinite(result.train_loss)


def test_without_any_edge_the_mean_is_left() -> None:
    empty = remove_edges(MODEL, DATA.inputs, MODEL.edges())
    mean = MODEL(DATA.inputs).mean(0)
    assert empty.parameter_count == 0
    assert torch.allclose(empty.predict(DATA.inputs * 0.9), mean.expand(60, 1))
    assert np.isfinite(fit(empty, DATA, grids=(3,)).train_loss)
