"""Equations of motion in a folder: what was found is on disk before pictures are drawn of it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.common.writing import write_text
from workbench.dynamics.fields.result import FieldEquations
from workbench.dynamics.result import Dynamics
from workbench.dynamics.trajectories import Trajectory
from workbench.pictures.trajectories import curves_chart
from workbench.report.results import check_folder

EQUATIONS = ("equations.txt", "equations.tex", "terms.csv")


def write_equations(out: str | Path, found: Dynamics | FieldEquations) -> tuple[str, ...]:
    """Write the equations as text, LaTeX, a table of numbers and formulas; returns the files' names.

    Raises:
        InputError: the folder cannot be made or written.
    """
    folder = check_folder(out)
    texts = dict(
        zip(
            EQUATIONS,
            (f"{found}\n", f"{found.to_latex()}\n", found.frame().to_csv(index=False)),
            strict=True,
        )
    )
    texts |= {f"formula_{k + 1}.json": f.to_text() for k, f in enumerate(found.equations.values())}
    return _written(folder, texts)


def write_pictures(out: str | Path, found: Dynamics) -> tuple[str, ...]:
    """Draw every state over time, and the first two against each other, with the law beside the rows."""
    simulated = [_followed(found, run) for run in found.data.runs]
    time, states = found.data.time, found.data.states
    texts = {}
    for place, name in enumerate(states):
        rows = [(run.times, run.states[:, place]) for run in found.data.runs]
        law = [(table[time].to_numpy(), table[name].to_numpy()) for table in simulated]
        texts[f"trajectory_{place + 1}.svg"] = str(curves_chart(rows, law, time, name))
    if len(states) > 1:
        rows = [(run.states[:, 0], run.states[:, 1]) for run in found.data.runs]
        law = [(t[states[0]].to_numpy(), t[states[1]].to_numpy()) for t in simulated]
        texts["phase_portrait.svg"] = str(curves_chart(rows, law, states[0], states[1]))
    return _written(Path(out), texts)


def _written(folder: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    for name, text in texts.items():
        write_text(folder / name, text)
    return tuple(texts)


def _followed(found: Dynamics, run: Trajectory) -> pd.DataFrame:
    """The law from a run's fitted start."""
    start = found.starts[run.label]
    times = np.linspace(run.times[0], run.times[-1], max(len(run), 400))
    controls = {
        name: np.interp(times, run.times, column)
        for name, column in zip(found.data.controls, run.controls.T, strict=True)
    }
    return found.simulate(start, times, controls)
