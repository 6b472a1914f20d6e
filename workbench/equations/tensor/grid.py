r"""Splines of two coordinates, :math:`u_f(x, y) = \sum_{ij} C_{fij} B_i(x) B_j(y)`, on uniform grids."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv_transpose1d

from workbench.equations.domains import Ends
from workbench.kan import spline


@dataclass(frozen=True)
class TensorGrid:
    """Where the coefficients of such splines stand in a vector, so that near ones are near in it.

    The coordinate with fewer functions runs fastest. Where a coordinate is closed its last ``degree``
    functions are the first ones again, and the order runs from both ends to the middle at once.

    Attributes:
        ranges: ends of both coordinates.
        sizes: intervals along each.
        degree: of the splines.
        closed: which coordinates end where they begin.
        fields: how many functions there are.
    """

    ranges: tuple[Ends, Ends]
    sizes: tuple[int, int]
    degree: int
    closed: tuple[bool, bool] = (False, False)
    fields: int = 1

    @property
    def counts(self) -> tuple[int, int]:
        """Functions along each coordinate, those of a closed one with what is repeated."""
        return self.sizes[0] + self.degree, self.sizes[1] + self.degree

    @cached_property
    def _free(self) -> tuple[int, int]:
        first, second = (
            size if closed else size + self.degree
            for size, closed in zip(self.sizes, self.closed, strict=True)
        )
        return first, second

    @property
    def _slow(self) -> int:
        return 0 if self._free[0] >= self._free[1] else 1

    @property
    def parameter_count(self) -> int:
        """Free coefficients."""
        return self.fields * self._free[0] * self._free[1]

    @property
    def band(self) -> int:
        """How far apart in the vector two coefficients can stand whose functions meet somewhere."""
        reach = [
            min(2 * self.degree + 1 if closed else self.degree, free - 1)
            for closed, free in zip(self.closed, self._free, strict=True)
        ]
        slow, fast = self._slow, 1 - self._slow
        widest = (reach[slow] * self._free[fast] + reach[fast] + 1) * self.fields - 1
        return min(widest, self.parameter_count - 1)

    @cached_property
    def places(self) -> Tensor:
        """Where each coefficient ``C (fields, counts[0], counts[1])`` stands."""
        first, second = (self._ranks(coordinate) for coordinate in (0, 1))
        grid = (
            first[:, None] * self._free[1] + second
            if self._slow == 0
            else first[:, None] + second * self._free[0]
        )
        return grid * self.fields + torch.arange(self.fields)[:, None, None]

    def _ranks(self, coordinate: int) -> Tensor:
        free = self._free[coordinate]
        order = np.arange(free)
        if self.closed[coordinate]:
            inwards = np.stack((order, order[::-1]), 1).ravel()[:free]
            order = np.argsort(inwards)
        return torch.from_numpy(order[np.arange(self.counts[coordinate]) % free])

    def vector(self, coefficients: Tensor) -> Tensor:
        """The free numbers of ``C``."""
        found = coefficients.new_zeros(self.parameter_count)
        found[self.places.to(coefficients.device)] = coefficients
        return found

    def cells(self, points: Tensor) -> Tensor:
        """The cell of each point ``(..., 2)``, two numbers."""
        return self._scaled(points)[0]

    def _scaled(self, points: Tensor) -> tuple[Tensor, Tensor]:
        low, high = points.new_tensor(self.ranges).unbind(1)
        sizes = points.new_tensor(self.sizes)
        along = (points - low) / (high - low) * sizes
        cells = torch.minimum(along.floor().clamp(min=0), sizes - 1)
        return cells.long(), along - cells

    def pieces(self, points: Tensor, orders: Sequence[int]) -> list[list[Tensor]]:
        """The functions that are not zero at points ``(..., 2)``, and their derivatives.

        Args:
            points: of this grid. orders: the highest derivative by each coordinate.

        Returns:
            By coordinate and order ``(..., degree + 1)``.
        """
        _, local = self._scaled(points)
        found = []
        for coordinate, order in enumerate(orders):
            low, high = self.ranges[coordinate]
            step = (high - low) / self.sizes[coordinate]
            t = local[..., coordinate]
            found.append(
                [spline.local_basis(t, self.degree, k) / step**k for k in range(order + 1)]
            )
        return found

    def near(self, cells: Tensor) -> Tensor:
        """Places ``(K, fields, degree + 1, degree + 1)`` of the coefficients that reach cells ``(K, 2)``."""
        reach = torch.arange(self.degree + 1, device=cells.device)
        first, second = (cells[:, k, None] + reach for k in (0, 1))
        places = self.places.to(cells.device)
        return places[:, first[:, :, None], second[:, None, :]].movedim(1, 0)

    def nodes(self, coordinate: int, each: int, like: Tensor) -> Tensor:
        """``each`` Gauss–Legendre nodes of every interval along a coordinate."""
        unit = (np.polynomial.legendre.leggauss(each)[0] + 1) / 2
        low, high = self.ranges[coordinate]
        size = self.sizes[coordinate]
        along = (np.arange(size)[:, None] + unit).ravel() / size
        return torch.from_numpy(low + (high - low) * along).to(like)

    def gauss(self, each: tuple[int, int], like: Tensor) -> Tensor:
        """Gauss–Legendre points of every cell, ``(cells, each[0] * each[1], 2)``."""
        first, second = (self.nodes(k, each[k], like).view(self.sizes[k], each[k]) for k in (0, 1))
        shape = (*self.sizes, *each)
        pairs = (first[:, None, :, None].expand(shape), second[None, :, None, :].expand(shape))
        return torch.stack(pairs, -1).reshape(-1, each[0] * each[1], 2)

    def finer(self, factors: tuple[int, int]) -> "TensorGrid":
        """With so many intervals instead of each one."""
        return replace(self, sizes=(self.sizes[0] * factors[0], self.sizes[1] * factors[1]))


def finer(curves: Tensor, size: int, degree: int) -> Tensor:
    r"""Coefficients of curves ``(..., K)`` on a grid of so many intervals, theirs times a power of two.

    Half the interval at a time, by :math:`B(x) = 2^{-p} \sum_k \binom{p + 1}{k} B(2x - k)`.
    """
    kernel = [math.comb(degree + 1, k) / 2**degree for k in range(degree + 2)]
    shape, flat = curves.shape[:-1], curves.reshape(-1, 1, curves.shape[-1])
    while flat.shape[-1] < size + degree:
        wanted = 2 * flat.shape[-1] - degree
        halved = conv_transpose1d(flat, curves.new_tensor(kernel).view(1, 1, -1), stride=2)
        flat = halved[..., degree : degree + wanted]
    return flat.reshape(*shape, -1)
