"""What training did, and the error that it may end with."""

import math
from dataclasses import dataclass

from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.contest import Start, starts_of
from workbench.kan.training.journal import Journal
from workbench.kan.training.records import Record
from workbench.kan.training.run import Best, Run
from workbench.kan.training.schedule import EXACT

_OVERFITTED = 3.0


@dataclass(frozen=True)
class FitResult:
    """What training did.

    Attributes:
        model: the network with the best validation loss.
        history: one ``Record`` per iteration.
        solver: the method used, and why.
        stopped: what ended it: "converged" (the last grid was reached or the fit is exact),
            "validation" (finer grids do not pay), "rows" (finer grids would have more than a third as
            many parameters as rows), "steps", "stopped" (by the callback) or "interrupted".
        train_loss, validation_loss: of ``model``; RMSE in the target's units, or the mean loss.
        success_share: of the starts that were trained to the end, the share whose RMSE came within a
            factor 2 of the best.
        seconds: wall time.
        warnings: sentences for the user.
        journal: what ``fit(..., resume=...)`` goes on from when it was stopped or interrupted.
    """

    model: KAN
    history: tuple[Record, ...]
    solver: str
    stopped: str
    train_loss: float
    validation_loss: float
    success_share: float
    seconds: float
    warnings: tuple[str, ...] = ()
    journal: Journal | None = None

    @property
    def starts(self) -> tuple[Start, ...]:
        """What became of every random start; none where training went on from given numbers."""
        return starts_of(self.history)


class TrainingError(RuntimeError):
    """Training met an error; ``result`` holds the best network until then."""

    def __init__(self, message: str, result: FitResult) -> None:
        super().__init__(message)
        self.result = result


def result_of(run: Run, solver: str, stopped: str) -> FitResult:
    """The result of a run that has come to its end, or as far as it came."""
    best = run.best
    if best is None:
        alone = Ensemble.of([run.model])
        best = Best(alone, math.inf, math.inf)
    validation, train = best.validation, best.train
    if not math.isfinite(validation):
        train = run.readable(float(run.losses(best.ensemble)[0]))
        found = run.validation(best.ensemble)
        validation = train if found is None else found
    warnings = list(run.warnings)
    if not (math.isfinite(validation) and math.isfinite(train)):
        warnings.append("Training did not reach a finite loss: scale or check the data.")
    if validation > _OVERFITTED * train and validation > EXACT * run.spread:
        warnings.append(
            "The validation loss is more than three times the training loss: "
            "use fewer nodes, or more rows."
        )
    ended_early = stopped in ("stopped", "interrupted", "failed")
    return FitResult(
        model=best.ensemble.model(0),
        history=tuple(run.journal.history),
        solver=solver,
        stopped=stopped,
        train_loss=train,
        validation_loss=validation,
        success_share=run.success_share,
        seconds=run.seconds,
        warnings=tuple(warnings),
        journal=run.broken_off() if ended_early else None,
    )
