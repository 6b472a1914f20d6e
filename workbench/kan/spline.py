r"""Uniform B-splines in closed form: pure functions of tensors.

A spline of degree :math:`d` on :math:`G` intervals of :math:`[lo, hi]` has :math:`K = G + d`
coefficients. With :math:`u = (x - lo) / h`, :math:`i = \lfloor u \rfloor` and :math:`t = u - i`
only the functions :math:`B_i \dots B_{i+d}` are non-zero at :math:`x`, and each is a polynomial in
:math:`t` (de Boor, *A Practical Guide to Splines*, ch. IX). Outside the interval a spline goes on
as a straight line.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


@lru_cache
def _polynomials(degree: int) -> tuple[tuple[float, ...], ...]:
    r"""Power coefficients of the local pieces, from the uniform Cox–de Boor recursion.

    .. math:: N^d_j(t) = [(t + d - j) N^{d-1}_{j-1}(t) + (1 + j - t) N^{d-1}_j(t)] / d
    """
    pieces = [[1.0]]
    for d in range(1, degree + 1):
        grown = []
        for j in range(d + 1):
            piece = [0.0] * (d + 1)
            if j > 0:
                for power, value in enumerate(pieces[j - 1]):
                    piece[power] += value * (d - j) / d
                    piece[power + 1] += value / d
            if j < d:
                for power, value in enumerate(pieces[j]):
                    piece[power] += value * (1 + j) / d
                    piece[power + 1] -= value / d
            grown.append(piece)
        pieces = grown
    return tuple(tuple(piece) for piece in pieces)


@lru_cache(maxsize=64)
def _table(degree: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Power coefficients of the pieces, ``(power, piece)``.

    Made outside of any transform of ``torch.func``: a tensor of one must not outlive it in the cache.
    """
    with torch.inference_mode(False), torch._C._DisableFuncTorch():
        return torch.tensor(_polynomials(degree), dtype=dtype, device=device).mT.contiguous()


@lru_cache(maxsize=64)
def _both(degree: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """``_table`` of the pieces and, beside it, of their slopes: ``(power, 2 degree + 2)``."""
    with torch.inference_mode(False), torch._C._DisableFuncTorch():
        table = _table(degree, dtype, device)
        power = torch.arange(1, degree + 1, dtype=dtype, device=device).unsqueeze(1)
        return torch.cat((table, functional.pad(power * table[1:], (0, 0, 0, 1))), 1)


def _powers(t: Tensor, degree: int, derivative: int = 0) -> Tensor:
    r"""Derivatives of :math:`1, t, \dots, t^d`, ``(..., degree + 1)``."""
    if derivative:
        return torch.stack([_power(t, power, derivative) for power in range(degree + 1)], -1)
    columns = [torch.ones_like(t)]
    while len(columns) <= degree:
        columns.append(columns[-1] * t if len(columns) > 1 else t)
    return torch.stack(columns, -1)


def _power(t: Tensor, power: int, derivative: int) -> Tensor:
    if derivative > power:
        return torch.zeros_like(t)
    factor = math.perm(power, derivative)
    left = power - derivative
    if left == 0:
        return torch.full_like(t, factor)
    found = t
    for _ in range(left - 1):
        found = found * t
    return found if factor == 1 else found * factor


def local_basis(t: Tensor, degree: int, derivative: int = 0) -> Tensor:
    """Values of the ``degree + 1`` pieces at ``t``, or their derivative by ``t``.

    Args:
        t: local coordinates, any shape ``(...)``, meant for the interval [0, 1].
        degree: polynomial degree, at least 0.
        derivative: order of the derivative, 0 for the value.

    Returns:
        Tensor of shape ``(..., degree + 1)``.
    """
    return _powers(t, degree, derivative) @ _table(degree, t.dtype, t.device)


def pieces(t: Tensor, degree: int, derivative: int = 0) -> list[Tensor]:
    """``local_basis`` as one tensor per piece, contiguous and made in place: for large batches.

    Args:
        t: local coordinates ``(...)``; no gradient flows through it.
        degree: polynomial degree.
        derivative: order of the derivative by ``t``.

    Returns:
        ``degree + 1`` tensors of the shape of ``t``.
    """
    found = []
    for powers in _polynomials(degree):
        for _ in range(derivative):
            powers = tuple(i * value for i, value in enumerate(powers))[1:]
        piece = torch.full_like(t, powers[-1] if powers else 0.0)
        for value in reversed(powers[:-1]):
            piece.mul_(t).add_(value)
        found.append(piece)
    return found


def basis(
    x: Tensor,
    low: Tensor,
    high: Tensor,
    grid_size: int,
    degree: int,
    derivative: int = 0,
    *,
    reach: float = 0.0,
) -> Tensor:
    """All basis functions at ``x``, with linear continuation outside ``[low, high]``.

    Args:
        x: points, shape ``(..., n)``.
        low, high: ends of the grid, broadcastable against ``x``; ``low < high``.
        grid_size: number of intervals, at least 1.
        degree: polynomial degree.
        derivative: order of the derivative by ``x``.
        reach: for so many intervals the end pieces go on as polynomials before the line begins.

    Returns:
        Dense tensor of shape ``(..., n, grid_size + degree)``.
    """
    place = _located(x, low, high, grid_size, reach)
    if derivative == 0:
        return place.dense(_continued(place, degree)[0], grid_size + degree)
    local = _powers(place.t, degree, derivative) @ _table(degree, x.dtype, x.device)
    if derivative > 1:
        local = local * (place.beyond == 0).unsqueeze(-1)
    local = local / (place.step.unsqueeze(-1) ** derivative)
    return place.dense(local, grid_size + degree)


def basis_and_slopes(
    x: Tensor, low: Tensor, high: Tensor, grid_size: int, degree: int
) -> tuple[Tensor, Tensor]:
    """``basis`` and its first derivative by ``x``, both ``(..., n, grid_size + degree)``, in one pass."""
    place = _located(x, low, high, grid_size)
    values, slopes = _continued(place, degree)
    columns, size = place.columns(degree), grid_size + degree
    slopes = slopes / place.step.unsqueeze(-1)
    return place.dense(values, size, columns), place.dense(slopes, size, columns)


@lru_cache(maxsize=64)
def _stacked(degree: int, order: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Power coefficients of the pieces and of their derivatives: ``(order + 1, piece, power)``."""
    rows = _polynomials(degree)
    table = []
    for _ in range(order + 1):
        table.append([row + (0.0,) * (degree + 1 - len(row)) for row in rows])
        rows = tuple(tuple(i * value for i, value in enumerate(row))[1:] for row in rows)
    with torch.inference_mode(False), torch._C._DisableFuncTorch():
        return torch.tensor(table, dtype=dtype, device=device)


def derivatives(x: Tensor, grid_range: Tensor, grid_size: int, degree: int, order: int) -> Tensor:
    """``basis`` and its derivatives up to an order, with the points last: for jets.

    Args:
        x: points ``(..., n, N)``.
        grid_range: ends of the grids, ``(..., n, 2)``.
        grid_size, degree: see ``basis``.
        order: of the highest derivative.

    Returns:
        Tensor of shape ``(order + 1, ..., n, grid_size + degree, N)``.
    """
    columns, local = _local_derivatives(x, grid_range, grid_size, degree, order)
    empty = local.new_zeros((*local.shape[:-2], grid_size + degree, x.shape[-1]))
    return empty.scatter_(-2, columns.expand(local.shape), local)


def curves(
    coefficients: Tensor, x: Tensor, grid_range: Tensor, degree: int, order: int
) -> list[Tensor]:
    """Splines and their derivatives up to an order, from the few functions that are not zero.

    Args:
        coefficients: ``(S, n, o, K)``.
        x: points ``(S, n, N)``.
        grid_range: ends of the grids, ``(S, n, 2)``.
        degree: of the splines. order: of the highest derivative.

    Returns:
        ``order + 1`` tensors ``(S, n, o, N)``.
    """
    grid_size = coefficients.shape[-1] - degree
    columns, local = _local_derivatives(x, grid_range, grid_size, degree, order)
    shape = (*coefficients.shape[:-1], x.shape[-1])
    found = [coefficients.new_zeros(shape) for _ in range(order + 1)]
    for piece in range(degree + 1):
        place = columns[..., piece, :].unsqueeze(-2).expand(shape)
        near = coefficients.gather(-1, place)
        for part, pieces in zip(found, local, strict=True):
            part.addcmul_(near, pieces[..., piece, :].unsqueeze(-2))
    return found


def _local_derivatives(
    x: Tensor, grid_range: Tensor, grid_size: int, degree: int, order: int
) -> tuple[Tensor, Tensor]:
    """Numbers ``(..., n, degree + 1, N)`` of the functions that are not zero, and their derivatives."""
    low, high = grid_range.unsqueeze(-2).unbind(-1)
    place = _located(x, low, high, grid_size)
    powers = torch.stack([torch.ones_like(x), *[place.t**p for p in range(1, degree + 1)]], -2)
    table = _stacked(degree, order, x.dtype, x.device)
    local = (table.flatten(0, 1) @ powers).unflatten(-2, (order + 1, degree + 1)).movedim(-3, 0)
    if bool((place.beyond != 0).any()):
        beyond = place.beyond.unsqueeze(-2)
        slopes = local[1] if order else (_stacked(degree, 1, x.dtype, x.device)[1] @ powers)
        first = torch.addcmul(local[0], beyond, slopes)
        rest = [part * (beyond == 0) for part in local[2:]]
        local = torch.stack([first, *local[1:2], *rest])
    scales = (1 / place.step.unsqueeze(-2)).expand(*x.shape[:-1], 1, 1)
    local = torch.stack([part * scales**k for k, part in enumerate(local)])
    return place.columns(degree).mT, local


def _continued(place: "_Place", degree: int) -> tuple[Tensor, Tensor]:
    """Pieces and their slopes by ``t``, the pieces continued as straight lines: ``(..., degree + 1)``."""
    table = _both(degree, place.t.dtype, place.t.device)
    values, slopes = (_powers(place.t, degree) @ table).split(degree + 1, -1)
    return torch.addcmul(values, place.beyond.unsqueeze(-1), slopes), slopes


@dataclass(frozen=True)
class _Place:
    """Where points lie on their grids.

    Interval ``index`` and local coordinate ``t`` in it, both ``(..., n)``; what lies ``beyond`` the
    grid, in intervals of length ``step``.
    """

    index: Tensor
    t: Tensor
    beyond: Tensor
    step: Tensor

    def columns(self, degree: int) -> Tensor:
        """Numbers of the functions that are not zero, ``(..., n, degree + 1)``."""
        first = self.index.nan_to_num(nan=0.0).long().unsqueeze(-1)
        return first + torch.arange(degree + 1, device=first.device)

    def dense(self, local: Tensor, size: int, columns: Tensor | None = None) -> Tensor:
        """Their values ``(..., n, degree + 1)`` among those of all, ``(..., n, size)``."""
        if columns is None:
            columns = self.columns(local.shape[-1] - 1)
        return local.new_zeros((*local.shape[:-1], size)).scatter(-1, columns, local)


def _located(x: Tensor, low: Tensor, high: Tensor, grid_size: int, reach: float = 0.0) -> _Place:
    step = (high - low) / grid_size
    u = (x - low) / step
    inside = u.clamp(-reach, grid_size + reach)
    index = inside.floor().clamp(0, grid_size - 1)
    return _Place(index, inside - index, u - inside, step)


Values = Callable[..., Tensor]
"""A family of functions with the arguments of ``basis``; see ``workbench.kan.bases``."""


def transfer(
    coefficients: Tensor,
    old: tuple[Tensor, Tensor],
    new: tuple[Tensor, Tensor],
    grid_size: int,
    degree: int,
    values: Values = basis,
    continued: Values | None = None,
) -> Tensor:
    """Coefficients of the same curves on another grid.

    Least squares on four equidistant points for every new coefficient: exact to rounding where the
    new functions can say what the old ones said. For splines that is when the new knots contain those
    old ones that lie in the new range, and the new range does not leave the old one: the same range
    and a multiple of the old ``grid_size``, for example.

    Args:
        coefficients: shape ``(..., out, n, K)``.
        old, new: pairs ``(low, high)``, each of shape ``(..., n)``.
        grid_size: intervals of the new grid.
        degree: polynomial degree of both.
        values: the family of functions, B-splines by default.
        continued: how the old curves are read, by ``values`` unless given.

    Returns:
        Tensor of shape ``(..., out, n, grid_size + degree)``.
    """
    unit, inverse = _sampler(values, grid_size, degree, coefficients.dtype, coefficients.device)
    low, high = (end.unsqueeze(-2) for end in new)
    points = low + (high - low) * unit.unsqueeze(-1)
    old_low, old_high = (end.unsqueeze(-2) for end in old)
    before = (continued or values)(
        points, old_low, old_high, coefficients.shape[-1] - degree, degree
    )
    return torch.einsum("...pik,...oik->...oip", before, coefficients) @ inverse.mT


@lru_cache(maxsize=64)
def _sampler(
    values: Values, grid_size: int, degree: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Points of the unit interval ``(P,)`` and the pseudo-inverse ``(K, P)`` of the basis there."""
    with torch.inference_mode(False), torch.no_grad():
        unit = torch.linspace(0, 1, 4 * (grid_size + degree), dtype=torch.float64)
        zero, one = unit.new_zeros(1), unit.new_ones(1)
        design = values(unit.unsqueeze(-1), zero, one, grid_size, degree).squeeze(-2)
        return unit.to(device, dtype), torch.linalg.pinv(design).to(device, dtype)
