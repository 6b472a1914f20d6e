"""One iteration of a training, in memory and as files have it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from workbench.common.schema import Number, Struct, Text


@dataclass(frozen=True)
class Record:
    """One iteration of a training.

    Attributes:
        step: from 1. phase: of the training, for people. grid_size: intervals of the grids.
        train_loss: RMSE in the target's units, or the mean loss, of the rows in use.
        validation_loss: the same of the held-out rows; None among several starts.
        seconds: wall time so far.
        starts: number and loss of every random start that took part.
        ended: numbers of those that were eliminated before.
    """

    step: int
    phase: str
    grid_size: int
    train_loss: float
    validation_loss: float | None
    seconds: float
    starts: tuple[tuple[int, float], ...] = ()
    ended: tuple[int, ...] = ()

    def changed(self, loss: Callable[[float], float]) -> "Record":
        """The same with its losses in other units."""
        held_out = self.validation_loss
        return replace(
            self,
            train_loss=loss(self.train_loss),
            validation_loss=None if held_out is None else loss(held_out),
            starts=tuple((number, loss(value)) for number, value in self.starts),
        )


class SavedRecord(Struct):
    """A ``Record`` as JSON has it, where losses that are not finite are null."""

    step: int
    phase: Text
    grid_size: int
    train_loss: Number
    validation_loss: Number
    seconds: float
    starts: tuple[tuple[int, Number], ...] = ()
    ended: tuple[int, ...] = ()

    def record(self) -> Record:
        """What was saved; a start's loss that is not finite is infinite."""
        return Record(
            step=self.step,
            phase=self.phase,
            grid_size=self.grid_size,
            train_loss=math.nan if self.train_loss is None else self.train_loss,
            validation_loss=self.validation_loss,
            seconds=self.seconds,
            starts=tuple((n, math.inf if loss is None else loss) for n, loss in self.starts),
            ended=self.ended,
        )
