"""The way from labels, points or a sampler to the law of a boundary, or to a sentence that there is none."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from workbench.boundaries.algebra import EXACT, Cloud, fitted
from workbench.boundaries.distances import feet as feet_of
from workbench.boundaries.flexible import Flexible, clearly_worse, flexible
from workbench.boundaries.implicit import ImplicitFormula
from workbench.boundaries.labels import LEAST_ROWS, SPLIT, Labels
from workbench.boundaries.logistic import likely, spread_of
from workbench.boundaries.points import INSIDE, LEAST_POINTS, Points, spread
from workbench.boundaries.reading import formula_of, refined
from workbench.boundaries.result import Boundary, Rival, agreement_of
from workbench.boundaries.sampling import FunctionSampler, Sampler
from workbench.boundaries.searching import Candidate, Edge, length, search
from workbench.boundaries.terms import Dictionary, Sum, parts_of
from workbench.errors import InputError
from workbench.evidence.residuals import lack_of_fit, neighbours
from workbench.formulas.selection import CLEAR
from workbench.formulas.typesetting import rounded
from workbench.kan.checks import seed_of
from workbench.kan.data import Dataset

_POINTS, _STATES, _SIDES = 300, 2000, 1000
_RIVALS, _JUDGED = 5, 30
_DIGITS = 4
_UNIFORM = math.sqrt(12)
"""Of an interval's length in standard deviations of what lies anywhere in it."""
_CLEARLY = 8.0
"""Nats that a further term has to win."""
_MOSTLY = 0.75
"""Share of the points that a law has to be about."""
_ROUNDING, _LARGER = 1e-6, 3.0
"""Distances that are rounding, in scaled columns; and by how much errors may be larger than stated."""
_VAGUE = 0.15
"""Distances, in scaled columns, of points that say nothing of an edge."""
NO_LAW, CURVE = "No law was found.", "No law was found: here is the curve."
Report = Callable[[str, float], object]
Stop = Callable[[], bool]


@threadpool_limits.wrap(limits=1)
def discover_boundary(
    data: Any,
    target: str | None = None,
    *,
    inputs: Sequence[str] | None = None,
    groups: str | Sequence[Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    seed: int = 0,
    seconds: float | None = None,
    report: Report | None = None,
    stop: Stop | None = None,
) -> Boundary:
    """The law g(x) = 0 of the boundary between two phases.

    Args:
        data: a table or ``Dataset`` whose target has two classes; ``Points`` of the boundary; a ``Sampler``;
            or a function that gives the side of every row of a frame, True or positive inside.
        target: the column of the classes, of a table; the second one in order is inside.
        inputs: the variables; by default all there are.
        groups: a column, or a label for every row: rows of one label stay together in every split.
        ranges: of the variables of a function.
        seed: of every draw. seconds: after which the search ends with what it has.
        report: told what is done and which share is over. stop: True ends the search.

    Raises:
        InputError: there are not two classes, too few rows or points, or the data is none of these.
    """
    seed_of(seed)
    if seconds is not None and not seconds > 0:
        raise InputError(f"seconds must be positive, got {seconds!r}")
    begun = time.monotonic()
    task = _Task(
        seed,
        report or (lambda what, share: None),
        lambda: (
            (stop is not None and stop())
            or (seconds is not None and time.monotonic() - begun > seconds)
        ),
    )
    if isinstance(data, Points):
        found = _of_points(data if inputs is None else data.select(inputs), task)
    elif isinstance(data, Dataset | pd.DataFrame):
        found = _of_labels(Labels.of(data, target, inputs, groups), task)
    elif isinstance(data, Sampler):
        found = _of_sampler(data, task)
    elif callable(data):
        found = _of_sampler(FunctionSampler(data, dict(ranges or {})), task)
    else:
        raise InputError(
            "a boundary is found in a table, a Dataset, Points, a sampler or a function, got "
            f"{type(data).__name__}"
        )
    return replace(found, seconds=time.monotonic() - begun, complete=not task.stop())


@dataclass(frozen=True, eq=False)
class _Task:
    """What every route is asked."""

    seed: int
    report: Report
    stop: Stop


# Points


def _of_sampler(sampler: Sampler, task: _Task) -> Boundary:
    task.report("states and points of the edge", 0.0)
    if not hasattr(sampler, "points"):
        states = sampler.states(_STATES, seed=task.seed)
        return _of_labels(Labels.of(states, INSIDE, list(sampler.variables), None), task)
    points: Points = sampler.points(_POINTS, seed=task.seed)
    if points.labelled is None:
        points = points.with_states(sampler.states(_STATES, seed=task.seed))
    first = _law_of(points, task)
    if first is not None and not task.stop() and points.sigma is not None:
        # Where points have errors, those near the edge have the least.
        task.report("points near the edge", 0.6)
        more = sampler.points(_POINTS, seed=task.seed + 1, near=first.formula.value)
        points = points.joined(more)
        first = _law_of(points, task) if len(more) else first
    fresh = sampler.states(_STATES, seed=task.seed + 2)
    return _told(points, first, fresh)


def _of_points(points: Points, task: _Task) -> Boundary:
    return _told(points, _law_of(points, task), None)


@dataclass(frozen=True, eq=False)
class _Law:
    """A law that reads well, and the candidates that it was chosen from."""

    formula: ImplicitFormula
    chosen: Candidate
    candidates: Sequence[Candidate]
    fits: bool


def _law_of(points: Points, task: _Task) -> _Law | None:
    if len(points) < LEAST_POINTS:
        raise InputError(
            f"at least {LEAST_POINTS} points of the boundary are needed, got {len(points)}"
        )
    task.report("laws of the points", 0.2)
    edge, dictionary, scales = _edge(points, task.seed)
    candidates = search(dictionary, edge, seed=task.seed, stop=task.stop)
    candidates = [one for one in candidates if math.isfinite(one.cost)]
    if not candidates:
        return None
    best = _plainest(candidates)
    law = _fitted_to_all(best, dictionary, edge)
    cloud = Cloud.of(law.dictionary.at(edge.x), scales, points.sigma)
    numbers = refined(law, cloud, best.weights)
    formula = formula_of(law, numbers, points, scales)
    return _Law(formula, best, candidates, _fits(best, edge, scales, points))


def _edge(points: Points, seed: int) -> tuple[Edge, Dictionary, np.ndarray]:
    """Points and states as numbers; without states, rows all over the box of the points stand for them."""
    inside = None
    if points.labelled is None:
        low, high = points.x.min(0), points.x.max(0)
        random = np.random.default_rng([seed, 7])
        states = low + (high - low) * random.random((_SIDES, points.x.shape[1]))
    else:
        some = points.labelled.sample(min(len(points.labelled), _SIDES), random_state=seed)
        states = some[list(points.variables)].to_numpy(dtype=float)
        inside = some[INSIDE].to_numpy(dtype=bool)
    scales = spread(np.vstack((states, points.x)))
    dictionary = Dictionary.of(points.variables, np.vstack((states, points.x)))
    cloud = Cloud.of(dictionary.at(points.x), scales, points.sigma)
    errors = np.broadcast_to(scales, points.x.shape)
    if points.sigma is not None:
        errors = np.maximum(points.sigma, EXACT * scales)
    return Edge(points.x, errors, cloud, states, inside), dictionary, scales


def _fitted_to_all(one: Candidate, dictionary: Dictionary, edge: Edge) -> Sum:
    """The form with the coefficients that all points ask for."""
    fits = fitted(edge.cloud, np.array([one.places]), one.law.c[None], folded=one.law.folded)
    return Sum(dictionary.part(one.places), fits.c[0], one.law.folded)


def _plainest(candidates: Sequence[Candidate]) -> Candidate:
    """The best, without terms that improve it by less than what tells two laws clearly apart."""
    best = candidates[0]
    parts = [
        one
        for one in candidates
        if parts_of(one.law.dictionary.terms, best.law.dictionary.terms)
        and one.law.folded == best.law.folded
        and one.cost < best.cost + _CLEARLY
    ]
    return min(parts, key=lambda one: (len(one.places), one.cost), default=best)


def _fits(one: Candidate, edge: Edge, scales: np.ndarray, points: Points) -> bool:
    """Whether the points scatter about the law as points with errors do, all but a few of them."""
    near = one.weights > 0.5
    if near.mean() < _MOSTLY:
        return False
    if points.sigma is None and one.size <= _ROUNDING:
        return True
    if one.size > (_VAGUE if points.sigma is None else _LARGER):
        return False
    if points.sigma is not None and np.mean(one.distances[near] ** 2) <= 1:
        return True  # what neighbours share may be wrong with all of them, within the errors that they state
    feet = feet_of(one.law.at, edge.x[near], edge.errors[near]) / scales
    # Neighbours must not agree along the edge; across it there is nothing but the distance itself.
    feet = feet[:, feet.std(0) > _ROUNDING]
    if not feet.shape[1] or not np.isfinite(feet).all():
        return True
    return not lack_of_fit(neighbours(feet), one.distances[near]) >= CLEAR  # few points do not tell


def _told(points: Points, law: _Law | None, fresh: pd.DataFrame | None) -> Boundary:
    states = fresh if fresh is not None else points.labelled
    if law is None or not law.fits:
        curve, agreement, error = _curve_of(states, points.variables)
        return Boundary(
            None,
            (NO_LAW if curve is None else CURVE,),
            curve,
            agreement,
            error,
            points,
            rivals=() if law is None else _rivals(law, chosen=True),
        )
    agreement = error = None
    stray = float(1 - law.chosen.weights.mean())
    sentences = [f"{law.formula.text()} inside; the boundary passes {len(points)} points."]
    if stray > 1 / len(points):
        sentences.append(f"{stray:.1%} of the points do not belong to it.")
    if states is not None:
        agreement, error = agreement_of(law.formula.inside(states), states[INSIDE])
        sentences.append(f"{agreement:.2%} of {len(states)} states are on the right side of it.")
    return Boundary(
        law.formula,
        tuple(sentences),
        law.formula.value,
        agreement,
        error,
        points,
        law.chosen.size,
        stray,
        _rivals(law, chosen=False),
    )


def _rivals(law: _Law, *, chosen: bool) -> tuple[Rival, ...]:
    others = [one for one in law.candidates if chosen or one is not law.chosen]
    least = law.chosen.cost
    return tuple(
        Rival(f"{rounded(one.law.expression, _DIGITS)} > 0", one.cost - least, one.size)
        for one in others[:_RIVALS]
    )


def _curve_of(
    states: pd.DataFrame | None, names: tuple[str, ...]
) -> tuple[Flexible | None, float | None, float | None]:
    """A flexible boundary of states, where they have both sides."""
    if states is None or states[INSIDE].nunique() < 2 or len(states) < LEAST_ROWS:
        return None, None, None
    x, inside = states[list(names)].to_numpy(dtype=float), states[INSIDE].to_numpy(dtype=bool)
    curve = flexible(names, x, inside, spread(x), None, np.random.default_rng(SPLIT))
    agreement, error = agreement_of(curve.predicted, inside[curve.rows])
    return (curve if curve.beats_chance(inside) else None), agreement, error


# Labels


def _of_labels(labels: Labels, task: _Task) -> Boundary:
    random = np.random.default_rng([task.seed, *SPLIT])
    rows = ~labels.held
    x, inside = labels.x[rows], labels.inside[rows]
    groups = None if labels.groups is None else labels.groups[rows]
    scales = spread(labels.x)
    task.report("a flexible boundary", 0.0)
    curve = flexible(labels.names, x, inside, scales, groups, random)
    held, sides = labels.x[labels.held], labels.inside[labels.held]
    agreement, error = agreement_of(curve.at(held) > 0, sides)
    if not curve.beats_chance(inside):
        sentence = (
            "No law was found: sides do not follow from the variables by more than chance allows."
        )
        return Boundary(None, (sentence, *labels.notes), None, agreement, error)
    law = _likeliest(labels.names, x, inside, scales, curve, task)
    if law is not None:
        numbers = spread_of(law, x, inside, groups, random)
        states = pd.DataFrame(labels.x, columns=list(labels.names)).assign(
            **{INSIDE: labels.inside}
        )
        points = Points(states[list(labels.names)], labelled=states)
        formula = formula_of(law, numbers, points, scales)
        own = formula.inside(held)
        if not clearly_worse(own == sides, (curve.at(held) > 0) == sides):
            share, error = agreement_of(own, sides)
            told = (
                f"{formula.text()} where it is {labels.phase!r}: right for {share:.2%} of {len(held)} "
                f"rows held out, a flexible curve for {agreement:.2%}."
            )
            return Boundary(formula, (told, *labels.notes), formula.value, share, error)
    told = f"{CURVE[:-1]}, right for {agreement:.2%} of {len(held)} rows held out."
    return Boundary(None, (told, *labels.notes), curve, agreement, error)


def _likeliest(
    names: tuple[str, ...],
    x: np.ndarray,
    inside: np.ndarray,
    scales: np.ndarray,
    curve: Flexible,
    task: _Task,
) -> Sum | None:
    """Of the forms that the edge of a flexible boundary suggests the one that the labels ask for."""
    points, gaps = curve.edge(x, inside, _POINTS, np.random.default_rng(task.seed))
    if len(points) < LEAST_POINTS:
        return None
    task.report("laws of its edge", 0.2)
    dictionary = Dictionary.of(names, np.vstack((x, points)))
    sigma = gaps[:, None] * scales / _UNIFORM
    cloud = Cloud.of(dictionary.at(points), scales, sigma, least=1.0)
    some = np.random.default_rng(task.seed).permutation(len(x))[:_SIDES]
    edge = Edge(points, sigma, cloud, x[some], inside[some])
    found = search(dictionary, edge, seed=task.seed, stop=task.stop)
    task.report("laws of the labels", 0.8)
    judged: list[Candidate] = []
    branches = [one for one in found[_JUDGED:] if one.law.folded][: _JUDGED // 2]
    for one in (*found[:_JUDGED], *branches):
        law, loss = likely(one.law, x, inside)
        cost = loss + length(one.places, dictionary, len(x), bars=one.law.folded)
        judged.append(replace(one, law=law, cost=cost))
    return _plainest(sorted(judged, key=lambda one: one.cost)).law if judged else None
