"""The analytic, layer-wise Jacobian of a stack of networks.

No autograd: the derivative of an output by a coefficient is the sensitivity of the output to the
sub-node that the edge feeds, times a basis function.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workbench.kan.ensemble import Ensemble
from workbench.kan.layer import Activations


def sensitivities(
    ensemble: Ensemble, nodes: list[Tensor], slopes: Sequence[Tensor] | None = None
) -> list[Tensor]:
    """Derivatives of the outputs by the sub-nodes of each layer: list of ``(S, N, m, o_l)``.

    ``slopes`` are those of the edges from the second layer on, where they are known already.
    """
    config = ensemble.template.config
    outputs = nodes[-1].shape[-1]
    eye = torch.eye(outputs, dtype=nodes[-1].dtype, device=nodes[-1].device)
    towards_node = eye.expand(*nodes[-1].shape[:2], outputs, outputs)
    found = []
    for level in range(config.depth - 1, -1, -1):
        layer = ensemble.layers[level]
        towards = towards_node
        if config.products(level + 1):
            subnodes = layer.forward(nodes[level])
            towards = _through_products(
                towards_node, subnodes, config.sums(level + 1), config.arities(level + 1)
            )
        found.append(towards)
        if level > 0:
            slope = layer.slopes(nodes[level]) if slopes is None else slopes[level - 1]
            towards_node = towards @ slope
    return found[::-1]


def _through_products(
    towards_node: Tensor, subnodes: Tensor, sums: int, arities: Sequence[int]
) -> Tensor:
    """From nodes ``(S, N, m, n)`` to sub-nodes: a factor's slope is the product of the others."""
    parts = [towards_node[..., :sums]]
    factors = subnodes[..., sums:].split(list(arities), -1)
    for node, group in enumerate(factors, sums):
        ones = torch.ones_like(group[..., :1])
        before = torch.cat((ones, group[..., :-1]), -1).cumprod(-1)
        after = torch.cat((group[..., 1:], ones), -1).flip(-1).cumprod(-1).flip(-1)
        parts.append(towards_node[..., node, None] * (before * after).unsqueeze(2))
    return torch.cat(parts, -1)


@dataclass(frozen=True)
class Columns:
    """Where each trainable number of an ensemble stands in the flat parameter vector.

    Spline edges come first, layer by layer, ``K`` columns each; then the four affine numbers of each
    fixed edge. Pruned and locked edges have no columns.
    """

    spline_edges: tuple[Tensor, ...]
    fixed_edges: tuple[tuple[tuple[int, Tensor, Tensor], ...], ...]
    basis_size: int
    count: int
    like: Activations
    """A layer: all of them share a family of functions and a number of them."""

    @classmethod
    def of(cls, ensemble: Ensemble) -> "Columns":
        splines, fixed, count = [], [], 0
        size = ensemble.layers[0].coefficients.shape[-1]
        for layer in ensemble.layers:
            trainable = ~layer.locked.any(0)
            edges = (layer.free.amax(0) * trainable).nonzero()
            splines.append(edges)
            count += len(edges) * size
            groups = []
            for number, group in enumerate(layer.fixed):
                alive = layer.mask[:, group.targets, group.sources].amax(0) != 0
                alive &= trainable[group.targets, group.sources]
                groups.append((number, group.targets[alive], group.sources[alive]))
                count += 4 * int(alive.sum())
            fixed.append(tuple(groups))
        return cls(tuple(splines), tuple(fixed), size, count, ensemble.layers[0])

    @property
    def edge_count(self) -> int:
        """How many edges are splines."""
        return sum(len(edges) for edges in self.spline_edges)

    @property
    def spline_count(self) -> int:
        return self.edge_count * self.basis_size

    def pack(self, ensemble: Ensemble) -> Tensor:
        """The parameters as ``(S, P)``."""
        parts = [
            layer.coefficients[:, edges[:, 0], edges[:, 1]].flatten(1)
            for layer, edges in zip(ensemble.layers, self.spline_edges, strict=True)
        ]
        for layer, groups in zip(ensemble.layers, self.fixed_edges, strict=True):
            parts += [layer.affine[:, t, s].flatten(1) for _, t, s in groups]
        return torch.cat(parts, 1)

    def unpack(self, ensemble: Ensemble, parameters: Tensor) -> Ensemble:
        """The ensemble with these parameters ``(S, P)``."""
        start, layers = 0, list(ensemble.layers)
        for level, edges in enumerate(self.spline_edges):
            width = len(edges) * self.basis_size
            block = parameters[:, start : start + width].unflatten(1, (len(edges), self.basis_size))
            coefficients = layers[level].coefficients.clone()
            coefficients[:, edges[:, 0], edges[:, 1]] = block
            layers[level] = replace(layers[level], coefficients=coefficients)
            start += width
        for level, groups in enumerate(self.fixed_edges):
            affine = layers[level].affine.clone()
            for _, t, s in groups:
                width = 4 * len(t)
                affine[:, t, s] = parameters[:, start : start + width].unflatten(1, (len(t), 4))
                start += width
            layers[level] = replace(layers[level], affine=affine)
        return replace(ensemble, layers=tuple(layers))


def _fill_splines(
    block: Tensor, layer: Activations, basis: Tensor, towards: Tensor, edges: Tensor
) -> None:
    """Write the columns ``(S, N, m, E, K)`` of one layer's spline edges."""
    targets, sources = edges.unbind(1)
    outputs, inputs = layer.mask.shape[1:]
    if len(edges) == outputs * inputs and bool((layer.mask == 1).all()):
        towards, values = towards[..., None, None], basis[:, :, None, None]
        torch.mul(towards, values, out=block.unflatten(3, (outputs, inputs)))
        return
    weight = layer.mask[:, None, None, targets, sources]
    values = basis[:, :, sources].unsqueeze(2)
    torch.mul((towards[..., targets] * weight).unsqueeze(-1), values, out=block)


def jacobian(
    ensemble: Ensemble, x: Tensor, columns: Columns, first: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Outputs ``(S, N, m)`` and their derivatives by the parameters ``(S, N, m, P)``.

    ``first`` is the basis of the first layer, where it is known already.
    """
    nodes, bases, slopes = ensemble.traced(x, first)
    towards = sensitivities(ensemble, nodes, slopes)
    table = x.new_empty(*nodes[-1].shape, columns.count)
    start = 0
    for level, layer in enumerate(ensemble.layers):
        edges = columns.spline_edges[level]
        end = start + len(edges) * columns.basis_size
        block = table[..., start:end].unflatten(-1, (len(edges), columns.basis_size))
        _fill_splines(block, layer, bases[level], towards[level], edges)
        start = end
    for level, layer in enumerate(ensemble.layers):
        for number, t, s in columns.fixed_edges[level]:
            group = replace(layer.fixed[number], targets=t, sources=s)
            by_affine = layer.affine_jacobian(group, nodes[level]).unsqueeze(2)
            end = start + 4 * len(t)
            block = table[..., start:end].unflatten(-1, (len(t), 4))
            torch.mul(towards[level][..., t].unsqueeze(-1), by_affine, out=block)
            start = end
    return nodes[-1], table


__all__ = ["Columns", "jacobian", "sensitivities"]
