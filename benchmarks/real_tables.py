"""Sixty real tables: the formula and the network that are found beside their peers.

    python benchmarks/real_tables.py [--half development|held-out] [--splits 5] [--most N] [--effort normal]
                                     [--seconds 20] [--peers] [--table] [--quick]

``table_choice.py`` chose the tables, ``real_tables.csv``, before any was run. Every method learns from
the same 70 % for training and 15 % for validation, and is judged by R² on the same other 15 %, five
splits of each table; its figure for a table is their median. ``discover`` comes to its own end. The
others may do what they want with training and validation rows: ridge regression, a perceptron and
gradient boosting of scikit-learn, each choosing its penalty by cross-validation where it has one, and
``KANRegressor``. With ``--peers`` (extra ``peers``) Operon learns for so many processor seconds from the
training rows, and the validation rows choose from its front. Sizes are numbers of nodes as ``complexity``
counts them.

Needs the packages of ``table_choice.PACKAGES``; tables of those that are not installed are left out.
Results are kept in ``real_tables.jsonl`` (``--results``); of the held-out half only counts are told. The
quick run takes one of scikit-learn's, which are always there.
"""

import argparse
import csv
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from statistics import median

import numpy as np
import torch
from command import Options, installed, not_run
from formulas import processor_seconds
from kept import Row, read, results
from rivals import operon_front
from scipy.stats import binomtest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from table_choice import HALVES, TABLE, Real, tables
from tables import write

from workbench import KANRegressor
from workbench.errors import ExtrapolationWarning, InputError
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.search.automatic import discover

SIZES = (12, 20, 40)
_TIE, _SOMETHING = 0.02, 0.05
_HOUR = 3600.0

Place = tuple[str, str]
"""Package and name of a table."""
Scores = dict[str, float]
"""R² on the test rows by what is judged."""


def ours(data: Dataset, task: Row) -> Row:
    """The formula and the network of ``discover``, and the formulas of limited size."""
    limit = task.get("limit")
    found = discover(data, effort=task["effort"], hidden=(), seed=task["split"], seconds=limit)
    x, y = data.split("test")
    with torch.no_grad():
        network = found.network(x)[:, 0].numpy()
    scores = {"formula": score(found.formula(x.numpy()), y), "network": score(network, y)}
    for size in SIZES:
        small = FormulaSet(f for f in found.formulas if f.complexity <= size)
        scores[f"formula ≤ {size}"] = score(small.select("accurate").best(x.numpy()), y)
    expression = found.formula.expression
    return {"r2": scores, "constant": bool(expression.is_number), "formula": str(expression)[:400]}


def operon(data: Dataset, task: Row) -> Row:
    """The formulas of Operon's front that validate best, by size."""
    (x, y), (held, known) = (
        [part.numpy() for part in data.split(p)] for p in ("train", "validation")
    )
    front = operon_front(x, y[:, 0], data.names, task["seconds"], longest=max(SIZES))
    formulas = []
    for one in front:
        try:
            formulas.append(one.formula)
        except InputError:
            continue  # its numbers are too large to be read

    def loss(formula: Formula) -> float:
        error = float(np.mean((formula(held) - known[:, 0]) ** 2))
        return error if math.isfinite(error) else math.inf

    inputs, targets = data.split("test")
    scores, told = {}, ""
    for size in SIZES:
        small = [f for f in formulas if f.complexity <= size]
        if small:
            best = min(small, key=loss)
            scores[f"Operon ≤ {size}"] = score(best(inputs.numpy()), targets)
            told = str(best.expression)[:400]
    return {"r2": scores, "formula": told}


def scikit_learn(data: Dataset, task: Row) -> Row:
    """Peers that choose by themselves from training and validation rows."""
    seed = task["split"]
    rows = torch.cat((data.train, data.validation))
    x, y = data.inputs[rows].numpy(), data.targets[rows, 0].numpy()
    inputs, targets = data.split("test")
    network = MLPRegressor(
        hidden_layer_sizes=(16,), activation="tanh", solver="lbfgs", max_iter=500, random_state=seed
    )
    decays = {"mlpregressor__alpha": [0.01, 0.1, 1.0, 10.0]}
    perceptron = GridSearchCV(make_pipeline(StandardScaler(), network), decays)
    models = {
        "linear": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-4, 4, 17))),
        "perceptron": TransformedTargetRegressor(perceptron, transformer=StandardScaler()),
        "boosting": HistGradientBoostingRegressor(random_state=seed),
        "KANRegressor": KANRegressor(random_state=seed),
    }
    scores = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are meant to end it
        warnings.simplefilter("ignore", ExtrapolationWarning)
        for name, model in models.items():
            scores[name] = score(model.fit(x, y).predict(inputs.numpy()), targets)
    return {"r2": scores}


def score(predicted: np.ndarray, targets: torch.Tensor) -> float:
    """R²; −∞ where a prediction is not finite."""
    return float(r2_score(targets[:, 0], predicted)) if np.isfinite(predicted).all() else -math.inf


METHODS: dict[str, Callable[[Dataset, Row], Row]] = {
    "discover": ours,
    "scikit-learn": scikit_learn,
    "Operon": operon,
}


def dataset(table: Real, seed: int) -> Dataset:
    """The table with its usual split."""
    frame = table.frame.rename(columns=str)
    return Dataset.from_frame(frame, table.target, task="regression", seed=seed)


def compared(known: Mapping[Place, Real], task: Row) -> Row:
    """One method on one split of one table."""
    torch.set_num_threads(1)
    data = dataset(known[task["package"], task["name"]], task["split"])
    begun = processor_seconds()
    found = METHODS[task["method"]](data, task)
    return found | {"took": round(processor_seconds() - begun, 1)}


def table(rows: Sequence[Row], halves: Mapping[Place, str]) -> list[list[object]]:
    """How often our formula and network are ahead of, level with and behind what peers reach."""
    lines: list[list[object]] = []
    for half in HALVES:
        part = [r for r in rows if halves[r["package"], r["name"]] == half]
        figures = medians(part)
        pairs: list[tuple[str, tuple[str, ...]]] = [
            ("formula", ("linear",)),
            ("formula", ("boosting",)),
            *((f"formula ≤ {size}", (f"Operon ≤ {size}",)) for size in SIZES),
            ("network", ("linear", "perceptron", "boosting")),
            ("KANRegressor", ("linear", "perceptron", "boosting")),
        ]
        lines += [line for mine, peers in pairs if (line := _line(half, figures, mine, peers))]
        runs = [r for r in part if r["method"] == "discover"]
        if runs:
            wrong = wrong_constants(part)
            share = f"{1 - wrong / len(runs):.0%}"
            peers = f"R² ≥ {_SOMETHING} of linear or boosting"
            lines.append(
                [half, "no constant", peers, f"{len(runs)} runs", "", "", wrong, share, ""]
            )
            seconds = f"{median(r.get('took', math.inf) for r in runs):.0f} CPU s, median"
            lines.append([half, "time of discover", seconds, f"{len(runs)} runs", *[""] * 5])
    return lines


def _line(
    half: str, figures: Sequence[Scores], mine: str, peers: Sequence[str]
) -> list[object] | None:
    known = [f for f in figures if mine in f and all(peer in f for peer in peers)]
    gaps = [f[mine] - max(f[peer] for peer in peers) for f in known]
    if not gaps:
        return None
    ahead, behind = sum(gap > _TIE for gap in gaps), sum(not gap >= -_TIE for gap in gaps)
    level = len(gaps) - ahead - behind
    chance = binomtest(ahead, ahead + behind).pvalue if ahead + behind else 1.0
    share = f"{(ahead + level) / len(gaps):.0%}"
    best = f"best of {', '.join(peers)}" if len(peers) > 1 else peers[0]
    return [half, mine, best, len(gaps), ahead, level, behind, share, f"{chance:.2g}"]


def medians(rows: Sequence[Row]) -> list[Scores]:
    """R² of every table, medians over its splits; a search that failed has −∞ as its formula's."""

    def key(row: Row) -> tuple[str, str]:
        return row["package"], row["name"]

    figures = []
    for _, group in groupby(sorted(rows, key=key), key=key):
        found: dict[str, list[float]] = {}
        for row in group:
            lost = {"formula": -math.inf} if row["method"] == "discover" else {}
            for name, value in row.get("r2", lost).items():
                found.setdefault(name, []).append(value)
        figures.append({name: median(values) for name, values in found.items()})
    return figures


def wrong_constants(rows: Sequence[Row]) -> int:
    """Runs in which the constant was chosen although linear regression or boosting knows something."""
    known = {
        (r["package"], r["name"], r["split"])
        for r in rows
        if r["method"] == "scikit-learn"
        and max(r.get("r2", {}).get(peer, 0.0) for peer in ("linear", "boosting")) >= _SOMETHING
    }
    return sum((r["package"], r["name"], r["split"]) in known for r in rows if r.get("constant"))


HEADER = ("half", "ours", "against", "tables", "ahead", "level", "behind", "not behind", "p")


def listed() -> dict[Place, str]:
    """The half of every table, in the order of their hash."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["package"], row["name"]): row["half"] for row in csv.DictReader(file)}


def main() -> None:
    parser = Options(__doc__, most=(None, 1), splits=(5, 1))
    parser.add_argument("--half", choices=HALVES, default=None)
    parser.add_argument("--effort", choices=("quick", "normal"), default="normal")
    parser.add_argument("--seconds", type=float, default=20.0, help="processor seconds of Operon")
    parser.add_argument("--peers", action="store_true", help="Operon, too")
    parser.add_argument(
        "--results", type=Path, default=Path(__file__).with_name("real_tables.jsonl")
    )
    parser.add_argument("--table", action="store_true", help="only write the table again")
    nothing = Path(os.devnull)
    chosen = parser.chosen(effort="quick", seconds=2.0, peers=True, results=nothing)
    os.environ["OMP_NUM_THREADS"] = "1"
    halves = {("scikit-learn", "diabetes"): HALVES[0]} if chosen.quick else listed()
    there = tuple(p for p in {p for p, _ in halves} if p == "scikit-learn" or installed(p))
    if not there:
        not_run("none of the packages is installed")
    known = {} if chosen.table else {(t.package, t.name): t for t in tables(there)}
    rows = read(chosen.results)
    about: Row = {"effort": chosen.effort, "seconds": chosen.seconds}
    if chosen.quick:
        about["limit"] = 5.0
    tasks = [task | about for task in asked(halves, known, chosen)]
    for row in results(tasks, partial(compared, known), chosen.results, limit=_HOUR):
        if halves[row["package"], row["name"]] == HALVES[0]:
            print(row["package"], row["name"], row["split"], told(row), sep="  ", flush=True)
        rows += [row] if row not in rows else []
    rows = [r for r in rows if about.items() <= r.items()]
    if rows:
        write("real_tables", HEADER, table(rows, halves))


def asked(
    halves: Mapping[Place, str], known: Mapping[Place, Real], chosen: argparse.Namespace
) -> list[Row]:
    """A task for every table, split and method."""
    methods = [m for m in METHODS if m != "Operon" or (chosen.peers and installed("pyoperon"))]
    found = []
    for half in HALVES:
        members = [place for place in halves if halves[place] == half and place in known]
        found += [
            {"method": method, "package": package, "name": name, "split": split}
            for package, name in members[: chosen.most]
            for split in range(chosen.splits)
            for method in methods
            if chosen.half in (half, None)
        ]
    return found


def told(row: Row) -> str:
    """A result in one line."""
    scores = ", ".join(f"{name} {value:.3f}" for name, value in row.get("r2", {}).items())
    return f"{scores or row['failed']}  {row.get('formula', '')[:150]}"


if __name__ == "__main__":
    main()
