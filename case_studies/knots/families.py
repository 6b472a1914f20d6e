"""Knots of another kind than the census's small diagrams, drawn by chance, and their rows.

Needs the extra ``knots``. Every row's name gives the knot back: a braid word, see
``case_studies.knots.words.link_of``.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

import numpy as np

from case_studies.knots.invariants import diagram_row
from case_studies.knots.words import braid_name, closes_to_a_knot, link_of

_MOST_CROSSINGS = 60


class Family(NamedTuple):
    """A way to draw knots by chance; ``names`` gives one after the other without an end."""

    meaning: str
    names: Callable[[np.random.Generator], Iterator[str]]


def _braids(random: np.random.Generator) -> Iterator[str]:
    while True:
        strands = int(random.integers(3, 7))
        letters = random.integers(1, strands, size=int(random.integers(12, 31)))
        word = letters * random.choice((-1, 1), size=len(letters))
        reduced = bool((word[1:] != -word[:-1]).all())
        if reduced and closes_to_a_knot(word, strands):
            yield braid_name(word)


def _twisted(random: np.random.Generator) -> Iterator[str]:
    """Davies and others 2021, section 6: (σ_i^n ...)^N with many turns of two strands each."""
    while True:
        strands = int(random.integers(3, 6))
        places = random.integers(1, strands, size=int(random.integers(2, 5)))
        turns = random.integers(3, 7, size=len(places)) * random.choice((-1, 1), size=len(places))
        word = np.tile(np.repeat(places * np.sign(turns), abs(turns)), int(random.integers(1, 5)))
        if len(word) <= _MOST_CROSSINGS and closes_to_a_knot(word, strands):
            yield braid_name(word)


FAMILIES: dict[str, Family] = {
    "braids": Family("closures of random braids of 3 to 6 strands, 12 to 30 letters", _braids),
    "twisted braids": Family("closures of (σ_i^n σ_j^m ...)^N, 3 to 6 half turns each", _twisted),
}


def rows_of(names: list[str], executor: Executor | None = None) -> Iterator[dict[str, Any]]:
    """Rows of named knots, in their order, computed by ``executor`` or in this process."""
    if executor is None:
        yield from map(named_row, names)
        return
    jobs: list[Future[dict[str, Any]]] = [executor.submit(named_row, name) for name in names]
    for job in jobs:
        yield job.result()


def named_row(name: str) -> dict[str, Any]:
    """The row of one knot by its name, see ``words.link_of``."""
    return diagram_row(link_of(name), name)
