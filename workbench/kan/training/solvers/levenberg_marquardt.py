r"""Levenberg–Marquardt for a stack of independent problems.

Each problem solves :math:`(H + R + \lambda \bar h M)\,\delta = -(g + R p)` with its own damping,
updated by Nielsen's rule (Madsen, Nielsen, Tingleff, *Methods for Non-Linear Least Squares
Problems*, 2004); an accepted problem never waits for a rejected one. With the generalized
Gauss–Newton matrix of a convex loss the same iteration minimizes cross-entropy, Poisson and Huber.

The problem's metric :math:`M` measures steps. One problem alone wants digits, at the end of a narrow
curved valley: there every step of least squares is bent along the valley by geodesic acceleration
(Transtrum & Sethna 2012, arXiv 1201.5885).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

FROM_RANDOM, FROM_REFINED = 1e-2, 1e-4
"""Damping to begin with: after a random start, after a refinement."""

_STRAIGHT = 0.75
_DAMPING_LIMIT, _GROWTH = 1e7, 2.0
_FLOOR = 5.0  # units of rounding
_PAYS, _PATIENCE, _MOST = 0.1, 2, 5
_SETTLED, _SETTLING = 0.02, 3


class Problem(Protocol):
    """``S`` objectives in ``P`` parameters each; parameters are a matrix ``(S, P)``."""

    @property
    def metric(self) -> Tensor:
        """Positive definite matrix ``(P, P)`` with mean diagonal 1 that damping measures steps by."""
        ...

    def bend(self, parameters: Tensor, step: Tensor) -> Tensor | None:
        """Gradient ``(S, P)`` of the outputs' second derivative along ``step (S, P)``, or None."""
        ...

    def value(self, parameters: Tensor) -> Tensor:
        """Loss of each, penalty excluded: ``(S,)``."""
        ...

    def linearize(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss ``(S,)``, Gauss–Newton matrix ``(S, P, P)`` and gradient ``(S, P)``."""
        ...

    def quadratic(self, parameters: Tensor, matrix: Tensor) -> Tensor | None:
        """Matrix ``R``, ``(P, P)`` or ``(S, P, P)``, of a penalty ``pᵀRp / 2``, or None."""
        ...


@dataclass(frozen=True)
class State:
    """Where an iteration stands; going on from it repeats an unbroken run to the last bit.

    Attributes:
        parameters: ``(S, P)``. damping, growth: Nielsen's numbers, ``(S,)``.
        resting: which problems have converged, ``(S,)``.
        iteration: steps done. slow: how many steps in a row have not paid.
        still: how many in a row have hardly moved.
    """

    parameters: Tensor
    damping: Tensor
    growth: Tensor
    resting: Tensor
    iteration: int = 0
    slow: int = 0
    still: int = 0

    @classmethod
    def begin(cls, parameters: Tensor, damping: float) -> "State":
        """The state before the first step."""
        strength = parameters.new_full((len(parameters),), damping)
        resting = torch.zeros_like(strength, dtype=torch.bool)
        return cls(parameters, strength, torch.full_like(strength, _GROWTH), resting)


Watch = Callable[[State, Tensor], bool]
"""Called after every step with the state and the losses ``(S,)``; True stops."""


def minimize(
    problem: Problem,
    state: State,
    *,
    steps: int,
    tolerance: float = 1e-13,
    extend: bool = False,
    settle: bool = False,
    accelerate: bool = True,
    watch: Watch | None = None,
) -> State:
    """Run at most ``steps`` iterations, rejected ones included.

    Args:
        problem: what to minimize.
        state: from ``State.begin``, or from an iteration that was broken off.
        steps: iterations in all, counted from the state's first.
        tolerance: a problem rests when its relative decrease falls below this.
        extend: go on beyond ``steps``, up to five times as long, while a step still takes away a
            tenth of the least loss.
        settle: end after three steps in a row that took away no fiftieth of any loss; rejected ones do
            not count.
        accelerate: bend the steps of one problem alone; it pays where digits are wanted, not in the
            few steps of a rough refit.
        watch: see ``Watch``.
    """
    place = _Place.of(problem, state.parameters)
    metric = problem.metric
    tolerance = max(tolerance, torch.finfo(place.matrix.dtype).eps)
    while not bool(state.resting.all()) and (
        (state.iteration < steps and not (settle and state.still >= _SETTLING))
        or (extend and state.slow < _PATIENCE and state.iteration < _MOST * steps)
    ):
        trial = _tried(problem, metric, place, state, accelerate)
        better = (trial.total < place.total) & ~state.resting
        state = _judged(state, place, trial, better, tolerance)
        if watch is not None and watch(state, torch.where(better, trial.value, place.value)):
            break
        if bool(better.any()):
            place = place.after(problem, state.parameters, trial, better)
    return state


@dataclass(frozen=True)
class _Trial:
    """A step that was tried: its end ``(S, P)``, loss, penalized loss and decrease that was expected.

    Where it was likely to be accepted its loss came with the linearization there, ``ahead``.
    """

    parameters: Tensor
    value: Tensor
    total: Tensor
    expected: Tensor
    ahead: tuple[Tensor, Tensor, Tensor] | None


@dataclass(frozen=True)
class _Place:
    """The problems linearized where they stand, see ``Problem``; the penalty is kept apart."""

    parameters: Tensor
    value: Tensor
    matrix: Tensor
    gradient: Tensor
    quadratic: Tensor | None

    @classmethod
    def of(cls, problem: Problem, parameters: Tensor) -> "_Place":
        value, matrix, gradient = problem.linearize(parameters)
        return cls(parameters, value, matrix, gradient, problem.quadratic(parameters, matrix))

    def after(
        self, problem: Problem, parameters: Tensor, trial: _Trial, better: Tensor
    ) -> "_Place":
        """Where the problems stand that took the step, and the others as they were."""
        if trial.ahead is None:
            return _Place.of(problem, parameters)
        value = torch.where(better, trial.ahead[0], self.value)
        matrix = torch.where(better[:, None, None], trial.ahead[1], self.matrix)
        gradient = torch.where(better.unsqueeze(1), trial.ahead[2], self.gradient)
        return _Place(parameters, value, matrix, gradient, problem.quadratic(parameters, matrix))

    @cached_property
    def pull(self) -> Tensor | None:
        """Gradient of the penalty, ``(S, P)``."""
        return None if self.quadratic is None else _apply(self.quadratic, self.parameters)

    @cached_property
    def total(self) -> Tensor:
        """Loss with penalty, ``(S,)``."""
        return _penalized(self.value, self.parameters, self.pull)


def _tried(
    problem: Problem, metric: Tensor, place: _Place, state: State, accelerate: bool
) -> _Trial:
    """One damped step of every problem, and what it brings."""
    full, slope = place.matrix, place.gradient
    if place.quadratic is not None and place.pull is not None:
        full, slope = full + place.quadratic, slope + place.pull
    alone = len(full) == 1
    diagonal = full.diagonal(dim1=1, dim2=2).mean(1)
    shift = (state.damping + _FLOOR * torch.finfo(full.dtype).eps) * diagonal
    factor, failed = torch.linalg.cholesky_ex(full + shift[:, None, None] * metric)
    step = -torch.cholesky_solve(slope.unsqueeze(-1), factor).squeeze(-1)
    step = torch.where((failed != 0).unsqueeze(1) | ~step.isfinite(), 0.0, step)
    end = place.parameters + step
    if alone and accelerate:
        end = end + _acceleration(problem, place.parameters, step, factor)
    # Some step of a stack is nearly always accepted, and so is one that follows an accepted one.
    likely = not alone or bool((state.growth == _GROWTH).all())
    ahead = problem.linearize(end) if likely else None
    value = problem.value(end) if ahead is None else ahead[0]
    pull = None if place.quadratic is None else _apply(place.quadratic, end)
    expected = 0.5 * (step * (shift.unsqueeze(1) * (step @ metric) - slope)).sum(1)
    return _Trial(end, value, _penalized(value, end, pull), expected, ahead)


def _judged(state: State, place: _Place, trial: _Trial, better: Tensor, tolerance: float) -> State:
    """The state after a step that some problems take and others reject."""
    gain = place.total - trial.total
    trust = gain / trial.expected.clamp(min=torch.finfo(gain.dtype).tiny)
    easier = state.damping * (1 - (2 * trust - 1) ** 3).clamp(min=0.1)
    damping = torch.where(better, easier, state.damping * state.growth)
    least = float(torch.where(better, trial.value, place.value).nan_to_num(nan=torch.inf).amin())
    pays = least < (1 - _PAYS) * float(place.value.nan_to_num(nan=torch.inf).amin())
    moves = bool(better.any())
    creeps = moves and not bool((gain[better] > _SETTLED * place.total[better]).any())
    return State(
        parameters=torch.where(better.unsqueeze(1), trial.parameters, state.parameters),
        damping=damping,
        growth=torch.where(better, _GROWTH, state.growth * 2),
        resting=state.resting
        | (damping > _DAMPING_LIMIT)
        | (better & (gain <= tolerance * place.total.abs())),
        iteration=state.iteration + 1,
        slow=0 if pays else state.slow + 1,
        still=state.still + 1 if creeps else state.still if not moves else 0,
    )


def _acceleration(problem: Problem, parameters: Tensor, step: Tensor, factor: Tensor) -> Tensor:
    """Half of the second-order correction of a step, zero where it is no small one: ``(S, P)``."""
    bend = problem.bend(parameters, step)
    if bend is None:
        return torch.zeros_like(step)
    side = -0.5 * torch.cholesky_solve(bend.unsqueeze(-1), factor).squeeze(-1)
    short = 2 * side.norm(dim=1) <= _STRAIGHT * step.norm(dim=1)
    return torch.where(short.unsqueeze(1), side, 0.0)


def _penalized(value: Tensor, parameters: Tensor, pull: Tensor | None) -> Tensor:
    """A loss ``(S,)`` with the penalty of parameters ``(S, P)``, whose gradient is ``pull``."""
    return value if pull is None else value + 0.5 * (parameters * pull).sum(1)


def _apply(quadratic: Tensor, parameters: Tensor) -> Tensor:
    """``R p`` for one shared matrix ``(P, P)`` or one per problem ``(S, P, P)``."""
    return (quadratic @ parameters.unsqueeze(-1)).squeeze(-1)
