"""What rows say of a formula.

What belongs here: the rows that formulas and peers are judged by, what a residual costs, constants fitted to
them with their errors, rows left out of a fit, structure that residuals have left, and how often a choice
is made again.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.evidence.stability import weighed

_MODULES = {
    "stability": ["weighed"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "weighed",
]
