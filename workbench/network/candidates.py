r"""Which function is this curve? A vectorized fit of :math:`c\,f(a u + b) + d` to many curves at once.

Every curve is brought to :math:`u \in [-1, 1]` and unit variance, so scores are free of scale. For
each function a table of :math:`(a, b)`, cut down by the function's own symmetries, is compared with
all curves by correlation (:math:`c, d` are then free), one matrix product for all; the best entries
are refined by a batched Levenberg–Marquardt iteration in a and b, with c and d projected out.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from workbench.formulas.library import SYMPY, registered
from workbench.kan.functions import FUNCTIONS, lookup
from workbench.kan.model import KAN, Edge

POINTS = 128
_GRID = 128
_REFINED_STARTS = 3
_FIRST_ITERATIONS, _ITERATIONS, _LAST_ITERATIONS = 5, 40, 4
_SETTLED = 1e-4
_ROUNDING = 1e-28
_EQUAL = 1e-13

_THREE_NUMBERS = ("homogeneous", "logarithmic", "exponential")
_BLOCKS = {name: function for name, function in FUNCTIONS.items() if function.group}
EVERY = tuple(name for name, function in _BLOCKS.items() if function.use != "on request")
"""What one curve that is a whole law is compared with."""
MATCHED = tuple(name for name, function in _BLOCKS.items() if function.use == "usual")
"""Functions that are proposed for an edge by default, with those that users add."""


@dataclass(frozen=True)
class Candidate:
    """A function for an edge, in the edge's own coordinates.

    Attributes:
        name: of the function, see ``workbench.kan.functions``.
        affine: a, b, c, d of c·f(a·x + b) + d.
        r2: share of the curve's variance that it explains.
        bits: description length of the curve with this function: residuals, free numbers and the
            function's own cost; free of the curve's scale, less is better.
    """

    name: str
    affine: tuple[float, float, float, float]
    r2: float
    bits: float = 0.0

    def curve(self, x: Tensor) -> Tensor:
        """c·f(a·x + b) + d at ``x``, to be drawn over the edge's own curve."""
        a, b, c, d = self.affine
        return c * lookup(self.name).value(a * x + b) + d


def _bits(name: str, r2: float, points: int) -> float:
    """Half a logarithm of the points for each free number (Rissanen 1978), besides the residuals."""
    symmetry = SYMPY[name].symmetry
    free = 2 if name == "linear" else 3 if symmetry in _THREE_NUMBERS else 4
    residual = 0.5 * points * math.log2(max(1 - r2, 0.0) + _EQUAL)
    return residual + 0.5 * free * math.log2(points) + SYMPY[name].complexity


def suggest(
    model: KAN,
    x: Tensor,
    edges: list[Edge] | None = None,
    *,
    functions: tuple[str, ...] | None = None,
) -> dict[Edge, list[Candidate]]:
    """Candidates for every edge, best first; the model is untouched.

    Args:
        model: a trained network.
        x: inputs ``(N, d)`` that say where each edge is used.
        edges: edges to match, all living ones by default.
        functions: names to try; ``MATCHED`` and registered ones by default.
    """
    edges = model.edges() if edges is None else edges
    if not edges:
        return {}
    trace = model.trace(x)
    quantiles = torch.linspace(0, 1, POINTS, dtype=torch.float64, device=x.device)
    points = torch.stack(
        [_spread(trace.nodes[e.layer][:, e.source].double(), quantiles) for e in edges]
    )
    curves = torch.stack(
        [model.activation(e, p.to(x)).double() for e, p in zip(edges, points, strict=True)]
    )
    found = match(points, curves, functions)
    return dict(zip(edges, found, strict=True))


def _spread(values: Tensor, quantiles: Tensor) -> Tensor:
    """Points half by how often they occur, half even over the range: ends matter too."""
    even = values.min() + (values.max() - values.min()) * quantiles
    return 0.5 * even + 0.5 * torch.quantile(values[:100_000], quantiles)


def match(
    points: Tensor, curves: Tensor, functions: tuple[str, ...] | None = None
) -> list[list[Candidate]]:
    """Candidates for curves sampled at ``points (E, M)`` with values ``curves (E, M)``, best first."""
    low, high = points.amin(1, keepdim=True), points.amax(1, keepdim=True)
    half = ((high - low) / 2).clamp(min=1e-12)
    u = (points - low) / half - 1
    mean, spread = curves.mean(1, keepdim=True), curves.std(1, keepdim=True)
    spread = spread.clamp(min=1e-12)
    z = (curves - mean) / spread
    even = _resampled(u, z)
    found: list[list[Candidate]] = [[] for _ in curves]
    for name in functions or (*MATCHED, *registered()):
        affine, r2 = _fit_one(name, u, z, even)
        a = affine[:, 0:1] / half
        b = affine[:, 1:2] - a * (low + half)
        own = torch.cat((a, b, affine[:, 2:3] * spread, affine[:, 3:4] * spread + mean), 1)
        for edge, (numbers, score) in enumerate(zip(own.tolist(), r2.tolist(), strict=True)):
            bits = _bits(name, score, points.shape[1])
            found[edge].append(Candidate(name, tuple(numbers), score, bits))
    return [sorted(row, key=lambda c: c.bits) for row in found]


def _resampled(u: Tensor, z: Tensor) -> Tensor:
    """Curves on an even grid of u by linear interpolation, centred, ``(E, GRID)``."""
    grid = torch.linspace(-1, 1, _GRID, dtype=u.dtype, device=u.device).expand(len(u), -1)
    order = u.argsort(1)
    u, z = u.gather(1, order).contiguous(), z.gather(1, order)
    right = torch.searchsorted(u, grid.contiguous()).clamp(1, u.shape[1] - 1)
    a, b = u.gather(1, right - 1), u.gather(1, right)
    share = ((grid - a) / (b - a).clamp(min=1e-12)).clamp(0, 1)
    even = torch.lerp(z.gather(1, right - 1), z.gather(1, right), share)
    return even - even.mean(1, keepdim=True)


@lru_cache
def _table(name: str) -> Tensor:
    """Starting values of ``(a, b)``, shape ``(T, 2)``: where au + b may live for u in [-1, 1].

    What the symmetry of the function makes redundant is left out.
    """
    function = lookup(name)
    low, high = function.domain
    one = torch.ones(1, dtype=torch.float64)
    both = torch.tensor([1.0, -1.0], dtype=torch.float64)
    if name in registered():
        return _centred(mirrored=function.symmetry == "none")
    if name == "linear":
        return torch.cartesian_prod(one, 0 * one)
    if name == "sign":
        return torch.cartesian_prod(one, torch.linspace(-1, 1, 402, dtype=torch.float64)[1:-1])
    if function.symmetry in ("homogeneous", "logarithmic"):
        if math.isinf(low) and function.degree > 0:
            return torch.cartesian_prod(one, torch.linspace(-3, 3, 49, dtype=torch.float64))
        return torch.cartesian_prod(both, 1 + torch.logspace(-4, 1.3, 40, dtype=torch.float64))
    if function.symmetry == "exponential":
        rates = torch.logspace(-1.3, 1.2, 30, dtype=torch.float64)
        return torch.cartesian_prod(torch.cat((rates, -rates)), 0 * one)
    if function.symmetry == "periodic":
        a = torch.cat((torch.linspace(0.2, 4, 20), torch.linspace(4.25, 40, 144))).double()
        return torch.cartesian_prod(a, torch.linspace(0, torch.pi, 7, dtype=torch.float64)[:-1])
    if function.waves:
        a = torch.cat((torch.linspace(0.5, 6, 12), torch.linspace(6.5, 40, 68))).double()
        return _shifted(a, a, torch.linspace(-1, 1, 21, dtype=torch.float64))
    if math.isfinite(high):
        a = high * torch.tensor([0.3, 0.5, 0.7, 0.85, 0.95, 0.99, 0.999], dtype=torch.float64)
        return _shifted(a, high - a, torch.linspace(-0.98, 0.98, 9, dtype=torch.float64))
    if math.isfinite(low):
        a = torch.logspace(-0.7, 1.3, 20, dtype=torch.float64)
        from_end = 1 + torch.logspace(-4, 1.3, 25, dtype=torch.float64)
        table = _shifted(a, a, from_end) + torch.tensor([0.0, low], dtype=torch.float64)
        return _with_mirrored(table)
    return _centred(mirrored=function.symmetry == "none")


def _shifted(a: Tensor, reach: Tensor, shares: Tensor) -> Tensor:
    """Every ``a`` with shifts that are shares of its own reach."""
    shifts = (reach[:, None] * shares).flatten()
    return torch.stack((a.repeat_interleave(len(shares)), shifts), 1)


def _centred(*, mirrored: bool) -> Tensor:
    """Functions whose centre lies in or near the range."""
    a = torch.logspace(-0.7, 1.3, 20, dtype=torch.float64)
    centres = torch.linspace(-1.5, 1.5, 25, dtype=torch.float64)
    table = torch.stack((a.repeat_interleave(25), -(a[:, None] * centres).flatten()), 1)
    return _with_mirrored(table) if mirrored else table


def _with_mirrored(table: Tensor) -> Tensor:
    return torch.cat((table, table * table.new_tensor([-1.0, 1.0])))


@lru_cache(maxsize=128)
def _atoms(name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Centred, normalized curves of the table on an even grid of u, ``(T, GRID)``."""
    table = _table(name).to(device, dtype)
    u = torch.linspace(-1, 1, _GRID, dtype=dtype, device=device)
    atoms = lookup(name).value(table[:, :1] * u + table[:, 1:])
    atoms = (atoms - atoms.mean(1, keepdim=True)).nan_to_num(0.0, 0.0, 0.0)
    return atoms / atoms.norm(dim=1, keepdim=True).clamp(min=1e-12)


def _fit_one(name: str, u: Tensor, z: Tensor, even: Tensor) -> tuple[Tensor, Tensor]:
    """Best affine ``(E, 4)`` and r2 ``(E,)`` of one function on normalized curves.

    Args:
        name: function. u, z: points and values ``(E, M)``. even: values on an even grid ``(E, GRID)``.
    """
    table = _table(name).to(u)
    fit = (even @ _atoms(name, u.dtype, u.device).mT).abs()
    count = min(_REFINED_STARTS, len(table))
    starts = table[fit.topk(count, dim=1).indices].flatten(0, 1)
    stride = math.ceil(u.shape[1] / POINTS)
    few = (u[:, ::stride], z[:, ::stride])
    wide = (few[0].repeat_interleave(count, 0), few[1].repeat_interleave(count, 0))
    inner, error = _refine(name, *wide, starts, _FIRST_ITERATIONS)
    best = error.reshape(-1, count).argmin(1) + count * torch.arange(len(u), device=u.device)
    inner, error = _refine(name, *few, inner[best], _ITERATIONS)
    if stride > 1:
        inner, error = _refine(name, u, z, inner, _LAST_ITERATIONS)
    c, d = _project(lookup(name).value(inner[:, :1] * u + inner[:, 1:]), z)
    affine = torch.cat((inner, c[:, None], d[:, None]), 1)
    return affine, 1 - error / z.square().mean(1).clamp(min=1e-30)


def _refine(
    name: str, u: Tensor, z: Tensor, start: Tensor, iterations: int
) -> tuple[Tensor, Tensor]:
    """Batched Levenberg–Marquardt in (a, b); returns ``(B, 2)`` and mean squared errors.

    c and d are always at their best (variable projection with Kaufman's Jacobian, BIT 15, 1975);
    curves that have settled leave the batch.
    """
    theta, error = start.clone(), _projected(name, u, z, start)[1]
    damping = torch.full_like(error, 1e-3)
    active = torch.arange(len(start), device=u.device)
    for _ in range(iterations):
        if not len(active):
            break
        points, curves, now = u[active], z[active], theta[active]
        step = _step(name, points, curves, now, damping[active])
        trial = now + step
        found = _projected(name, points, curves, trial)[1]
        old = error[active]
        better = found < old
        gain = torch.where(better, 1 - found / old.clamp(min=1e-300), 1.0)
        theta[active] = torch.where(better[:, None], trial, now)
        error[active] = torch.where(better, found, old)
        damped = damping[active] * torch.where(better, 0.2, 5.0)
        damping[active] = damped.clamp(1e-12, 1e12)
        settled = (gain < _SETTLED) & (damped < 1.0) | (damped > 1e6) | (error[active] < _ROUNDING)
        active = active[~settled]
    return theta, error


def _projected(name: str, u: Tensor, z: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Residuals ``(B, M)`` with the best c and d, and their mean squares."""
    atoms = lookup(name).value(theta[:, :1] * u + theta[:, 1:])
    c, d = _project(atoms, z)
    residual = c[:, None] * atoms + d[:, None] - z
    return residual, residual.square().mean(1).nan_to_num(nan=1e30, posinf=1e30)


def _step(name: str, u: Tensor, z: Tensor, theta: Tensor, damping: Tensor) -> Tensor:
    function = lookup(name)
    argument = theta[:, :1] * u + theta[:, 1:]
    atoms = function.value(argument)
    c, d = _project(atoms, z)
    centred = atoms - atoms.mean(1, keepdim=True)
    centred = centred.nan_to_num(0.0, 0.0, 0.0)
    unit = centred / centred.norm(dim=1, keepdim=True).clamp(min=1e-30)
    slope = c[:, None] * function.slope(argument)
    columns = torch.stack((slope * u, slope), 1).nan_to_num(0.0, 0.0, 0.0)
    columns = columns - columns.mean(2, keepdim=True)
    columns = columns - (columns @ unit.unsqueeze(2)) * unit.unsqueeze(1)
    residual = (c[:, None] * atoms + d[:, None] - z).nan_to_num(0.0, 0.0, 0.0)
    gradient = (columns @ residual.unsqueeze(2)).squeeze(2)
    matrix = columns @ columns.mT
    p, q, r = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1]
    ridge = 1e-10 * (p + r) + 1e-300  # the shift of an exponential is its factor: no step in it
    p = p * (1 + damping) + ridge
    r = r * (1 + damping) + ridge
    determinant = (p * r - q * q).clamp(min=1e-300)
    first = (r * gradient[:, 0] - q * gradient[:, 1]) / determinant
    second = (p * gradient[:, 1] - q * gradient[:, 0]) / determinant
    return -torch.stack((first, second), 1).nan_to_num(0.0, 0.0, 0.0)


def _project(atoms: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The best c and d for given atoms (variable projection)."""
    centred = (atoms - atoms.mean(1, keepdim=True)).nan_to_num(0.0, 0.0, 0.0)
    mean = z.mean(1, keepdim=True)
    c = (centred * (z - mean)).sum(1) / centred.square().sum(1).clamp(min=1e-30)
    d = mean.squeeze(1) - c * atoms.mean(1)
    return c.nan_to_num(0.0, 0.0, 0.0), d.nan_to_num(0.0, 0.0, 0.0)
