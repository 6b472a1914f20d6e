"""A candidate for the closed form of a table."""

import math
from dataclasses import dataclass

from sympy import Expr

from workbench.formulas.size import complexity

_LEAST, _BITS_PER_NODE = 1e-9, 2.0


@dataclass(frozen=True)
class Guess:
    """An expression of the target with starting values for its constants.

    ``error`` is the root mean square of the residuals in standard deviations of the target, to first
    order; ``link`` and ``terms`` say how it was found; ``rough`` that its constants must be fitted before
    it can be judged.
    """

    expression: Expr
    error: float
    link: str
    terms: int
    rough: bool = False

    def bits(self, rows: int) -> float:
        """How long the values of so many rows and the expression are to describe, up to a constant."""
        size = complexity(self.expression)
        return rows * math.log2(max(self.error, _LEAST)) + _BITS_PER_NODE * size
