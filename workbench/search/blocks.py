"""Building blocks: the functions that a search may use, what they cost, and on which edges."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import get_args

from torch import Tensor

from workbench.errors import InputError
from workbench.formulas.library import registered
from workbench.kan.functions import FUNCTIONS, Group
from workbench.kan.model import KAN, Edge
from workbench.network.candidates import MATCHED, Candidate, suggest

Functions = tuple[str, ...]

_BLOCKS = tuple(name for name, function in FUNCTIONS.items() if function.group)
GROUPS: dict[str, Functions] = {
    group: tuple(name for name in _BLOCKS if FUNCTIONS[name].group == group)
    for group in get_args(Group)
}
"""Functions of the table that have no equal among the others, by kind; users ``register`` theirs."""


@dataclass(frozen=True)
class Blocks:
    """Functions that a search may try.

    Attributes:
        functions: on all edges without a choice of their own; None are ``MATCHED`` and registered ones.
        edges: choices of single edges.
    """

    functions: Functions | None = None
    edges: Mapping[Edge, Functions] = field(default_factory=dict)

    def on(self, edge: Edge) -> Functions | None:
        """What one edge may become; None as in ``functions``."""
        return self.edges.get(edge, self.functions)

    def suggest(self, model: KAN, x: Tensor, edges: list[Edge]) -> dict[Edge, list[Candidate]]:
        """Allowed candidates for every edge, best first; see ``candidates.suggest``."""
        found: dict[Edge, list[Candidate]] = {}
        for functions in dict.fromkeys(map(self.on, edges)):
            alike = [edge for edge in edges if self.on(edge) == functions]
            found |= suggest(model, x, alike, functions=functions)
        return found

    def over(self, model: KAN) -> "Blocks":
        """Without choices for edges that the network does not have."""
        living = set(model.edges())
        return Blocks(self.functions, {e: names for e, names in self.edges.items() if e in living})

    def require_edges(self, model: KAN) -> None:
        """An ``InputError`` where a choice is for no living edge of the network."""
        living = set(model.edges())
        for edge in self.edges:
            if edge not in living:
                raise InputError(f"allowed must name living edges of the network, got {edge}")


def blocks(
    functions: Collection[str] | None = None,
    allowed: Mapping[Edge, Collection[str]] | None = None,
) -> Blocks:
    """Building blocks by name.

    Args:
        functions: on all edges; None leaves the usual ones. allowed: on single edges, instead.

    Raises:
        InputError: a name is no building block, or nothing is left to choose from.
    """
    chosen = None if functions is None else in_order(functions)
    return Blocks(chosen, {Edge(*edge): in_order(names) for edge, names in (allowed or {}).items()})


def available() -> Functions:
    """Every building block, with those that users registered."""
    return (*_BLOCKS, *registered())


def usual() -> Functions:
    """The building blocks that are tried by default."""
    return (*MATCHED, *registered())


def in_order(names: Collection[str]) -> Functions:
    """Names without repetition in the order of the table: a choice is the same however it was made."""
    if isinstance(names, str):
        raise InputError(f"building blocks must be a collection of names, got {names!r}")
    known = available()
    for name in names:
        if name not in known:
            raise InputError(
                f"a building block must be one of {', '.join(known)}, got {name!r}: others are added "
                "with workbench.formulas.library.register"
            )
    if not names:
        raise InputError("at least one building block must be allowed, got none")
    return tuple(name for name in known if name in names)
