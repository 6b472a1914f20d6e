"""Networks on trial: trained on a split of a table, with the losses of its held-out rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from workbench.kan.data import Dataset, Part
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.request import Solver
from workbench.kan.training.result import FitResult
from workbench.kan.training.run import Callback, Progress

Prune = bool | Literal["auto"]

ROWS_PER_PARAMETER = 3
ONE_STANDARD_ERROR = 1.0


class Stop:
    """Passes a callback on, and remembers that it has asked to stop, or the user by Ctrl-C.

    Attributes:
        asked: whether one of them has. best: what there is to return then.
    """

    def __init__(self, callback: Callback | None) -> None:
        self._callback, self.asked = callback, False
        self.best: Trial | None = None

    def __call__(self, progress: Progress) -> bool:
        if not self.asked and self._callback is not None and self._callback(progress):
            self.asked = True
        return self.asked


@dataclass(frozen=True)
class Settings:
    """What ``fit`` is asked for in every trial, see there; its callback is ``stop``."""

    grids: tuple[int, ...] | None
    starts: int
    solver: Solver
    l1: float
    smoothness: float | None
    prune: Prune
    seed: int
    stop: Stop


@dataclass(frozen=True)
class Trial:
    """One network per split, and the losses of all held-out rows, split after split."""

    fits: tuple[FitResult, ...]
    losses: Tensor
    smoothness: float | None = None

    @property
    def models(self) -> tuple[KAN, ...]:
        return tuple(found.model for found in self.fits)

    @property
    def second_order(self) -> bool:
        """Whether it was trained by Levenberg–Marquardt, and can be refitted by it."""
        return all(found.solver.startswith("lm") for found in self.fits)

    @property
    def loss(self) -> float:
        return float(self.losses.mean().nan_to_num(nan=math.inf))


def affordable(
    model: KAN,
    data: Dataset,
    needed: float = ROWS_PER_PARAMETER,
    grid_size: int | None = None,
) -> bool:
    """Whether there are so many rows per parameter, on the network's own grid or another one."""
    count = model.parameter_count if grid_size is None else model.parameters_on(grid_size)
    return count * needed <= len(data.train) * data.outputs


def trained(
    models: Sequence[KAN],
    splits: Sequence[Dataset],
    how: Settings,
    *,
    grids: tuple[int, ...],
    smoothness: float | None = None,
    warm: bool = False,
) -> Trial:
    """Each of the networks on a split of its own."""
    weight = how.smoothness if smoothness is None else smoothness
    fits = []
    for model, data in zip(models, splits, strict=True):
        found = fit(
            model,
            data,
            solver="lm" if warm else how.solver,
            grids=grids,
            starts=1 if warm else how.starts,
            l1=how.l1,
            smoothness=weight,
            seed=how.seed,
            callback=how.stop,
        )
        how.stop.asked |= found.stopped == "interrupted"
        fits.append(found)
    losses = [row_losses(found.model, data) for found, data in zip(fits, splits, strict=True)]
    return Trial(tuple(fits), torch.cat(losses), weight)


def row_losses(model: KAN, data: Dataset, part: Part = "validation") -> Tensor:
    """Weighted squared errors, or cross-entropies, of the rows of one part: ``(n,)``.

    Each of several targets is measured in its own standard deviations.
    """
    x, y = data.split(part)
    with torch.no_grad():
        outputs = model(x)
    if data.task == "regression":
        spread = data.targets.std(0, correction=0)
        each = ((outputs - y) / torch.where(spread > 0, spread, 1.0)).square().mean(1)
    else:
        logits = functional.pad(outputs, (1, 0)) if outputs.shape[1] == 1 else outputs
        each = functional.cross_entropy(logits, y, reduction="none")
    weights = data.row_weights(part)
    return each if weights is None else each * weights


def training_loss(model: KAN, data: Dataset) -> float:
    """RMSE on the training rows in the targets' units, or the mean cross-entropy."""
    mean = float(row_losses(model, data, "train").mean())
    if data.task == "classification":
        return mean
    spread = data.targets.std(0, correction=0)
    return math.sqrt(mean * float(spread.square().mean()))


def beats(rich: Trial, simple: Trial, errors: float = ONE_STANDARD_ERROR) -> bool:
    """Whether the gain is more than so many standard errors of the paired difference."""
    gain = simple.losses - rich.losses
    return float(gain.mean()) > errors * float(gain.std()) / math.sqrt(max(len(gain), 1))


def all_training(data: Dataset) -> Dataset:
    """The same table with all rows for training."""
    everything = torch.cat((data.train, data.validation)).sort().values
    return replace(data, train=everything, validation=everything[:0])
