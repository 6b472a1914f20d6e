"""What is found of a boundary."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.boundaries.implicit import ImplicitFormula
from workbench.boundaries.points import Points


@dataclass(frozen=True)
class Rival:
    """Another form of the law.

    Attributes:
        text: what holds inside. cost: nats by which the data's description with it is longer.
        size: distance of the points from it, in units of their errors, or in scaled columns.
    """

    text: str
    cost: float
    size: float


@dataclass(frozen=True, eq=False)
class Boundary:
    """What ``discover_boundary`` found.

    Attributes:
        formula: the law g(x) = 0, positive inside; None where there is none.
        sentences: what was found and what was not, each a sentence.
        curve: a flexible boundary: a function of a frame with the variables that is positive inside,
            ``(N,)``; None where sides do not follow from the variables at all, or only points are known.
        agreement: share of states that are on the right side of ``formula``, or of the curve without one: of
            rows held out, of fresh states from a sampler, or of those that came with points, which helped
            to choose; None without states. agreement_error: its standard error.
        points: the points that the law was found from; None where it was found from labels.
        size: distance of the points from the law, in units of their errors, or in scaled columns.
        stray: share of the points that do not belong to the edge.
        rivals: other forms, the best first.
        seconds: wall time. complete: False when it was ended early.
    """

    formula: ImplicitFormula | None
    sentences: tuple[str, ...]
    curve: Callable[[pd.DataFrame], np.ndarray] | None = None
    agreement: float | None = None
    agreement_error: float | None = None
    points: Points | None = None
    size: float | None = None
    stray: float | None = None
    rivals: tuple[Rival, ...] = ()
    seconds: float = 0.0
    complete: bool = True

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def frame(self) -> pd.DataFrame:
        """The law and its rivals, one row each: what holds inside, nats behind, size of distances."""
        first = [] if self.formula is None else [(self.formula.text(), 0.0, self.size)]
        rows = [*first, *((r.text, r.cost, r.size) for r in self.rivals)]
        return pd.DataFrame(rows, columns=["inside", "cost", "size"])

    def _repr_html_(self) -> str:
        from workbench.common.markup import element

        return str(element("p", " ".join(self.sentences)))


def agreement_of(found: np.ndarray, sides: Any) -> tuple[float, float]:
    """Share of equal sides and its standard error, as with one more of either kind: it is never none."""
    right = found == np.asarray(sides, dtype=bool)
    share, rows = float(right.mean()), len(right)
    held = (right.sum() + 1) / (rows + 2)
    return share, math.sqrt(held * (1 - held) / rows)
