"""A candidate for the closed form of a table."""

from dataclasses import dataclass

from sympy import Expr


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
