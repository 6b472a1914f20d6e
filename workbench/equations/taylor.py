r"""Truncated Taylor series in several variables: how derivatives of any order are carried along.

A series :math:`f(x + h) = \sum_\alpha f_\alpha h^\alpha` is a list of tensors, one for each multi-index
:math:`\alpha` of a set that holds with every index all those below it; :math:`f_\alpha =
\partial^\alpha f / \alpha!`. Sums, products and compositions then need no rule for each order (Griewank &
Walther, *Evaluating Derivatives*, 2nd ed., ch. 13).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

Index = tuple[int, ...]
"""How often a derivative is taken by each variable: ``(2, 0)`` is the second by the first of two."""
Series = list[Tensor]
"""Taylor coefficients, one tensor for every index of an ``Indices``."""


@dataclass(frozen=True)
class Indices:
    """A set of multi-indices that holds with each all those below it, by order; the first is zero."""

    every: tuple[Index, ...]

    @classmethod
    def below(cls, asked: Iterable[Index], dimension: int) -> "Indices":
        """The least such set that holds the indices that are asked for."""
        found = {(0,) * dimension}
        for index in asked:
            found |= set(product(*(range(n + 1) for n in index)))
        return cls(tuple(sorted(found, key=lambda index: (sum(index), [-n for n in index]))))

    def __len__(self) -> int:
        return len(self.every)

    @property
    def order(self) -> int:
        """The highest order of a derivative among them."""
        return max(map(sum, self.every))

    @cached_property
    def place(self) -> dict[Index, int]:
        """Where each index stands."""
        return {index: number for number, index in enumerate(self.every)}

    @cached_property
    def factorials(self) -> tuple[float, ...]:
        r""":math:`\alpha!` of each, which makes a derivative of a Taylor coefficient."""
        return tuple(float(math.prod(map(math.factorial, index))) for index in self.every)

    @cached_property
    def sums(self) -> tuple[tuple[int, int, int], ...]:
        """Places of all ``(a, b, a + b)``."""
        return tuple(
            (i, j, self.place[total])
            for (i, a), (j, b) in product(enumerate(self.every), repeat=2)
            if (total := tuple(map(sum, zip(a, b, strict=True)))) in self.place
        )

    def multiply(self, first: Series, second: Series) -> Series:
        """Product of two series."""
        found: list[Tensor | None] = [None] * len(self)
        for i, j, k in self.sums:
            found[k] = _added(found[k], first[i], second[j])
        return [part for part in found if part is not None]

    def pull_back(self, towards: Series, factor: Series) -> Series:
        """From the derivatives of a number by the series f g to those by f, where g is ``factor``."""
        found: list[Tensor | None] = [None] * len(self)
        for i, j, k in self.sums:
            found[i] = _added(found[i], towards[k], factor[j])
        return [part for part in found if part is not None]

    def variables(self, x: Tensor) -> Series:
        """The series of the variables themselves, ``x (..., d, N)``."""
        d = x.shape[-2]
        unit = torch.eye(d, dtype=x.dtype, device=x.device).unsqueeze(-1)
        return [
            x if not sum(index) else unit[index.index(1)].expand_as(x)
            if sum(index) == 1 else torch.zeros_like(x[..., :1]).expand_as(x)
            for index in self.every
        ]  # fmt: skip

    def powers(self, inner: Series) -> list[Series]:
        r""":math:`(f - f_0)^k / k!` for every order k that does not vanish; f_0 alone is left out of f.

        Returns:
            For k = 1, 2, ... the coefficients at indices of order k and more; those below are zero and
            left out: ``found[k - 1][place - first(k)]``.
        """
        first = self.first
        found = [inner[first[1] :]] if self.order else []
        for k in range(2, self.order + 1):
            parts: list[Tensor | None] = [None] * (len(self) - first[k])
            for i, j, total in self.sums:
                if i >= first[k - 1] and j >= first[1]:
                    before = found[-1][i - first[k - 1]]
                    parts[total - first[k]] = _added(parts[total - first[k]], before, inner[j])
            found.append([part / k for part in parts if part is not None])
        return found

    @cached_property
    def first(self) -> tuple[int, ...]:
        """Place of the first index of each order."""
        orders = [sum(index) for index in self.every]
        return tuple(orders.index(order) for order in range(self.order + 1))

    def compose(self, derivatives: Sequence[Tensor], powers: Sequence[Series]) -> Series:
        r"""Series of :math:`\phi(f)` from :math:`\phi, \phi', \phi'', \dots` at f_0 (Faà di Bruno)."""
        found: list[Tensor | None] = [derivatives[0], *[None] * (len(self) - 1)]
        for k, power in enumerate(powers, 1):
            for place, part in enumerate(power, self.first[k]):
                found[place] = _added(found[place], derivatives[k], part)
        return [part for part in found if part is not None]


def _added(total: Tensor | None, first: Tensor, second: Tensor) -> Tensor:
    return first * second if total is None else torch.addcmul(total, first, second)
