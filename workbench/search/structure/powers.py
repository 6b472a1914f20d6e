"""Laws that are one product of powers, through a link and an offset; and one-column views of tables."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import sympy

from workbench.formulas.typesetting import to_text
from workbench.search.structure.guess import Guess
from workbench.search.structure.links import linked
from workbench.search.structure.problem import Problem, monomial

_OFFSETS = (0.0, 1.0, -1.0)
_HALF, _LARGEST = 0.5, 8.0
_EXPONENTS = (-2.0, -1.0, 1.0, 2.0)
_MOST_COLUMNS, _ROUGHEST = 5, 0.25


def power_laws(problem: Problem) -> Iterator[Guess]:
    """``T(y) = d + c x_1^p_1 ... x_q^p_q``, the powers by least squares on logarithms.

    The powers are tried rounded to halves and as they are; c and d are then free.
    """
    if not problem.width or bool((problem.x == 0).any()):
        return
    logarithms = np.log(np.abs(problem.x))
    for link, changed in linked(problem):
        if len(changed.y) < len(problem.y):
            continue
        for offset in _OFFSETS:
            rest = np.abs(changed.y - offset)
            if (rest == 0).any():
                continue
            trust = (changed.weights * rest)[:, None]
            table = np.column_stack((logarithms, np.ones(len(rest)))) * trust
            numbers = np.linalg.lstsq(table, np.log(rest) * trust[:, 0], rcond=None)[0]
            for powers in (np.round(numbers[:-1] / _HALF) * _HALF, numbers[:-1]):
                if np.abs(powers).max() > _LARGEST or not powers.any():
                    continue
                shape, values = monomial(problem.symbols, powers), product_of(problem.x, powers)
                if np.isfinite(values).all():
                    yield from _scaled(link.name, changed, shape, values)


def _scaled(name: str, problem: Problem, shape: sympy.Expr, values: np.ndarray) -> Iterator[Guess]:
    for columns in (values[:, None], np.column_stack((values, np.ones(len(values))))):
        weighted = columns * problem.weights[:, None]
        size = np.linalg.norm(weighted, axis=0)
        numbers = np.linalg.lstsq(weighted / size, problem.y * problem.weights, rcond=None)[0]
        numbers = numbers / size
        found = sympy.Float(numbers[0]) * shape
        if len(numbers) > 1:
            found = found + sympy.Float(numbers[1])
        yield Guess(problem.back(found), problem.error(columns @ numbers), name, 1)


def product_of(x: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """The product of powers of columns, not finite where a root has no value: ``(N,)``."""
    with np.errstate(all="ignore"):
        found: np.ndarray = np.prod(
            [
                c ** (int(p) if float(p).is_integer() else p)
                for c, p in zip(x.T, powers, strict=True)
            ],
            axis=0,
        )
    return found


def single_columns(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Products of powers, and sums, of all columns along which the values vary slowly, the best first.

    Slowly: neighbours along the new column differ by far less than any two values (von Neumann's ratio).
    """
    if not 2 <= problem.width <= _MOST_COLUMNS:
        return
    found = []
    for powers in product(_EXPONENTS, repeat=problem.width):
        if powers[0] > 0:
            column = product_of(problem.x, np.array(powers))
            found.append((_roughness(column, problem), powers, True))
    for signs in product((-1.0, 1.0), repeat=problem.width):
        if signs[0] > 0:
            found.append((_roughness(problem.x @ np.array(signs), problem), signs, False))
    for roughness, numbers, multiplied in sorted(found)[:1]:
        if roughness < _ROUGHEST:
            column = (
                product_of(problem.x, np.array(numbers))
                if multiplied
                else problem.x @ np.array(numbers)
            )
            name = (
                monomial(problem.symbols, numbers)
                if multiplied
                else sympy.Add(*(int(k) * s for k, s in zip(numbers, problem.symbols, strict=True)))
            )
            sentence = f"{to_text(problem.subject)} depends on all inputs through {to_text(name)}"
            yield sentence, problem.seen_along(column, name)


def _roughness(column: np.ndarray, problem: Problem) -> float:
    if not np.isfinite(column).all():
        return np.inf
    y = (problem.y * 1.0)[np.argsort(column)]
    trust = problem.weights[np.argsort(column)]
    steps, pairs = np.square(np.diff(y)), np.minimum(trust[1:], trust[:-1]) ** 2
    variance = np.average(np.square(y - np.average(y, weights=trust**2)), weights=trust**2)
    return float(np.average(steps, weights=pairs) / (2 * variance))
