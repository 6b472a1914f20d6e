"""Twelve laws of several groups with constants of their own, written down before any was searched for.

A law is text in its inputs and letters. Letters that differ are drawn anew for each group, the others are
numbers. Ranges are those of a teaching laboratory. Halves are chosen by a hash of the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import pandas as pd
from sympy import Expr

from workbench.formulas.evaluation import compiled
from workbench.formulas.parsing import parse_expression

HALVES = ("development", "held-out")
GROUPS = {3: 20, 10: 10, 30: 8}
"""Numbers of groups, and the rows of each."""
Range = tuple[float, float]


@dataclass(frozen=True)
class GroupLaw:
    """A law, its inputs and what differs between groups.

    Attributes:
        name: of the law. text: in inputs and letters.
        inputs: their ranges. differ: ranges of letters that every group draws. shared: numbers of the others.
    """

    name: str
    text: str
    inputs: Mapping[str, Range]
    differ: Mapping[str, Range]
    shared: Mapping[str, float]

    @cached_property
    def expression(self) -> Expr:
        return parse_expression(self.text, [*self.inputs, *self.differ, *self.shared])

    @property
    def half(self) -> str:
        ranks = sorted(LAWS, key=lambda law: sha256(law.name.encode()).hexdigest())
        return HALVES[ranks.index(self) % 2]

    def table(self, groups: int, rows: int, noise: float, seed: int) -> pd.DataFrame:
        """Rows with "group", inputs, "y", and "clean", the target without noise.

        Args:
            groups: how many. rows: of each. noise: in standard deviations of the clean target.
            seed: of all that is drawn.
        """
        random = np.random.default_rng([seed, *self.name.encode()])
        codes = np.repeat(np.arange(groups), rows)
        letters = {k: random.uniform(*ends, groups)[codes] for k, ends in self.differ.items()}
        letters |= {k: np.full(len(codes), value) for k, value in self.shared.items()}
        columns = {k: random.uniform(*ends, len(codes)) for k, ends in self.inputs.items()}
        names = [*columns, *letters]
        symbols = {s.name: s for s in self.expression.free_symbols}
        law = compiled(self.expression, [symbols[name] for name in names])
        clean = np.asarray(law(*columns.values(), *letters.values()), dtype=float)
        y = clean + noise * clean.std() * random.standard_normal(len(clean))
        return pd.DataFrame(
            {"group": [f"g{code + 1}" for code in codes], **columns, "y": y, "clean": clean}
        )


LAWS = (
    GroupLaw("spring", "k*x", {"x": (0.01, 0.2)}, {"k": (12, 90)}, {}),
    GroupLaw(
        "arrhenius", "A*exp(-B/T)", {"T": (300, 420)}, {"B": (2500, 3200)}, {"A": 46000.0}
    ),
    GroupLaw("michaelis_menten", "V*S/(K + S)", {"S": (0.1, 6)}, {"V": (1.5, 9)}, {"K": 0.83}),
    GroupLaw(
        "cooling", "R + D*exp(-k*t)", {"t": (0, 40)}, {"k": (0.04, 0.2)}, {"R": 21.5, "D": 63.0}
    ),
    GroupLaw("beer_lambert", "e*l*c", {"l": (0.5, 4), "c": (0.05, 1.2)}, {"e": (0.4, 2.8)}, {}),
    GroupLaw("allometry", "a*M^b", {"M": (0.2, 60)}, {"a": (2, 8)}, {"b": 0.72}),
    GroupLaw(
        "logistic", "K/(1 + exp(-r*(t - m)))", {"t": (0, 24)}, {"K": (40, 160)}, {"r": 0.55, "m": 9.3}
    ),
    GroupLaw("langmuir", "Q*K*p/(1 + K*p)", {"p": (0.05, 8)}, {"K": (0.3, 2.5)}, {"Q": 4.7}),
    GroupLaw(
        "counts", "N*exp(-l*t) + b", {"t": (0, 30)}, {"N": (300, 900), "b": (20, 90)}, {"l": 0.146}
    ),
    GroupLaw(
        "hardening", "s + K*x^n", {"x": (0.005, 0.25)}, {"s": (120, 340), "K": (300, 650)}, {"n": 0.42}
    ),
    GroupLaw("resistance", "R*(1 + a*T)", {"T": (-20, 120)}, {"R": (8, 55)}, {"a": 0.0039}),
    GroupLaw(
        "rate", "k*C^n*exp(-E/T)", {"C": (0.2, 3), "T": (300, 400)}, {"k": (2000, 9000)},
        {"n": 1.6, "E": 1450.0},
    ),
)  # fmt: skip
