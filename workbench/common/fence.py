"""Attempts that may fail, each at its own cost.

A search tries thousands of forms, most of them wrong: some divide by zero, overflow, have a singular
matrix or cannot be written by SymPy. Every attempt runs inside ``attempt`` or ``attempts``, which end it
there and note what was skipped; faults of other kinds, and the user's wish to stop, pass. The log of this
module has the traceback of each at the level DEBUG.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from sympy.polys.polyerrors import BasePolynomialError

NUMERICAL = (ArithmeticError, np.linalg.LinAlgError, torch.linalg.LinAlgError)
"""What says that numbers have no answer."""
NOT_COMPUTED = (
    *NUMERICAL,
    ValueError,  # InputError is one
    TypeError,  # SymPy: a number that is not real cannot be compared or become a float
    NotImplementedError,
    RecursionError,
    BasePolynomialError,
)
"""What says that numbers or symbols have no answer."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_skipped: ContextVar[dict[str, int] | None] = ContextVar("skipped", default=None)


@contextmanager
def attempt(what: str) -> Iterator[None]:
    """Run the block; where it cannot be computed, leave it there and note ``what`` was tried.

    Overflows and divisions by zero inside are values, not warnings.
    """
    with np.errstate(all="ignore"):
        try:
            yield
        except NOT_COMPUTED:
            _log.debug("skipped: %s", what, exc_info=True)
            note({what: 1})


def attempts(what: str, found: Iterable[_T]) -> Iterator[_T]:
    """The items until one cannot be computed; those before it stay."""
    items = iter(found)
    while True:
        item: list[_T] = []
        with attempt(what):
            item = list(islice(items, 1))
        if not item:
            return
        yield item[0]


@contextmanager
def noting_skipped() -> Iterator[None]:
    """Let ``skipped`` say what is skipped from here to the end of the block."""
    token = _skipped.set({})
    try:
        yield
    finally:
        _skipped.reset(token)


def note(more: Mapping[str, int]) -> None:
    """Add what was skipped elsewhere, and how often."""
    notes = _skipped.get()
    if notes is not None:
        for what, count in more.items():
            notes[what] = notes.get(what, 0) + count


def skipped() -> dict[str, int]:
    """What was skipped so far, and how often; nothing outside ``noting_skipped``."""
    return dict(_skipped.get() or {})
