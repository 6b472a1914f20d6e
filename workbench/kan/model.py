"""The Kolmogorov–Arnold network: layers of learnable curves, sum nodes and product nodes."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from workbench.errors import ExtrapolationWarning, InputError
from workbench.kan.bases import BSplines
from workbench.kan.checks import numbers, require_place, seed_of, whole
from workbench.kan.config import Arity, KANConfig, Width, frozen_arity, frozen_width
from workbench.kan.layer import Activations, KANLayer


class Edge(NamedTuple):
    """The address of an activation: layer, input node, sub-node of the next layer."""

    layer: int
    source: int
    target: int


class Trace(NamedTuple):
    """What flows through a network: ``nodes[l] (N, n_l)``, ``postacts[l] (N, out_l, n_l)``."""

    nodes: tuple[Tensor, ...]
    postacts: tuple[Tensor, ...]


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
            frozen_width(width), grid_size, degree, frozen_arity(arity), basis, base
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
        grid_size = whole("grid_size", grid_size)
        if grid_size == self.config.grid_size:
            return self.copy()
        finer = [stack.with_grid(stack.grid_range, grid_size) for stack in self.activations()]
        return self.with_activations(finer)

    def with_activations(self, stacks: Sequence[Activations], index: int = 0) -> "KAN":
        """A copy with the tensors of network ``index`` of these stacks, one stack a layer."""
        model = self.copy()
        model.config = replace(model.config, grid_size=stacks[0].grid_size)
        with torch.no_grad():
            for level, stack in enumerate(stacks):
                layer = model.layer(level)
                coefficients = stack.coefficients[index].to(layer.coefficients, copy=True)
                layer.coefficients = torch.nn.Parameter(coefficients)
                layer.affine.copy_(stack.affine[index])
                layer.grid_range.copy_(stack.grid_range[index])
                layer.mask.copy_(stack.mask[index])
                layer.locked.copy_(stack.locked[index])
                layer.fixed = {e: f for e, f in layer.fixed.items() if bool(layer.mask[e])}
        return model

    def activations(self) -> list[Activations]:
        """All layers as stacks of one, sharing the model's tensors."""
        return [self.layer(level).activations() for level in range(self.config.depth)]
