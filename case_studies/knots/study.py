"""The signature of hyperbolic knots, from the geometry of the cusp: data to formula, headless.

Nothing here names the law or the inputs that it needs. The slope rule of Davies, Juhász, Lackenby
and Tomasev (2021, arXiv:2111.15323) is only a baseline that the result is held against.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import torch

from case_studies.knots import theorem
from case_studies.knots.inputs import dataset
from case_studies.knots.table import load_table
from case_studies.knots.table import slope as slope_of
from workbench.baselines import Baseline
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.discovery import Keep, Report
from workbench.studies.study import StudyResult

MOST_CROSSINGS = 13
"""Knots that the study learns from; those of more crossings are kept to ask whether the law holds."""

Predict = Callable[[torch.Tensor], torch.Tensor]

_HIDDEN = 2
_GRIDS = (5,)
_QUICK_MLP: tuple[tuple[int, ...], ...] = ((8,),)
_MLP: tuple[tuple[int, ...], ...] = ((8,), (300, 300, 300))


class KnotStudy:
    """Which geometric invariants determine the signature, and how."""

    name = "knots"
    title = "Knot invariants"
    question = "Which geometric invariants of a hyperbolic knot determine its signature, and how?"
    notebook = "knots.ipynb"

    def load(self, *, quick: bool = False, seed: int = 0) -> Dataset:
        """Knots of at most 13 crossings with 13 inputs, split by a hash of the name whatever the seed."""
        return dataset(load_table(MOST_CROSSINGS))

    def run(
        self,
        *,
        quick: bool = False,
        seed: int = 0,
        report: Report | None = None,
        keep: Keep | None = None,
    ) -> StudyResult:
        """Train, rank the inputs, find formulas on what matters, and judge everything on held-out knots."""
        begun = time.perf_counter()
        data = self.load()
        shape = (len(data.names), _HIDDEN, 1)
        found = discover(
            data,
            effort="quick" if quick else "normal",
            widths=(shape,),
            grids=_GRIDS,
            hidden=_QUICK_MLP if quick else _MLP,
            seed=seed,
            report=report,
            keep=keep,
        )
        formula = found.formula
        whole = found.shapes[0].fit.model if found.shapes else found.network
        figures = {
            "network": accuracy(data, lambda x: whole(x)[:, 0]),
            "pruned network": accuracy(data, lambda x: found.network(x)[:, 0]),
            "formula": accuracy(data, lambda x: torch.as_tensor(formula(x))),
        }
        beyond = Beyond.of(
            lambda x: whole(x)[:, 0], lambda x: torch.as_tensor(formula(x)), slope_line(data)
        )
        peers = [slope_rule(data), *(as_classifier(peer, data) for peer in found.baselines)]
        ranked = sorted(found.importance, key=lambda name: -found.importance[name])
        used = ", ".join(formula.used)
        findings = (
            f"Of {len(data.names)} inputs the network leans most on {', '.join(ranked[:3])}.",
            f"The formula needs {used} and gives the exact signature of {figures['formula']:.1%} of "
            f"the held-out knots; the network, with {whole.parameter_count} parameters, of "
            f"{figures['network']:.1%}.",
            str(beyond),
            *theorem.findings(load_table()),
            "This is a correlation in a table of small knots, not a proof: highly twisted knots are "
            "known to leave the rule.",
        )
        return StudyResult(
            discovery=found,
            accuracy=figures,
            baselines=tuple(peers),
            findings=findings,
            seed=seed,
            seconds=time.perf_counter() - begun,
            extras={"beyond": beyond},
        )


@dataclass(frozen=True)
class Beyond:
    """Exact signatures of knots with more crossings than any that was learned from, as shares.

    Attributes:
        knots: how many. network, formula, rule: shares of them; the rule is that of the slope.
    """

    knots: int
    network: float
    formula: float
    rule: float

    @classmethod
    def of(cls, network: Predict, formula: Predict, line: np.ndarray) -> Self:
        """Of a network and a formula of the study's inputs, and a line over the slope ``(2,)``."""
        table = load_table()
        data = dataset(table[table["crossings"] > MOST_CROSSINGS].reset_index(drop=True))
        rule, signature = torch.tensor(np.polyval(line, slope(data))), data.targets[:, 0]
        with torch.no_grad():
            shares = [
                float((nearest_even(values) == signature).double().mean())
                for values in (network(data.inputs), formula(data.inputs), rule)
            ]
        return cls(len(data.targets), *shares)

    def __str__(self) -> str:
        return (
            f"Of {self.knots:,} knots with more than {MOST_CROSSINGS} crossings, which nothing was learned "
            f"from, the formula gives the signature of {self.formula:.1%} exactly, the network of "
            f"{self.network:.1%}, the slope rule of {self.rule:.1%}."
        )


def accuracy(data: Dataset, predict: Predict) -> float:
    """Share of test rows whose prediction, rounded to the nearest even number, is the signature."""
    x, y = data.split("test")
    with torch.no_grad():
        return float((nearest_even(predict(x)) == y[:, 0]).double().mean())


def nearest_even(values: torch.Tensor) -> torch.Tensor:
    """Signatures of knots are even."""
    return 2 * torch.round(values / 2)


def slope(data: Dataset) -> np.ndarray:
    """The natural slope ``Re(longitude / meridian)`` of every row, ``(N,)``."""
    return slope_of(pd.DataFrame(data.inputs.numpy(), columns=list(data.names))).to_numpy()


def slope_rule(data: Dataset) -> Baseline:
    """The published rule, fitted: an affine function of the slope, rounded to an even number."""
    test = data.test.numpy()
    predicted = np.polyval(slope_line(data), slope(data)[test])
    return _judged("slope rule", 2, 0.0, predicted, data.targets[data.test, 0].numpy())


def slope_line(data: Dataset) -> np.ndarray:
    """Factor and offset ``(2,)`` of the signature as an affine function of the slope, by training rows."""
    train = data.train.numpy()
    found: np.ndarray = np.polyfit(slope(data)[train], data.targets[data.train, 0].numpy(), 1)
    return found


def as_classifier(peer: Baseline, data: Dataset) -> Baseline:
    """A peer that predicts numbers, judged by the signatures that they round to."""
    y = data.targets[data.test, 0].numpy()
    if peer.name == "mean":
        values, counts = np.unique(data.targets[data.train, 0].numpy(), return_counts=True)
        return _judged("majority", 0, 0.0, np.full_like(y, values[counts.argmax()]), y)
    if peer.predictions is None:
        return peer
    return _judged(peer.name, peer.parameters, peer.seconds, peer.predictions, y)


def _judged(
    name: str, parameters: int, seconds: float, predicted: np.ndarray, true: np.ndarray
) -> Baseline:
    error = float(np.square(predicted - true).mean())
    right = float((2 * np.round(predicted / 2) == true).mean())
    r2 = 1 - error / float(np.var(true))
    return Baseline(name, parameters, seconds, error**0.5, r2, right, predicted)


STUDY = KnotStudy()
