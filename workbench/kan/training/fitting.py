"""``fit``: from a network and a table to the best network that validation can tell apart.

Second-order training of a small network (``solver="lm"``) goes: many cheap random starts on a coarse
grid and a subset of rows, the better quarter a little further, the best on all rows, then finer and
finer nested grids for as long as the validation error falls; where it does not, because the data are
noisy, the curves are smoothed as far as validation likes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.locking import locks_curves
from workbench.kan.losses import Loss, LossName, chosen_loss
from workbench.kan.model import KAN
from workbench.kan.training.journal import Journal
from workbench.kan.training.objective import require_match
from workbench.kan.training.preparing import prepared, spans_of
from workbench.kan.training.request import (
    GRIDS,
    Solver,
    check,
    chosen_solver,
    default_starts,
    fingerprint,
    penalty_of,
    sizes,
    weights_of,
)
from workbench.kan.training.result import FitResult, TrainingError, result_of
from workbench.kan.training.run import Callback, Run, Stopped
from workbench.kan.training.schedule import by_gradients, by_second_order
from workbench.kan.training.solvers.adam import Adam

MEMORY = 2e9


def fit(
    model: KAN,
    data: Dataset,
    *,
    solver: Solver = "auto",
    loss: LossName | Loss = "auto",
    grids: Sequence[int] | None = None,
    starts: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    l1: float | Sequence[float] = 0.0,
    entropy: float = 0.0,
    smoothness: float | None = None,
    memory: float = MEMORY,
    domain: Any = None,
    callback: Callback | None = None,
    resume: Journal | None = None,
) -> FitResult:
    """Train a network on ``data``; the given model is left untouched.

    Args:
        model: its width, masks and fixed edges are kept. With ``starts=1`` training goes on from its
            own numbers, else every start draws new ones.
        data: the table and its split; ``data.outputs`` must match the model. Without validation rows
            generalized cross-validation takes their place.
        solver: "lm" (Levenberg–Marquardt), "lbfgs", "adam", or "auto": by size of network and table.
            ``Adam(learning_rate, weight_decay, batch_size)`` is "adam" with other options.
        loss: "squared", "huber" (linear beyond one robust standard deviation), "poisson" (the network
            gives the logarithm of a rate), a ``Loss``; "auto" is that of the data, see ``Dataset``.
        grids: increasing grid sizes of the schedule, ``(3, 6, 12, ...)`` by default.
        starts: random starts of "lm" in a batch, 32 by default and fewer for wide networks; up to four
            batches until the best basin is confirmed.
        steps: iterations per grid for "lm" (8, more while they pay and fewer once they do not), in
            all for "lbfgs" (500) and "adam" (2000).
        seed: of all random numbers; the same seed repeats the run to the last bit.
        l1, entropy, smoothness: penalty weights, see ``Penalty``; several numbers for ``l1`` are one
            per grid, the last for all further ones. By default ``smoothness`` is chosen by validation.
        memory: bytes that second-order matrices may take; "auto" keeps below it, "lm" is refused
            beyond it.
        domain: ``(low, high)`` of every input, ``(d, 2)``, or one pair for all: the input grids span it and
            stay there, whichever rows come; by default they span the table's rows. With ``starts=1`` curves
            then keep their shape where a table has no rows: parts of a domain can be learned in turn.
        callback: called after every iteration; may block (pause), and stops by returning True.
        resume: ``FitResult.journal`` of a training with the same arguments that was broken off.

    Returns:
        A ``FitResult``; the best state so far also when stopped or interrupted.

    Raises:
        InputError: the model does not fit the data, or an argument cannot be used.
        TrainingError: an error on the way, the callback's for example; it holds the best state.
    """
    require_match(model, data)
    starts = default_starts(model) if starts is None else starts
    check(starts, steps, seed, memory, callback)
    sparsity = weights_of(l1)
    asked = chosen_loss(data.loss if loss == "auto" else loss, data.targets)
    adam = solver if isinstance(solver, Adam) else Adam()
    chosen, reason = chosen_solver(solver, model, data, memory)
    penalty = penalty_of(data, asked, entropy, smoothness)
    grids = sizes(_usual_grids(model, starts, chosen) if grids is None else grids)
    named_loss = (type(asked).__qualname__, vars(asked))
    spans = None if domain is None else spans_of(domain, data)
    asked_for = (chosen, adam), named_loss, grids, starts, steps, seed, sparsity, penalty
    held = () if spans is None else (spans.tolist(),)
    purpose = fingerprint(model, data, *asked_for, *held)
    journal = _journal(resume, purpose)
    run = Run(
        prepared(model, data, asked, spans),
        data,
        asked,
        replace(penalty, l1=sparsity[0]),
        seed=seed,
        callback=callback,
        journal=journal,
    )
    if chosen == "lm":
        automatic = smoothness is None and data.task == "regression" and penalty.ridge == 0
        train = partial(by_second_order, run, grids, starts, steps, sparsity, automatic, memory)
    else:
        options = adam if chosen == "adam" else None
        train = partial(by_gradients, run, options, grids[0], starts, steps)
    return _ended(run, f"{chosen}: {reason}", train)


def _ended(run: Run, solver: str, train: Callable[[], str]) -> FitResult:
    """What a training came to, however it ended."""
    try:
        ending = train()
    except Stopped:
        ending = "stopped"
    except KeyboardInterrupt:
        ending = "interrupted"
    except Exception as error:
        raise TrainingError(str(error), result_of(run, solver, "failed")) from error
    return result_of(run, solver, ending)


def _usual_grids(model: KAN, starts: int, chosen: str) -> tuple[int, ...]:
    """From coarse to fine, or from the model's own on where its curves are kept."""
    first = model.layer(0).grid_size
    anew = (starts > 1 or chosen != "lm") and not locks_curves(model)
    return GRIDS if anew else tuple(first * 2**k for k in range(5))


def _journal(resume: Journal | None, purpose: str) -> Journal:
    """A journal to write: a new one, or that of a training of the same purpose, to go on with."""
    if resume is None:
        return Journal(purpose)
    if getattr(resume, "purpose", None) != purpose:
        raise InputError(
            "resume needs the journal of a training of the same network on the same data with the "
            "same arguments; this one is of another: start anew, or repeat its arguments"
        )
    return resume.copy()
