r"""Equations to solve: a network for which residuals vanish, by Levenberg–Marquardt.

A residual :math:`r(u, x)` may hold derivatives of the network u by its inputs: those of a differential
equation, of the Euler–Lagrange equation, of a flow that leaves u unchanged. What is minimized is

.. math:: F(p) = \tfrac12 \sum_k w_k \, \mathrm{mean}_n \, |r_k(u_p, x_{kn})|^2

over the parameters p, with the Jacobian of every residual by ``torch.func``. Random starts come first,
because small networks have local minima; the best one is trained on finer and finer grids.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap

from workbench.errors import InputError
from workbench.kan.checks import not_negative, numbers, seed_of, whole
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.linearize import Columns
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.starts import random_starts

Field = Callable[[Tensor], Tensor]
"""The network at one point: ``(d,) -> (m,)``."""

_ROUNDS, _ROUND_STEPS = 2, 10
_FEWEST_POINTS, _POINTS_PER_PARAMETER = 100, 3
_BLOCK = 512


@dataclass(frozen=True)
class Condition:
    """A residual that vanishes at some points.

    Attributes:
        residual: ``r(u, x)`` for the network ``u``, a function of one point, and one point ``x (d,)``: a
            number or a tensor. Derivatives are those of ``torch.func``: ``jacrev(u)(x)``,
            ``hessian(u)(x)``. It must not branch on values of ``x`` or ``u``; ``torch.where`` does.
        points: a tensor, an array or nested lists ``(N, d)``.
        weight: of the mean squared residual.
    """

    residual: Callable[[Field, Tensor], Tensor]
    points: Tensor
    weight: float = 1.0


@dataclass(frozen=True)
class Solution:
    """What ``solve`` returns.

    Attributes:
        model: the trained network.
        residuals: root mean square of every condition's residual, in the order of the conditions.
        losses: of the random starts, on the coarse grid; those that found the same basin agree.
        stopped: whether ``stop`` ended the training early.
        seconds: wall time.
    """

    model: KAN
    residuals: tuple[float, ...]
    losses: tuple[float, ...]
    stopped: bool
    seconds: float


def solve(
    model: KAN,
    conditions: Sequence[Condition],
    *,
    starts: int = 8,
    refinements: int = 2,
    steps: int = 30,
    seed: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Solution:
    """Train a network until residuals that you write down vanish; the given network is left untouched.

    Args:
        model: its shape and its coarsest grid. Derivatives of order k need a ``degree`` of more than k;
            every degree more makes the error fall faster with the grid.
        conditions: the equation inside, and what holds on the boundary.
        starts: random starts on the coarsest grid, on some of the points; 0 goes on from ``model``.
        refinements: how often the grids are doubled.
        steps: at most so many steps of Levenberg–Marquardt on each grid.
        seed: of the starts.
        stop: asked after every step; True ends the training with the best network so far.

    Raises:
        InputError: a condition's points do not fit the network, or its residual is no finite number or
            tensor of them.
    """
    begun = time.perf_counter()
    starts, seed = whole("starts", starts, least=0), seed_of(seed)
    refinements, steps = whole("refinements", refinements, least=0), whole("steps", steps)
    known = [_checked(model, condition, k) for k, condition in enumerate(conditions)]
    if not known:
        raise InputError("an equation needs at least one condition, none was given")
    everywhere = torch.cat([condition.points for condition in known])
    losses: list[float] = []
    if starts:
        model, losses = _best_start(model, known, everywhere, starts, seed, stop)
    for level in range(refinements + 1):
        if level:
            model = model.refine(2 * model.config.grid_size)
        model, _ = _descended(_regridded(model, everywhere), known, steps, lm.FROM_REFINED, stop)
    residuals = tuple(_root_mean_square(model, condition) for condition in known)
    return Solution(model, residuals, tuple(losses), stop(), time.perf_counter() - begun)


def _best_start(
    model: KAN,
    conditions: Sequence[Condition],
    everywhere: Tensor,
    starts: int,
    seed: int,
    stop: Callable[[], bool],
) -> tuple[KAN, list[float]]:
    """The best of some random starts after a few steps on some of the points, and the loss of each."""
    stack = Ensemble.of([model])
    stack = stack.with_range(0, stack.ranges(everywhere)[0])
    drawn = random_starts(stack.model(0), everywhere, model.config.grid_size, starts, seed)
    some = [_some_points(condition, model.parameter_count, seed) for condition in conditions]
    found = []
    for number in range(starts):
        start, loss = drawn.model(number), math.inf
        for _ in range(_ROUNDS):
            start = _regridded(start, everywhere)
            start, loss = _descended(start, some, _ROUND_STEPS, lm.FROM_RANDOM, stop)
        found.append((loss, start))
    losses = [loss for loss, _ in found]
    return found[losses.index(min(losses))][1], losses


def _some_points(condition: Condition, parameters: int, seed: int) -> Condition:
    count = max(_FEWEST_POINTS, _POINTS_PER_PARAMETER * parameters)
    generator = torch.Generator().manual_seed(seed)
    keep = torch.randperm(len(condition.points), generator=generator)[:count]
    points = condition.points[keep.to(condition.points.device)]
    return Condition(condition.residual, points, condition.weight)


def _regridded(model: KAN, points: Tensor) -> KAN:
    return Ensemble.of([model]).regrid(points).model(0)


def _descended(
    model: KAN,
    conditions: Sequence[Condition],
    steps: int,
    damping: float,
    stop: Callable[[], bool],
) -> tuple[KAN, float]:
    """The network after some steps, and its loss; one that cannot be computed is infinite."""
    problem = _Residuals(model, conditions)
    state = lm.State.begin(problem.start, damping)
    if not stop():
        state = lm.minimize(problem, state, steps=steps, watch=lambda *_: stop())
    loss = float(problem.value(state.parameters))
    return problem.model(state.parameters), loss if math.isfinite(loss) else math.inf


class _Residuals:
    """The weighted residuals of one network as a problem of Levenberg–Marquardt."""

    def __init__(self, model: KAN, conditions: Sequence[Condition]) -> None:
        self._model, self._conditions = model, conditions
        self._ensemble = Ensemble.of([model])
        self._columns = Columns.of(self._ensemble)
        self.start = self._columns.pack(self._ensemble)
        self.metric = torch.eye(self._columns.count).to(self.start)

    def model(self, parameters: Tensor) -> KAN:
        return self._columns.unpack(self._ensemble, parameters).model(0)

    def value(self, parameters: Tensor) -> Tensor:
        """Loss ``(1,)``."""
        total = torch.zeros_like(parameters[:, 0])
        for condition, share, points in self._blocks():
            residuals = vmap(lambda x, c=condition: self._residual(parameters[0], x, c))(points)
            total += 0.5 * share * residuals.square().sum()
        return total

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(1,)``, Gauss–Newton matrix ``(1, P, P)`` and gradient ``(1, P)``."""
        size = self._columns.count
        loss, matrix = parameters.new_zeros(()), parameters.new_zeros(size, size)
        gradient = parameters.new_zeros(size)

        def twice(p: Tensor, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor]:
            residual = self._residual(p, x, condition)
            return residual, residual

        for condition, share, points in self._blocks():
            slopes = jacrev(lambda p, x, c=condition: twice(p, x, c), has_aux=True)
            jacobian, residuals = vmap(slopes, (None, 0))(parameters[0], points)
            jacobian, residuals = jacobian.flatten(0, 1), residuals.flatten()
            loss += 0.5 * share * residuals.square().sum()
            gradient += share * (residuals @ jacobian)
            matrix.addmm_(jacobian.mT, jacobian, alpha=share)
        return loss[None], matrix[None], gradient[None]

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> None:
        """No penalty."""

    def bend(self, parameters: Tensor, step: Tensor) -> None:
        """Steps are straight."""

    def _blocks(self) -> list[tuple[Condition, float, Tensor]]:
        """Conditions, the weight of one point, and some of the points."""
        return [
            (condition, condition.weight / len(condition.points), block)
            for condition in self._conditions
            for block in condition.points.split(_BLOCK)
        ]

    def _residual(self, parameters: Tensor, x: Tensor, condition: Condition) -> Tensor:
        tensors = self._tensors(parameters)
        return condition.residual(
            lambda z: functional_call(self._model, tensors, (z[None],))[0], x
        ).reshape(-1)

    def _tensors(self, parameters: Tensor) -> dict[str, Tensor]:
        """As ``Columns.unpack`` for one network, without the in-place writes that vmap refuses."""
        columns, start, found = self._columns, 0, {}
        for level, edges in enumerate(columns.spline_edges):
            block = parameters[start : start + len(edges) * columns.basis_size]
            found[f"layers.{level}.coefficients"] = (
                self._model.layer(level)
                .coefficients.detach()
                .index_put(edges.unbind(1), block.unflatten(0, (len(edges), columns.basis_size)))
            )
            start += len(block)
        for level, groups in enumerate(columns.fixed_edges):
            affine = self._model.layer(level).affine.detach()
            for _, targets, sources in groups:
                block = parameters[start : start + 4 * len(targets)]
                affine = affine.index_put((targets, sources), block.unflatten(0, (-1, 4)))
                start += len(block)
            found[f"layers.{level}.affine"] = affine
        return found


def _root_mean_square(model: KAN, condition: Condition) -> float:
    residuals = torch.cat(
        [
            vmap(lambda x: condition.residual(lambda z: model(z[None])[0], x).reshape(-1))(block)
            for block in condition.points.split(_BLOCK)
        ]
    )
    return float(residuals.detach().square().mean().sqrt())


def _checked(model: KAN, condition: Condition, number: int) -> Condition:
    """The condition with its points as a tensor like the network's."""
    points, residual = condition.points, condition.residual
    points = points if isinstance(points, Tensor) else torch.from_numpy(numbers(points))
    points = points.detach().to(model.output_scale)
    if points.ndim != 2 or points.shape[1] != model.in_features or not len(points):
        raise InputError(
            f"points of condition {number} must have shape (points, {model.in_features}) with at least "
            f"one point, got {tuple(points.shape)}"
        )
    if not bool(points.isfinite().all()):
        raise InputError(
            f"points of condition {number} must be finite, leave out those that are not"
        )
    try:
        found = vmap(lambda x: residual(lambda z: model(z[None])[0], x).reshape(-1))(points[:1])
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"the residual of condition {number} must map the network u and one point x of shape "
            f"({model.in_features},) to a tensor by operations that torch.func can transform: {error}"
        ) from error
    if not bool(found.isfinite().all()):
        raise InputError(
            f"the residual of condition {number} must be finite, at {points[0].tolist()} it is not"
        )
    return Condition(residual, points, not_negative("weight", condition.weight))
