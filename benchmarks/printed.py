"""What is printed against what was found: thirty discoveries, their text and LaTeX read back.

python benchmarks/printed.py [--quick]
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from measure import options, within
from tables import write

from workbench.evidence.sample import probabilities
from workbench.formulas.export import documents
from workbench.formulas.export.execution import Program, values_of
from workbench.formulas.formula import Formula
from workbench.formulas.parsing import parse_expression
from workbench.kan.data import Dataset
from workbench.network.compiler import evaluate
from workbench.search.automatic import discover
from workbench.search.discovery import Discovery

ROWS, NOISE, LIMIT = 200, 0.02, 0.1
Law = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Problem:
    """A law, where its inputs lie, and what its values are called."""

    kind: str
    law: Law
    ranges: tuple[tuple[float, float], ...]
    noise: float = NOISE
    units: dict[str, str] = field(default_factory=dict)
    labels: bool = False


UNIT = ((0.5, 2.0), (0.5, 2.0))
FAR = ((1000.0, 1001.0), (0.5, 2.0))
PROBLEMS = (
    Problem("sums and products", lambda a, b: 0.3183 * a * b + 1.7, UNIT),
    Problem("sums and products", lambda a, b: 2.31 * a**2 - 0.457 * b, UNIT),
    Problem("sums and products", lambda a, b: 3.3 * a / (b + 0.77), UNIT),
    Problem("sums and products", lambda a, b: 1.234 * np.sqrt(a) * b**2, UNIT),
    Problem("waves and decays", lambda a, b: 1.7 * np.exp(-0.83 * a) + 0.2 * b, UNIT),
    Problem("waves and decays", lambda a, b: np.sin(3.3 * a + 0.4) + 0.51 * b, UNIT),
    Problem("waves and decays", lambda a, b: 0.9 * np.log(a + 0.3 * b), UNIT),
    Problem("waves and decays", lambda a, b: np.tanh(1.9 * a - 2) + b**3 / 7, UNIT),
    Problem("correlated constants", lambda a, b: 0.71 * a + 3.3 + 0.4 * b, ((100, 100.01), (0, 2))),
    Problem("correlated constants", lambda a, b: 0.4 * a - 0.41 * b + 1, ((50, 51), (50, 51))),
    Problem("correlated constants", lambda a, b: a**3 - 3.1 * a**2 + 3 * a + b, ((1, 1.5), (0, 1))),
    Problem("correlated constants", lambda a, b: a / (a + 90 * b), UNIT, 1e-4),
    Problem("far from zero", lambda a, b: 0.02 * (a - 1950) + b, ((1950, 2011), (0, 1))),
    Problem("far from zero", lambda a, b: 0.003 * (a - 1000) ** 2 + b, ((990, 1010), (0, 1))),
    Problem("far from zero", lambda a, b: np.sin(2.1 * (a - 1000)) + 0.3 * b, ((1000, 1004), (0, 1))),
    Problem("far from zero", lambda a, b: 5 * (a - 1000) * b, FAR),
    Problem("units", lambda a, b: 0.5 * 1.29 * a * b**2, UNIT, units={"a": "m^2", "b": "m/s"}),
    Problem("units", lambda a, b: 8.314 * a / b, ((280, 320), (0.01, 0.05)), 1.0,
            {"a": "K", "b": "m^3", "y": "Pa"}),
    Problem("units", lambda a, b: 6.2832 * np.sqrt(a / 9.81) + 0 * b, UNIT, units={"a": "m", "y": "s"}),
    Problem("no noise", lambda a, b: 0.123456789 * a + 1.618 * b, UNIT, 0.0),
    Problem("no noise", lambda a, b: np.exp(0.777 * a) * b, UNIT, 0.0),
    Problem("no noise", lambda a, b: np.sin(np.exp(a * b / 2)), UNIT, 0.0),
    Problem("several targets", lambda a, b: np.stack((1.1 * a + b, 300 * a * b), 1), UNIT),
    Problem("several targets", lambda a, b: np.stack((a**2, 0.001 * b + 5), 1), UNIT, 1e-5),
    Problem("two classes", lambda a, b: a - 0.878 * b - 0.1, UNIT, 0.2, labels=True),
    Problem("two classes", lambda a, b: a - 0.878 * b - 0.1, UNIT, 0.0, labels=True),
    Problem("two classes", lambda a, b: a - 0.498 * b - 20, ((40, 41), (40, 41)), 0.05, labels=True),
    Problem("two classes", lambda a, b: a**2 + b**2 - 3, UNIT, 0.3, labels=True),
    Problem("three classes", lambda a, b: np.floor(1.5 * a), UNIT, 0.1, labels=True),
    Problem("three classes", lambda a, b: np.floor(a + b - 0.8), UNIT, 0.0, labels=True),
)  # fmt: skip


def table(problem: Problem, seed: int) -> Dataset:
    """The problem's rows, with its noise."""
    random = np.random.default_rng(seed)
    low, high = np.array(problem.ranges).T
    x = random.uniform(low, high, (ROWS, len(low)))
    y = problem.law(*x.T)
    y = y + problem.noise * random.standard_normal(y.shape)
    if problem.labels:
        y = (
            np.where(y > 0, "yes", "no")
            if problem.kind == "two classes"
            else np.clip(y.round(), 0, 2)
        )
    task = "classification" if problem.labels else None
    return Dataset.from_arrays(x, y, names=["a", "b"], task=task, units=problem.units, seed=seed)


def read_text(formula: Formula, x: np.ndarray) -> np.ndarray:
    """Values of the formula's text, ``(N, m)``."""
    sides = [line.split(" = ")[-1] for line in str(formula).splitlines()]
    found = [evaluate(parse_expression(side, formula.names), formula.names, x) for side in sides]
    return np.stack([np.broadcast_to(v, len(x)) for v in found], 1)


def read_latex(formula: Formula, x: np.ndarray) -> np.ndarray | None:
    """Values of the formula's LaTeX, ``(N, m)``; None where SymPy's reader does not know a function."""
    program: Program = documents.WRITERS["latex"][0](formula).program
    return None if program.skipped else values_of(program, x).reshape(len(x), -1)


def moved(found: Discovery, problem: Problem, values: np.ndarray | None) -> float:
    """The largest move of a training row, in units of the noise or of the network's error."""
    if values is None:
        return float("nan")
    x, y = (part.numpy() for part in found.data.split("train"))
    fitted = found.formula(x).reshape(len(x), -1)
    if problem.labels:
        before, after = probabilities(fitted), probabilities(values)
        if (before.argmax(1) != after.argmax(1)).any():
            return float("inf")
        unit = np.sqrt(np.square(np.eye(before.shape[1])[y] - before).mean())
        return float(np.abs(after - before).max() / max(unit, 1e-8))
    network = found.network(found.data.split("train")[0]).detach().numpy()
    error = np.sqrt(np.square(network - y).mean(0))
    unit = np.maximum(problem.noise or error, 1e-8 * y.std(0))
    return float((np.abs(values - fitted) / unit).max())


def main() -> None:
    chosen = options(__doc__, most=(None, 1), seconds=(None, 2))
    rows = []
    for number, problem in enumerate(PROBLEMS[: chosen.most]):
        report = within(chosen.seconds)
        found = discover(table(problem, number), effort="quick", seed=number, report=report)
        x = found.data.split("train")[0].numpy()
        off = [moved(found, problem, read(found.formula, x)) for read in (read_text, read_latex)]
        shown = ["not read" if np.isnan(v) else f"{v:.3f}" for v in off]
        kept = all(np.isnan(v) or v <= LIMIT for v in off)
        said = "; ".join(str(found.formula).splitlines())[:90]
        rows.append([problem.kind, f"`{said}`", *shown, "yes" if kept else "no"])
        print(*rows[-1], sep=" | ", flush=True)
    total = f"{sum(row[-1] == 'yes' for row in rows)} of {len(rows)}"
    write("printed", HEADER, [*rows, ["all", "", "", "", total]])


HEADER = (
    "kind",
    "printed",
    "text moves a row by",
    "LaTeX moves a row by",
    "within a tenth of the noise",
)

if __name__ == "__main__":
    main()
