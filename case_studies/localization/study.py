"""Mobility edges of quasiperiodic chains, from eigenstates to a formula, headless.

The learner sees parameters, phase and energy of eigenstates and whether each is localized. Neither
the edge nor the terms that it is made of are given; the known law is only held against the result.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import sympy
import torch
from sympy import Expr

from case_studies.localization.data import LOCALIZED, SITES, eigenstates
from case_studies.localization.edges import Progress
from case_studies.localization.models import AUBRY_ANDRE, Lattice
from case_studies.localization.models import GENERALIZED as _GENERALIZED
from case_studies.localization.own import from_file
from case_studies.localization.sampling import EdgeSampler
from workbench.boundaries import Boundary, discover_boundary
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.typesetting import rounded
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.discovery import Discovery, Keep, Report
from workbench.studies.study import StudyResult

TARGET = "state"
STRENGTH = "lam"
_REALIZATIONS, _QUICK_REALIZATIONS = 240, 120
_GRIDS = (3, 6)

GENERALIZED = replace(_GENERALIZED, parameters={"alpha": (-0.95, 0.95), "lam": (0.05, 2.0)})
"""For the study of one of the two edges: that of negative ``lam`` is its mirror image."""


class LocalizationStudy:
    """Where the eigenstates of a quasiperiodic chain stop to be extended."""

    name = "localization"
    title = "Anderson localization"
    question = "Which eigenstates of a quasiperiodic chain are localized, and where is the edge?"
    notebook = "localization.ipynb"

    def load(self, *, quick: bool = False, seed: int = 0) -> Dataset:
        """Eigenstates of the generalized Aubry–André chain, split by realization."""
        return dataset(GENERALIZED, table(GENERALIZED, quick=quick, seed=seed), seed=seed)

    def lattice(self, path: str | Path, progress: Progress | None = None) -> EdgeSampler:
        """A lattice of the user's own, of which ``discover_boundary`` finds the edge.

        Args:
            path: of a Python file, see ``own.from_file``. progress: told of what is measured.

        Raises:
            InputError: the file does not define a lattice.
        """
        return EdgeSampler(from_file(path), progress=progress)

    def run(
        self,
        *,
        quick: bool = False,
        seed: int = 0,
        report: Report | None = None,
        keep: Keep | None = None,
    ) -> StudyResult:
        """Discover the edge of the Aubry–André chain and of its generalization."""
        begun = time.perf_counter()
        # One line tells this edge: there is nothing that more shapes could find.
        first, states = _discover(AUBRY_ANDRE, True, seed, _within(report, 0.0, 0.2), keep)
        if not first.complete:
            return _first_alone(first, states, seed, time.perf_counter() - begun)
        found, states = _discover(GENERALIZED, quick, seed, _within(report, 0.2, 0.8), keep)
        law = law_of(GENERALIZED, states)
        accuracy = {
            "network": agreement(found, lambda x: found.network(torch.as_tensor(x))[:, 0].numpy()),
            "formula": agreement(found, found.formula),
            "formula against the known law": agreement(found, found.formula, law),
            "known law": float((law[found.data.test] == _is_localized(found.data)).mean()),
        }
        edges = {"AA": edge(first.formula), "GAAM": edge(found.formula)}
        boundary = _measured_edge(seed, report)
        if boundary is not None and boundary.formula is not None:
            side = boundary.formula.inside(states)[found.data.test]
            accuracy["law of the edge's points"] = float((side == _is_localized(found.data)).mean())
        return StudyResult(
            discovery=found,
            accuracy=accuracy,
            baselines=found.baselines,
            findings=(
                f"{AUBRY_ANDRE.title}: the edge lies at lam = {edges['AA']}; "
                f"the known law is {AUBRY_ANDRE.law}.",
                f"{GENERALIZED.title}: the edge lies at lam = {edges['GAAM']}; "
                f"the known law is {GENERALIZED.law}.",
                f"The formula says the same as the known law for "
                f"{accuracy['formula against the known law']:.1%} of the held-out states.",
                *_told(boundary),
                f"Labels come from rings of {SITES} sites, so constants carry an error from finite size.",
            ),
            seed=seed,
            seconds=time.perf_counter() - begun,
            extras={
                "edges": edges,
                "chains": {"AA": first, "GAAM": found},
                "boundary": boundary,
            },
        )


def table(lattice: Lattice, *, quick: bool = False, seed: int = 0) -> pd.DataFrame:
    """The eigenstates that the study uses, see ``eigenstates``."""
    return eigenstates(lattice, _QUICK_REALIZATIONS if quick else _REALIZATIONS, seed=seed)


def dataset(lattice: Lattice, states: pd.DataFrame, *, seed: int = 0) -> Dataset:
    """Parameters, phase and energy as inputs; realizations stay together in the split."""
    return Dataset.from_frame(
        states,
        TARGET,
        inputs=[*lattice.parameters, "phi", "E"],
        groups=states["realization"].tolist(),
        seed=seed,
    )


def law_of(lattice: Lattice, states: pd.DataFrame) -> np.ndarray:
    """What the known law says of every state: True where it is localized."""
    if lattice.edge is None:
        raise InputError(f"no edge is known of the {lattice.title}")
    columns = {name: states[name].to_numpy() for name in lattice.parameters}
    found: np.ndarray = lattice.edge(states["E"].to_numpy(), **columns) > 0
    return found


def agreement(
    found: Discovery, logit: Callable[[np.ndarray], np.ndarray], truth: np.ndarray | None = None
) -> float:
    """Share of test states on the right side of the edge, by the label or by a given truth."""
    data = found.data
    with torch.no_grad():
        side = logit(data.inputs[data.test].numpy()) > 0
    return float((side == (_is_localized(data) if truth is None else truth[data.test])).mean())


def edge(formula: Formula) -> Expr | None:
    """The strength at which the formula's logit is zero; None where that has no single answer."""
    strength = sympy.Symbol(STRENGTH, real=True)
    polynomial = sympy.expand(formula.expression).as_poly(strength)
    if polynomial is None or polynomial.degree() != 1:
        return None
    slope, rest = polynomial.all_coeffs()
    return rounded(sympy.expand(-rest / slope), 4)


def _discover(
    lattice: Lattice, quick: bool, seed: int, report: Report | None, keep: Keep | None
) -> tuple[Discovery, pd.DataFrame]:
    states = table(lattice, quick=quick, seed=seed)
    found = discover(
        dataset(lattice, states, seed=seed),
        effort="quick" if quick else "normal",
        grids=_GRIDS,
        seed=seed,
        report=report,
        keep=keep,
    )
    return found, states


def _told(boundary: Boundary | None) -> tuple[str, ...]:
    """One finding of the edge's points; none where they were not measured."""
    if boundary is None:
        return ()
    return (f"From points of the edge, where measured decay ends: {' '.join(boundary.sentences)}",)


def _first_alone(first: Discovery, states: pd.DataFrame, seed: int, seconds: float) -> StudyResult:
    """A study that was ended while it was at the Aubry–André chain."""
    law = law_of(AUBRY_ANDRE, states)
    return StudyResult(
        discovery=first,
        accuracy={"formula against the known law": agreement(first, first.formula, law)},
        baselines=first.baselines,
        findings=(
            f"Ended at the first chain, {AUBRY_ANDRE.title}: nothing is known of the second.",
        ),
        seed=seed,
        seconds=seconds,
    )


def _is_localized(data: Dataset) -> np.ndarray:
    number = (data.classes or ()).index(LOCALIZED)
    found: np.ndarray = (data.targets[data.test] == number).numpy()
    return found


def _measured_edge(seed: int, report: Report | None) -> Boundary | None:
    """The law of both edges of the generalized chain, from points of them; None where it was interrupted."""

    def progress(phase: str, share: float) -> bool:
        # Each phase begins at 0 again.
        return report is not None and bool(report(phase, math.nan))

    try:
        return discover_boundary(EdgeSampler(_GENERALIZED, progress=progress), seed=seed)
    except KeyboardInterrupt:
        return None


def _within(report: Report | None, start: float, end: float) -> Report | None:
    """The part of a progress bar that one of several discoveries fills."""
    if report is None:
        return None
    return lambda phase, share: report(phase, start + (end - start) * share)


STUDY = LocalizationStudy()
