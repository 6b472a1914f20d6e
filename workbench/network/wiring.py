"""From sums and products of univariate functions to a network: levels, carriers, numbers.

A ``Sum`` is what arrives at a sub-node, terms c·f(a·x + b) of earlier nodes and a constant; a node of a
``Wiring`` is a sum, or the product of several. Equal nodes are made once. Because activations join
neighbouring layers only, ``build`` carries a value that is used further on by straight lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import isfinite

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.formulas.library import SYMPY
from workbench.kan.grid import padded_range
from workbench.kan.model import KAN, Edge

SPLINE = "spline"
"""The name of a term that is not known yet: a free curve."""

_MARGIN = 0.02


@dataclass(frozen=True)
class Term:
    """An activation c·f(a·x + b) of the value x of node ``source``.

    Attributes:
        name: of the function, or ``SPLINE``. label: tells unknown curves apart.
        free: its numbers are to be found by training.
    """

    source: int
    name: str = "linear"
    a: float = 1.0
    b: float = 0.0
    c: float = 1.0
    label: str = ""
    free: bool = False

    @property
    def curve(self) -> tuple[object, ...]:
        """Terms of one curve can be added by their c."""
        return (self.source, self.name, self.a, self.b, self.label)


@dataclass(frozen=True)
class Sum:
    """Terms and a constant."""

    terms: tuple[Term, ...] = ()
    constant: float = 0.0
    free: bool = False

    def __add__(self, other: "Sum") -> "Sum":
        total: dict[object, Term] = {}
        for term in (*self.terms, *other.terms):
            known = total.get(term.curve)
            if known is not None:
                term = replace(term, c=known.c + term.c, free=known.free or term.free)
            total[term.curve] = term
        # A number that is to be found is none that cancels, whatever it starts from.
        kept = tuple(t for t in total.values() if t.c != 0 or t.free)
        return Sum(kept, self.constant + other.constant, self.free or other.free)

    def scaled(self, factor: float, *, free: bool = False) -> "Sum":
        """Every term and the constant times a number, which training is to find when ``free``."""
        terms = tuple(replace(t, c=factor * t.c, free=t.free or free) for t in self.terms)
        found = free and (not terms or self.constant != 0)
        return Sum(terms, factor * self.constant, self.free or found)

    @property
    def bearer(self) -> int:
        """The term whose edge holds the constant: one that is trained anyhow, where there is one."""
        trained = (i for i, t in enumerate(self.terms) if t.free or t.name == SPLINE)
        return next(trained, 0)


@dataclass(frozen=True)
class Curve:
    """Where an unknown function stands: ``edge`` holds ``scale`` times it, plus ``shift``."""

    edge: Edge
    scale: float
    shift: float


class Wiring:
    """Nodes over ``inputs`` input nodes; the first of them are the inputs themselves.

    Attributes:
        curves: of the network that was built, the edges of unknown functions by their labels.
    """

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        self._nodes: list[tuple[Sum, ...]] = [()] * inputs
        self._known: dict[tuple[Sum, ...], int] = {}
        self._level = cache(self._find_level)
        self.curves: dict[str, list[Curve]] = {}

    def node(self, factors: Sequence[Sum]) -> Sum:
        """The product of some sums as a value that others can use; one sum is a sum node."""
        parts = tuple(self._one_edge_each(factor) for factor in factors)
        if len(parts) == 1 and (lone := _identity(parts[0])) is not None:
            return Sum((Term(lone),))
        if parts not in self._known:
            self._known[parts] = len(self._nodes)
            self._nodes.append(parts)
        return Sum((Term(self._known[parts]),))

    def applied(self, name: str, argument: Sum, label: str = "") -> Sum:
        """A function of a sum; an affine argument of one node goes into the edge's own a and b."""
        if not argument.terms and name != SPLINE:
            return Sum((), _constant(name, argument.constant), argument.free)
        only = argument.terms[0] if len(argument.terms) == 1 else None
        if only is None or only.name != "linear" or name == SPLINE:
            (only,) = self.node([argument]).terms
            return Sum((Term(only.source, name, label=label, free=argument.free),))
        a, b = only.c * only.a, only.c * only.b + argument.constant
        return Sum((Term(only.source, name, a, b, free=only.free or argument.free),))

    def _one_edge_each(self, total: Sum) -> Sum:
        """A sum in which no source occurs twice: two nodes are joined by one activation only."""
        seen: set[int] = set()
        terms = []
        for term in total.terms:
            if term.source in seen:
                inner = self.node([Sum((replace(term, c=1.0),))]).terms[0]
                term = replace(inner, c=term.c, free=term.free)
            seen.add(term.source)
            terms.append(term)
        return replace(total, terms=tuple(terms))

    def _find_level(self, node: int) -> int:
        if node < self._inputs:
            return 0
        return max((self._height(part) for part in self._nodes[node]), default=1)

    def _height(self, total: Sum) -> int:
        """The layer of nodes that a sum can first stand in."""
        return 1 + max((self._level(t.source) for t in total.terms), default=0)

    def build(
        self, outputs: Sequence[Sum], x: Tensor, *, grid_size: int = 3, lock: bool = False
    ) -> KAN:
        """The network with these outputs; every output node is a sum.

        Args:
            outputs: in order. x: inputs ``(N, d)`` that the grids are to span.
            grid_size: of all edges.
            lock: lock the activations whose numbers are known.
        """
        outputs = [self._one_edge_each(total) for total in outputs]
        depth = max(self._height(total) for total in outputs)
        layers = self._layers(outputs, depth)
        width: list[int | tuple[int, int]] = [self._inputs]
        arity: list[int | tuple[int, ...]] = [()]
        for sums, products in layers[1:]:
            width.append((len(sums), len(products)) if products else len(sums))
            arity.append(tuple(len(self._nodes[node]) for node in products))
        model = KAN((*width, len(outputs)), grid_size, arity=(*arity, ()))
        for level in range(depth):
            place = {node: k for k, node in enumerate(n for part in layers[level] for n in part)}
            targets = (
                self._subnodes(*layers[level + 1], level + 1) if level + 1 < depth else outputs
            )
            _write_(model, level, targets, place, lock)
            self._find_curves(level, targets, place)
        return _spanning(model, x)

    def _find_curves(self, level: int, targets: Sequence[Sum], place: dict[int, int]) -> None:
        for target, total in enumerate(targets):
            for number, term in enumerate(total.terms):
                if term.name == SPLINE:
                    edge = Edge(level, place[term.source], target)
                    shift = total.constant if number == total.bearer else 0.0
                    self.curves.setdefault(term.label, []).append(Curve(edge, term.c, shift))

    def _layers(
        self, outputs: Sequence[Sum], depth: int
    ) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Sums and products of every layer of nodes but the last; carried nodes are sums."""
        alive: list[set[int]] = [set() for _ in range(depth)]
        alive[0].update(range(self._inputs))
        todo = [(depth, total) for total in outputs]
        while todo:
            level, total = todo.pop()
            for source in (term.source for term in total.terms):
                born = self._level(source)
                fresh = [k for k in range(born, level) if source not in alive[k]]
                for k in fresh:
                    alive[k].add(source)
                if born in fresh:
                    todo += [(born, part) for part in self._nodes[source]]
        return [
            (
                tuple(n for n in sorted(nodes) if not self._multiplies(n, level)),
                tuple(n for n in sorted(nodes) if self._multiplies(n, level)),
            )
            for level, nodes in enumerate(alive)
        ]

    def _multiplies(self, node: int, level: int) -> bool:
        return len(self._nodes[node]) > 1 and self._level(node) == level

    def _subnodes(self, sums: tuple[int, ...], products: tuple[int, ...], level: int) -> list[Sum]:
        found = []
        for node in sums:
            native = self._level(node) == level and len(self._nodes[node]) == 1
            found.append(self._nodes[node][0] if native else Sum((Term(node),)))
        return found + [factor for node in products for factor in self._nodes[node]]


def _constant(name: str, argument: float) -> float:
    """A function's value at a number."""
    value = complex(SYMPY[name].build(argument))
    if value.imag or not isfinite(value.real):
        raise InputError(f"{name} has no finite real value at {argument:g}")
    return value.real


def _identity(total: Sum) -> int | None:
    """The node that a sum merely repeats."""
    if len(total.terms) == 1 and total.constant == 0 and not total.free:
        term = total.terms[0]
        if term == Term(term.source):
            return term.source
    return None


def _write_(
    model: KAN, level: int, targets: Sequence[Sum], place: dict[int, int], lock: bool
) -> None:
    """Give a layer the functions and numbers of its sums; all other edges are masked."""
    layer = model.layer(level)
    with torch.no_grad():
        layer.mask.zero_()
        for target, total in enumerate(targets):
            # A sum without terms is the shift of an edge that is zero.
            terms = total.terms or (Term(min(place, key=place.__getitem__), "zero"),)
            for number, term in enumerate(terms):
                edge = (target, place[term.source])
                layer.mask[edge] = 1
                bears = number == total.bearer
                shift = total.constant if bears else 0.0
                known = not term.free and not (total.free and bears)
                layer.locked[edge] = lock and known and term.name != SPLINE
                if term.name != SPLINE:
                    layer.fixed[edge] = term.name
                    numbers = (term.a, term.b, term.c, shift)
                    layer.affine[edge] = layer.affine.new_tensor(numbers)


def _spanning(model: KAN, x: Tensor) -> KAN:
    """Grids that reach a little beyond the values of every node."""
    with torch.no_grad():
        nodes = x.to(model.output_scale)
        for level in range(model.config.depth):
            low, high = padded_range(nodes.unsqueeze(0), _MARGIN)
            spans = torch.stack((low, high), -1).squeeze(0)
            finite = spans.isfinite().all(1, keepdim=True)
            layer = model.layer(level)
            layer.grid_range.copy_(torch.where(finite, spans, layer.grid_range))
            nodes = model.trace_nodes(x.to(model.output_scale))[level + 1]
    return model
