"""A zoo of 160 named laws of textbooks with the ranges that their inputs have.

One line of ``zoo_laws.csv`` each: name, field, kind, expression, inputs, number of rows, and a textbook that
has it. An input is name:low:high, uniform; with ``:log`` at the end log-uniform, with a number rounded to
multiples of it. Expressions are read by ``workbench.formulas.parsing``.

All laws were written down and kept before the search saw one of them. None is tuned, replaced or left out
since, except for plain mistakes such as values that are not finite.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from sympy import Expr

from workbench.formulas.parsing import parse_expression
from workbench.kan.data import Dataset
from workbench.network.compiler import evaluate

TABLE = Path(__file__).with_name("zoo_laws.csv")
_MARGIN = 0.25


@dataclass(frozen=True)
class Input:
    """What an input is drawn from.

    Attributes:
        low, high: its range. log: whether its logarithm is uniform. step: what it is a multiple of, or 0.
    """

    low: float
    high: float
    log: bool = False
    step: float = 0.0

    def draw(self, rows: int, random: np.random.Generator, margin: float = 0.0) -> np.ndarray:
        """Values ``(rows,)`` from the range, widened on both sides by this share of it.

        What is not negative stays so: its lower end is at most halved.
        """
        low, high = (math.log(end) if self.log else end for end in (self.low, self.high))
        wider = margin * (high - low)
        bottom = low - wider if self.log or low < 0 else max(low - wider, low / 2)
        values = random.uniform(bottom, high + wider, rows)
        values = np.exp(values) if self.log else values
        return np.round(values / self.step) * self.step if self.step else values


@dataclass(frozen=True)
class ZooLaw:
    """A law of a textbook; see the head of this file."""

    name: str
    field: str
    kind: str
    expression: Expr
    inputs: Mapping[str, Input]
    rows: int
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.inputs)

    @property
    def rank(self) -> str:
        """A hash of the name: what puts laws into halves without looking at them."""
        return sha256(self.name.encode()).hexdigest()

    def sample(self, rows: int, seed: int, margin: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Inputs ``(rows, d)`` and clean values ``(rows,)``, where the law has a finite one."""
        random = np.random.default_rng(seed)
        x = np.stack([one.draw(rows, random, margin) for one in self.inputs.values()], 1)
        y = evaluate(self.expression, self.names, x)
        finite = np.isfinite(y)
        return x[finite], y[finite]

    def dataset(self, noise: float, seed: int = 0) -> Dataset:
        """A table with its usual split; noise is Gaussian, in standard deviations of the target."""
        x, y = self.sample(self.rows, seed)
        y = y + noise * y.std() * np.random.default_rng(seed + 1).standard_normal(len(y))
        return Dataset.from_arrays(
            x, y, names=list(self.names), target="law", task="regression", seed=seed
        )


def laws() -> tuple[ZooLaw, ...]:
    """All laws in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_law(row) for row in csv.DictReader(file))


def halves() -> dict[str, tuple[ZooLaw, ...]]:
    """The half that methods may be improved on, and the half that is held out, by a hash of the name."""
    known = sorted(laws(), key=lambda law: law.rank)
    middle = len(known) // 2
    return {"development": tuple(known[:middle]), "held-out": tuple(known[middle:])}


def _law(row: Mapping[str, str]) -> ZooLaw:
    inputs = dict(_input(entry) for entry in row["inputs"].split())
    expression = parse_expression(row["expression"], list(inputs))
    about = (row["name"], row["field"], row["kind"])
    return ZooLaw(*about, expression, inputs, int(row["rows"]), row["source"])


def _input(entry: str) -> tuple[str, Input]:
    name, low, high, *how = entry.split(":")
    ends = float(low), float(high)
    if not how:
        return name, Input(*ends)
    return name, Input(*ends, log=True) if how == ["log"] else Input(*ends, step=float(how[0]))
