"""One training: the rows, the best network so far, and stages that can be broken off and gone on with."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import Huber, Loss, SquaredError
from workbench.kan.model import KAN
from workbench.kan.training.journal import Journal, scalar
from workbench.kan.training.objective import Objective, Rows, loss_value, standardized
from workbench.kan.training.records import Record
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.solvers import adam, lbfgs
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.solvers.adam import Adam
from workbench.kan.training.solvers.autograd import model_tensors, restore_

_RECORDS, _SILENT_STEPS = 200, 50
"""First-order steps are short: this many records, but an answer to Stop within so many steps."""


@dataclass(frozen=True)
class Progress(Record):
    """What a callback sees: a ``Record``, and more.

    Attributes:
        total: iterations expected in all, as far as is known.
        snapshot: makes a network of the present state.
    """

    total: int = 0
    snapshot: Callable[[], KAN] = field(default=lambda: KAN((1, 1)), repr=False)


Callback = Callable[[Progress], bool | None]


class Stopped(Exception):  # noqa: N818 - a signal, not an error
    """The callback asked to stop."""


@dataclass(frozen=True)
class Best:
    """The best network so far, a stack of one, and its losses as users read them."""

    ensemble: Ensemble
    train: float
    validation: float


class Run:
    """The state that the phases of one training share.

    Args:
        model: prepared for the data: input grids and output scale set.
        data: the table and its split.
        loss, penalty, seed, callback: see ``fit``.
        journal: empty, or what an earlier run has done.
    """

    def __init__(
        self,
        model: KAN,
        data: Dataset,
        loss: Loss,
        penalty: Penalty,
        *,
        seed: int,
        callback: Callback | None,
        journal: Journal,
    ) -> None:
        self.model, self.loss, self.penalty, self.seed = model, loss, penalty, seed
        self.journal = journal
        # Grids span the inputs of all rows: only targets of other parts must not be seen.
        self.inputs = data.inputs.to(model.output_scale)
        self.rows = standardized(model, data, "train")
        self.held_out = standardized(model, data, "validation")
        self.success_share = 1.0
        self.warnings: list[str] = []
        self.total = 0
        self._entered = 0
        self._ended: list[int] = []
        self._callback = callback
        self._begun = time.perf_counter() - journal.seconds
        self._stage = 0
        self.best = self._restored()

    # What is known

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    @property
    def step(self) -> int:
        return len(self.journal.history)

    @property
    def score(self) -> float:
        """Validation loss of the best network so far; infinite before there is one."""
        return math.inf if self.best is None else self.best.validation

    @cached_property
    def spread(self) -> float:
        """What one unit of the network's inner outputs is in the target's units."""
        return float(self.model.output_scale.square().mean().sqrt())

    def readable(self, value: float) -> float:
        """A loss value as users read it: RMSE in the target's units, or the mean loss.

        Of Huber's loss it is the root of twice the loss, which is the RMSE where there are no outliers.
        """
        if not isinstance(self.loss, SquaredError | Huber):
            return value
        return math.sqrt(max(2 * value, 0.0)) * self.spread

    def losses(self, ensemble: Ensemble, rows: Rows | None = None) -> Tensor:
        """Loss of each network on rows, those of training by default; infinite where undefined."""
        found = loss_value(ensemble, self.rows if rows is None else rows, self.loss)
        return found.nan_to_num(nan=math.inf)

    def validation(self, ensemble: Ensemble) -> float | None:
        """Held-out loss of a stack of one, as users read it; None without validation rows."""
        if not len(self.held_out):
            return None
        return self.readable(float(self.losses(ensemble, self.held_out)[0]))

    # Random starts

    def enter(self, ensemble: Ensemble) -> Ensemble:
        """Number the networks of a stack: their losses are recorded one by one."""
        first = self._entered + 1
        self._entered += len(ensemble)
        return replace(ensemble, numbers=tuple(range(first, self._entered + 1)))

    def select(self, ensemble: Ensemble, index: Tensor | Sequence[int]) -> Ensemble:
        """The networks at ``index``; the others are eliminated."""
        kept = ensemble.pick(index)
        self._ended += [number for number in ensemble.numbers if number not in kept.numbers]
        return kept

    # Stages

    def descend(
        self,
        phase: str,
        ensemble: Ensemble,
        *,
        steps: int,
        damping: float,
        rows: Rows | None = None,
        penalty: Penalty | None = None,
        extend: bool = False,
        settle: bool = False,
    ) -> Ensemble:
        """Levenberg–Marquardt on a stack of networks; see ``levenberg_marquardt.minimize``."""
        rows = self.rows if rows is None else rows
        objective = Objective(ensemble, rows, self.loss, penalty or self.penalty)
        done, partial = self._enter()
        if done:
            return objective.ensemble(done["parameters"].to(rows.x))
        state = lm.State.begin(objective.start, damping)
        if partial:
            state = _unpacked(partial, rows.x)

        def watch(state: lm.State, losses: Tensor) -> bool:
            self.journal.partial = _packed(state)
            self._record(phase, lambda: objective.ensemble(state.parameters), losses)
            return False

        state = lm.minimize(
            objective, state, steps=steps, extend=extend, settle=settle, watch=watch
        )
        self._leave({"parameters": state.parameters})
        return objective.ensemble(state.parameters)

    def first_order(self, model: KAN, options: Adam | None, steps: int) -> KAN:
        """Adam on mini-batches with these options, or L-BFGS on all rows without."""
        method = "adam" if options else "lbfgs"
        done, partial = self._enter()
        if done:
            restore_(model, done)
            return model
        every = max(1, min(steps // _RECORDS, _SILENT_STEPS)) if options else 1
        seen = int(partial["step"]) if partial else 0

        def watch(model: KAN, value: float, capture: Callable[[], dict[str, Tensor]]) -> bool:
            nonlocal seen
            seen += 1
            if seen % every and seen != steps:
                return False
            self.journal.partial = capture()
            losses = self.rows.x.new_tensor([value])
            self._record(method, lambda: Ensemble.of([model]), losses)
            return False

        arguments: dict[str, Any] = {"steps": steps, "penalty": self.penalty, "watch": watch}
        if partial:
            arguments["state"] = partial
        if options:
            model = adam.minimize(
                model, self.rows, self.loss, options=options, seed=self.seed, **arguments
            )
        else:
            model = lbfgs.minimize(model, self.rows, self.loss, **arguments)
        self._leave(model_tensors(model))
        return model

    def _enter(self) -> tuple[dict[str, Tensor] | None, dict[str, Tensor]]:
        """What the journal says of the next stage: its result, or the state that it was left in."""
        number = self._stage
        self._stage += 1
        if number < len(self.journal.finished):
            return self.journal.finished[number], {}
        return None, self.journal.partial

    def _leave(self, result: dict[str, Tensor]) -> None:
        self.journal.finished.append(result)
        self.journal.partial = {}

    # The best so far

    def _record(self, phase: str, stack: Callable[[], Ensemble], losses: Tensor) -> None:
        """Keep a record of the best network of a stack; ``Stopped`` when the callback says so."""
        winner = int(losses.nan_to_num(nan=math.inf).argmin())
        train = self.readable(float(losses[winner]))
        ensemble = stack()

        def alone() -> Ensemble:
            found = ensemble if len(ensemble) == 1 else ensemble.pick([winner])
            return found.to(self.rows.x.dtype)

        validation = self.validation(alone()) if len(ensemble) == 1 else None
        grid_size = ensemble.layers[0].grid_size
        starts = zip(ensemble.numbers, map(self.readable, losses.tolist()), strict=False)
        ended, self._ended = self._ended, []
        entry = Record(
            self.step + 1,
            phase,
            grid_size,
            train,
            validation,
            self.seconds,
            tuple(starts),
            tuple(ended),
        )
        self.journal.history.append(entry)
        if validation is not None:
            self.consider(alone(), train, validation)
        elif self.best is None or (math.isinf(self.score) and train < self.best.train):
            self.best = Best(alone(), train, math.inf)
        if self._callback is not None:
            progress = Progress(
                **vars(entry), total=max(self.total, self.step), snapshot=lambda: alone().model(0)
            )
            if self._callback(progress):
                raise Stopped

    def consider(self, alone: Ensemble, train: float, score: float) -> bool:
        """Remember a network that scores better than the best so far; says whether it does."""
        better = math.isfinite(score) and (self.best is None or score < self.best.validation)
        if better:
            self.best = Best(alone, train, score)
        return better

    def broken_off(self) -> Journal:
        """The journal, complete with the best network: what ``fit`` can go on from."""
        if self.best is not None:
            self.journal.best = model_tensors(self.best.ensemble.model(0)) | {
                "grid_size": scalar(self.best.ensemble.layers[0].grid_size),
                "train": scalar(self.best.train),
                "validation": scalar(self.best.validation),
            }
        self.journal.seconds = self.seconds
        return self.journal

    def _restored(self) -> Best | None:
        kept = self.journal.best
        if not kept:
            return None
        model = self.model.refine(int(kept["grid_size"]))
        restore_(model, kept)
        return Best(Ensemble.of([model]), float(kept["train"]), float(kept["validation"]))


def _packed(state: lm.State) -> dict[str, Tensor]:
    return {
        "parameters": state.parameters,
        "damping": state.damping,
        "growth": state.growth,
        "resting": state.resting,
        "iteration": scalar(state.iteration),
        "slow": scalar(state.slow),
        "still": scalar(state.still),
    }


def _unpacked(tensors: dict[str, Tensor], like: Tensor) -> lm.State:
    return lm.State(
        tensors["parameters"].to(like),
        tensors["damping"].to(like),
        tensors["growth"].to(like),
        tensors["resting"].to(like.device),
        iteration=int(tensors["iteration"]),
        slow=int(tensors["slow"]),
        still=int(tensors["still"]),
    )


def subset(rows: Rows, count: int, seed: int) -> Rows:
    """``count`` rows drawn without replacement; all of them when there are no more."""
    generator = torch.Generator().manual_seed(seed)
    return rows[torch.randperm(len(rows), generator=generator)[:count].to(rows.x.device)]
