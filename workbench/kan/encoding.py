"""How a column of a table becomes inputs: written down, so that the same is done to new rows."""

from typing import Annotated, Any

import numpy as np

from workbench.common.schema import MOST_NAMES, Label, Meta, Name, Struct, Text, require
from workbench.errors import InputError
from workbench.kan.kinds import Guess, Kind, missing, plain, yes_of

_LEAST_ROWS = 3
"""Rows that a label needs for an input of its own."""
_UNITS = {"years": 365.2425 * 86400.0, "days": 86400.0, "hours": 3600.0, "seconds": 1.0}
_SPAN = 3
Labels = Annotated[tuple[Label, ...], Meta(max_length=MOST_NAMES)]


class Encoding(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of one column.

    Attributes:
        column: of the table. kind: what it holds. names: of the inputs that it becomes.
        labels: of a category, one for each input; of an ordered one, from 0 up; yes of yes/no.
        others: labels that no input of their own is made for: all indicators are 0 there.
        start: date that counts as 0, in ISO format. unit: in which dates are counted.
        fill: what inputs are where the cell is missing, one each; () where such rows are left out.
        flag: name of an input that is 1 where the cell is missing, or "".
        marks: numbers that mean a missing cell, such as -999.
    """

    column: Name
    kind: Kind
    names: Annotated[tuple[Name, ...], Meta(max_length=MOST_NAMES)]
    labels: Labels = ()
    others: Labels = ()
    start: Text = ""
    unit: Text = ""
    fill: Annotated[tuple[float, ...], Meta(max_length=MOST_NAMES)] = ()
    flag: Text = ""
    marks: Annotated[tuple[float, ...], Meta(max_length=100)] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all inputs that the column becomes, that of what is missing included."""
        return (*self.names, self.flag) if self.flag else self.names

    def require_sound(self, what: str) -> None:
        """An ``InputError`` where the record of a file contradicts itself.

        Args:
            what: the file, for people.
        """
        one = self.kind in ("number", "whole number", "date", "ordered category", "yes/no")
        labelled = self.kind == "category" or (self.kind == "yes/no" and self.labels)
        require(self.kind not in ("text", "identifier"), what, f"{self.column!r} is no input")
        require(not one or len(self.names) == 1, what, f"{self.column!r} must be one input")
        require(
            not labelled or len(self.labels) == len(self.names),
            what,
            f"{self.column!r} has other labels",
        )
        require(
            len(self.fill) in (0, len(self.names)), what, f"{self.column!r} is filled otherwise"
        )
        require(len(self.inputs) == len(set(self.inputs)), what, f"names of {self.column!r} repeat")
        if self.kind == "date":
            require(self.unit in _UNITS, what, f"{self.unit!r} is no unit of dates")
            try:
                start = np.datetime64(self.start, "us")
            except ValueError as error:
                raise InputError(f"{what} is damaged: {error}") from error
            require(not np.isnat(start), what, f"{self.column!r} has no first date")

    def encoded(self, column: np.ndarray) -> np.ndarray:
        """The inputs ``(N, len(inputs))`` of a column ``(N,)``; NaN where it says nothing known.

        Raises:
            InputError: it holds text where numbers are needed.
        """
        found = self._values(plain(np.asarray(column)))
        gaps = np.isnan(found).any(axis=1)
        if self.fill:
            found[gaps] = self.fill
        return np.column_stack([found, gaps]) if self.flag else found

    def _values(self, column: np.ndarray) -> np.ndarray:
        if self.kind == "date":
            return self._since(column)[:, None]
        if self.labels or self.others:
            return self._indicated(column)
        try:
            numbers = np.where(missing(column), np.nan, column).astype(np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{self.column!r} must hold numbers, but it holds text: leave it out, or read it as "
                "another kind of column"
            ) from error
        numbers[np.isin(numbers, self.marks)] = np.nan
        return numbers[:, None]

    def _indicated(self, column: np.ndarray) -> np.ndarray:
        places = {_key(label): i for i, label in enumerate(self.labels)}
        known = {_key(label): -1 for label in self.others} | places
        found = np.full((len(column), len(self.names)), np.nan)
        row = np.array([known.get(_key(label), -2) for label in column.tolist()])
        row[missing(column)] = -2
        if self.kind == "ordered category":
            found[row >= 0, 0] = row[row >= 0]
            return found
        found[row >= -1] = 0.0
        found[np.flatnonzero(row >= 0), row[row >= 0]] = 1.0
        return found

    def _since(self, column: np.ndarray) -> np.ndarray:
        if column.dtype.kind != "M":
            try:
                column = column.astype("datetime64[us]")
            except (TypeError, ValueError) as error:
                raise InputError(f"{self.column!r} must hold dates: {error}") from error
        passed = (column - np.datetime64(self.start, "us")) / np.timedelta64(1, "s")
        return np.asarray(passed, dtype=np.float64) / _UNITS[self.unit]


def encoding_of(name: str, values: np.ndarray, guess: Guess) -> tuple[Encoding, str]:
    """How a column becomes inputs, and a sentence about it, "" where it is taken as it is.

    Args:
        name: of the column. values: ``(N,)``, some of them known. guess: what it holds.

    Raises:
        InputError: it cannot be read as that.
    """
    if guess.kind == "date":
        return _dated(name, values)
    if guess.kind in ("category", "ordered category", "yes/no") and not _is_binary(values, guess):
        return _labelled(name, values, guess)
    encoding = Encoding(name, guess.kind, (name,))
    encoding.encoded(values)
    return encoding, ""


def _is_binary(values: np.ndarray, guess: Guess) -> bool:
    """0 and 1, False and True are numbers already."""
    if values.dtype.kind == "b":
        return True
    return (
        guess.kind == "yes/no"
        and values.dtype.kind in "iuf"
        and set(np.unique(values[~missing(values)])) <= {0, 1}
    )


def _dated(name: str, values: np.ndarray) -> tuple[Encoding, str]:
    try:
        dates = values.astype("datetime64[us]")
    except (TypeError, ValueError) as error:
        raise InputError(f"{name!r} must hold dates: {error}") from error
    start, end = np.nanmin(dates), np.nanmax(dates)
    span = (end - start) / np.timedelta64(1, "s")
    unit = next((unit for unit, size in _UNITS.items() if span > _SPAN * size), "seconds")
    text = str(start.astype("datetime64[s]"))
    sentence = f"{name!r}: dates became {unit} since {text.removesuffix('T00:00:00')}."
    return Encoding(name, "date", (name,), start=text, unit=unit), sentence


def _labelled(name: str, values: np.ndarray, guess: Guess) -> tuple[Encoding, str]:
    known = values[~missing(values)].tolist()
    counts: dict[Any, int] = {}
    for label in known:
        counts[label] = counts.get(label, 0) + 1
    if guess.kind == "ordered category":
        order = [label for label in guess.order if label in counts] or sorted(counts, key=_sorted)
        shown = ", ".join(f"{label} = {i}" for i, label in enumerate(order[:6]))
        return Encoding(name, guess.kind, (name,), tuple(order)), f"{name!r}: {shown}."
    if guess.kind == "yes/no":
        if len(counts) > 2:
            raise InputError(f"{name!r} must say yes or no, but it has {len(counts)} labels")
        yes = yes_of(list(counts))
        yes = max(counts, key=_sorted) if yes is None else yes
        rest = tuple(label for label in counts if label != yes)
        return Encoding(name, guess.kind, (name,), (yes,), rest), f"{name!r}: {yes} = 1, else 0."
    ordered = sorted(counts, key=lambda label: (-counts[label], _sorted(label)))
    own = [label for label in ordered[1:] if counts[label] >= _LEAST_ROWS]
    rest = tuple(label for label in ordered if label not in own)
    names = tuple(f"{name}_{' '.join(str(label).split())}" for label in own)
    sentence = (
        f"{name!r}: an input of 0 and 1 for each of {', '.join(map(str, own[:6]))}"
        f"{' and more' if len(own) > 6 else ''}; all are 0 for {ordered[0]}"
        + (f" and {len(rest) - 1} rare labels." if len(rest) > 1 else ".")
    )
    return Encoding(name, guess.kind, names, tuple(own), rest), sentence


def _key(label: Any) -> str:
    """Labels are the same where they are written the same: 1 and 1.0 are."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def _sorted(label: Any) -> tuple[bool, Any]:
    return (True, label) if isinstance(label, int | float) else (False, str(label))
