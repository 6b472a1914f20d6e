"""What a column of a table holds: numbers, labels, dates or names of rows; guessed, with a reason."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

Kind = Literal[
    "number", "whole number", "yes/no", "category", "ordered category", "date", "text", "identifier"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_LABELS = 20
"""Labels of a category; a column with more is text."""
_LEAST_ROWS = 2
"""Rows that a label of a category has, on average."""
_YES_NO = (
    ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"), ("absent", "present"),
    ("negative", "positive"), ("nein", "ja"), ("non", "oui"), ("0", "1"),
)  # fmt: skip
_SCALES = (
    ("lowest", "very low", "low", "moderate", "medium", "mid", "middle", "normal", "high", "very high",
     "highest"),
    ("none", "trace", "minimal", "slight", "mild", "light", "moderate", "marked", "heavy", "severe",
     "extreme"),
    ("never", "rarely", "seldom", "occasionally", "sometimes", "often", "usually", "always"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent", "outstanding"),
    ("very bad", "bad", "fair", "average", "good", "very good", "premium", "ideal"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl"),
    ("tiny", "very small", "small", "medium", "large", "very large", "huge"),
    ("very slow", "slow", "medium", "fast", "very fast"),
    ("cold", "cool", "mild", "warm", "hot"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("first", "second", "third", "fourth", "fifth"),
    ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th"),
    ("i", "ii", "iii", "iv", "v", "vi", "vii"),
)  # fmt: skip
_LEAST_STEPS = 3
_NAMES_ROWS = re.compile(
    r"(.*[ _.\-])?(id|ids|idx|index|row|rows|row ?names?|rownames|rownum|obs|observation|case|no|nr|number|"
    r"record|key|uuid|guid|identifier|accession|barcode|serial)|unnamed: ?\d+|(?-i:.*[a-z]ID)",
    re.IGNORECASE,
)
_REPEATS = re.compile(
    r"(.*[ _.\-])?(id|ids|subject|patient|participant|person|individual|animal|batch|plot|site|station)"
    r"([ _.\-]?(id|no|nr|number|name))?|(?-i:.*[a-z]ID)",
    re.IGNORECASE,
)
_NUMBERS = (int, float, Decimal, Fraction, np.number)


@dataclass(frozen=True)
class Guess:
    """What a column seems to hold.

    Attributes:
        kind: of the column. reason: why it was taken for that, as a part of a sentence.
        order: labels of an ordered category, from the least to the most.
    """

    kind: Kind
    reason: str
    order: tuple[Any, ...] = ()


def guessed(name: str, values: np.ndarray, order: Sequence[Any] = ()) -> Guess:
    """What a column holds.

    Args:
        name: of the column. values: ``(N,)``, with NaN, NaT or None where missing.
        order: labels in order, where the table itself says one.
    """
    if order:
        return Guess("ordered category", "the table orders its labels", tuple(order))
    known = values[~missing(values)]
    if values.dtype.kind == "b" or (
        len(known) and all(isinstance(v, bool | np.bool_) for v in known[:50])
    ):
        return Guess("yes/no", "it holds yes and no")
    if values.dtype.kind == "M":
        return Guess("date", "it holds dates")
    if values.dtype.kind in "iuf":
        return _of_numbers(name, known)
    return _of_labels(name, known)


def missing(values: np.ndarray) -> np.ndarray:
    """Where a column, or a table, says nothing: booleans of the same shape."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "M":
        return np.isnat(values)
    if values.dtype.kind == "O":
        flat = [_is_gap(v) for v in values.ravel()]
        return np.array(flat, dtype=bool).reshape(values.shape)
    return np.zeros(values.shape, dtype=bool)


def _is_gap(value: Any) -> bool:
    """None, and the signs of Python, NumPy and pandas: NaN, NaT and NA."""
    if value is None or isinstance(value, str):
        return value is None or value == "nan"
    return type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def plain(values: np.ndarray) -> np.ndarray:
    """Objects of Python as numbers or dates, where all of them are; else as they are."""
    if values.dtype.kind == "m":
        return np.where(np.isnat(values), np.nan, values / np.timedelta64(1, "s"))
    if values.dtype.kind in "SU":
        return values.astype(object)
    if values.dtype.kind != "O":
        return values
    gaps = missing(values)
    known = values[~gaps]
    if not len(known):
        return np.full(values.shape, np.nan)
    if all(isinstance(v, _NUMBERS) and not isinstance(v, bool) for v in known):
        found = np.full(values.shape, np.nan)
        found[~gaps] = [float(v) for v in known]
        return found
    if all(isinstance(v, datetime.date) for v in known):
        dates = np.full(values.shape, np.datetime64("NaT"), dtype="datetime64[us]")
        dates[~gaps] = [_utc(v) for v in known]
        return dates
    return values


def in_words(guess: Guess) -> str:
    """Kind and reason, for people."""
    return f"{guess.kind}: {guess.reason}"


def names_groups(name: str) -> bool:
    """Whether a column of this name says which rows belong together where its values repeat."""
    return _REPEATS.fullmatch(name) is not None


def yes_of(labels: Sequence[Any]) -> Any | None:
    """Which of two labels means yes, or None where they are no such pair."""
    said = {str(label).strip().casefold(): label for label in labels}
    return next((said[yes] for no, yes in _YES_NO if set(said) == {no, yes}), None)


def ordered_by_scale(labels: Sequence[Any]) -> tuple[Any, ...]:
    """Labels in the order of a scale that holds them all, or ()."""
    said = {str(label).strip().casefold().replace("_", " "): label for label in labels}
    if len(said) < _LEAST_STEPS:
        return ()
    for scale in _SCALES:
        if set(said) <= set(scale):
            return tuple(said[step] for step in scale if step in said)
    return ()


def _utc(value: datetime.date) -> np.datetime64:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value.isoformat(), "us")


def _of_numbers(name: str, known: np.ndarray) -> Guess:
    distinct = np.unique(known)
    whole = bool(np.isfinite(known).all() and (known == np.round(known)).all())
    if len(distinct) == 2 and distinct.tolist() == [0, 1]:
        return Guess("yes/no", "it holds 0 and 1")
    if whole and len(distinct) == len(known) > 2 and _NAMES_ROWS.fullmatch(name):
        return Guess("identifier", "it has another whole number in every row and is named like one")
    if whole and 2 < len(distinct) < len(known) and names_groups(name):
        return Guess("identifier", "it is named like one, and its whole numbers repeat")
    return Guess("whole number", "all are whole") if whole else Guess("number", "it holds numbers")


def _of_labels(name: str, known: np.ndarray) -> Guess:
    labels = list(dict.fromkeys(known.tolist()))
    if len(labels) == len(known) > 2:
        return Guess("identifier", "every row has another text")
    if yes_of(labels) is not None:
        return Guess("yes/no", f"it says {labels[0]} or {labels[1]}")
    if len(labels) > min(MOST_LABELS, max(len(known) // _LEAST_ROWS, 2)):
        if names_groups(name):
            return Guess("identifier", f"it is named like one and has {len(labels)} texts")
        return Guess("text", f"it has {len(labels)} different texts")
    order = ordered_by_scale(labels)
    if order:
        return Guess("ordered category", f"from {order[0]} to {order[-1]}", order)
    return Guess("category", f"it has {len(labels)} labels")
