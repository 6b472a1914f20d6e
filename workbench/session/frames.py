"""What a screen shows of a job: frames, curves, and losses put into words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from workbench.formulas.formula_set import FormulaSet
from workbench.kan.model import KAN, Edge
from workbench.kan.training.contest import Start
from workbench.kan.training.records import Record
from workbench.kan.training.result import FitResult

Status = Literal["ready", "running", "paused", "stopping", "done", "stopped", "error"]
Job = Literal["train", "prune", "symbolify", "discover"]

CURVE_POINTS = 33
_WINDOW, _STALLED, _OVERFITTED = 20, 1e-3, 1.5


@dataclass(frozen=True)
class Frame:
    """What a screen shows of a session: replaced whole, never changed.

    Attributes:
        status: of the session; "stopping" from the command to the end of the job.
        job: what is being done, or was done last.
        step, total: iterations done and expected. phase: of the job, for people.
        message: a sentence on what ended it.
        train, validation: losses so far, at equal distances between iterations.
        edges: the living edges. curves: values of each along its range, ``(edges, points)``.
        starts: what has become of every random start.
        seconds: wall time of the training.
        share: of the work that is done, for jobs other than a training.
        formulas: what a search has found so far.
    """

    status: Status = "ready"
    job: Job = "train"
    step: int = 0
    total: int = 0
    phase: str = ""
    message: str = ""
    train: tuple[float, ...] = ()
    validation: tuple[float | None, ...] = ()
    edges: tuple[Edge, ...] = ()
    curves: torch.Tensor = field(default_factory=lambda: torch.zeros(0, CURVE_POINTS))
    starts: tuple[Start, ...] = ()
    seconds: float = 0.0
    share: float = 0.0
    formulas: FormulaSet | None = None

    @property
    def busy(self) -> bool:
        return self.status in ("running", "paused", "stopping")


def remembered(fit: FitResult, model: KAN) -> Frame:
    """A frame of a training that another kernel has done, and of the network as it is now."""
    edges, curves = edge_curves(model)
    return Frame(
        step=len(fit.history),
        total=len(fit.history),
        train=tuple(record.train_loss for record in fit.history),
        validation=tuple(record.validation_loss for record in fit.history),
        edges=edges,
        curves=curves,
        starts=fit.starts,
        seconds=fit.seconds,
    )


def diagnosis(train: Sequence[float], validation: Sequence[float | None]) -> str:
    """A sentence on what the latest losses show, or "": diverged, overfitting, stalled."""
    if not train:
        return ""
    if not math.isfinite(train[-1]):
        return "The loss is not a number any more: the last good network is kept."
    if len(train) < 2 * _WINDOW:
        return ""
    known = [v for v in validation if v is not None and math.isfinite(v)]
    least = min(known, default=0.0)
    if known and train[-1] < train[-_WINDOW] and known[-1] > _OVERFITTED * least > 0:
        return (
            "The validation loss has risen while the training loss falls: the network begins to "
            "follow the noise. Its best state is kept."
        )
    if train[-1] > (1 - _STALLED) * train[-_WINDOW] > 0:
        return f"The loss has not moved for {_WINDOW} iterations."
    return ""


def phase_of(record: Record) -> str:
    """The phase of a training, with its grid."""
    grid = f"grid {record.grid_size}"
    return record.phase if grid in record.phase else f"{record.phase}, {grid}"


def edge_curves(model: KAN, points: int = CURVE_POINTS) -> tuple[tuple[Edge, ...], torch.Tensor]:
    """The living edges and their values along their grids, each without its mean, ``(E, points)``."""
    edges = tuple(model.edges())
    rows = []
    for edge in edges:
        low, high = model.layer(edge.layer).grid_range[edge.source].tolist()
        x = torch.linspace(low, high, points, dtype=model.output_scale.dtype)
        curve = model.activation(edge, x.to(model.output_scale))
        rows.append((curve - curve.mean()).float().cpu())
    return edges, torch.stack(rows) if rows else torch.zeros(0, points)
