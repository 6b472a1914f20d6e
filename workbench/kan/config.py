"""What a network is, without its numbers: its width, grid, basis and the arity of its products."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

from workbench.errors import InputError
from workbench.kan.bases import BSplines, find_base, find_basis
from workbench.kan.checks import whole

Width = Sequence[int | Sequence[int]]
Arity = int | Sequence[int | Sequence[int]]


@dataclass(frozen=True)
class KANConfig:
    """What a network is, without its numbers.

    Attributes:
        width: nodes per layer, ``(2, 5, 1)``; with products ``(2, (5, 2), 1)`` = 5 sums, 2 products.
        grid_size: intervals of the grid of every edge.
        degree: polynomial degree, 3 = cubic; every family has ``grid_size + degree`` functions.
        arity: factors of the product nodes: one number for all of them, or an entry for every layer of
            nodes, inputs included: a number, or one number per product node, ``(2, (2, 3), 2)``.
        basis: family of the curves, see ``workbench.kan.bases``.
        base: None, or the function that every edge has beside its curve.
    """

    width: tuple[int | tuple[int, int], ...]
    grid_size: int = 3
    degree: int = 3
    arity: int | tuple[int | tuple[int, ...], ...] = 2
    basis: str = BSplines.name
    base: str | None = None

    def __post_init__(self) -> None:
        counts = [(self.sums(k), self.products(k)) for k in range(len(self.width))]
        if len(counts) < 2 or any(min(kinds) < 0 or sum(kinds) < 1 for kinds in counts):
            raise InputError(
                f"width needs at least two layers with at least one node each, got {self.width}"
            )
        whole("grid_size", self.grid_size)
        whole("degree", self.degree)
        if self.products(0):
            raise InputError(f"the input layer has no product nodes, got width {self.width}")
        find_basis(self.basis)
        if self.base is not None:
            find_base(self.base)
        self._check_arity()

    def _check_arity(self) -> None:
        if not isinstance(self.arity, int) and len(self.arity) != len(self.width):
            raise InputError(
                f"arity needs one entry for each of the {len(self.width)} layers of nodes, "
                f"got {self.arity}"
            )
        for level in range(len(self.width)):
            found = self.arities(level)
            if len(found) != self.products(level):
                raise InputError(
                    f"arity must name {self.products(level)} product nodes in layer {level}, "
                    f"got {found}"
                )
            if any(arity < 2 for arity in found):
                raise InputError(f"arity must be at least 2, got {min(found)}")
        if isinstance(self.arity, int) and self.arity < 2:
            raise InputError(f"arity must be at least 2, got {self.arity}")

    def sums(self, level: int) -> int:
        entry = self.width[level]
        return entry if isinstance(entry, int) else entry[0]

    def products(self, level: int) -> int:
        entry = self.width[level]
        return 0 if isinstance(entry, int) else entry[1]

    def arities(self, level: int) -> tuple[int, ...]:
        """Factors of each product node of a layer of nodes."""
        entry = self.arity if isinstance(self.arity, int) else self.arity[level]
        return (entry,) * self.products(level) if isinstance(entry, int) else entry

    def nodes(self, level: int) -> int:
        return self.sums(level) + self.products(level)

    def subnodes(self, level: int) -> int:
        """Sums and factors of products: what the layer before feeds."""
        return self.sums(level) + sum(self.arities(level))

    @property
    def depth(self) -> int:
        """Number of layers of activations."""
        return len(self.width) - 1

    def parents(self, level: int, node: int) -> range:
        """Sub-nodes of a node: itself for a sum, its factors for a product."""
        sums = self.sums(level)
        if node < sums:
            return range(node, node + 1)
        arities = self.arities(level)
        first = sums + sum(arities[: node - sums])
        return range(first, first + arities[node - sums])


def frozen_width(width: Width) -> tuple[int | tuple[int, int], ...]:
    """A width as a config holds it, from lists or other sequences."""
    try:
        return tuple(_pair(n) if isinstance(n, Sequence) else index(n) for n in width)
    except (TypeError, ValueError) as error:
        raise InputError(
            "width must hold whole numbers of nodes, or pairs (sums, products), as in (2, 5, 1) or "
            f"(2, (5, 2), 1), got {width!r}"
        ) from error


def _pair(entry: Sequence[int]) -> tuple[int, int]:
    sums, products = map(index, entry)
    return sums, products


def frozen_arity(arity: Arity) -> int | tuple[int | tuple[int, ...], ...]:
    """The same of an arity."""
    try:
        if not isinstance(arity, Sequence):
            return index(arity)
        return tuple(tuple(map(index, n)) if isinstance(n, Sequence) else index(n) for n in arity)
    except TypeError as error:
        raise InputError(
            f"arity must be a whole number, or one entry per layer of nodes, got {arity!r}"
        ) from error
