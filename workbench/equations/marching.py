"""Continuation in time: what is known up to a moment is where the next step starts from."""

from collections.abc import Callable
from dataclasses import replace

import torch

from workbench.equations.approximation import Approximation
from workbench.equations.sampling import Sampler
from workbench.errors import InputError
from workbench.kan.training.solvers import levenberg_marquardt as lm

_FIRST, _LONGER, _SHORTEST = 1 / 16, 1.5, 1 / 64
_STEPS, _PER_PARAMETER = 30, 3
_SOLVED, _LARGEST = 1e-6, 1500


def marched(
    start: Approximation, sampler: Sampler, trivial: float, over: Callable[[], bool]
) -> Approximation:
    """One network for the whole time, fitted to more and more of it.

    A step that does not solve its rows is taken back and halved; where the shortest one fails, too, all
    grids are refined. When those are the finest the solution ends as it is, and its residual says so.

    Args:
        start: a single network over the whole domain; its numbers are not used.
        sampler: of the problem. trivial: loss of a network that is zero.
        over: asked after every step, whether to stop.
    """
    problem = sampler.problem
    if problem.clock is None:
        raise InputError("a problem without time has no continuation in it")
    low, high = problem.domain.ranges[problem.clock]
    here, length = 0.0, _FIRST
    known = _flat(start)
    while here < 1 and not over():
        until = min(1.0, here + length)
        rows = sampler.rows(
            _PER_PARAMETER * known.parameter_count, until=low + until * (high - low)
        )
        damping = lm.FROM_REFINED if here else lm.FROM_RANDOM
        trial = known.descended(rows, steps=_STEPS, damping=damping, over=over)
        if float(trial.losses(rows)) < _SOLVED * trivial:
            known, here, length = trial, until, _LONGER * length
        elif length > _SHORTEST:
            length /= 2
        elif 2 * known.parameter_count < _LARGEST:
            known, length = known.refined(), _FIRST
        else:
            break
    return known


def _flat(start: Approximation) -> Approximation:
    """Curves of the last layer that are zero: before the first step nothing is known."""
    layers = list(start.ensemble.layers)
    layers[-1] = replace(layers[-1], coefficients=torch.zeros_like(layers[-1].coefficients))
    return replace(start, ensemble=replace(start.ensemble, layers=tuple(layers)))
