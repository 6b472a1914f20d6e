"""Noisy tables: KANRegressor as it comes, an MLP by its best solver, and gradient boosting.

    python benchmarks/noisy.py [--seeds 3] [--quick]

Each method sees the same training rows; what it needs for its own choices it holds out of them. Friedman's
functions are judged on noise-free rows, the other tables on their own held-out rows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from statistics import median

import numpy as np
import torch
from measure import options
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from tables import write

from workbench import KANRegressor
from workbench.baselines import fit_mlp
from workbench.kan.data import Dataset

NOISE = (0.01, 0.05, 0.10)
DECAYS = (0.0, 1e-4, 1e-3, 1e-2)
WIDTHS = ((16,), (16, 16))
HELD_OUT = 0.2
FRIEDMAN = (make_friedman1, make_friedman2, make_friedman3)


@dataclass(frozen=True)
class Task:
    """Training rows and test rows; ``clean`` are the training targets without their noise."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    clean: np.ndarray

    def errors(self, predict: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        """Test RMSE in standard deviations, and the ratio of test to training RMSE."""
        spread = self.y_test.std()
        test = float(np.sqrt(np.mean((predict(self.x_test) - self.y_test) ** 2)))
        train = float(np.sqrt(np.mean((predict(self.x) - self.clean) ** 2)))
        return test / spread, test / train


def friedman(make: Callable[..., tuple[np.ndarray, np.ndarray]], noise: float, seed: int) -> Task:
    x, clean = make(1000, noise=0.0, random_state=seed)
    x_test, y_test = make(4000, noise=0.0, random_state=1000 + seed)
    random = np.random.default_rng(seed)
    y = clean + noise * clean.std() * random.standard_normal(len(clean))
    return Task(x, y, x_test, y_test, clean)


def split(x: np.ndarray, y: np.ndarray, seed: int) -> Task:
    a, b, c, d = train_test_split(x, y, test_size=0.25, random_state=seed)
    return Task(a, c, b, d, c)


def large(seed: int) -> Task:
    return split(*make_friedman1(20_000, n_features=20, noise=1.0, random_state=seed), seed)


def tasks() -> dict[str, Callable[[int], Task]]:
    found: dict[str, Callable[[int], Task]] = {
        f"Friedman {number}, {noise:.0%}": lambda seed, make=make, noise=noise: friedman(
            make, noise, seed
        )
        for number, make in enumerate(FRIEDMAN, 1)
        for noise in NOISE
    }
    found["diabetes, 442 rows"] = lambda seed: split(*load_diabetes(return_X_y=True), seed)
    found["Friedman 1 with 20 inputs, 20,000 rows"] = large
    return found


def kan(task: Task, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    return KANRegressor(random_state=seed).fit(task.x, task.y).predict


def boosting(task: Task, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    return HistGradientBoostingRegressor(random_state=seed).fit(task.x, task.y).predict


def perceptron(
    task: Task, seed: int, most: int | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """Of the first so many widths and decays the best; by default of all."""
    held = np.random.default_rng(seed).random(len(task.x)) < HELD_OUT
    data = Dataset.from_arrays(
        task.x, task.y, split=np.where(held, "validation", "train"), task="regression"
    )
    found = [
        fit_mlp(
            data, hidden=width, solver="best", starts=8, decay=DECAYS[:most], effort=0.5, seed=seed
        )
        for width in WIDTHS[:most]
    ]
    model = min(found, key=lambda one: one.validation_loss).model

    def predict(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.tensor(x))[:, 0].numpy()

    return predict


METHODS = {"KANRegressor": kan, "MLP": perceptron, "HistGradientBoosting": boosting}


def main() -> None:
    chosen = options(__doc__, seeds=(3, 1), most=(None, 1))
    methods = METHODS | {"MLP": partial(perceptron, most=chosen.most)}
    rows = []
    for name, make in islice(tasks().items(), chosen.most):
        cells: list[str] = [name]
        for train in methods.values():
            found = []
            for seed in range(chosen.seeds):
                task = make(seed)
                begun = time.perf_counter()
                predict = train(task, seed)
                seconds = time.perf_counter() - begun
                found.append((*task.errors(predict), seconds))
            error, ratio, seconds = (median(values) for values in zip(*found, strict=True))
            cells += [f"{error:.4f}", f"{ratio:.2f}", f"{seconds:.0f}"]
        rows.append(cells)
        print(*cells, flush=True)
    header = ["table"]
    for method in METHODS:
        header += [method, "test/train", "s"]
    write("noisy", header, rows)


if __name__ == "__main__":
    main()
