"""Textbook laws as forms for groups: those that fit a few groups, and all groups in a common unit, best.

Few rows of one group say little; the same form has to serve them all. So the families of
``structure.families`` are tried, with any of their terms left out, of one input or of two, and of one
input times powers of the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, permutations

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.common.fence import attempt
from workbench.formulas.parametric import Parametric, parametrize
from workbench.formulas.size import complexity
from workbench.search.groups.joint import Panel
from workbench.search.structure.families import FAMILIES, Family
from workbench.search.structure.problem import Problem
from workbench.search.structure.projection import Projection
from workbench.search.structure.starts import Seen, widths

(
    _ROWS,
    _LEAST_ROWS,
) = 80, 6
_QUICKLY = {"refined": 1, "steps": 12}
_LARGEST = 2
_MOST_NUMBERS, _MOST_TURNED = 5, 4
_MOST_COLUMNS = 4
_NOISE = 1e-3


@dataclass(frozen=True, eq=False)
class Candidate:
    """A form with numbers to start from.

    Attributes:
        form: with its constants as symbols. starts: of these, ``(S, p)``.
        bits: how long rows and form were to describe where it was tried, up to a constant.
    """

    form: Parametric
    starts: np.ndarray
    bits: float = 0.0

    @property
    def expression(self) -> Expr:
        return self.form.expressions[0]

    @property
    def size(self) -> int:
        """Nodes of the expression, a constant counted as one."""
        return complexity(self.expression)


def candidate(expression: Expr, names: Sequence[str]) -> Candidate | None:
    """A law with numbers as a form; None where it has none of them, or too many."""
    form = parametrize((expression,), names)
    if not 0 < len(form.constants) <= _MOST_NUMBERS:
        return None
    return Candidate(form, np.array([form.values]))


def merged(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each form once, with the starts of all."""
    found: dict[Expr, Candidate] = {}
    for one in candidates:
        known = found.get(one.expression)
        starts = one.starts if known is None else np.concatenate((known.starts, one.starts))
        bits = one.bits if known is None else known.bits + one.bits
        found[one.expression] = Candidate(one.form if known is None else known.form, starts, bits)
    return list(found.values())


def tables(panel: Panel, symbols: tuple[Symbol, ...]) -> list[Problem]:
    """What forms are tried on: the largest groups, and all rows in units of their group's size."""
    chosen = np.argsort(-panel.sizes, kind="stable")[:_LARGEST]
    parts = [panel.group(code) for code in chosen if panel.sizes[code] >= _LEAST_ROWS]
    sizes = panel.summed(np.abs(panel.y)) / panel.sizes
    unit = np.where(sizes > 0, sizes, 1.0)[panel.codes]
    parts.append(replace(panel, y=panel.y / unit, root=panel.root * unit))
    return [_problem(part, symbols) for part in parts]


def _problem(panel: Panel, symbols: tuple[Symbol, ...]) -> Problem:
    order = np.random.default_rng(0).permutation(len(panel))[:_ROWS]
    y, counts = panel.y[order], np.square(panel.root[order])
    counts = counts / counts.mean()
    spread = float(
        np.sqrt(np.average(np.square(y - np.average(y, weights=counts)), weights=counts))
    )
    return Problem(panel.x[order], symbols, y, np.sqrt(counts), spread or 1.0, counts)


def bank(
    problems: Sequence[Problem],
    names: Sequence[str],
    most: int,
    stop: Callable[[], bool] = lambda: False,
) -> list[Candidate]:
    """The forms that describe these tables most shortly, ``most`` of them.

    ``stop`` is asked after every law; True leaves out the tables that are not done.
    """
    found: list[Candidate] = []
    done = 0
    for problem in problems:
        rows = len(problem.y)
        best: dict[Expr, Candidate] = {}
        for expression, error in _laws(problem):
            if stop():
                break
            one = candidate(expression, names)
            if one is None or not np.isfinite(error):
                continue
            bits = rows * np.log2(max(error, _NOISE)) + one.size
            bits += 0.5 * np.log2(rows) * len(one.form.constants)
            if one.expression not in best or bits < best[one.expression].bits:
                best[one.expression] = replace(one, bits=float(bits))
        if done and stop():
            break
        found += best.values()
        done += 1
    every = [c for c in merged(found) if len(c.starts) == done]
    return sorted(every, key=lambda c: c.bits)[:most]


def _laws(problem: Problem) -> Iterator[tuple[Expr, float]]:
    """Families, with any of their terms, that have a value on a table, and their errors."""
    width = problem.width
    if width > _MOST_COLUMNS:
        return
    if width == 1:
        yield from _of_one_column(problem, problem)
        return
    for places in permutations(range(width), 2):
        pair = replace(
            problem,
            x=problem.x[:, places],
            symbols=tuple(problem.symbols[place] for place in places),
        )
        for family in _families(2):
            yield from _fitted(family, pair, problem)
    powers = _powers(problem)
    for column in range(width):
        others = [k for k in range(width) if k != column]
        alone = replace(problem, x=problem.x[:, [column]], symbols=(problem.symbols[column],))
        yield from _of_one_column(alone, problem)
        for some in (c for n in range(len(others)) for c in combinations(others, n + 1)):
            if powers is None:
                break
            factor = np.prod([problem.x[:, k] ** powers[k] for k in some], axis=0)
            label = sympy.Mul(*(problem.symbols[k] ** sympy.Float(powers[k]) for k in some))
            yield from _of_one_column(alone.divided(factor, label), problem)


def _powers(problem: Problem) -> np.ndarray | None:
    """Exponents of the product of powers that comes next to a table of positive numbers."""
    size = np.abs(problem.y)
    if not ((problem.x > 0).all() and (size > 0).all()):
        return None
    table = (
        np.column_stack((np.log(problem.x), np.ones(len(size)))) * (problem.weights * size)[:, None]
    )
    powers = np.linalg.lstsq(table, np.log(size) * problem.weights * size, rcond=None)[0][:-1]
    return np.clip(np.where(np.abs(powers) < 0.1, 1.0, powers), -6, 6)


def _of_one_column(alone: Problem, whole: Problem) -> Iterator[tuple[Expr, float]]:
    for family in _families(1):
        yield from _fitted(family, alone, whole)


def _fitted(family: Family, problem: Problem, whole: Problem) -> Iterator[tuple[Expr, float]]:
    with attempt("a family of laws"):
        seen = Seen(problem.x[:, 0], problem)
        grid = [suggested(seen) for suggested in family.starts.values()]
        projection = Projection(family.columns, tuple(problem.x.T), problem.y, problem.weights)
        letters = projection.best(grid, family.jumps, **_QUICKLY) if grid else np.zeros(0)
        fitted = None if letters is None else projection.factors(letters)
        if letters is not None and fitted is not None:
            law = problem.back(family.law(letters, fitted[0], problem.symbols))
            yield law, problem.error(fitted[1])


@cache
def _families(width: int) -> tuple[Family, ...]:
    """Those of so many columns and few numbers, with any of their terms, each once."""
    found: dict[frozenset[str], Family] = {}
    for family in FAMILIES:
        waves = sum("wave" in term for term in family.terms)
        if len(family.terms) + 2 * waves + len(family.starts) > _MOST_NUMBERS + 1 or waves > 1:
            continue
        for count in range(len(family.terms)):
            for terms in combinations(family.terms, count + 1):
                part = _part(family, terms)
                if part.width == width:
                    found.setdefault(frozenset(terms), part)
    return tuple(found.values())


def _part(family: Family, terms: tuple[str, ...]) -> Family:
    """Some of a family's terms. Without the constant, a step that falls cannot become one that rises."""
    text = "".join(c if c.isalnum() else " " for c in " ".join(terms)).split()
    alone = "1" in family.terms and "1" not in terms
    letters = {
        name: _either_sign if alone and start is widths else start
        for name, start in family.starts.items()
        if name in text
    }
    return Family(terms, letters)


def _either_sign(seen: Seen) -> np.ndarray:
    return np.concatenate((widths(seen), -widths(seen)))
