"""How a law is found.

What belongs here: structure that is read from a table, symbols for the curves of a network, constants fitted
and snapped, formulas that compete, and ``discover``, which does all of it by itself.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.dynamics.conserved import conserved_quantities
    from workbench.search.automatic import discover
    from workbench.search.discovery import Discovery
    from workbench.search.resampling import recurrence
    from workbench.search.structure.propose import Suggestion, propose
    from workbench.search.symbolic import symbolify

_MODULES = {
    "automatic": ["discover"],
    "discovery": ["Discovery"],
    "resampling": ["recurrence"],
    "structure.propose": ["Suggestion", "propose"],
    "symbolic": ["symbolify"],
}

_ELSEWHERE = {"workbench.dynamics.conserved": ["conserved_quantities"]}

__getattr__, __dir__ = lazily(__name__, _MODULES, _ELSEWHERE)

__all__ = [
    "Discovery",
    "Suggestion",
    "conserved_quantities",
    "discover",
    "propose",
    "recurrence",
    "symbolify",
]
