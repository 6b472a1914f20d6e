r"""Which function is this curve? A vectorized fit of :math:`c\,f(a u + b) + d` to many curves at once.

Every curve is brought to :math:`u \in [-1, 1]` and unit variance, so scores are free of scale. For
each function a table of :math:`(a, b)`, cut down by the function's own symmetries, is compared with
all curves by correlation (:math:`c, d` are then free); the best entries are refined by a batched
Levenberg–Marquardt iteration in all four parameters.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from workbench.discovery.library import registered
from workbench.kan.functions import FUNCTIONS, lookup
from workbench.kan.model import KAN, Edge

POINTS = 128
_REFINED_STARTS = 3
_ITERATIONS = 30
_SETTLED = 1e-4

# Where au + b may live for u in [-1, 1]; what the symmetry of f makes redundant is left out.
_SHIFT_ONLY = ("square", "cube", "abs")
_OUTSIDE = ("reciprocal", "reciprocal_square", "sqrt", "inverse_sqrt", "power_3_2", "log")
_RATE_ONLY = ("exp",)
_BUMPS = ("tanh", "arctan", "gaussian", "erf", "cosh", "sinh")
_BOUNDED = {"arcsin": 1.0, "artanh": 1.0, "tan": torch.pi / 2}
MATCHED = ("linear", *_SHIFT_ONLY, *_OUTSIDE, *_RATE_ONLY, "sin", *_BUMPS, *_BOUNDED)
"""Functions that are proposed by default, with those that users add; others have an equal here."""


@dataclass(frozen=True)
class Candidate:
    """A function for an edge, in the edge's own coordinates.

    Attributes:
        name: of the function, see ``workbench.kan.functions``.
        affine: a, b, c, d of c·f(a·x + b) + d.
        r2: share of the curve's variance that it explains.
    """

    name: str
    affine: tuple[float, float, float, float]
    r2: float


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
    found: list[list[Candidate]] = [[] for _ in curves]
    for name in functions or (*MATCHED, *registered()):
        affine, r2 = _fit_one(name, u, z)
        a = affine[:, 0:1] / half
        b = affine[:, 1:2] - a * (low + half)
        own = torch.cat((a, b, affine[:, 2:3] * spread, affine[:, 3:4] * spread + mean), 1)
        for edge, (numbers, score) in enumerate(zip(own.tolist(), r2.tolist(), strict=True)):
            found[edge].append(Candidate(name, tuple(numbers), score))
    return [sorted(row, key=lambda c: -c.r2) for row in found]


@lru_cache
def _table(name: str) -> Tensor:
    """Starting values of ``(a, b)``, shape ``(T, 2)``."""
    one = torch.ones(1, dtype=torch.float64)
    both = torch.tensor([1.0, -1.0], dtype=torch.float64)
    if name == "linear":
        a, b = one, 0 * one
    elif name in _SHIFT_ONLY:
        a, b = one, torch.linspace(-3, 3, 49, dtype=torch.float64)
    elif name in _OUTSIDE:
        a, b = both, 1 + torch.logspace(-4, 1.3, 40, dtype=torch.float64)
    elif name in _RATE_ONLY:
        a = torch.logspace(-1.3, 1.2, 30, dtype=torch.float64)
        a, b = torch.cat((a, -a)), 0 * one
    elif name == "sin":
        a = torch.cat((torch.linspace(0.2, 4, 20), torch.linspace(4.25, 40, 144))).double()
        b = torch.linspace(0, torch.pi, 7, dtype=torch.float64)[:-1]
    elif name in _BUMPS or name in registered():
        a = torch.logspace(-0.7, 1.3, 20, dtype=torch.float64)
        centre = torch.linspace(-1.5, 1.5, 25, dtype=torch.float64)
        return torch.stack((a.repeat_interleave(25), -(a[:, None] * centre).flatten()), 1)
    else:
        reach = _BOUNDED[name]
        a = reach * torch.tensor([0.3, 0.5, 0.7, 0.85, 0.95, 0.99, 0.999], dtype=torch.float64)
        share = torch.linspace(-0.98, 0.98, 9, dtype=torch.float64)
        return torch.stack((a.repeat_interleave(9), ((reach - a)[:, None] * share).flatten()), 1)
    grid = torch.cartesian_prod(a, b)
    return grid.reshape(-1, 2)


def _fit_one(name: str, u: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Best affine ``(E, 4)`` and r2 ``(E,)`` of one function on normalized curves."""
    table = _table(name).to(u)
    value = lookup(name).value
    # Curves share u up to their quantiles, so each has its own atoms: (E, T, M), in one go per edge.
    starts = torch.stack(
        [_best_entries(value(table[:, :1] * row + table[:, 1:]), curve, table)
         for row, curve in zip(u, z, strict=True)]
    )  # fmt: skip
    count = starts.shape[1]
    batch = starts.flatten(0, 1)
    affine, error = _refine(
        name, u.repeat_interleave(count, 0), z.repeat_interleave(count, 0), batch
    )
    error = error.reshape(-1, count)
    best = error.argmin(1)
    chosen = affine.reshape(-1, count, 4)[torch.arange(len(best)), best]
    return chosen, 1 - error.gather(1, best[:, None]).squeeze(1) / z.square().mean(1).clamp(
        min=1e-30
    )


def _best_entries(atoms: Tensor, curve: Tensor, table: Tensor) -> Tensor:
    atoms = (atoms - atoms.mean(1, keepdim=True)).nan_to_num(0.0, 0.0, 0.0)
    norm = atoms.norm(dim=1).clamp(min=1e-12)
    fit = (atoms @ curve / norm).abs()
    top = fit.topk(min(_REFINED_STARTS, len(fit))).indices
    if len(top) < _REFINED_STARTS:
        top = top.repeat(_REFINED_STARTS)[:_REFINED_STARTS]
    return table[top]


def _refine(name: str, u: Tensor, z: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Batched Levenberg–Marquardt in (a, b, c, d); returns ``(B, 4)`` and mean squared errors."""
    function = FUNCTIONS[name]
    a, b = start.unbind(1)
    c, d = _project(function.value(a[:, None] * u + b[:, None]), z)
    theta = torch.stack((a, b, c, d), 1)
    damping = torch.full_like(a, 1e-3)

    def error_of(numbers: Tensor) -> Tensor:
        model = function.value(numbers[:, :1] * u + numbers[:, 1:2])
        gap = numbers[:, 2:3] * model + numbers[:, 3:4] - z
        return gap.square().mean(1).nan_to_num(nan=1e30, posinf=1e30)

    error = error_of(theta)
    eye = torch.eye(4, dtype=u.dtype, device=u.device)
    for _ in range(_ITERATIONS):
        argument = theta[:, :1] * u + theta[:, 1:2]
        value, slope = function.value(argument), theta[:, 2:3] * function.slope(argument)
        jacobian = torch.stack((slope * u, slope, value, torch.ones_like(u)), 2)
        jacobian = jacobian.nan_to_num(0.0, 0.0, 0.0)
        residual = (theta[:, 2:3] * value + theta[:, 3:4] - z).nan_to_num(0.0, 0.0, 0.0)
        gradient = (jacobian * residual.unsqueeze(2)).mean(1)
        matrix = jacobian.mT @ jacobian / u.shape[1]
        scale = matrix.diagonal(dim1=1, dim2=2).clamp(min=1e-12)
        damped = matrix + torch.diag_embed(scale * damping[:, None]) + 1e-14 * eye
        step = -torch.linalg.solve_ex(damped, gradient.unsqueeze(2))[0].squeeze(2)
        trial = theta + step.nan_to_num(0.0, 0.0, 0.0)
        c, d = _project(function.value(trial[:, :1] * u + trial[:, 1:2]), z)
        trial = torch.stack((trial[:, 0], trial[:, 1], c, d), 1)
        new_error = error_of(trial)
        better = new_error < error
        gain = torch.where(better, 1 - new_error / error.clamp(min=1e-300), 1.0)
        theta = torch.where(better[:, None], trial, theta)
        error = torch.where(better, new_error, error)
        damping = torch.where(better, damping * 0.2, damping * 5).clamp(1e-12, 1e12)
        if bool(((gain < _SETTLED) & (damping < 1.0) | (damping > 1e6)).all()):
            break
    return theta, error


def _project(atoms: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The best c and d for given atoms (variable projection)."""
    centred = (atoms - atoms.mean(1, keepdim=True)).nan_to_num(0.0, 0.0, 0.0)
    mean = z.mean(1, keepdim=True)
    c = (centred * (z - mean)).sum(1) / centred.square().sum(1).clamp(min=1e-30)
    d = mean.squeeze(1) - c * atoms.mean(1)
    return c.nan_to_num(0.0, 0.0, 0.0), d.nan_to_num(0.0, 0.0, 0.0)
