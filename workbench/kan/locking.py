"""Locking edges: a locked edge keeps its curve, or its affine numbers, through any training.

The lock is a buffer of the layer. Second-order training has no columns for a locked edge, autograd
gives it no gradient, its grid is only refined, never moved, and random starts leave it as it is. (A
decoupled weight decay moves every number that an optimizer holds: set it to 0 where edges are locked.)
"""

from workbench.errors import InputError
from workbench.kan.model import KAN, Edge


def lock(model: KAN, edge: Edge) -> KAN:
    """A copy whose ``edge`` no training moves.

    Raises:
        InputError: there is no such edge, or it is pruned.
    """
    return _set(model, edge, True)


def unlock(model: KAN, edge: Edge) -> KAN:
    """A copy whose ``edge`` is trained again.

    Raises:
        InputError: there is no such edge, it is pruned or not locked.
    """
    if not bool(model.layer_of(edge).locked[edge.target, edge.source]):
        raise InputError(f"{edge} is not locked")
    return _set(model, edge, False)


def locked_edges(model: KAN) -> list[Edge]:
    """The living edges that are locked."""
    return [e for e in model.edges() if bool(model.layer(e.layer).locked[e.target, e.source])]


def locks_curves(model: KAN) -> bool:
    """Whether a curve is locked: then grids may only be refined, because a coarser one would bend it."""
    return any((e.target, e.source) not in model.layer(e.layer).fixed for e in locked_edges(model))


def _set(model: KAN, edge: Edge, value: bool) -> KAN:
    changed = model.copy()
    changed.layer_of(edge).locked[edge.target, edge.source] = value
    return changed
