"""How a law is found.

What belongs here: structure that is read from a table, symbols for the curves of a network, constants fitted
and snapped, formulas that compete, and ``discover``, which does all of it by itself.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.search.automatic import discover
    from workbench.search.conserved import conserved_quantities
    from workbench.search.discovery import Discovery
    from workbench.search.resampling import recurrence
    from workbench.search.structure.propose import Suggestion, propose
    from workbench.search.symbolic import symbolify

_MODULES = {
    "automatic": ["discover"],
    "conserved": ["conserved_quantities"],
    "discovery": ["Discovery"],
    "resampling": ["recurrence"],
    "structure.propose": ["Suggestion", "propose"],
    "symbolic": ["symbolify"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Discovery",
    "Suggestion",
    "conserved_quantities",
    "discover",
    "propose",
    "recurrence",
    "symbolify",
]
