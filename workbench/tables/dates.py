"""Dates and times that a column writes as text."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

_OTHERS = (
    "%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%b-%Y", "%B %Y", "%YM%m", "%d%b%Y", "%m/%d/%y", "%d/%m/%y",
    "%d.%m.%y", "%d-%b-%y",
)  # fmt: skip
_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])")
_LOOKS = re.compile(
    r"\d{1,4}[-/.]\d{1,2}([-/.]\d|\b)|\d{4}[- ]?[TMQ]\d|[A-Za-z]{3,9}[-. ].*\d{4}|\d{1,2}[-. ]?[A-Za-z]{3}"
)
_CLOCK = re.compile(r"\d{1,3}:[0-5]\d(:[0-5]\d(\.\d{1,9})?)?")
_SAMPLE, _LONGEST = 50, 40


def as_dates(texts: Sequence[str]) -> tuple[pd.Series, str] | None:
    """The dates that different texts say and how they were read; None where they say none.

    Where day and month could be either, a slash means that the month comes first.

    Args:
        texts: different cells of a column, without blanks around them.
    """
    sample = texts[:_SAMPLE]
    if not all(len(text) <= _LONGEST and _LOOKS.match(text) for text in sample):
        return None
    if all(map(_QUARTER.fullmatch, texts)):
        months = [_QUARTER.sub(lambda m: f"{m[1]}-{3 * int(m[2]) - 2:02}", text) for text in texts]
        return _read(months, "%Y-%m"), "quarters, by their first day"
    for form in _forms(sample):
        if _read(sample, form).notna().all():
            found = _read(texts, form)
            if found.notna().all():
                return found, "dates" if form == "ISO8601" else f"dates written {_people(form)}"
    return None


def as_seconds(texts: Sequence[str]) -> np.ndarray | None:
    """Seconds of texts such as 1:30 (hours and minutes) and 12:30:05; None where they say none."""
    if not all(map(_CLOCK.fullmatch, texts)):
        return None
    spans = pd.to_timedelta([f"{text}:00" if text.count(":") == 1 else text for text in texts])
    return np.asarray(spans.total_seconds(), dtype=float)


def _forms(sample: Sequence[str]) -> list[str]:
    """Ways to read the first text: the international one, then those that pandas makes out."""
    guesses = [
        guess_datetime_format(sample[0], dayfirst=dayfirst)
        for dayfirst in ("." in sample[0][:3], True)
    ]
    fitting = [form for form in _OTHERS if _read(sample[:1], form).notna().all()]
    return list(dict.fromkeys(["ISO8601", *filter(None, guesses), *fitting]))


def _read(texts: Sequence[str], form: str) -> pd.Series:
    """Dates without a time zone, NaT where a text says none."""
    series = pd.Series(texts, dtype=object)
    return pd.to_datetime(series, format=form, errors="coerce", utc=True).dt.tz_localize(None)


def _people(form: str) -> str:
    words = {"%Y": "year", "%y": "year", "%m": "month", "%b": "month", "%B": "month", "%d": "day"}
    return " ".join(words[part] for part in re.findall("%[YymbBd]", form))
