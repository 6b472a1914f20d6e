r"""The sum of squares that a solution minimizes, with the exact Gauss–Newton matrix from jets.

.. math:: F(p) = \tfrac12 \sum_k w_k \, \mathrm{mean}_n \, (s_{kn}\, r_k(u_p, x_{kn}))^2
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import torch
from torch import Tensor

from workbench.equations.jets import Carried, carried, layer_bases
from workbench.equations.residuals import Entry, Residual
from workbench.equations.taylor import Indices, Series
from workbench.kan.ensemble import Ensemble

_BLOCK_BYTES = 4 * 2**20
_LEAST_BLOCK = 256


@dataclass(frozen=True)
class Rows:
    """Residuals at the same points.

    Attributes:
        residuals: of the equations that hold there.
        points: ``(N, d)``.
        weights: of the mean square of each.
        scales: a factor of each row, ``(N,)``, or None.
        targets: what the residuals have to be, ``(N,)``, or None for zero.
    """

    residuals: tuple[Residual, ...]
    points: Tensor
    weights: tuple[float, ...]
    scales: Tensor | None = None
    targets: Tensor | None = None

    @property
    def indices(self) -> Indices:
        """All derivatives that the residuals need."""
        asked = {index for r in self.residuals for _, index in r.asked}
        return Indices.below(asked, self.points.shape[1])

    def only(self, chosen: Tensor) -> "Rows":
        """Some of the points."""
        scales = None if self.scales is None else self.scales[chosen]
        targets = None if self.targets is None else self.targets[chosen]
        return replace(self, points=self.points[chosen], scales=scales, targets=targets)


@dataclass(frozen=True)
class Layout:
    """Where each number stands in the vector of parameters: curves by layer, input, sub-node; coefficients.

    The curves of a periodic input are closed: their last ``degree`` coefficients repeat the first.
    """

    shapes: tuple[tuple[int, int, int], ...]
    periodic: tuple[int, ...]
    degree: int
    scales: tuple[tuple[str, float], ...]

    @classmethod
    def of(
        cls,
        ensemble: Ensemble,
        periodic: Sequence[int] = (),
        scales: Mapping[str, float] = MappingProxyType({}),
    ) -> "Layout":
        """The layout of the parameters of a stack of networks.

        Args:
            ensemble: the networks. periodic: numbers of the inputs whose curves are closed.
            scales: sizes of the unknown coefficients beside them; parameters are multiples of these.
        """
        shapes = [layer.coefficients.shape[1:] for layer in ensemble.layers]
        plain = tuple((int(n), int(o), int(k)) for o, n, k in shapes)
        degree = ensemble.template.config.degree
        return cls(plain, tuple(periodic), degree, tuple(scales.items()))

    @property
    def curves(self) -> int:
        """How many numbers the curves have."""
        return sum(n * o * k for n, o, k in self.shapes)

    @cached_property
    def kept(self) -> Tensor:
        """Places of the numbers that are free, those of closed curves counted once."""
        return (self._source == torch.arange(len(self._source))).nonzero()[:, 0]

    @cached_property
    def _source(self) -> Tensor:
        """For each number the place of the one that it repeats, or its own."""
        source = torch.arange(self.curves + len(self.scales))
        inputs, outputs, size = self.shapes[0]
        first = source[: inputs * outputs * size].view(inputs, outputs, size)
        for number in self.periodic:
            first[number] = first[number][:, self._round(size)]
        return source

    def _round(self, size: int) -> Tensor:
        """For each coefficient of a closed curve the one that it repeats, or its own."""
        return torch.arange(size) % (size - self.degree)

    def pack(self, ensemble: Ensemble, coefficients: Tensor) -> Tensor:
        """Parameters ``(S, P)``; coefficients are ``(S, C)``."""
        parts = [layer.coefficients.transpose(1, 2).flatten(1) for layer in ensemble.layers]
        sizes = coefficients.new_tensor([size for _, size in self.scales])
        return torch.cat((*parts, coefficients / sizes), 1)[:, self.kept.to(coefficients.device)]

    def unpack(self, ensemble: Ensemble, parameters: Tensor) -> tuple[Ensemble, dict[str, Tensor]]:
        """The networks with these parameters ``(S, P)``, and the coefficients, ``(S, 1)`` each."""
        place = torch.empty_like(self._source)
        place[self.kept] = torch.arange(len(self.kept))
        full = parameters[:, place[self._source].to(parameters.device)]
        layers, start = [], 0
        for layer, shape in zip(ensemble.layers, self.shapes, strict=True):
            inputs, outputs, size = shape
            end = start + inputs * outputs * size
            block = full[:, start:end].unflatten(1, shape).transpose(1, 2)
            layers.append(replace(layer, coefficients=block))
            start = end
        named = {
            name: size * full[:, start + number].unsqueeze(1)
            for number, (name, size) in enumerate(self.scales)
        }
        return replace(ensemble, layers=tuple(layers)), named

    def folded(self, jacobian: Tensor) -> Tensor:
        """Derivatives ``(S, all numbers, N)`` by the free numbers; in place."""
        if not self.periodic:
            return jacobian
        inputs, outputs, size = self.shapes[0]
        first = jacobian[:, : inputs * outputs * size].unflatten(1, (inputs, outputs, size))
        for number in self.periodic:
            for repeated in range(size - self.degree, size):
                first[:, number, :, repeated % (size - self.degree)] += first[
                    :, number, :, repeated
                ]
        return jacobian[:, self.kept.to(jacobian.device)]


@dataclass(frozen=True)
class _Block:
    """Some points of some rows, with what does not change while the networks are trained."""

    rows: Rows
    part: Rows
    indices: Indices
    first: Tensor

    def factor(self, number: int) -> Tensor | float:
        """Square root of the weight of each point."""
        root = (self.rows.weights[number] / len(self.rows.points)) ** 0.5
        return root if self.part.scales is None else root * self.part.scales

    def residual(
        self,
        number: int,
        entries: Mapping[Entry, Tensor],
        coefficients: Mapping[str, Tensor],
        shape: tuple[int, int],
    ) -> Tensor:
        """A residual before its weight, ``(S, N)``."""
        value = self.part.residuals[number].value(entries, self.part.points, coefficients)
        value = value if self.part.targets is None else value - self.part.targets
        return value.expand(shape)


class Objective:
    """The residuals of a stack of networks as a problem of Levenberg–Marquardt.

    Args:
        ensemble: the networks; the grids are theirs.
        layout: of their parameters. rows: what vanishes, and where.
    """

    def __init__(self, ensemble: Ensemble, layout: Layout, rows: Sequence[Rows]) -> None:
        self.ensemble, self.layout, self.rows = ensemble, layout, tuple(rows)
        count = len(layout.kept)
        self.metric = torch.eye(count, dtype=rows[0].points.dtype, device=rows[0].points.device)
        self._blocks = [block for part in self.rows for block in self._split(part)]

    def _split(self, rows: Rows) -> list[_Block]:
        size = 8 * len(self.ensemble) * (self.layout.curves + len(self.layout.scales))
        count = max(_LEAST_BLOCK, _BLOCK_BYTES // size)
        indices, layer = rows.indices, self.ensemble.layers[0]
        same = replace(
            layer, grid_range=layer.grid_range[:1], coefficients=layer.coefficients[:1]
        )  # all networks have the domain's grid
        number = len(rows.points)
        places = torch.arange(number, device=rows.points.device).split(count)
        blocks = []
        for place in places:
            part = rows.only(place)
            first = layer_bases(same, part.points.mT.unsqueeze(0), indices.order)
            blocks.append(_Block(rows, part, indices, first))
        return blocks

    def value(self, parameters: Tensor) -> Tensor:
        """Loss ``(S,)``."""
        return 0.5 * torch.cat(self.residuals(parameters), 1).square().sum(1)

    def residuals(self, parameters: Tensor) -> list[Tensor]:
        """Weighted residuals, ``(S, N)`` for each residual and block of points."""
        ensemble, coefficients = self.layout.unpack(self.ensemble, parameters)
        found = []
        for block in self._blocks:
            carry = carried(ensemble, block.part.points, block.indices, block.first)
            shape = (len(ensemble), len(block.part.points))
            for number, part in enumerate(block.rows.residuals):
                value = block.residual(number, _entries(carry, part), coefficients, shape)
                found.append(value * block.factor(number))
        return found

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(S,)``, Gauss–Newton matrix ``(S, P, P)`` and gradient ``(S, P)``."""
        stack, size = parameters.shape
        loss, gradient = parameters.new_zeros(stack), parameters.new_zeros(stack, size)
        matrix = parameters.new_zeros(stack, size, size)
        for _, _, residual, jacobian in self.jacobians(parameters):
            loss += 0.5 * residual.square().sum(1)
            gradient += (jacobian @ residual.unsqueeze(2)).squeeze(2)
            matrix.baddbmm_(jacobian, jacobian.mT)
        return loss, matrix, gradient

    def jacobians(self, parameters: Tensor) -> Iterator[tuple[Rows, int, Tensor, Tensor]]:
        """For blocks of points: rows, number of the residual, residuals ``(S, N)``, jacobian ``(S, P, N)``.

        Both are weighted; the next block overwrites them.
        """
        ensemble, coefficients = self.layout.unpack(self.ensemble, parameters)
        total = self.layout.curves + len(self.layout.scales)
        most = max(len(block.part.points) for block in self._blocks)
        room = parameters.new_empty(len(ensemble) * total * most)
        for block in self._blocks:
            carry = carried(ensemble, block.part.points, block.indices, block.first)
            shape = (len(ensemble), total, len(block.part.points))
            for number, part in enumerate(block.rows.residuals):
                jacobian = room[: shape[0] * shape[1] * shape[2]].view(shape)
                value = self._row(carry, part, block, number, coefficients, jacobian)
                yield block.rows, number, value, self.layout.folded(jacobian)

    def _row(
        self,
        carry: Carried,
        part: Residual,
        block: _Block,
        number: int,
        coefficients: Mapping[str, Tensor],
        jacobian: Tensor,
    ) -> Tensor:
        """Fill the weighted jacobian of one residual, and return the residual."""
        factor = block.factor(number)
        shape = (len(carry.ensemble), len(block.part.points))
        entries = {e: v.detach().requires_grad_() for e, v in _entries(carry, part).items()}
        spread = {
            name: coefficients[name].detach().expand(shape).clone().requires_grad_()
            for name in part.uses
        }
        leaves = [*entries.values(), *spread.values()]
        with torch.enable_grad():
            value = block.residual(number, entries, {**coefficients, **spread}, shape)
            slopes = torch.autograd.grad(value.sum(), leaves, allow_unused=True) if leaves else ()
        weighted = [None if slope is None else slope * factor for slope in slopes]
        towards = _towards(carry, list(entries), weighted[: len(entries)])
        carry.jacobian(towards, jacobian[:, : self.layout.curves])
        jacobian[:, self.layout.curves :] = 0
        by_name = dict(zip(spread, weighted[len(entries) :], strict=True))
        for place, (name, size) in enumerate(self.layout.scales, self.layout.curves):
            if by_name.get(name) is not None:
                jacobian[:, place] = size * by_name[name]
        return value.detach() * factor

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> None:
        """No penalty."""

    def bend(self, parameters: Tensor, step: Tensor) -> None:
        """Steps are straight."""


def _entries(carry: Carried, part: Residual) -> dict[Entry, Tensor]:
    """The derivatives that a residual asks for, ``(S, N)`` each."""
    indices = carry.indices
    return {
        (field, index): carry.outputs[indices.place[index]][:, field]
        * indices.factorials[indices.place[index]]
        for field, index in part.asked
    }


def _towards(carry: Carried, entries: Sequence[Entry], slopes: Sequence[Tensor | None]) -> Series:
    """Derivatives by the series of the outputs from those by derivatives."""
    towards = [torch.zeros_like(part) for part in carry.outputs]
    for (field, index), slope in zip(entries, slopes, strict=True):
        if slope is not None:
            place = carry.indices.place[index]
            towards[place][:, field] += slope * carry.indices.factorials[place]
    return towards
