"""What was found in a table, and the same said of the table itself where its columns were moved or scaled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from workbench.baselines import Baseline
from workbench.common.fence import skipped
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.result import FitResult
from workbench.network.elimination import Elimination
from workbench.search.centring import Centring
from workbench.search.scaling import Scaling
from workbench.search.structure.propose import Suggestion

Effort = Literal["quick", "normal"]
Report = Callable[[str, float], bool]
"""Called with what is being done and the share that is done; True ends the discovery early."""
Keep = Callable[["Discovery"], None]
"""Called with what has been found so far, whenever that is more than before."""


@dataclass(frozen=True)
class Discovery:
    """What was found in a table.

    Attributes:
        data: the table and its split.
        fit: training of the network that was chosen, pruned and refined.
        network: that network.
        formulas: all formulas, from simple to accurate.
        importance: effect of every input on the output of the best network before it was pruned, in
            standard deviations.
        baselines: peers on the same split.
        shapes: validation loss of every shape that was tried, before and after pruning; none where
            structure alone gave a law that leaves nothing.
        suggestions: structure that was found, each with its evidence and the network that follows.
        seconds: wall time.
        complete: False when it was ended early; everything present is still valid.
        skipped: attempts that could not be computed, such as a link that divides by zero, and how often.
    """

    data: Dataset
    fit: FitResult
    network: KAN
    formulas: FormulaSet
    importance: dict[str, float]
    baselines: tuple[Baseline, ...] = ()
    shapes: tuple["Shape", ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    seconds: float = 0.0
    complete: bool = True
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def formula(self) -> Formula:
        """The formula that validation chose."""
        return self.formulas.best


@dataclass(frozen=True)
class Shape:
    """A width that was tried: its training and its elimination."""

    width: Width
    fit: FitResult
    elimination: Elimination

    @property
    def loss(self) -> float:
        return min(
            self.elimination.path[self.elimination.chosen].validation_loss,
            self.fit.validation_loss,
        )


def restored(found: Discovery, around: Centring | Scaling) -> Discovery:
    """What was found in a centred or scaled table as said of the table itself."""
    return replace(
        found,
        data=around.data,
        fit=_fit_restored(found.fit, around),
        network=around.network(found.network),
        formulas=around.formulas(found.formulas),
        baselines=tuple(_baseline_restored(peer, around) for peer in found.baselines),
        shapes=tuple(_shape_restored(shape, around) for shape in found.shapes),
        suggestions=tuple(
            replace(
                s, sentence=s.sentence + around.note, expression=around.expression(s.expression)
            )
            for s in found.suggestions
        ),
        skipped={**found.skipped, **skipped()},
    )


def _fit_restored(fit: FitResult, around: Centring | Scaling) -> FitResult:
    return replace(
        fit,
        model=around.network(fit.model),
        history=tuple(record.changed(around.loss) for record in fit.history),
        train_loss=around.loss(fit.train_loss),
        validation_loss=around.loss(fit.validation_loss),
    )


def _baseline_restored(peer: Baseline, around: Centring | Scaling) -> Baseline:
    rmse, values = peer.rmse, peer.predictions
    if rmse is None:
        return peer
    there = None if values is None else np.asarray(around.loss(1.0) * values)
    return replace(peer, rmse=around.loss(rmse), predictions=there)


def _shape_restored(shape: Shape, around: Centring | Scaling) -> Shape:
    path = tuple(
        replace(
            stage,
            model=around.network(stage.model),
            validation_loss=around.loss(stage.validation_loss),
        )
        for stage in shape.elimination.path
    )
    return Shape(
        shape.width, _fit_restored(shape.fit, around), replace(shape.elimination, path=path)
    )
