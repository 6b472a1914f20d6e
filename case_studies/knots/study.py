"""The signature of hyperbolic knots, from the geometry of the cusp: data to formula, headless.

Nothing here names the law or the inputs that it needs. The slope rule of Davies, Juhász, Lackenby
and Tomasev (2021, arXiv:2111.15323) is only a baseline that the result is held against.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from case_studies.knots.table import TARGET, load_table
from workbench.baselines import Baseline
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.discovery import Keep, Report
from workbench.studies.study import StudyResult

LEFT_OUT = ("name", "crossings", "injectivity_radius", "symmetry_group", TARGET)
"""Columns that are no input: labels, the target, and the half of a column that is there already."""

_SYMMETRIES = 5
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
        """All knots with 13 inputs; the split is by a hash of the name, the same for every seed."""
        return dataset(load_table())

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
        peers = [slope_rule(data), *(as_classifier(peer, data) for peer in found.baselines)]
        ranked = sorted(found.importance, key=lambda name: -found.importance[name])
        used = ", ".join(formula.used)
        findings = (
            f"Of {len(data.names)} inputs the network leans most on {', '.join(ranked[:3])}.",
            f"The formula needs {used} and gives the exact signature of {figures['formula']:.1%} of "
            f"the held-out knots; the network, with {whole.parameter_count} parameters, of "
            f"{figures['network']:.1%}.",
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
        )


def dataset(table: pd.DataFrame) -> Dataset:
    """The inputs of the study: geometric invariants, and the commonest symmetry groups as 0 or 1."""
    symmetry = table["symmetry_group"].astype(str)
    missing = int(table["chern_simons"].isna().sum())
    columns = table.drop(columns=list(LEFT_OUT)).astype("float64").fillna({"chern_simons": 0.0})
    for group in symmetry.value_counts().index[:_SYMMETRIES]:
        columns[f"symmetry_{_short(group)}"] = (symmetry == group) * 1.0
    data = Dataset.from_frame(
        columns.assign(**{TARGET: table[TARGET].astype("float64")}),
        TARGET,
        task="regression",
        split=split_by_name(table["name"]),
    )
    if not missing:
        return data
    note = f"The Chern–Simons invariant of {missing} knots is not known; it was set to 0."
    return replace(data, notes=(*data.notes, note))


def _short(group: str) -> str:
    """A group's name that can be part of a column's: Z/2 + Z/2 becomes Z2xZ2."""
    return "none" if group == "0" else group.replace(" + ", "x").replace("/", "")


def split_by_name(names: pd.Series) -> list[str]:
    """Train, validation or test by ``crc32(name) % 10``: neighbours in the census are alike."""
    place = names.map(lambda name: zlib.crc32(name.encode()) % 10).to_numpy()
    return ["train" if p < 7 else "validation" if p < 8 else "test" for p in place]


def accuracy(data: Dataset, predict: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """Share of test rows whose prediction, rounded to the nearest even number, is the signature."""
    x, y = data.split("test")
    with torch.no_grad():
        return float((nearest_even(predict(x)) == y[:, 0]).double().mean())


def nearest_even(values: torch.Tensor) -> torch.Tensor:
    """Signatures of knots are even."""
    return 2 * torch.round(values / 2)


def slope(data: Dataset) -> np.ndarray:
    """The natural slope ``Re(longitude / meridian)`` of every row, ``(N,)``."""
    column = {name: data.inputs[:, i].numpy() for i, name in enumerate(data.names)}
    real, imag = (column[f"meridional_translation_{part}"] for part in ("real", "imag"))
    found: np.ndarray = column["longitudinal_translation"] * real / (real**2 + imag**2)
    return found


def slope_rule(data: Dataset) -> Baseline:
    """The published rule, fitted: an affine function of the slope, rounded to an even number."""
    s, y = slope(data), data.targets[:, 0].numpy()
    train, test = data.train.numpy(), data.test.numpy()
    predicted = np.polyval(np.polyfit(s[train], y[train], 1), s[test])
    return _judged("slope rule", 2, 0.0, predicted, y[test])


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
