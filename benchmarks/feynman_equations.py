"""The 120 equations of the AI Feynman collection with the ranges that pykan samples them from.

One line of ``feynman_equations.csv`` each: number, name, expression, name:low:high of every input in
order, and name:unit of every input and of the law. Units are those of AI Feynman (Udrescu and Tegmark 2020),
where charges and fields are written in volts; every law is homogeneous in them, which the tests hold.
Expressions are read by ``workbench.formulas.parsing``.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from sympy import Expr

from workbench.formulas.parsing import parse_expression
from workbench.kan.data import Dataset
from workbench.network.compiler import evaluate

TABLE = Path(__file__).with_name("feynman_equations.csv")


@dataclass(frozen=True)
class Equation:
    """A law, the box that its inputs are drawn from, and units of its inputs and of ``law``."""

    number: int
    name: str
    expression: Expr
    ranges: Mapping[str, tuple[float, float]]
    units: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ranges)

    @property
    def rank(self) -> str:
        """A hash of the name: what puts equations into halves without looking at them."""
        return sha256(self.name.encode()).hexdigest()

    def sample(self, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs ``(rows, d)`` drawn uniformly from the box, and clean values ``(rows,)``."""
        low, high = np.array(list(self.ranges.values())).T
        x = np.random.default_rng(seed).uniform(low, high, (rows, len(low)))
        return x, evaluate(self.expression, self.names, x)

    def dataset(
        self, rows: int, *, noise: float = 0.0, seed: int = 0, units: bool = False
    ) -> Dataset:
        """A table with its usual split; noise is Gaussian, in root mean squares of the target."""
        x, y = self.sample(rows, seed)
        random = np.random.default_rng(seed + 1)
        y = y + noise * np.sqrt(np.square(y).mean()) * random.standard_normal(rows)
        known = self.units if units else None
        return Dataset.from_arrays(
            x, y, names=list(self.names), target="law", units=known, seed=seed
        )


def equations() -> tuple[Equation, ...]:
    """All equations in the collection's order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_equation(row) for row in csv.DictReader(file))


def halves() -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
    """The half that methods may be improved on, and the half that is held out, by a hash of the name."""
    known = equations()
    first = {e.name for e in sorted(known, key=lambda e: e.rank)[: len(known) // 2]}
    return tuple(e for e in known if e.name in first), tuple(
        e for e in known if e.name not in first
    )


def _equation(row: Mapping[str, str]) -> Equation:
    ranges = {}
    for entry in row["ranges"].split():
        name, low, high = entry.split(":")
        ranges[name] = (float(parse_expression(low)), float(parse_expression(high)))
    expression = parse_expression(row["expression"], list(ranges))
    units = dict(entry.split(":") for entry in row["units"].split())
    return Equation(int(row["number"]), row["name"], expression, ranges, units)
