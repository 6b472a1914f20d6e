"""Tables of any library as columns of NumPy, and which of these become inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.common.schema import changed
from workbench.errors import InputError
from workbench.kan.columns import listed, require_columns
from workbench.kan.encoding import Encoding, encoding_of
from workbench.kan.kinds import KINDS, Guess, Kind, guessed, missing, names_groups, plain


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, values ``(N,)`` and, where the table says one, the order of labels."""

    name: str
    values: np.ndarray
    order: tuple[Any, ...] = ()


def as_frame(frame: Any) -> Any:
    """A table of another library as one of pandas; what is none is left as it is.

    Of xarray, coordinates are columns.
    """
    if hasattr(frame, "iloc"):
        return frame
    if hasattr(frame, "to_dataframe"):
        return _of_grid(frame)
    return frame.to_pandas() if hasattr(frame, "to_pandas") else frame


def _of_grid(grid: Any) -> Any:
    """An array or dataset of xarray: a row for each of its points."""
    if not hasattr(grid, "data_vars") and hasattr(grid, "to_dataset"):
        grid = grid.to_dataset(name="value" if grid.name is None else grid.name)
    found = grid.to_dataframe()
    if any(name is not None for name in found.index.names):
        found = found.reset_index()
    found.attrs = {}  # of what xarray says there, notes and units would be taken for others
    return found


def columns_of(frame: Any) -> dict[str, Column]:
    """The columns of a pandas, polars or pyarrow table, an xarray dataset, a dict or a structured array.

    Raises:
        InputError: it is none of these, or names repeat.
    """
    names, columns = _named(as_frame(frame))
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(
            f"column names must be unique, but {listed(double)} stands more than once: rename it"
        )
    return {
        name: Column(name, _values(c), _order(c)) for name, c in zip(names, columns, strict=True)
    }


def _named(frame: Any) -> tuple[list[str], list[Any]]:
    if hasattr(frame, "iloc"):
        index = getattr(frame.index, "names", [None])
        if any(name is not None for name in index):
            frame = frame.reset_index()
        return list(map(str, frame.columns)), [frame.iloc[:, i] for i in range(frame.shape[1])]
    if isinstance(frame, Mapping):
        return list(map(str, frame)), [np.asarray(values) for values in frame.values()]
    if isinstance(frame, np.ndarray) and frame.dtype.names:
        return list(frame.dtype.names), [frame[name] for name in frame.dtype.names]
    raise InputError(
        f"a table with named columns is needed, such as a DataFrame or a dict, got {type(frame).__name__}"
    )


def _values(series: Any) -> np.ndarray:
    """Values with one sign for what is missing; types of pandas alone become those of NumPy."""
    dtype = series.dtype
    if isinstance(series, np.ndarray) or isinstance(dtype, np.dtype):
        return plain(np.asarray(series))
    if dtype.kind == "M":
        return np.asarray(series.to_numpy(dtype="datetime64[ns]"))
    if dtype.kind in "iuf":
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if dtype.kind == "b":
        return np.asarray(series.to_numpy(dtype=object))
    return plain(np.asarray(series))


def _order(series: Any) -> tuple[Any, ...]:
    dtype = series.dtype
    return tuple(dtype.categories.tolist()) if getattr(dtype, "ordered", False) else ()


@dataclass(frozen=True)
class Inputs:
    """What becomes of the columns of a table.

    Attributes:
        encodings: of the columns that are used. values: inputs by name, ``(N,)`` each.
        notes: what was done, in sentences.
    """

    encodings: tuple[Encoding, ...]
    values: Mapping[str, np.ndarray]
    notes: tuple[str, ...]


def kind_of(column: Column, kinds: Mapping[str, Kind]) -> Guess:
    """What a column holds: as it was said, else as it is guessed.

    Raises:
        InputError: there is no such kind.
    """
    guess = guessed(column.name, column.values, column.order)
    said = kinds.get(column.name)
    if said is None or said == guess.kind:
        return guess
    if said not in KINDS:
        raise InputError(f"a column is one of {', '.join(KINDS)}, got {said!r} for {column.name!r}")
    return Guess(said, "you said so", column.order)


def useless(column: Column, guess: Guess) -> str:
    """Why a column cannot be an input, as a part of a sentence, or ""."""
    known = column.values[~missing(column.values)]
    if not len(known):
        return "it has no values"
    if column.values.dtype.kind == "c":
        return "it holds complex numbers: give their real and imaginary parts as columns"
    if guess.kind in ("text", "identifier") and guess.reason != "you said so":
        return f"{guess.reason}, which says nothing of other rows"
    if guess.kind in ("text", "identifier"):
        return f"you said that it is {'text' if guess.kind == 'text' else 'an identifier'}"
    first = known[0]
    if (known == first).all():
        shown = f"{first:g}" if known.dtype.kind in "iuf" else str(first)
        return f"it is {shown} in every row"
    return ""


def inputs_of(
    columns: Mapping[str, Column],
    target: str,
    wanted: Sequence[str] | None,
    kinds: Mapping[str, Kind],
    marks: Mapping[str, Sequence[float]],
) -> Inputs:
    """The inputs that a table gives.

    Args:
        columns: of the table. target: which of them is not an input.
        wanted: names of those that are; None for all that can be.
        kinds: of columns, where they are not to be guessed.
        marks: numbers that meant a missing cell in the file, by column.

    Raises:
        InputError: a column that is wanted cannot be an input.
    """
    require_columns(list(columns), list(kinds), "column")
    encodings, values, notes = [], {}, []
    for name in columns if wanted is None else wanted:
        if name == target:
            continue
        column = columns[name]
        guess = kind_of(column, kinds)
        why = useless(column, guess)
        if why and wanted is None:
            notes.append(f"{name!r} was left out: {why}.")
            continue
        if wanted is not None and guess.kind == "identifier" and column.values.dtype.kind in "iuf":
            guess, why = (
                Guess("whole number", "you chose it"),
                "",
            )  # a number that is asked for is one
        if why:
            raise InputError(
                f"{name!r} cannot be an input: {why}; leave it out, or say which kind of column it is"
            )
        encoding, sentence = encoding_of(name, column.values, guess)
        encoding = changed(encoding, marks=tuple(map(float, marks.get(name, ()))))
        found = encoding.encoded(column.values)
        if not encoding.names:
            notes.append(
                f"{name!r} was left out: none of its labels but one is in three rows or more."
            )
            continue
        notes += [sentence] if sentence else []
        encodings.append(encoding)
        for new, part in zip(encoding.inputs, found.T, strict=True):
            if new in values or (new in columns and new != name):
                raise InputError(f"two inputs would be named {new!r}: rename a column")
            values[new] = part
    return Inputs(tuple(encodings), values, tuple(notes))


def groups_of(
    columns: Mapping[str, Column],
    groups: Sequence[Any] | str | None,
    kinds: Mapping[str, Kind],
    *,
    guess: bool,
) -> tuple[Sequence[Any] | None, list[str]]:
    """Per row the key of its group, or None; and what is said of it.

    Args:
        columns: of the table. groups: keys, the name of a column, or None.
        kinds: of columns, where they are not to be guessed.
        guess: whether an identifier that repeats makes groups where none were given.
    """
    if isinstance(groups, str):
        require_columns(list(columns), [groups], "column of groups")
        return _keys(columns[groups]), []
    if groups is not None or not guess:
        return groups, []
    for name, column in columns.items():
        if not names_groups(name) or kind_of(column, kinds).kind != "identifier":
            continue
        known = column.values[~missing(column.values)].tolist()
        if 2 < len(set(map(str, known))) < len(known):
            said = f"Rows with the same {name!r} stay together: none is held out beside its like."
            return _keys(column), [said]
    return None, []


def _keys(column: Column) -> list[str]:
    return [
        "" if gap else str(v) for v, gap in zip(column.values, missing(column.values), strict=True)
    ]
