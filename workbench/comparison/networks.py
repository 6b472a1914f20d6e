"""The three families of networks: KAN, perceptron, and the perceptron with learned activations.

All three have standardized float64 data, second-order steps where they pay, several starts, and choose their
own smoothness or decay by the validation rows.
"""

import warnings
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.baselines import fit_mlp
from workbench.baselines.mlp import Architecture
from workbench.baselines.spline_mlp import SplineArchitecture
from workbench.comparison.families import (
    NUMBER,
    Ladder,
    Limits,
    Model,
    Outputs,
    logits_of,
    training,
)
from workbench.comparison.flops import ACTIVATIONS, of_kan, of_layers, of_perceptron
from workbench.evidence.sample import Sample, network_values
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.smoothing import smoothed
from workbench.network.elimination import eliminate
from workbench.search.networks.selection import default_shapes
from workbench.search.networks.trials import affordable

_GRIDS = (3, 6, 12, 24, 48)
_WIDE = (8,)
_STARTS, _EDGES, _PATIENCE = 8, 48, 1
_MOST_SMOOTHED = 600
"""Parameters of a network up to which it takes seconds to choose a smoothness for every curve."""
_HIDDEN: tuple[tuple[int, ...], ...] = ((2,), (4,), (8,), (16,), (8, 8), (16, 16), (64,))
_CURVED: tuple[tuple[int, ...], ...] = ((1,), (2,), (4,), (8,), (16,))
_CURVE_GRIDS = (4, 8)
_PER_ROW = 3.0
"""Parameters that a perceptron may have for every training row: weight decay holds them."""
_DECAYS, _CLASS_DECAYS = (0.0, 1e-4, 1e-2), (1e-4, 1e-3, 1e-2)
_ALPHAS, _CLASS_ALPHAS = (1e-4, 1e-1), (1.0, 10.0)
_MLP_STARTS, _EFFORT, _ITERATIONS = 8, 0.5, 500


def kans(data: Dataset, seed: int, limits: Limits) -> list[Ladder]:
    """A ladder of grids for each shape that the rows can pay for, each going on from the last."""
    shapes = [*default_shapes(data)]
    models = [KAN((len(data.names), *shape, data.outputs), seed=seed) for shape in shapes]
    wide = KAN((len(data.names), *_WIDE, data.outputs), seed=seed)
    if data.task == "regression" and len(data.names) > 1 and affordable(wide, data):
        models.append(wide)
    return [_kan(data, model, seed, limits) for model in models]


def perceptrons(data: Dataset, seed: int, limits: Limits) -> list[Ladder]:
    """A ladder for each hidden layer: ours, then scikit-learn's L-BFGS."""
    return [_perceptron(data, hidden, seed, limits) for hidden in _HIDDEN]


def spline_perceptrons(data: Dataset, seed: int, limits: Limits) -> list[Ladder]:
    """A ladder of grids for each hidden layer of nodes with curves of their own."""
    return [_spline_perceptron(data, hidden, seed, limits) for hidden in _CURVED]


def _kan(data: Dataset, model: KAN, seed: int, limits: Limits) -> Ladder:
    """From grid to grid, until two in a row validate no better.

    On each grid as trained, and with every curve as smooth as the training rows want it; once also without
    the edges that nobody misses.
    """
    plain = model.config.depth == 1 and data.task == "regression"  # has one minimum
    least, worse, starts = np.inf, 0, 1 if plain else _STARTS
    for grid in _GRIDS:
        if limits.stop() or not limits.allows(model.parameters_on(grid), of_kan(model)):
            return
        if grid > _GRIDS[0] and model.parameters_on(grid) * 2 > len(data.train) * data.outputs:
            return
        found = fit(
            model, data, grids=(grid,), starts=starts, seed=seed, callback=lambda now: limits.stop()
        )
        model, starts = found.model, 1
        worse = 0 if found.validation_loss < least else worse + 1
        if worse > _PATIENCE:
            return
        if model.layer(0).grid_size < grid:
            continue  # the finer one validates no better, a still finer one may
        yield _model_of_kan(model)
        yield from _smooth(model, data, limits)
        if grid == _GRIDS[1] and data.task == "regression" and len(model.edges()) <= _EDGES:
            pruned = eliminate(model, data, seed=seed, watch=lambda left, all_: limits.stop()).model
            yield _model_of_kan(pruned)
            yield from _smooth(pruned, data, limits)
        least = min(least, found.validation_loss)


def _smooth(model: KAN, data: Dataset, limits: Limits) -> Ladder:
    """The network with smooth curves, where the loss is one that says how smooth."""
    if (
        data.loss in ("auto", "squared")
        and model.parameter_count <= _MOST_SMOOTHED
        and not limits.stop()
    ):
        grid = model.layer(0).grid_size
        yield _model_of_kan(smoothed(model, data, (grid, 2 * grid)).model, ", smoothed")


def _model_of_kan(model: KAN, how: str = "") -> Model:
    shape = ", ".join(map(str, model.config.width)).replace("(", "[").replace(")", "]")
    grid = model.layer(0).grid_size
    count = model.parameter_count
    edges = len(model.edges())
    size = f"[{shape}], grid {grid}, {edges} {'curve' if edges == 1 else 'curves'}{how}"
    return Model(partial(network_values, model), size, count, of_kan(model), NUMBER * count, grid)


def _perceptron(data: Dataset, hidden: Sequence[int], seed: int, limits: Limits) -> Ladder:
    architecture = Architecture((len(data.names), *hidden, data.outputs))
    if not _payable(architecture, data, limits):
        return
    yield _fitted(data, architecture, hidden, seed, limits)
    for activation in ("tanh", "relu"):
        if not limits.stop():
            yield _of_scikit_learn(data, hidden, activation, seed)


def _spline_perceptron(data: Dataset, hidden: Sequence[int], seed: int, limits: Limits) -> Ladder:
    for grid in _CURVE_GRIDS:
        architecture = SplineArchitecture((len(data.names), *hidden, data.outputs), grid_size=grid)
        if limits.stop() or not _payable(architecture, data, limits):
            return
        how = {"activation": "spline", "grid_size": grid}
        yield _fitted(data, architecture, hidden, seed, limits, **how)


def _payable(architecture: Architecture, data: Dataset, limits: Limits) -> bool:
    few = architecture.count <= _PER_ROW * len(data.train) * data.outputs
    return few and limits.allows(architecture.count, of_perceptron(architecture))


def _fitted(
    data: Dataset,
    architecture: Architecture,
    hidden: Sequence[int],
    seed: int,
    limits: Limits,
    **how: Any,
) -> Model:
    found = fit_mlp(
        data,
        hidden=hidden,
        solver="auto",
        starts=_MLP_STARTS,
        effort=_EFFORT,
        decay=_DECAYS if data.task == "regression" else _CLASS_DECAYS,
        seed=seed,
        stop=limits.stop,
        **how,
    )
    grid = how.get("grid_size")
    size = "×".join(map(str, hidden)) + (f", grid {grid}" if grid else f", {found.solver}")
    count = architecture.count
    flops = of_perceptron(architecture)
    return Model(_of_torch(found.model), size, count, flops, NUMBER * count, grid)


def _of_torch(model: torch.nn.Module) -> Outputs:
    def outputs(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(model(torch.from_numpy(x)).numpy())

    return outputs


def _of_scikit_learn(data: Dataset, hidden: Sequence[int], activation: str, seed: int) -> Model:
    """scikit-learn's perceptron by L-BFGS; of several decays the one that validates best."""
    regression = data.task == "regression"
    x, y, weights = training(data)
    shift = np.atleast_1d(np.average(y, axis=0, weights=weights)) if regression else np.zeros(1)
    scale = y.std(0) + (y.std(0) == 0) if regression else np.ones(1)
    target = (y - shift) / scale if regression else y
    target = target[:, 0] if target.ndim == 2 and target.shape[1] == 1 else target
    kind = MLPRegressor if regression else MLPClassifier
    tried: list[Outputs] = []
    for alpha in _ALPHAS if regression else _CLASS_ALPHAS:
        network = kind(
            tuple(hidden), activation, solver="lbfgs", alpha=alpha, max_iter=_ITERATIONS,
            random_state=seed,
        )  # fmt: skip
        model = make_pipeline(StandardScaler(), network)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the budget is meant to end it
            model.fit(x, target, **{f"{model.steps[-1][0]}__sample_weight": weights})
        if regression:
            tried.append(partial(_scaled, model, shift, scale))
        else:
            tried.append(logits_of(model, len(data.classes or ())))
    sizes = (len(data.names), *hidden, data.outputs)
    count = sum((a + 1) * b for a, b in pairwise(sizes))
    return Model(
        _best_of(tried, data),
        f"{'×'.join(map(str, hidden))}, scikit-learn, {activation}",
        count,
        of_layers(sizes, ACTIVATIONS[activation]),
        NUMBER * count,
    )


def _scaled(model: Any, shift: np.ndarray, scale: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(x).reshape(len(x), -1) * scale + shift)


def _best_of(tried: Sequence[Outputs], data: Dataset) -> Outputs:
    held_out = Sample.of(data, "validation")
    return min(tried, key=lambda outputs: held_out.loss(outputs(held_out.x)))
