"""Cells that say nothing: codes for what is missing, and numbers that stand for it."""

import numpy as np

BLANK = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
"""What means missing in a column of any kind."""
_SIGNS = {"?", "??", ".", "..", "...", "-", "--", "---", "–", "—", "*", "#"}
_WORDS = {
    "na", "n.a.", "n.a", "n/a", "nan", "null", "none", "nil", "missing", "unknown", "not available",
    "nd", "n.d.", "n.d", "n/d", "not detected", "not determined", "no data", "nodata", "bdl", "<lod", "lod",
    "<dl", "<loq", "k.a.", "k. a.", "n.b.", "#div/0!", "#value!", "#num!", "#ref!", "#name?", "#null!",
    "undefined", "void", "masked",
}  # fmt: skip
_STANDING_FOR = (
    *(sign * (10**n - 1) for n in range(2, 7) for sign in (-1, 1)),  # 99, 999, ... and -99, -999, ...
    *(sign * (10**n - 1) / 10 for n in range(3, 6) for sign in (-1, 1)),  # 99.9, 999.9
    *(sign * (10**n - 1) / 100 for n in range(4, 7) for sign in (-1, 1)),  # 99.99, 999.99
    -32768, 32767, -2147483648, 2147483647, -1e20, 1e20, -1e30, 1e30, 9.969209968386869e36,
)  # fmt: skip
_LEAST_REPEATS = 2


def says_nothing(text: str, *, among_numbers: bool) -> bool:
    """Whether a cell is a code for what is missing.

    Args:
        text: the cell, without blanks around it.
        among_numbers: whether its column holds numbers; where it holds labels, a word is a label.
    """
    if text in BLANK or text in _SIGNS:
        return True
    return among_numbers and text.lower() in _WORDS


def standing_for_nothing(values: np.ndarray) -> list[float]:
    """Numbers such as -999 and 9999 that mark gaps: further from all others than those from each other.

    A positive one has to repeat, since a single largest value may be one; a negative one need not
    where nothing else is negative.

    Args:
        values: of a column, ``(N,)``, NaN where missing.
    """
    found: list[float] = []
    if not len(values) or values.dtype.kind not in "iuf":
        return found
    with np.errstate(all="ignore"):
        ends = {float(np.nanmin(values)), float(np.nanmax(values))} if _any(values) else set()
        if not any(_is_mark(end) for end in ends):
            return found
        rest = values[np.isfinite(values)].astype(float)
        while (mark := _apart(rest)) is not None:
            found.append(mark)
            rest = rest[rest != mark]
    return found


def _any(values: np.ndarray) -> bool:
    return values.dtype.kind != "f" or not np.isnan(values).all()


def _is_mark(value: float) -> bool:
    return any(value == mark or np.float32(value) == np.float32(mark) for mark in _STANDING_FOR)


def _apart(values: np.ndarray) -> float | None:
    if len(values) < 2:
        return None
    for mark in (float(values.min()), float(values.max())):
        if not _is_mark(mark):
            continue
        others = values[values != mark]
        if len(np.unique(others)) < 2:
            continue
        low, high = float(others.min()), float(others.max())
        gap = low - mark if mark < low else mark - high
        often = len(values) - len(others) >= _LEAST_REPEATS
        if gap > high - low and (often or mark < 0 <= low):
            return mark
    return None
