"""Classes: KANClassifier as it comes, logistic regression, an MLP by its best solver, gradient boosting.

    python benchmarks/classification.py [--splits 20] [--quick]

Each method sees the same training rows; what it needs for its own choices it holds out of them.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice
from statistics import mean

import numpy as np
import torch
from measure import options
from sklearn.datasets import load_breast_cancer, load_wine, make_classification, make_moons
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import write

from workbench import KANClassifier
from workbench.baselines import fit_mlp
from workbench.kan.data import Dataset

DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)
WIDTHS = ((8,), (16,))
HELD_OUT = 0.2

Table = tuple[np.ndarray, np.ndarray]
Probabilities = Callable[[np.ndarray], np.ndarray]

TABLES: dict[str, Callable[[int], Table]] = {
    "moons, noise 0.1": lambda seed: make_moons(600, noise=0.1, random_state=seed),
    "moons, noise 0.3": lambda seed: make_moons(600, noise=0.3, random_state=seed),
    "breast cancer": lambda seed: load_breast_cancer(return_X_y=True),
    "wine": lambda seed: load_wine(return_X_y=True),
    "synthetic, 8 inputs, 1500 rows": lambda seed: make_classification(
        1500, n_features=8, n_informative=6, n_redundant=0, class_sep=1.0, random_state=seed
    ),
}


def kan(x: np.ndarray, y: np.ndarray, seed: int) -> Probabilities:
    return KANClassifier(random_state=seed).fit(x, y).predict_proba


def logistic(x: np.ndarray, y: np.ndarray, seed: int) -> Probabilities:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x, y).predict_proba


def boosting(x: np.ndarray, y: np.ndarray, seed: int) -> Probabilities:
    return HistGradientBoostingClassifier(random_state=seed).fit(x, y).predict_proba


def perceptron(x: np.ndarray, y: np.ndarray, seed: int, most: int | None = None) -> Probabilities:
    """Of the first so many widths and decays the best; by default of all."""
    held = np.random.default_rng(seed).random(len(x)) < HELD_OUT
    data = Dataset.from_arrays(
        x, y, split=np.where(held, "validation", "train"), task="classification"
    )
    found = [
        fit_mlp(
            data, hidden=width, solver="best", starts=8, decay=DECAYS[:most], effort=0.3, seed=seed
        )
        for width in WIDTHS[:most]
    ]
    model = min(found, key=lambda one: one.validation_loss).model

    def probabilities(rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            logits = model(torch.tensor(rows))
        if logits.shape[1] == 1:
            logits = torch.cat((torch.zeros_like(logits), logits), 1)
        return logits.softmax(1).numpy()

    return probabilities


METHODS = {
    "KANClassifier": kan,
    "logistic": logistic,
    "MLP": perceptron,
    "HistGradientBoosting": boosting,
}


def main() -> None:
    chosen = options(__doc__, splits=(20, 1), most=(None, 1))
    methods = METHODS | {"MLP": partial(perceptron, most=chosen.most)}
    rows = []
    for name, make in islice(TABLES.items(), chosen.most):
        cells: list[str] = [name]
        for train in methods.values():
            shares, losses = [], []
            for seed in range(chosen.splits):
                x, y = make(seed)
                parts = train_test_split(x, y, test_size=0.3, random_state=seed, stratify=y)
                found = train(parts[0], parts[2], seed)(parts[1])
                shares.append(float((found.argmax(1) == parts[3]).mean()))
                losses.append(log_loss(parts[3], found))
            cells.append(f"{mean(shares):.3f} / {mean(losses):.3f}")
        rows.append(cells)
        print(*cells, sep=" | ", flush=True)
    write("classification", ["table", *METHODS], rows)


if __name__ == "__main__":
    main()
