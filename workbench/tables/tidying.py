"""Columns as they were read become numbers, dates and labels; what was done to each is said."""

import datetime
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from workbench.common.schema import require_text
from workbench.tables.dates import as_dates, as_seconds
from workbench.tables.dressed import Censored, undressed
from workbench.tables.missing import says_nothing, standing_for_nothing

_SAMPLE = 1000
_MOSTLY = 0.9
_MOST_TEXTS, _MOST_DATES = 500, 50
"""Columns of text that are looked at, for numbers and for dates: hostile tables have more."""
_COUNTING = ("", "Unnamed: 0")
_LABEL = re.compile(r"[^\W\d_]{1,3}[-_ ]?\d+|\d+[-_ ]?[^\W\d_]{1,2}")


def tidied(
    frame: pd.DataFrame,
    names: Iterable[str],
    units: Mapping[str, str],
    *,
    keep: Collection[str] = (),
    decimal_comma: bool = False,
    censored: Censored = "bound",
) -> pd.DataFrame:
    """A table of numbers, dates and labels; its ``attrs`` say what was done.

    These are "notes", sentences; "units" of columns; "marks", numbers that were read as missing, by
    column.

    Args:
        frame: as it was read. names: of its columns, "" for none.
        units: of columns, as the file says them.
        keep: columns that are left as the file has them.
        decimal_comma: whether the file writes 1,5 for one and a half.
        censored: what becomes of limits such as <0.5.
    """
    named = list(names)
    notes: list[str] = []
    found_units, marks, texts = dict(units), {}, 0
    columns: dict[str, pd.Series] = {}
    frame = _without_remarks(frame, notes)
    for place, name in enumerate(named):
        series = frame.iloc[:, place]
        if name in _COUNTING:
            known = _nameless(series, place, len(named), notes)
            if known is None:
                continue
            name = _free(known, named)
        require_text(name)
        texts += series.dtype.kind not in "iufbcmM"
        if texts == _MOST_TEXTS + 1:
            notes.append(f"{name!r} and later columns were left as they are: too many are of text.")
        if name not in keep and texts <= _MOST_TEXTS:
            series, unit, done = _tidy(series, decimal_comma, censored, dates=texts <= _MOST_DATES)
            if unit:
                found_units.setdefault(name, unit)
            marks[name] = standing_for_nothing(series.to_numpy())
            series, more = _without_marks(series, marks[name])
            notes += [f"{name!r}: {sentence}." for sentence in (*done, *more)]
        columns[name] = series
    found = pd.DataFrame(columns)
    found.attrs = {
        "notes": notes,
        "units": {name: unit for name, unit in found_units.items() if name in columns},
        "marks": {name: values for name, values in marks.items() if values},
    }
    return found


def _without_remarks(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Without blank rows, and without rows at the end of which only the first cell says something."""
    if frame.shape[1] < 2 or not frame.iloc[:, 1].isna().any():
        return frame
    blank = frame.isna().all(axis=1).to_numpy()
    if blank.any():
        frame = frame.loc[~blank].reset_index(drop=True)
    end = len(frame)
    while (
        end > 1 and isinstance(frame.iat[end - 1, 0], str) and frame.iloc[end - 1, 1:].isna().all()
    ):
        end -= 1
    if 0 < len(frame) - end < end:
        notes.append(f"What stands below the table was left out: {str(frame.iat[end, 0])[:60]!r}.")
        frame = frame.iloc[:end]
    return frame


def _nameless(series: pd.Series, place: int, width: int, notes: list[str]) -> str | None:
    """A name for a column that has none; None where it says nothing but the number of its row."""
    if series.isna().all():
        return None
    if place == 0 and width > 2:
        if pd.api.types.is_integer_dtype(series) and (series.diff().iloc[1:] == 1).all():
            notes.append("The first column has no name and counts the rows: it was left out.")
            return None
        return "row"
    notes.append(f"Column {place + 1} has no name: it was named 'column {place + 1}'.")
    return f"column {place + 1}"


def _free(name: str, names: Collection[str]) -> str:
    while name in names:
        name += "'"
    return name


def _tidy(
    series: pd.Series, decimal_comma: bool, censored: Censored, *, dates: bool
) -> tuple[pd.Series, str, list[str]]:
    """A column, the unit that stood in its cells, and what was done to it."""
    if series.dtype.kind == "M":
        return (series.dt.tz_convert(None) if series.dt.tz is not None else series), "", []
    if series.dtype.kind == "m":
        return series.dt.total_seconds(), "s", ["durations became seconds"]
    if series.dtype.kind == "c":
        return series, "", []
    if series.dtype.kind not in "iufb":
        return _tidy_text(series, decimal_comma, censored, dates=dates)
    return series, "", []


def _without_marks(series: pd.Series, marks: Iterable[float]) -> tuple[pd.Series, list[str]]:
    """Numbers without those that stand for what is missing."""
    done = []
    for mark in marks:
        where = series == mark
        series = series.astype(float).mask(where)
        done.append(
            f"{mark:g} stands apart from all other values and was read as missing ({_cells(where.sum())})"
        )
    return series, done


def _tidy_text(
    series: pd.Series, decimal_comma: bool, censored: Censored, *, dates: bool
) -> tuple[pd.Series, str, list[str]]:
    codes, distinct = pd.factorize(series.to_numpy(dtype=object))
    if not len(distinct):
        return pd.Series(np.full(len(series), np.nan), index=series.index), "", []
    if all(isinstance(value, bool | np.bool_) for value in distinct):
        return series.astype(object).where(series.notna(), None), "", []
    plain = _plain(distinct)
    if plain is not None:
        return _taken(plain, codes, series), "", []
    texts = [_text(value) for value in distinct]
    said = np.array([not says_nothing(text, among_numbers=True) for text in texts])
    numbers = _numbers(
        texts, said, np.bincount(codes[codes >= 0], minlength=len(texts)), decimal_comma, censored
    )
    if numbers is not None:
        values, unit, done = numbers
        return _taken(values, codes, series), unit, [*done, *_gaps(texts, said, codes)]
    said = np.array([not says_nothing(text, among_numbers=False) for text in texts])
    words = [text for text, says in zip(texts, said, strict=True) if says]
    found = as_dates(words) if words and dates else None
    if found is not None:
        values = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ns]")
        values[said] = found[0].to_numpy(dtype="datetime64[ns]")
        how = [f"read as {found[1]}"] if found[1] != "dates" else []
        return _taken(values, codes, series), "", [*how, *_gaps(texts, said, codes)]
    seconds = as_seconds(words) if words else None
    if seconds is not None:
        values = np.full(len(texts), np.nan)
        values[said] = seconds
        done = ["hours, minutes and seconds became seconds", *_gaps(texts, said, codes)]
        return _taken(values, codes, series), "s", done
    for text in words:
        require_text(text)
    labels = np.array(
        [text if says else None for text, says in zip(texts, said, strict=True)], dtype=object
    )
    return _taken(labels, codes, series), "", _gaps(texts, said, codes)


def _text(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return " ".join(str(value).split(" ")).strip() if isinstance(value, str) else str(value)


def _plain(distinct: np.ndarray) -> np.ndarray | None:
    """Values that Python's own types say as numbers or dates, or None."""
    numbers = (int, float, Decimal, Fraction, np.number)
    if all(isinstance(value, numbers) and not isinstance(value, bool) for value in distinct):
        return np.array([float(value) for value in distinct])
    if all(isinstance(value, datetime.date) for value in distinct):
        try:
            return pd.to_datetime(pd.Series(distinct), utc=True).dt.tz_localize(None).to_numpy()
        except (ValueError, OverflowError):
            return None
    return None


def _numbers(
    texts: list[str],
    said: np.ndarray,
    counts: np.ndarray,
    decimal_comma: bool,
    censored: Censored,
) -> tuple[np.ndarray, str, list[str]] | None:
    """Texts as numbers where most cells are; the others are missing then, which is said."""
    places = np.flatnonzero(said)
    if not len(places):
        return None
    native = pd.to_numeric(pd.Series([texts[i] for i in places]), errors="coerce").to_numpy(float)
    values = np.full(len(texts), np.nan)
    values[places] = native
    limits = np.zeros(len(texts), dtype=bool)
    done: tuple[str, ...] = ()
    unit = ""
    if np.isnan(native).any():
        sample = [texts[i] for i in places[:_SAMPLE]]
        if np.isnan(undressed(sample, decimal_comma=decimal_comma).values).mean() > 1 - _MOSTLY:
            return None
        dressed = undressed(
            [texts[i] for i in places], decimal_comma=decimal_comma, censored=censored
        )
        values[places], unit, done = dressed.values, dressed.unit, dressed.done
        limits[places] = dressed.limits
    strays = (
        said & np.isnan(values) & ~limits & ~np.array([text.lower() == "nan" for text in texts])
    )
    share = counts[said & ~strays].sum() / counts[said].sum()
    if share < _MOSTLY:
        return None
    stray = [texts[i] for i in np.flatnonzero(strays)]
    if any(map(_LABEL.fullmatch, stray)):
        return None
    sentences = list(done)
    if stray:
        shown = ", ".join(repr(text[:30]) for text in stray[:3])
        sentences.append(
            f"{shown} say no number and were read as missing ({_cells(counts[strays].sum())})"
        )
    return values, unit, sentences


def _gaps(texts: list[str], said: np.ndarray, codes: np.ndarray) -> list[str]:
    """What is said of codes for missing values."""
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    found = {texts[i]: int(counts[i]) for i in np.flatnonzero(~said) if texts[i]}
    if not found:
        return []
    shown = ", ".join(map(repr, sorted(found)))
    return [f"{shown} was read as missing ({_cells(sum(found.values()))})"]


def _taken(values: np.ndarray, codes: np.ndarray, like: pd.Series) -> pd.Series:
    """The column of which different values and their places are given; what has no place is missing."""
    nothing = {"f": np.nan, "M": np.datetime64("NaT")}.get(values.dtype.kind)
    with_nothing = np.append(values, np.array([nothing], dtype=values.dtype))
    return pd.Series(with_nothing[codes], index=like.index)


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
