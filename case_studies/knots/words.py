"""Knots in words: names of the census, braid words and DT codes, and the diagrams that they mean."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from case_studies.knots.invariants import snappy_package
from workbench.errors import InputError

_CENSUS = re.compile(r"K\d{1,2}[an]\d{1,6}")
_NUMBERS = re.compile(r"[\[\](), \d+-]+")
_LETTERS = re.compile(r"[a-zA-Z]{3,60}")
_MOST_CROSSINGS = 200
_HINT = (
    "write a name such as K12n242, a braid word such as braid:[1, -2, 1, -2] "
    "or a DT code such as DT:[4, 6, 2]"
)


def link_of(name: str) -> Any:
    """The diagram, a spherogram ``Link`` of one component, that a name, braid word or DT code means.

    Args:
        name: ``K12n242``; ``braid:[1, -2, 1, -2]`` or just the numbers ``1 -2 1 -2``, where k stands
            for the crossing of strands k and k + 1 and its sign for the hand; ``DT:[4, 6, 2]`` or
            ``DT:cacbca``.

    Raises:
        InputError: it is none of these, or no knot, or SnapPy is missing.
    """
    text = name.strip()
    snappy_package()  # spherogram's diagrams have no complement without it
    import spherogram

    if _CENSUS.fullmatch(text):
        return _read(text, lambda: spherogram.Link(text))
    if text.lower().startswith("dt:"):
        code = text[3:].strip()
        if _LETTERS.fullmatch(code):
            return _read(text, lambda: spherogram.DTcodec(code).link())
        return _read(text, lambda: spherogram.DTcodec([tuple(_numbers(code, text))]).link())
    word = _numbers(text.removeprefix("braid:"), text)
    if not closes_to_a_knot(word, max(map(abs, word)) + 1):
        raise InputError(f"the closure of {text!r} has more than one component: it is no knot")
    return _read(text, lambda: spherogram.Link(braid_closure=word))


def braid_name(word: Sequence[int] | np.ndarray) -> str:
    """How a braid word is written."""
    return f"braid:{[int(letter) for letter in word]}"


def closes_to_a_knot(word: Sequence[int] | np.ndarray, strands: int) -> bool:
    """Whether the closure of a braid word has one component: its permutation is a single cycle."""
    places = list(range(strands))
    for letter in word:
        k = abs(int(letter))
        places[k - 1], places[k] = places[k], places[k - 1]
    length, place = 1, places[0]
    while place:
        place, length = places[place], length + 1
    return length == strands


def _numbers(code: str, text: str) -> list[int]:
    if not _NUMBERS.fullmatch(code):
        raise InputError(f"{text!r} is no knot: {_HINT}")
    found = [int(number) for number in re.findall(r"[+-]?\d+", code)]
    if not found or 0 in found or len(found) > _MOST_CROSSINGS:
        raise InputError(f"{text!r} is no knot of 1 to {_MOST_CROSSINGS} crossings: {_HINT}")
    return found


def _read(text: str, make: Any) -> Any:
    try:
        link = make()
    except (ValueError, KeyError, IndexError, TypeError, OSError, AssertionError) as error:
        raise InputError(f"{text!r} is no knot that SnapPy can read: {_HINT}") from error
    if len(link.link_components) != 1:
        raise InputError(f"{text!r} has {len(link.link_components)} components: it is no knot")
    return link
