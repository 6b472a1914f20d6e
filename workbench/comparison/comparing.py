"""``compare``: the families of models trained in turn, each with the same share of the time."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from threadpoolctl import threadpool_limits

from workbench.common.fence import attempt
from workbench.comparison.families import Family, Ladder, Limits, lines, trees
from workbench.comparison.networks import kans, perceptrons, spline_perceptrons
from workbench.comparison.run import Resource, Run, judged
from workbench.comparison.verdict import Comparison
from workbench.errors import InputError
from workbench.kan.checks import not_negative, seed_of
from workbench.kan.data import Dataset
from workbench.search.groups.discovering import one_hot

FAMILIES: dict[str, Family] = {
    "kan": kans,
    "mlp": perceptrons,
    "spline-mlp": spline_perceptrons,
    "boosting": trees,
    "linear": lines,
}
SECONDS, SEEDS = 120.0, 3
_REPEATING = {"boosting", "linear"}
"""Families that another seed does not change."""
_FEWEST = 5
_PHASE = "training models"

Stop = Callable[[], bool | None]
Report = Callable[[str, float], bool | None]


def compare(
    data: Any,
    families: Sequence[str] = tuple(FAMILIES),
    *,
    target: str | None = None,
    budget: int | Mapping[str, float] | None = None,
    seconds: float = SECONDS,
    seed: int = 0,
    stop: Stop | None = None,
    report: Report | None = None,
) -> Comparison:
    """Train families of models over sizes and seeds, and say which of them the table asks for.

    Families take turns, from small sizes to large ones, the one that has had the least processor time first;
    so each has the same time, and whatever ends the comparison leaves one that can be read. Training rows
    train, validation rows choose sizes and the winner, test rows only report.

    Args:
        data: a ``Dataset``, a table of pandas and others, or the path of a file.
        families: which of "kan", "mlp", "spline-mlp" (a perceptron with a learned curve for each hidden
            node), "boosting", "linear". The first three see the same standardized rows.
        target: name of the target column; not of a ``Dataset``, which has its own.
        budget: most parameters of a model, or most of some of {"parameters", "flops", "seconds"}: operations
            of a prediction, see ``workbench.comparison.flops``, and processor seconds of a training.
        seconds: wall time for everything. How far the sizes get depends on it, what is trained does not.
        seed: of all random numbers; each size is trained with up to three.
        stop: asked during training; True ends the comparison with what it has.
        report: called with what is done and the share of the time that has passed; True stops.

    Raises:
        InputError: the table cannot be learned from, holds out too few rows, or an argument is unknown.
    """
    table = one_hot(dataset_of(data, target))
    _check(table, families, seconds)
    caps = caps_of(budget)
    seed = seed_of(seed)
    begun = time.perf_counter()
    over = False

    def ended() -> bool:
        share = (time.perf_counter() - begun) / max(seconds, 1e-9)
        nonlocal over
        asked = bool(stop and stop()) or bool(report and report(_PHASE, min(share, 1.0)))
        over = over or asked or share >= 1
        return over

    limits = Limits(caps["parameters"], caps["flops"], ended)
    runs: list[Run] = []
    turns = _Turns({name: _ladders(name, table, seed, limits) for name in families})
    with threadpool_limits(limits=1):
        while turns.left and not (runs and ended()):
            found = turns.train(turns.next(), table, seed)
            runs += [found] if found is not None and _within(found, caps) else []
    if not runs:
        raise InputError("no model keeps within this budget: allow more parameters or operations")
    return Comparison(
        runs=tuple(runs),
        data=table,
        complete=not turns.left,
        seconds=time.perf_counter() - begun,
        budget={name: cap for name, cap in caps.items() if math.isfinite(cap)},
    )


def _within(run: Run, caps: Mapping[str, float]) -> bool:
    return all(getattr(run, name) <= cap for name, cap in caps.items())


class _Turns:
    """The ladders of every family, and what they have taken."""

    def __init__(self, ladders: Mapping[str, Sequence[tuple[int, Ladder]]]) -> None:
        self._queues = {name: list(own) for name, own in ladders.items()}
        self._taken = dict.fromkeys(ladders, 0.0)
        self._spent: dict[Ladder, float] = {}

    @property
    def left(self) -> bool:
        return any(self._queues.values())

    def next(self) -> str:
        """The family that has had the least time of those with something left; simple ones begin."""
        waiting = [name for name in reversed(FAMILIES) if self._queues.get(name)]
        return min(waiting, key=lambda name: self._taken[name])

    def train(self, name: str, data: Dataset, seed: int) -> Run | None:
        """One model more of a family; None where its ladder ends, or could not go on."""
        number, ladder = self._queues[name].pop(0)
        begun = time.process_time()
        model = None
        with attempt(f"a model of the family {name}"):
            model = next(ladder, None)
        seconds = time.process_time() - begun
        self._taken[name] += seconds
        if model is None:
            return None
        later = [place for place, (other, _) in enumerate(self._queues[name]) if other > number]
        self._queues[name].insert(later[0] if later else len(self._queues[name]), (number, ladder))
        self._spent[ladder] = self._spent.get(ladder, 0.0) + seconds
        return judged(name, model, data, seed=seed + number, seconds=self._spent[ladder])


def _ladders(name: str, data: Dataset, seed: int, limits: Limits) -> list[tuple[int, Ladder]]:
    """All ladders of a family with the number of their seed, one seed after the other."""
    make = FAMILIES[name]
    seeds = 1 if name in _REPEATING else SEEDS
    return [(n, ladder) for n in range(seeds) for ladder in make(data, seed + n, limits)]


def dataset_of(data: Any, target: str | None) -> Dataset:
    """The table of whatever is given, see ``compare``.

    Raises:
        InputError: it is none, or its target is missing.
    """
    if isinstance(data, Dataset):
        if target not in (None, data.target):
            raise InputError(f"this Dataset explains {data.target!r}: leave target={target!r} out")
        return data
    if isinstance(data, str | Path):
        from workbench.tables.reading import read_table

        data = read_table(data)
    if target is None:
        raise InputError("a table needs target=, the name of the column to be explained")
    return Dataset.from_frame(data, target)


def caps_of(budget: int | Mapping[str, float] | None) -> dict[str, float]:
    """What a model may take at most of each resource; infinite where nothing is said.

    Raises:
        InputError: there is no such resource, or it is negative.
    """
    resources = get_args(Resource)
    asked = budget if isinstance(budget, Mapping) else {"parameters": budget}
    unknown = sorted(set(asked) - set(resources))
    if unknown:
        raise InputError(f"a budget is one of {', '.join(resources)}, got {unknown[0]!r}")
    known = {name: value for name, value in asked.items() if value is not None}
    caps = dict.fromkeys(resources, math.inf)
    return caps | {name: not_negative(f"the budget of {name}", v) for name, v in known.items()}


def _check(data: Dataset, families: Sequence[str], seconds: float) -> None:
    if isinstance(families, str) or not families:
        raise InputError(f"families must be a list of names, got {families!r}")
    unknown = sorted(set(families) - set(FAMILIES))
    if unknown:
        raise InputError(f"a family is one of {', '.join(FAMILIES)}, got {unknown[0]!r}")
    if len(set(families)) < len(families):
        raise InputError(f"each family can be named once, got {list(families)}")
    not_negative("seconds", seconds)
    if data.loss == "poisson":
        raise InputError("models are compared by squares or by classes: take loss='squared'")
    held = min(len(data.validation), len(data.test))
    if held < _FEWEST:
        raise InputError(
            f"validation rows choose and test rows report: at least {_FEWEST} of each are needed, "
            f"got {len(data.validation)} and {len(data.test)}"
        )
