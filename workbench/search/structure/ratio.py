"""Ratios of sums of monomials, also with denominators that no sign keeps from zero.

``y (1 + D) = N`` is linear in all coefficients: all monomials are fitted at once and the least certain
ones leave, one after the other, while nothing is lost. That is exact where y is; noise in y biases the
coefficients, for which ``workbench.search.rational`` is the better way.
"""

import math
from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
import sympy
from sympy import Expr

from workbench.search.structure.guess import Guess
from workbench.search.structure.links import Link
from workbench.search.structure.problem import Problem

_HIGHEST, _LOWEST, _MANY, _MOST_MONOMIALS = 4, 2, 36, 45
_TURN = 2.0
_SOLVED, _LOST, _FAR = 1e-6, 1.05, 2.0
_ROUNDING = 1e-11


def ratios(link: Link, problem: Problem, noise: float) -> Iterator[Guess]:
    """A ratio that says what the problem's values are, if there is one of low degree.

    Args:
        link: that led to the problem. problem: see ``Problem``.
        noise: error of a smooth function of the columns; ratios that leave far more are not worth it.
    """
    names, table = _monomials(problem)
    if not 1 < len(names) <= _MOST_MONOMIALS:
        return
    both = np.column_stack((table, -problem.y[:, None] * table[:, 1:]))
    kept = list(range(both.shape[1]))
    numbers, left, doubt = _fit(both[:, kept], problem)
    if left > max(_SOLVED, _FAR * noise):
        return
    limit = max(_LOST * left, _ROUNDING)
    while len(kept) > 1:
        place = int(np.argmax(doubt))
        trial = kept[:place] + kept[place + 1 :]
        fewer = _fit(both[:, trial], problem)
        if fewer[1] > limit:
            break
        kept, (numbers, left, doubt) = trial, fewer
    yield _guess(link, problem, names, table, kept, numbers)


def _monomials(problem: Problem) -> tuple[list[Expr], np.ndarray]:
    """1 and products of columns, of more than two where these are few; angles come as sine and cosine too."""
    names: list[Expr] = list(problem.symbols)
    columns = list(problem.x.T)
    for symbol, column in zip(problem.symbols, problem.x.T, strict=True):
        if np.ptp(column) > _TURN:
            names += [sympy.sin(symbol), sympy.cos(symbol)]
            columns += [np.sin(column), np.cos(column)]
    found_names, found = [sympy.Integer(1)], [np.ones(len(problem.y))]
    allowed = [d for d in range(_LOWEST, _HIGHEST + 1) if math.comb(len(names) + d, d) <= _MANY]
    for degree in range(1, max(allowed, default=_LOWEST) + 1):
        for chosen in combinations_with_replacement(range(len(names)), degree):
            sines = [i for i in chosen if isinstance(names[i], sympy.sin)]
            if len(set(sines)) < len(sines):
                continue  # a squared sine is 1 minus the squared cosine
            found_names.append(sympy.Mul(*(names[i] for i in chosen)))
            found.append(np.prod([columns[i] for i in chosen], axis=0))
    return found_names, np.stack(found, 1)


def _fit(columns: np.ndarray, problem: Problem) -> tuple[np.ndarray, float, np.ndarray]:
    """Coefficients, the error, and how little each coefficient is needed."""
    weighted = columns * problem.weights[:, None]
    size = np.maximum(np.linalg.norm(weighted, axis=0), 1e-300)
    left, values, right = np.linalg.svd(weighted / size, full_matrices=False)
    inverse = values / (values**2 + (1e-13 * values[0]) ** 2)
    numbers = right.T @ (inverse * (left.T @ (problem.y * problem.weights)))
    error = problem.error(columns @ (numbers / size))
    spread = np.sqrt(np.square(right.T * inverse).sum(1))
    return numbers / size, error, spread / np.maximum(np.abs(numbers), 1e-300)


def _guess(
    link: Link,
    problem: Problem,
    names: list[Expr],
    table: np.ndarray,
    kept: list[int],
    numbers: np.ndarray,
) -> Guess:
    count = len(names)
    above, below = np.zeros(len(table)), np.ones(len(table))
    top: list[Expr] = []
    bottom: list[Expr] = [sympy.Integer(1)]
    for column, number in zip(kept, numbers, strict=True):
        if column < count:
            above = above + number * table[:, column]
            top.append(sympy.Float(number) * names[column])
        else:
            place = column - count + 1
            below = below + number * table[:, place]
            bottom.append(sympy.Float(number) * names[place])
    with np.errstate(all="ignore"):
        error = problem.error(above / below)
    shape = sympy.Add(*top) / sympy.Add(*bottom)
    return Guess(problem.back(shape), error, f"{link.name}, a ratio", len(kept), error > _SOLVED)
