"""Training as a job: losses are collected, pause and stop obeyed, frames published."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.kan.training.contest import Contest
from workbench.kan.training.fitting import fit
from workbench.kan.training.records import Record
from workbench.kan.training.result import FitResult
from workbench.kan.training.run import Progress
from workbench.session.frames import CURVE_POINTS, Frame, Status, diagnosis, edge_curves, phase_of
from workbench.session.worker import Worker


class Training:
    """One training on a worker's thread.

    Args:
        worker: whose pause and stop are obeyed, and who publishes the frames.
        data: the table. unit: of its losses.
    """

    def __init__(self, worker: Worker, data: Dataset, unit: str) -> None:
        self.worker, self.data, self.unit = worker, data, unit
        self.begun = time.perf_counter()
        self.shown = 0.0
        self.last: Record | None = None
        self.train: list[float] = []
        self.validation: list[float | None] = []
        self.edges: tuple[Edge, ...] = ()
        self.curves = torch.zeros(0, CURVE_POINTS)
        self.total = 0
        self.contest = Contest()

    def run(
        self,
        model: KAN,
        *,
        seed: int,
        options: Mapping[str, Any],
        keep: Callable[[FitResult], object],
    ) -> None:
        """Train; ``keep`` gets the result before the last frame says that it is there."""
        result = fit(model, self.data, seed=seed, callback=self._step, **options)
        keep(result)
        self._draw(result.model)
        self.total = self.last.step if self.last else 0
        said = " ".join(result.warnings)
        message = f"Validation {self.unit} {result.validation_loss:.3g} after {result.seconds:.1f} s. {said}"
        self._publish("stopped" if result.stopped == "stopped" else "done", message.strip())

    def _step(self, progress: Progress) -> bool:
        self.last, self.total = progress, progress.total
        self.train.append(progress.train_loss)
        self.validation.append(progress.validation_loss)
        self.contest.add(progress)
        if self.worker.ending:
            return True

        def show(status: Status) -> None:
            self._draw(progress.snapshot())
            self._publish(status, diagnosis(self.train, self.validation))

        if time.perf_counter() - self.shown > 1 / self.worker.rate:
            show("running")
        return self.worker.checkpoint(show)

    def _draw(self, model: KAN) -> None:
        self.edges, self.curves = edge_curves(model)

    def _publish(self, status: Status, message: str = "") -> None:
        self.shown = time.perf_counter()
        step = self.last.step if self.last else 0
        self.worker.publish(
            Frame(
                status=status,
                step=step,
                total=max(self.total, step),
                phase=phase_of(self.last) if self.last else "",
                message=message,
                train=tuple(self.train),
                validation=tuple(self.validation),
                edges=self.edges,
                curves=self.curves,
                starts=self.contest.starts,
                seconds=self.shown - self.begun,
            )
        )


def told(worker: Worker, before: Frame) -> Callable[[str, float], bool]:
    """A report for jobs other than a training: their phase and share; True when they have to end."""

    def tell(phase: str, share: float) -> bool:
        known = worker.frame.share if share != share else share

        def show(status: Status) -> None:
            worker.publish(replace(before, status=status, phase=phase, share=known))

        show("running")
        return worker.checkpoint(show)

    return tell
