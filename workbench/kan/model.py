"""The Kolmogorov–Arnold network: layers of learnable curves, sum nodes and product nodes."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import index
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from workbench.errors import ExtrapolationWarning, InputError
from workbench.kan.bases import BSplines, find_base, find_basis
from workbench.kan.checks import numbers, require_place, seed_of, whole
from workbench.kan.layer import Activations, KANLayer

Width = Sequence[int | Sequence[int]]
Arity = int | Sequence[int | Sequence[int]]


class Edge(NamedTuple):
    """The address of an activation: layer, input node, sub-node of the next layer."""

    layer: int
    source: int
    target: int


class Trace(NamedTuple):
    """What flows through a network: ``nodes[l] (N, n_l)``, ``postacts[l] (N, out_l, n_l)``."""

    nodes: tuple[Tensor, ...]
    postacts: tuple[Tensor, ...]


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


def join(subnodes: Tensor, sums: int, arities: Sequence[int]) -> Tensor:
    """Node values from sub-node values: sums pass, factors are multiplied; ``(..., sub)``.

    Args:
        subnodes: sums, then the factors of each product node in turn.
        sums: number of sum nodes.
        arities: number of factors of each product node.
    """
    if not arities:
        return subnodes
    factors = subnodes[..., sums:].split(list(arities), -1)
    products = torch.stack([group.prod(-1) for group in factors], -1)
    return torch.cat((subnodes[..., :sums], products), -1)


class KAN(nn.Module):
    """A Kolmogorov–Arnold network.

    Args:
        width: nodes per layer, see ``KANConfig``.
        grid_size, degree, arity, basis, base: see ``KANConfig``.
        seed: seed of the initial coefficients; no global generator is touched.
        dtype, device: float64 by default: a law wants the digits.

    Raises:
        InputError: an argument does not describe a network that this machine can hold.

    Attributes:
        config: the frozen ``KANConfig``.
        layers: one ``KANLayer`` per step of the width.
        output_scale, output_shift: buffers ``(m,)`` that map the last layer to the target's units.
    """

    output_scale: Tensor
    output_shift: Tensor

    def __init__(
        self,
        width: Width,
        grid_size: int = 3,
        degree: int = 3,
        *,
        arity: Arity = 2,
        basis: str = BSplines.name,
        base: str | None = None,
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        grid_size, degree = whole("grid_size", grid_size), whole("degree", degree)
        self.config = KANConfig(
            _frozen_width(width), grid_size, degree, _frozen_arity(arity), basis, base
        )
        require_place(dtype, device)
        generator = torch.Generator().manual_seed(seed_of(seed))
        self.layers: nn.ModuleList = nn.ModuleList(
            KANLayer(
                self.config.nodes(level),
                self.config.subnodes(level + 1),
                grid_size,
                degree,
                basis=basis,
                base=base,
                generator=generator,
                dtype=dtype,
                device=device,
            )
            for level in range(self.config.depth)
        )
        outputs = self.config.nodes(self.config.depth)
        self.register_buffer("output_scale", torch.ones(outputs, dtype=dtype, device=device))
        self.register_buffer("output_shift", torch.zeros(outputs, dtype=dtype, device=device))

    @classmethod
    def from_config(
        cls,
        config: KANConfig,
        *,
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ) -> "KAN":
        """A fresh network of this description."""
        named = {field.name: getattr(config, field.name) for field in fields(config)}
        return cls(**named, seed=seed, dtype=dtype, device=device)

    def layer(self, level: int) -> KANLayer:
        """The activations between node layers ``level`` and ``level + 1``."""
        layer = self.layers[level]
        if not isinstance(layer, KANLayer):
            raise TypeError(f"layer {level} is a {type(layer).__name__}, not a KANLayer")
        return layer

    def layer_of(self, edge: Edge) -> KANLayer:
        """The layer of a living edge; an ``InputError`` says what is wrong with any other."""
        if 0 <= edge.layer < self.config.depth:
            layer = self.layer(edge.layer)
            if 0 <= edge.target < layer.out_features and 0 <= edge.source < layer.in_features:
                if float(layer.mask[edge.target, edge.source]) == 0:
                    raise InputError(f"{edge} is pruned: a living edge is needed")
                return layer
        raise InputError(f"there is no {edge} in a network of width {self.config.width}")

    @property
    def in_features(self) -> int:
        return self.config.nodes(0)

    @property
    def out_features(self) -> int:
        return self.config.nodes(self.config.depth)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions in the target's units, ``(N, in_features) -> (N, out_features)``."""
        return self.trace_nodes(x)[-1]

    def predict(self, x: Any) -> Tensor:
        """Predictions without gradients; warns when rows lie outside the range of the training data.

        There the curves go on as straight lines, which no data supports.

        Args:
            x: a tensor, an array or nested lists ``(N, in_features)`` of numbers of any precision.

        Raises:
            InputError: ``x`` has another number of columns, or is no table of numbers.
        """
        x = x if isinstance(x, Tensor) else torch.from_numpy(numbers(x))
        x = x.to(self.output_scale)
        gaps = len(x) - int(x.isfinite().flatten(1).all(1).sum()) if x.ndim > 1 else 0
        if gaps:
            raise InputError(
                f"inputs must be finite, but {gaps} of {len(x)} rows hold missing or infinite values: "
                "remove or fill them"
            )
        low, high = self.layer(0).grid_range.unbind(-1)
        outside = int(((x < low) | (x > high)).any(1).sum()) if x.ndim == 2 else 0
        if outside:
            warnings.warn(
                f"{outside} of {len(x)} rows lie outside the range that the network was trained on",
                ExtrapolationWarning,
                stacklevel=2,
            )
        with torch.no_grad():
            values: Tensor = self(x)
        return values

    def trace_nodes(self, x: Tensor) -> tuple[Tensor, ...]:
        """Node values layer by layer; the last are the predictions."""
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise InputError(
                f"inputs must have shape (rows, {self.in_features}), got {tuple(x.shape)}"
            )
        nodes = [x]
        for level in range(self.config.depth):
            subnodes = self.layer(level)(nodes[-1])
            config = self.config
            nodes.append(join(subnodes, config.sums(level + 1), config.arities(level + 1)))
        nodes[-1] = nodes[-1] * self.output_scale + self.output_shift
        return tuple(nodes)

    def trace(self, x: Tensor) -> Trace:
        """Node values and the value of every edge at ``x (N, in_features)``."""
        with torch.no_grad():
            nodes = self.trace_nodes(x)
            postacts = tuple(
                self.layer(level).activations().postacts(nodes[level].unsqueeze(0)).squeeze(0)
                for level in range(self.config.depth)
            )
        return Trace(nodes, postacts)

    def edges(self) -> list[Edge]:
        """The living edges, in the order of layer, source, target."""
        return [
            Edge(level, source, target)
            for level in range(self.config.depth)
            for target, source in self.layer(level).mask.nonzero().tolist()
        ]

    def activation(self, edge: Edge, x: Tensor) -> Tensor:
        """The curve of a living edge at points ``x (M,)``; returns ``(M,)``."""
        layer = self.layer_of(edge)
        with torch.no_grad():
            points = x.unsqueeze(-1).expand(-1, layer.in_features).unsqueeze(0)
            return layer.activations().postacts(points)[0, :, edge.target, edge.source]

    @property
    def parameter_count(self) -> int:
        """Numbers that training can move: coefficients of free edges, a, b, c, d of fixed ones.

        Those of pruned and of locked edges do not count.
        """
        return self.parameters_on(self.layer(0).grid_size)

    def parameters_on(self, grid_size: int) -> int:
        """``parameter_count`` of the same network with other grids."""
        count = 0
        for level in range(self.config.depth):
            layer = self.layer(level)
            alive = (layer.mask != 0) & ~layer.locked
            fixed = sum(1 for edge in layer.fixed if alive[edge])
            curve = layer.coefficients.shape[-1] - layer.grid_size + grid_size
            count += 4 * fixed + (int(alive.sum()) - fixed) * curve
        return count

    def copy(self) -> "KAN":
        """A deep copy that shares nothing."""
        return copy.deepcopy(self)

    def refine(self, grid_size: int) -> "KAN":
        """The same function on finer grids.

        Exact to rounding when ``grid_size`` is a multiple of the present one, else least squares.

        Raises:
            InputError: ``grid_size`` is no whole number of at least 1.
        """
        from workbench.kan.ensemble import Ensemble

        grid_size = whole("grid_size", grid_size)
        return Ensemble.of([self]).refine(grid_size).model(0)

    def activations(self) -> list[Activations]:
        """All layers as stacks of one, sharing the model's tensors."""
        return [self.layer(level).activations() for level in range(self.config.depth)]


def _frozen_width(width: Width) -> tuple[int | tuple[int, int], ...]:
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


def _frozen_arity(arity: Arity) -> int | tuple[int | tuple[int, ...], ...]:
    try:
        if not isinstance(arity, Sequence):
            return index(arity)
        return tuple(tuple(map(index, n)) if isinstance(n, Sequence) else index(n) for n in arity)
    except TypeError as error:
        raise InputError(
            f"arity must be a whole number, or one entry per layer of nodes, got {arity!r}"
        ) from error
