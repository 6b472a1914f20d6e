"""A number of a formula: as fitted or as snapped, and how well it is known."""

from dataclasses import dataclass
from typing import NamedTuple


class Proportion(NamedTuple):
    """All that rows determine of a constant of which a common factor is free: its ratio to another.

    Attributes:
        reference: that other's place among the formula's constants. ratio: to it. sigma: its standard error;
            0 of the reference itself.
    """

    reference: int
    ratio: float
    sigma: float = 0.0


@dataclass(frozen=True)
class Constant:
    """A number of a formula.

    Attributes:
        value: as used.
        sigma: standard error from the fit; None where it is exact, or not determined by the data.
        snapped: the exact number it became, as text, or None.
        evidence: of a snapped number, the fitted value and its error.
        f_value: of a snapped number, F of the freedom that was given up (4 is its 95 % limit); of
            classes, the likelihood ratio.
        interval: its 95 % confidence interval.
        tied: places, among the formula's constants, of those whose errors go with this one's, and the
            correlations: only a combination of them is well determined.
        unit: where the data have units.
        digits: significant ones that it is printed with, see ``Formula.printed``; None prints all.
        proportion: where classes are told apart without error, so that logits may have any factor.
    """

    value: float
    sigma: float | None = None
    snapped: str | None = None
    evidence: str = ""
    f_value: float = 0.0
    interval: tuple[float, float] | None = None
    tied: tuple[tuple[int, float], ...] = ()
    unit: str = ""
    digits: int | None = None
    proportion: Proportion | None = None
