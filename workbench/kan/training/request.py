"""What is asked of a training: its arguments checked, a solver chosen, and what tells it from others."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from workbench.errors import InputError
from workbench.kan.checks import not_negative, seed_of, whole
from workbench.kan.data import Dataset
from workbench.kan.losses import Loss, Poisson
from workbench.kan.model import KAN
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.solvers.adam import Adam

Method = Literal["lm", "lbfgs", "adam"]
Solver = Literal["auto"] | Method | Adam

OPTIONS = ("solver", "loss", "grids", "starts", "steps", "l1", "entropy", "smoothness", "memory")
"""Arguments of ``fit`` that whatever trains networks on its way passes on."""
GRIDS = (3, 6, 12, 24, 48, 96, 192)
STARTS, FEWEST_STARTS = 32, 8
_STARTS_WORK = 2500  # parameters times starts: wide networks succeed oftener and cost more
LM_WORK = 2e11
"""Rows times squared parameters up to which second-order steps are quick."""
_FULL_BATCH_WORK = 2e9
_MATRICES, _NUMBER = 4, 8
_CLASS_RIDGE = 0.1  # of the smoothness: separable classes drive logits to infinity
_CLASSIFICATION_PENALTY = Penalty(smoothness=1e-4, ridge=1e-5)


def require_options(options: Collection[str]) -> None:
    """An ``InputError`` that names an option that is none."""
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise InputError(f"fit has no argument {unknown[0]!r}: it has {', '.join(OPTIONS)}")


def default_starts(model: KAN) -> int:
    """Random starts of a network of this size."""
    count = model.parameters_on(GRIDS[0])
    return max(FEWEST_STARTS, min(STARTS, _STARTS_WORK // max(count, 1)))


def check(starts: int, steps: int | None, seed: int, memory: float, callback: object) -> None:
    """An ``InputError`` where a number or the callback cannot be used."""
    whole("starts", starts)
    whole("steps", 1 if steps is None else steps)
    seed_of(seed)
    not_negative("memory", memory)
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of a Progress, got {callback!r}")


def sizes(grids: Sequence[int]) -> tuple[int, ...]:
    """Grid sizes from coarse to fine."""
    asked = tuple(grids) if isinstance(grids, Iterable) else ()
    if not asked or any(a >= b for a, b in pairwise(asked)):
        raise InputError(f"grids must be at least one grid size, each above the last, got {grids}")
    return tuple(whole("a grid size", size) for size in asked)


def weights_of(l1: float | Sequence[float]) -> tuple[float, ...]:
    """Weights of sparsity, one per grid."""
    weights = tuple(l1) if isinstance(l1, Iterable) else (l1,)
    if not weights:
        raise InputError("l1 must be a number or at least one number per grid, got none")
    return tuple(not_negative("l1", weight) for weight in weights)


def chosen_solver(solver: Solver, model: KAN, data: Dataset, memory: float) -> tuple[Method, str]:
    """The method for this size of network and table, and why."""
    if isinstance(solver, Adam):
        return "adam", "as asked"
    count = model.parameters_on(GRIDS[0])
    rows = len(data.train)
    size = f"{count} parameters, {rows} rows"
    needed = matrix_bytes(count)
    if solver == "lm" and needed > memory:
        raise InputError(
            f"second-order steps on {count} parameters need {needed / 1e9:.1f} GB, more than the "
            f"{memory / 1e9:.1f} GB allowed: use solver='lbfgs' or 'adam', fewer nodes, or more memory"
        )
    if solver in ("lm", "lbfgs", "adam"):
        return solver, "as asked"
    if solver != "auto":
        raise InputError(f"solver must be 'auto', 'lm', 'lbfgs' or 'adam', got {solver!r}")
    if rows * data.outputs * count**2 <= LM_WORK and needed <= memory:
        return "lm", f"{size}: small enough for second-order steps"
    if rows * count <= _FULL_BATCH_WORK:
        return (
            "lbfgs",
            f"{size}: too large for second-order steps, small enough for all rows at once",
        )
    return "adam", f"{size}: too large for more than mini-batches"


def matrix_bytes(parameters: int) -> int:
    """Memory that second-order steps take."""
    return _MATRICES * _NUMBER * parameters**2


def penalty_of(data: Dataset, loss: Loss, entropy: float, smoothness: float | None) -> Penalty:
    """The penalty as asked, with what classes and rates need to be held."""
    if data.task == "classification" and smoothness is None:
        return replace(_CLASSIFICATION_PENALTY, entropy=entropy)
    # A rate of zero lies infinitely far down: like separable classes it needs something to hold it.
    ridge = 1e-6 if isinstance(loss, Poisson) else 0.0
    if data.task == "classification":
        ridge = _CLASS_RIDGE * (smoothness or 0.0)
    return Penalty(entropy=entropy, smoothness=smoothness or 0.0, ridge=ridge)


def fingerprint(model: KAN, data: Dataset, *arguments: object) -> str:
    """What two trainings have in common of which one may go on from the other."""
    digest = hashlib.sha256(repr((model.config, arguments)).encode())
    for level in range(model.config.depth):
        digest.update(repr(sorted(model.layer(level).fixed.items())).encode())
    tensors = [*model.state_dict().values(), data.inputs, data.targets, data.train, data.validation]
    for tensor in [*tensors, *([] if data.weights is None else [data.weights])]:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
