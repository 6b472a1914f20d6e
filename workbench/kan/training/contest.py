"""What became of every random start, read out of the records of a training."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workbench.kan.training.records import Record

State = Literal["running", "kept", "eliminated", "failed", "best"]


@dataclass(frozen=True)
class Start:
    """One random start of a training.

    Attributes:
        number: from 1, in the order in which they were tried.
        state: "running" in the latest iteration, "kept" for a later one, "eliminated", "failed" (its
            loss is not a number), or "best": the one that training went on with.
        losses: after each of its iterations, in the unit of ``Record.train_loss`` and of the rows
            that were in use then.
    """

    number: int
    state: State
    losses: tuple[float, ...]


class Contest:
    """Follows the records of a training, as they come."""

    def __init__(self) -> None:
        self._losses: dict[int, list[float]] = {}
        self._ended: set[int] = set()
        self._running: set[int] = set()
        self._decided = False

    def add(self, record: Record) -> None:
        """Take the next record into account; the first one without starts says that it is over."""
        self._ended.update(record.ended)
        self._running = {number for number, _ in record.starts}
        self._decided = not record.starts
        for number, loss in record.starts:
            self._losses.setdefault(number, []).append(loss)

    @property
    def starts(self) -> tuple[Start, ...]:
        """Every start so far."""
        return tuple(
            Start(number, self._state(number), tuple(losses))
            for number, losses in self._losses.items()
        )

    def _state(self, number: int) -> State:
        if not math.isfinite(self._losses[number][-1]):
            return "failed"
        if number in self._ended:
            return "eliminated"
        if self._decided:
            return "best"
        return "running" if number in self._running else "kept"


def starts_of(records: Iterable[Record]) -> tuple[Start, ...]:
    """Every random start of a whole training; none where it went on from given numbers."""
    contest = Contest()
    for record in records:
        contest.add(record)
    return contest.starts
