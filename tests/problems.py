"""The zoo: known laws that every method is tried on. One line adds a problem."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.kan.data import Dataset


@dataclass(frozen=True)
class Problem:
    """A law, where it is sampled, a width that can hold it and the RMSE to expect of it."""

    name: str
    law: Callable[..., np.ndarray]
    inputs: int
    width: tuple
    accuracy: float
    low: float = -1.0
    high: float = 1.0

    def dataset(self, rows: int = 1000, noise: float = 0.0, seed: int = 0) -> Dataset:
        random = np.random.default_rng(seed)
        x = random.uniform(self.low, self.high, (rows, self.inputs))
        y = self.law(*x.T)
        return Dataset.from_arrays(x, y + noise * y.std() * random.standard_normal(rows), seed=seed)


PROBLEMS = (
    Problem(
        "exp(sin(pi a) + b^2)", lambda a, b: np.exp(np.sin(np.pi * a) + b**2), 2, (2, 1, 1), 1e-5
    ),
    Problem("a b by squares", lambda a, b: a * b, 2, (2, 2, 1), 1e-3),
    Problem("a b by a product node", lambda a, b: a * b, 2, (2, (0, 1), 1), 1e-10),
    Problem("a / b", lambda a, b: a / b, 2, (2, 1, 1), 1e-5, 0.5, 2.0),
    Problem("sum of squares", lambda a, b, c: a**2 + b**2 + c**2, 3, (3, 1), 1e-10),
)
