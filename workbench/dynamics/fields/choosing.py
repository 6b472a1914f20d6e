"""Which terms an equation of fields has, by the evidence of bumps of all widths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from workbench.dynamics.choice import searched
from workbench.dynamics.fields.grid import Fields
from workbench.dynamics.fields.terms import FieldTerm
from workbench.dynamics.fields.windows import Set, Windows, halves_of

_MOST_NOISE, _ROUNDS, _AS_GOOD, _MOST_RIVALS = 0.5, 3, 2.0, 3
_HIDDEN = 4.0


@dataclass(frozen=True)
class Chosen:
    """An equation of one field.

    Attributes:
        terms: in it. numbers: their factors. errors: of these.
        misfit: squares that are left, in units of what noise explains.
        rough: squares that the steps of the grid may leave, as a share of those of the derivative in time; 0
            where noise hides them.
        rivals: other sets of terms that do as well.
    """

    terms: tuple[FieldTerm, ...]
    numbers: tuple[float, ...]
    errors: tuple[float, ...]
    misfit: float
    rough: float
    rivals: tuple[tuple[FieldTerm, ...], ...]


def all_windows(
    runs: Sequence[Fields], noise: np.ndarray, terms: Sequence[FieldTerm], order: int
) -> list[Windows]:
    """Regressions for bumps of all widths in which noise does not drown a term.

    Where it drowns one in all of them, that term is left out; none are left where it drowns all.
    """
    shortest = (min(own, key=np.ptp) for own in zip(*(run.axes for run in runs), strict=True))
    time, *space = map(halves_of, shortest)
    along = [
        [halves[min(k, len(halves) - 1)] for halves in space] for k in range(max(map(len, space)))
    ]
    found = [
        Windows(runs, noise, terms, order, (half, *widths)) for half, widths in product(time, along)
    ]
    quiet = [one for one in found if one.noisy.max() < _MOST_NOISE]
    if quiet:
        return quiet
    least = min(found, key=lambda one: float(one.noisy.max())).noisy
    heard = [term for term, share in zip(terms, least, strict=True) if share < _MOST_NOISE]
    return all_windows(runs, noise, heard, order) if heard else []


def chosen(windows: Sequence[Windows], field: int) -> Chosen:
    """The equation of a field.

    Every width proposes sets of terms; the one with the greatest evidence over all widths is taken, and its
    numbers from the width that knows them best.
    """
    if not windows:
        return Chosen((), (), (), math.nan, 0.0, ())

    def cost(terms: Set) -> float:
        return sum(_cost(one, field, terms) for one in windows)

    terms = windows[0].terms
    costs = {found: cost(found) for one in windows for found in _proposed(one, field)}
    best = min(costs, key=lambda s: (costs[s], s))
    exchanged = {tuple(sorted({*best} - {out} | {k})) for out in best for k in range(len(terms))}
    costs |= {s: cost(s) for s in exchanged if len(s) == len(best) and s not in costs}
    best = min(costs, key=lambda s: (costs[s], s))
    fits = [_fit(one, field, best) for one in windows]
    numbers, errors, misfit, rough = min(fits, key=lambda fit: _relative(fit[0], fit[1]))
    # Noise of terms differs, and what of it is in a residual says nothing against them.
    no_larger = [s for s in costs if len(s) <= len(best)]
    left = {s: sum(_unexplained(one, field, s) for one in windows) for s in no_larger}
    bound = left.pop(best) + _AS_GOOD
    rivals = sorted((value, s) for s, value in left.items() if value < bound)
    return Chosen(
        tuple(terms[k] for k in best),
        tuple(numbers),
        tuple(errors),
        misfit,
        rough,
        tuple(tuple(terms[k] for k in s) for _, s in rivals[:_MOST_RIVALS]),
    )


def _proposed(one: Windows, field: int) -> list[Set]:
    """Sets that bumps of one width choose, while they learn how much noise leaves."""
    problem, total = one.problems[field], one.total(field)
    noise = one.expected(field, np.zeros(len(one.terms)))
    found = []
    for _ in range(_ROUNDS):
        bound = noise

        def score(left: float, terms: Sequence[int], bound: float = bound) -> float:
            return one.rows * math.log((left + bound) / total) + _price(one, terms)

        _, terms = searched(problem, score)
        found.append(terms)
        noise = one.expected(field, one.numbers(field, terms))
    return found


def _price(one: Windows, terms: Sequence[int]) -> float:
    """Of terms: Schwarz's, the choice among all, and one nat for every further factor of a product."""
    factors = sum(max(len(one.terms[k].product) - 1, 0) for k in terms)
    return (math.log(one.rows) + math.log(len(one.terms))) * len(terms) + factors


def _cost(one: Windows, field: int, terms: Set) -> float:
    """Twice the negative logarithm of the likelihood, and the price of the terms."""
    expected = one.expected(field, one.numbers(field, terms))
    return one.rows * math.log(expected) + _unexplained(one, field, terms)


def _unexplained(one: Windows, field: int, terms: Set) -> float:
    """Squares that are left in units of what noise explains, and the price of the terms."""
    numbers = one.numbers(field, terms)
    share = one.left(field, numbers) / one.expected(field, numbers)
    return one.rows * share + _price(one, terms)


def _fit(one: Windows, field: int, terms: Set) -> tuple[np.ndarray, np.ndarray, float, float]:
    numbers = one.numbers(field, terms)
    misfit = one.left(field, numbers) / one.expected(field, numbers)
    variances = np.diag(one.covariance(field, terms, numbers)) if terms else np.zeros(0)
    errors = np.where(variances > 0, np.sqrt(np.maximum(variances, 0.0)), math.inf)
    rough, noise = one.rough(field, numbers), one.from_noise(field, numbers) / one.total(field)
    seen = rough if math.sqrt(rough) > _HIDDEN * noise else 0.0
    return numbers[list(terms)], errors, misfit, seen


def _relative(numbers: np.ndarray, errors: np.ndarray) -> float:
    return float(np.sum((errors / np.maximum(np.abs(numbers), 1e-300)) ** 2))
