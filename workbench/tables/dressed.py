"""Numbers dressed as text: ``1,234``, ``12 %``, ``$5``, ``5 mg``, ``1.2±0.1``, ``<0.5``, ``3D-2``.

A column is read as a whole: what a comma means, and which unit follows, is the same in all of its cells.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from workbench.errors import InputError

_BLANKS = " '’\u00a0\u202f\u2009"
_DIGITS = rf"(?:\d(?:[\d.,{_BLANKS}]*\d)?[.,]?|[.,]\d+)"
_EXPONENT = (
    r"(?:[eE][-+−–]?\d+|[dD][-+−–]?\d+"
    r"|\s?[×x*·]\s?10(?:\s?(?:\^|\*\*)\s?[-+−–]?\d+|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
)
_CURRENCY = r"(?:US\$|[$€£¥₹₽]|(?:USD|EUR|GBP|CHF|JPY|CNY)(?![A-Za-z]))"
_UNIT = r"(?:%|‰|[\[(]?[^\W\d_][^\s,;:=?!\"<>|]{0,15}(?: [^\W\d_][^\s,;:=?!\"<>|]{0,11})?|°[CFK]?)"
_CELL = re.compile(
    rf"(?P<limit>[<>≤≥~≈]=?)?\s*(?P<bracket>\((?=.*\)$))?(?P<minus>[-+−–])?\s*(?:{_CURRENCY}\s*)?"
    rf"(?P<sign>[-+−–])?(?P<digits>{_DIGITS})(?P<exponent>{_EXPONENT})?(?(bracket)\))"
    rf"(?P<error>\s*(?:±|\+/-|\+-)\s*{_DIGITS}(?:{_EXPONENT})?|\(\d+\))?"
    rf"\s*(?:{_CURRENCY}|(?P<mark>[*†‡]+|\[\w\])|(?P<unit>{_UNIT}))?"
)
_GROUPED = r"\d{{1,3}}(?:{0}\d{{3}})+"
_THOUSANDS = r"[1-9]\d{{0,2}}(?:{0}\d{{3}})+"
_POWER = re.compile(r"(?:[eEdD]|10\s?(?:\^|\*\*)?\s?)([-+]?\d+)$")
_PLAIN = str.maketrans("−–⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "---+0123456789")
_LONGEST = 64
_MOSTLY, _MOST_UNITS = 0.9, 6
_LETTER_D = re.compile(r"[dD]\d")
_SHARES = {"%": 0.01, "‰": 0.001}


Censored = Literal["bound", "half", "missing"]
"""What becomes of a limit such as <0.5: 0.5, 0.25 (one such as >5 stays 5), or a gap."""


@dataclass(frozen=True)
class Numbers:
    """What texts say as numbers.

    Attributes:
        values: one per text, NaN where it says none, or is a limit and these are gaps.
        unit: that follows them, or "".
        done: what was taken off, each the end of a sentence.
        limits: whether a text is a limit such as <0.5, by text.
    """

    values: np.ndarray
    unit: str
    done: tuple[str, ...]
    limits: np.ndarray


def require_censored(chosen: str) -> None:
    """An ``InputError`` where nothing is known to be done of limits by that name."""
    if chosen not in get_args(Censored):
        raise InputError(
            f"limits such as <0.5 are read as one of {', '.join(get_args(Censored))}, got {chosen!r}"
        )


def undressed(
    texts: Sequence[str], *, decimal_comma: bool = False, censored: Censored = "bound"
) -> Numbers:
    """The numbers that different texts of one column say.

    They say none where units do not belong together or stand in some cells alone (136A among 135 and
    136), and where most are limits (<3 cm and >3 cm): these are labels.

    Args:
        texts: different cells, without blanks around them.
        decimal_comma: whether the file writes 1,5 for one and a half: it decides about "1,234".
        censored: what becomes of limits.
    """
    cells = [_CELL.fullmatch(text) if len(text) <= _LONGEST else None for text in texts]
    found = [cell for cell in cells if cell is not None]
    units = [unit for cell in found if (unit := _unit(cell))]
    limits = sum(cell["limit"] is not None for cell in found)
    sizes = _sizes(units)
    if sizes is None or 0 < len(units) < _MOSTLY * len(found) or 2 * limits > len(found):
        return Numbers(np.full(len(texts), np.nan), "", (), np.zeros(len(texts), dtype=bool))
    unit = next(iter(sizes), "")
    decimal = _decimal_mark([cell["digits"] for cell in found], decimal_comma)
    values = [
        math.nan
        if cell is None
        else _value(cell, decimal) * sizes.get(_unit(cell), 1.0) * _share(cell, censored)
        for cell in cells
    ]
    done = _taken_off(found, unit, decimal, censored)
    if len(sizes) > 1:
        done = (*done, f"{', '.join([*sizes][1:])} became {unit}")
    bounds = np.array([cell is not None and _is_limit(cell) for cell in cells], dtype=bool)
    return Numbers(np.array(values, dtype=float), "" if unit in _SHARES else unit, done, bounds)


def number(text: str) -> float | None:
    """The number that a single text says, or None."""
    try:
        return float(text)
    except ValueError:
        value = float(undressed([text]).values[0])
        return None if math.isnan(value) else value


def _sizes(units: Sequence[str]) -> dict[str, float] | None:
    """How many of the most frequent unit, which comes first, each unit is; None where one is not known."""
    names = [name for name, _ in Counter(units).most_common()]
    if len(names) < 2:
        return dict.fromkeys(names, 1.0)
    if len(names) > _MOST_UNITS:
        return None
    from workbench.formulas.units import parse  # brings SymPy, which most tables do not need

    try:
        known = [parse(name) for name in names]
    except InputError:
        return None
    if any(unit.powers != known[0].powers for unit in known):
        return None
    return {name: unit.size / known[0].size for name, unit in zip(names, known, strict=True)}


def _unit(cell: re.Match[str]) -> str:
    return (cell["unit"] or "").strip("[]()").strip()


def _decimal_mark(digits: Sequence[str], decimal_comma: bool) -> str:
    """Whether "," or "." separates whole from parts; the other one, then, separates thousands."""
    both = [d for d in digits if "," in d and "." in d]
    if both:
        return "." if all(d.rfind(".") > d.rfind(",") for d in both) else ","
    by_thousands = {}
    for mark in ",.":
        marked = [d for d in digits if mark in d]
        if not marked:
            continue
        grouped = all(map(re.compile(_THOUSANDS.format(re.escape(mark))).fullmatch, marked))
        by_thousands[mark] = grouped, any(d.count(mark) > 1 for d in marked)
    if "," in by_thousands:
        grouped, repeated = by_thousands[","]
        return "." if grouped and (repeated or not decimal_comma) else ","
    grouped, repeated = by_thousands.get(".", (False, False))
    return "," if grouped and (repeated or decimal_comma) else "."


def _value(cell: re.Match[str], decimal: str) -> float:
    """The number that a cell says; NaN where its digits are grouped in no known way."""
    whole, _, parts = cell["digits"].partition(decimal)
    marks = set(re.findall(r"\D", whole))
    if marks and not re.fullmatch(_GROUPED.format(re.escape(marks.pop())), whole):
        return math.nan
    if re.search(r"\D", parts):
        return math.nan
    power = _POWER.search((cell["exponent"] or "e0").translate(_PLAIN))
    digits = re.sub(r"\D", "", whole) or "0"
    if _LETTER_D.fullmatch(cell["exponent"] or "") and "." not in cell["digits"]:
        return math.nan  # 3D2 is a label, 3.0D2 and 3D-2 are numbers
    value = float(f"{digits}.{parts or 0}e{power[1] if power else 0}")
    signs = [
        cell["bracket"],
        *(cell[key] for key in ("minus", "sign") if (cell[key] or "+") != "+"),
    ]
    negative = len([sign for sign in signs if sign]) % 2
    return (-value if negative else value) * _SHARES.get(_unit(cell), 1.0)


def _is_limit(cell: re.Match[str]) -> bool:
    """Whether a cell says what a value is below or above, and not only about what it is."""
    return (cell["limit"] or "~")[0] in "<>≤≥"


def _share(cell: re.Match[str], censored: Censored) -> float:
    """What a limit is multiplied by."""
    if censored == "bound" or not _is_limit(cell):
        return 1.0
    if censored == "missing":
        return math.nan
    return 0.5 if (cell["limit"] or "")[0] in "<≤" else 1.0


def _taken_off(
    cells: Sequence[re.Match[str]], unit: str, decimal: str, censored: Censored
) -> tuple[str, ...]:
    """What was read in another way than Python would, as ends of sentences."""
    done = []
    wholes = [cell["digits"].partition(decimal) for cell in cells]
    if decimal == "," and any(mark for _, mark, _ in wholes):
        done.append("decimal commas were read as points")
    if any(re.search(r"\D", whole) for whole, _, _ in wholes):
        done.append("thousands separators were removed")
    money = sorted({sign for cell in cells for sign in re.findall(_CURRENCY, cell[0])})
    if money:
        done.append(f"the currency {', '.join(money)} was removed")
    if unit in _SHARES:
        done.append(f"{unit} was removed and the numbers divided by {1 / _SHARES[unit]:.0f}")
    elif unit:
        done.append(f"the unit {unit} was taken off the numbers")
    for key, sentence in (
        ("error", "error bars such as in {!r} were left out"),
        ("bracket", "numbers in parentheses such as {!r} were read as negative"),
        ("mark", "marks such as in {!r} were removed"),
    ):
        examples = [cell[0] for cell in cells if cell[key]]
        if examples:
            done.append(sentence.format(examples[0]))
    done += _about_limits(cells, censored)
    powers = [cell[0] for cell in cells if cell["exponent"] and cell["exponent"][0] not in "eE"]
    if powers:
        done.append(f"powers of ten such as in {powers[0]!r} were read")
    return tuple(done)


def _about_limits(cells: Sequence[re.Match[str]], censored: Censored) -> list[str]:
    """What was done of limits; of values that are only about, too."""
    about = [cell[0] for cell in cells if cell["limit"] and not _is_limit(cell)]
    said = [f"{about[0]!r} and its like were read as the number that they name"] if about else []
    limits = [cell[0] for cell in cells if _is_limit(cell)]
    if not limits:
        return said
    became = {
        "bound": "the number that they name, which is off by what lies beyond: censored='half' or "
        "'missing' takes half of it, or none",
        "half": "half of the number that they name, where a value is below it",
        "missing": "missing",
    }
    return [*said, f"limits such as {limits[0]!r} were read as {became[censored]}"]
