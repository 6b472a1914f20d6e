"""Every edit by hand beside the line of Python that repeats it, as in ``workbench.session.steps``."""

from collections.abc import Sequence
from typing import Literal

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.editing import reopen, reshape
from workbench.kan.growth import expand_depth, expand_width
from workbench.kan.locking import lock, unlock
from workbench.kan.model import KAN, Edge
from workbench.network.fixing import fix, unfix
from workbench.network.pruning import remove_edges, remove_node
from workbench.session.history import Step
from workbench.session.steps import living

NodeKind = Literal["sum", "product"]


def without(model: KAN, data: Dataset, edge: Edge) -> Step:
    """One edge less."""
    living(model, edge)
    after = remove_edges(model, data.typical("train"), [edge])
    if bool((after.layer(after.config.depth - 1).mask.sum(1) == 0).any()):
        raise InputError("an output needs at least one edge: this is its last one")
    code = f"model = remove_edges(model, data.split('train')[0], [{edge!r}])"
    return Step(f"remove {_short(edge)}", code, after)


def reopened(model: KAN, edge: Edge) -> Step:
    """A pruned edge is back."""
    return Step(f"add {_short(edge)}", f"model = reopen(model, {edge!r})", reopen(model, edge))


def reshaped(model: KAN, edge: Edge, coefficients: Sequence[float]) -> Step:
    """An edge is another curve."""
    numbers = [float(number) for number in coefficients]
    code = f"model = reshape(model, {edge!r}, {numbers!r})"
    return Step(f"bend {_short(edge)}", code, reshape(model, edge, numbers))


def fixed(model: KAN, edge: Edge, name: str, affine: tuple[float, float, float, float]) -> Step:
    """An edge becomes c·f(a·x + b) + d."""
    code = f"model = fix(model, {edge!r}, {name!r}, {affine!r})"
    return Step(f"fix {name}", code, fix(model, edge, name, affine))


def unfixed(model: KAN, edge: Edge) -> Step:
    """A fixed edge becomes a spline again."""
    return Step("unfix", f"model = unfix(model, {edge!r})", unfix(model, edge))


def held(model: KAN, edge: Edge) -> Step:
    """An edge that no training moves."""
    return Step(f"hold {_short(edge)}", f"model = lock(model, {edge!r})", lock(model, edge))


def released(model: KAN, edge: Edge) -> Step:
    """A held edge is trained again."""
    return Step(f"release {_short(edge)}", f"model = unlock(model, {edge!r})", unlock(model, edge))


def wider(model: KAN, level: int, kind: NodeKind, seed: int) -> Step:
    """One more node."""
    if kind not in ("sum", "product"):
        raise InputError(f"a node is a sum or a product, got {kind!r}")
    after = expand_width(model, level, **{f"{kind}s": 1}, seed=seed)
    code = f"model = expand_width(model, {level}, {kind}s=1, seed={seed})"
    return Step(f"add {kind} in layer {level}", code, after)


def deeper(model: KAN, level: int) -> Step:
    """One more layer."""
    code = f"model = expand_depth(model, {level})"
    return Step(f"add layer after {level}", code, expand_depth(model, level))


def without_node(model: KAN, data: Dataset, level: int, node: int) -> Step:
    """One node less."""
    after = remove_node(model, data.typical("train"), level, node)
    code = f"model = remove_node(model, data.split('train')[0], {level}, {node})"
    return Step(f"remove node {level}.{node}", code, after)


def _short(edge: Edge) -> str:
    return f"edge {edge.layer}.{edge.source}→{edge.layer + 1}.{edge.target}"
