"""What every part of a session builds on: a table, a network, and steps that lead from one to the next."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.session.frames import Job, edge_curves
from workbench.session.history import History, Step
from workbench.session.training import told
from workbench.session.worker import Worker, enrolled


class Stepping(Worker):
    """A history of networks on one table, made by hand at once or by jobs on the background thread.

    ``unsaved`` says whether anything was done since it was written to a file or read from one.

    Args:
        data: the table and its split. first: the step that it begins with.
        seed: of all random numbers.
        threads, rate: see ``Worker``.
    """

    def __init__(self, data: Dataset, first: Step, *, seed: int, threads: int, rate: float) -> None:
        super().__init__(threads, rate)
        self.data, self.seed = data, seed
        self.options: dict[str, Any] = {}
        self.unsaved = True
        self.history = History(first)
        self._order = threading.Lock()  # commands may come from a cell and from the screen at once
        self._listeners: list[Callable[[], None]] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done, up to the present state."""
        return tuple(self.history.steps[number] for number in self.history.path())

    @property
    def model(self) -> KAN:
        """The network after the last step."""
        return self.history.present.model

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every step, undo and redo; returns what ends it.

        After a job it is called on the job's thread.
        """
        return enrolled(self._listeners, listener)

    def _do(self, make: Callable[..., Step], *arguments: Any) -> Self:
        self.require_idle()
        with self.limited():
            return self._add(make(self.model, *arguments))

    def _add(self, step: Step) -> Self:
        return self._go(lambda: self.history.add(step))

    def _go(self, move: Callable[[], None]) -> Self:
        with self._order:
            move()
            self.unsaved = True
        for listener in tuple(self._listeners):
            listener()
        return self

    def _work(
        self, job: Job, work: Callable[[Callable[[str, float], bool]], Step | None], *, wait: bool
    ) -> Self:
        """Run what makes one step; without a step nothing has changed."""
        before = replace(self.frame, job=job, message="", share=0.0, formulas=None)

        def run() -> None:
            made = work(told(self, before))
            if made is None:
                message = "Ended before it was done: nothing has changed."
                self.publish(replace(before, status="stopped", phase="", message=message))
                return
            self._add(made)
            edges, curves = edge_curves(self.model)
            self.publish(
                replace(before, status="done", phase="", edges=edges, curves=curves, share=1.0)
            )

        self._begin(run, replace(before, status="running", phase="starting"))
        return self._finished() if wait else self
