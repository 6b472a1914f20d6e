"""What `advise` says before any training, against what training shows: KAN, MLP, boosting or a line.

    python benchmarks/advice.py [--quick]

Needs the packages of ``PACKAGES`` for its real tables. Forty sets: small tables of scikit-learn, the first
tables of ``real_tables.csv`` with at least 200 rows, Friedman's three functions, and sets of known kinds.
Half of them, by a hash of the name, are held out. Half of the rows train, 15 % validate, 35 % test.

Truth is measured by ``compare`` among the families that advice can name: under equal seconds each has the
same processor time; under equal parameters KAN and MLP keep to the number that the smaller of their two
choices has, and so do the others. A family is right where its errors on the test rows are not more than two
standard errors behind those of the best family. "either" is right where both KAN and MLP are. Truth and
landmarks are kept in ``advice.jsonl`` (``--truth``); of the held-out half only counts are told.
"""

import csv
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import kept
import numpy as np
import sklearn.datasets
import torch
from command import Options, installed, not_run
from scipy.special import j0
from table_choice import TABLE, tables
from tables import write

from workbench.comparison import Advice, Comparison, Run, compare
from workbench.comparison.advising import advice_of
from workbench.comparison.landmarks import Landmarks, landmarks, parted
from workbench.kan.data import Dataset

PACKAGES = ("pydataset", "statsmodels")
BUNDLED = ("breast_cancer", "diabetes", "iris", "wine")
REAL, LEAST_ROWS, MOST_ROWS, ROWS = 14, 200, 800, 800
HELD_OUT = 20
BUDGETS = ("seconds", "parameters")
RULES = ("kan", "mlp", "boosting", "linear")
"""Families that advice can name."""
LIMIT, LONG = 600.0, 1e9

Table = tuple[np.ndarray, np.ndarray]
Make = Callable[[np.random.Generator], Table]


def uniform(inputs: int, law: Callable[[np.ndarray], np.ndarray], noise: float = 0.0) -> Make:
    """Rows of a law of ``x (d, N)`` in ±1, with noise as a share of its spread."""

    def make(random: np.random.Generator) -> Table:
        x = random.uniform(-1, 1, (ROWS, inputs))
        y = law(x.T)
        return x, y + noise * y.std() * random.standard_normal(ROWS)

    return make


def teacher(
    inputs: int, nodes: int, bend: Callable[[np.ndarray], np.ndarray], noise: float
) -> Make:
    """A random network of one hidden layer."""

    def make(random: np.random.Generator) -> Table:
        x = random.standard_normal((ROWS, inputs))
        hidden = bend(x @ random.standard_normal((inputs, nodes)) + random.standard_normal(nodes))
        y = hidden @ random.standard_normal(nodes)
        return x, y + noise * y.std() * random.standard_normal(ROWS)

    return make


def plane(inputs: int, noise: float) -> Make:
    def make(random: np.random.Generator) -> Table:
        x = random.standard_normal((ROWS, inputs))
        y = x @ random.standard_normal(inputs)
        return x, y + noise * y.std() * random.standard_normal(ROWS)

    return make


def classes(make: Callable[..., Table], **how: Any) -> Make:
    def made(random: np.random.Generator) -> Table:
        return make(n_samples=ROWS, random_state=int(random.integers(2**31)), **how)

    return made


def labelled(made: Make) -> Make:
    """Whether the target lies above its median."""

    def make(random: np.random.Generator) -> Table:
        x, y = made(random)
        return x, (y > np.median(y)).astype(int)

    return make


def friedman(number: int, noise: float) -> Make:
    return classes(getattr(sklearn.datasets, f"make_friedman{number}"), noise=noise)


def steps(x: np.ndarray) -> np.ndarray:
    return np.floor(3 * x[0]) + 2 * (x[1] > 0.2) * (x[2] < 0.3) - (x[3] > -0.5)


MADE: dict[str, Make] = {
    "friedman1, noise 1": friedman(1, 1.0),
    "friedman2, noise 50": friedman(2, 50.0),
    "friedman3, noise 0.05": friedman(3, 0.05),
    "sum of two curves": uniform(2, lambda x: np.sin(3 * x[0]) + x[1] ** 2, 0.01),
    "sum of six curves, noise": uniform(6, lambda x: np.sin(3 * x).sum(0) + np.exp(x[0]), 0.2),
    "product": uniform(2, lambda x: x[0] * x[1]),
    "exp of a sum": uniform(2, lambda x: np.exp(np.sin(np.pi * x[0]) + x[1] ** 2)),
    "four inputs, nested": uniform(
        4, lambda x: np.exp(0.5 * (np.sin(np.pi * (x[0] ** 2 + x[1] ** 2)) + x[2] * x[3]))
    ),
    "distance": uniform(4, lambda x: np.hypot(x[0] - x[1], x[2] - x[3]), 0.02),
    "Bessel's ripple": uniform(1, lambda x: j0(20 * x[0])),
    "tanh teacher, 5 inputs": teacher(5, 8, np.tanh, 0.02),
    "tanh teacher, 10 inputs": teacher(10, 16, np.tanh, 0.1),
    "ReLU teacher, 8 inputs": teacher(8, 12, lambda z: np.maximum(z, 0), 0.05),
    "plane, 5 inputs": plane(5, 0.2),
    "plane, 20 inputs": plane(20, 0.5),
    "nothing but noise": uniform(5, lambda x: np.random.default_rng(0).standard_normal(x.shape[1])),
    "steps": uniform(4, steps, 0.05),
    "moons": classes(sklearn.datasets.make_moons, noise=0.25),
    "circles": classes(sklearn.datasets.make_circles, noise=0.1, factor=0.5),
    "clusters, 8 inputs": classes(
        sklearn.datasets.make_classification, n_features=8, n_informative=6, n_redundant=0
    ),
    "classes of a product": labelled(uniform(3, lambda x: x[0] * x[1], 0.1)),
    "classes of a plane": labelled(plane(5, 0.3)),
}  # fmt: skip


def bundled(name: str) -> Table:
    found = getattr(sklearn.datasets, f"load_{name}")()
    return found.data, found.target


def real() -> Iterator[tuple[str, Table]]:
    """The first tables of the list, which was written before, of packages that are here."""
    packages = [name for name in PACKAGES if installed(name)]
    known = {(t.package, t.name): t for t in tables(packages)}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["package"] in packages]
    for row in [row for row in rows if int(row["rows"]) >= LEAST_ROWS][:REAL]:
        frame = known[row["package"], row["name"]].frame.to_numpy()
        yield row["name"], (frame[:, :-1], frame[:, -1])


def sets(*, quick: bool = False) -> dict[str, Dataset]:
    """All sets by name, split."""
    made = {name: make(np.random.default_rng(seeded(name))) for name, make in MADE.items()}
    found = made | {name: bundled(name) for name in BUNDLED}
    found |= {} if quick else dict(real())
    return {name: split(name, *table) for name, table in found.items()}


def split(name: str, x: np.ndarray, y: np.ndarray) -> Dataset:
    random = np.random.default_rng(seeded(name))
    chosen = random.permutation(len(x))[:MOST_ROWS]
    parts = np.array(["train", "validation", "test"], dtype=object)
    share = np.digitize(np.arange(len(chosen)) / len(chosen), (0.5, 0.65))
    task = "classification" if y.dtype.kind in "iu" and len(np.unique(y)) < 12 else "regression"
    return Dataset.from_arrays(x[chosen], y[chosen], split=parts[share].tolist(), task=task)


def seeded(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


def halves(names: list[str]) -> dict[str, str]:
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"half of {name}".encode()).hexdigest())
    return {
        name: "held out" if place < HELD_OUT else "development" for place, name in enumerate(ranked)
    }


def measured(data: Dataset, seconds: float) -> dict[str, Any]:
    """Families that are right under each budget, with the errors of all."""
    begun = time.process_time()
    found = compare(data, RULES, seconds=LONG, stop=lambda: time.process_time() - begun > seconds)
    cheap = landmarks(data)
    fewest = min(found.best[name].parameters for name in ("kan", "mlp"))
    models = {"seconds": found.best, "parameters": found.within(parameters=fewest)}
    return {"landmarks": {name: losses.tolist() for name, losses in cheap.losses.items()}} | {
        budget: {
            "right": right(found, best),
            "errors": {name: run.test_error for name, run in best.items()},
            "sizes": {name: run.size for name, run in best.items()},
        }
        for budget, best in models.items()
    }


def advised(losses: dict[str, list[float]], data: Dataset) -> Advice:
    """What ``advise`` says of a set, from its landmarks as they were measured."""
    arrays = {name: np.array(one) for name, one in losses.items()}
    return advice_of(Landmarks(arrays, parted(data)), {})


def right(found: Comparison, best: dict[str, Run]) -> list[str]:
    """Families that the test rows do not tell from their best one."""
    first = min(best.values(), key=lambda run: run.test_error)
    ties = {n for n, run in best.items() if run is first or not found.margin(first, run).clear}
    return sorted(ties)


def is_right(family: str, ties: list[str]) -> bool:
    return {"kan", "mlp"} <= set(ties) if family == "either" else family in ties


def main() -> None:
    parser = Options(__doc__, seconds=(6, 1), sets=(None, 2))
    parser.add_argument("--truth", type=Path, default=Path(__file__).with_name("advice.jsonl"))
    parser.add_argument("--table", action="store_true", help="only write the table of what is kept")
    chosen = parser.chosen()
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    data = sets(quick=chosen.quick)
    if not chosen.quick and len(data) < 2 * HELD_OUT:
        not_run(f"of forty sets {len(data)} are here, install {', '.join(PACKAGES)}")
    half = halves(list(data))
    names = list(data)[: chosen.sets]

    def compute(task: kept.Row) -> kept.Row:
        return measured(data[task["name"]], chosen.seconds)

    path = Path(os.devnull) if chosen.quick else chosen.truth
    tasks = [{"name": name} for name in names]
    rows = kept.read(path) if chosen.table else kept.results(tasks, compute, path, limit=LIMIT)
    truth = {row["name"]: row for row in rows}
    report(truth, {name: data[name] for name in names if name in truth}, half)


def report(truth: dict[str, kept.Row], data: dict[str, Dataset], half: dict[str, str]) -> None:
    known = [name for name in data if "failed" not in truth[name]]
    advice = {name: advised(truth[name]["landmarks"], data[name]) for name in known}
    for name, said in advice.items():
        if half[name] == "development":
            told = [f"{b}: {' '.join(truth[name][b]['right'])}" for b in BUDGETS]
            print(name, said.family, *told, sep=" | ", flush=True)
    rules: dict[str, Callable[[str], str]] = {"advise": lambda name: advice[name].family}
    rules |= {f"always {rule}": partial(lambda rule, name: rule, rule) for rule in RULES}
    rows = []
    for part in ("development", "held out"):
        own = [name for name in known if half[name] == part]
        for rule, answer in rules.items():
            cells = [rule, part, len(own)]
            shares = [[is_right(answer(n), truth[n][b]["right"]) for n in own] for b in BUDGETS]
            both = [good for share in shares for good in share]
            rows.append([*cells, *(f"{np.mean(s):.0%}" if s else "–" for s in (*shares, both))])
    write("advice", ["rule", "half", "sets", "equal seconds", "equal parameters", "both"], rows)


if __name__ == "__main__":
    main()
