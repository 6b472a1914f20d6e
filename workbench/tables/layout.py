"""Where names, units and values stand in rows of cells: titles above, a row of units, no names at all."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.errors import InputError
from workbench.tables.dressed import number
from workbench.tables.missing import says_nothing

_BENEATH = 20
_REMARK_ROWS = 2
_LONGEST_UNIT = 24
_YEARS = range(1500, 2200)
_EVEN = 1.01

Row = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """How a table is laid out.

    Attributes:
        first: rows above the first row of values.
        names: of the columns, all different; a column without one has "".
        units: of columns, by name, as they were written.
        notes: what was made of rows above the values, in sentences.
    """

    first: int
    names: tuple[str, ...]
    units: dict[str, str]
    notes: tuple[str, ...]


def laid_out(rows: Sequence[Row], what: str, names: Row = ()) -> Layout:
    """The layout of a table whose first rows are given.

    Args:
        rows: the first of the file, texts without blanks around them; blank ones count.
        what: the file, for people. names: that a comment above the table says, used where it has none.

    Raises:
        InputError: there is no row of values.
    """
    width = _width(rows)
    # The row of names may end in a separator where the others do not.
    rows = [row[:-1] if len(row) == width + 1 and not row[-1] else row for row in rows]
    filled = sorted(sum(map(bool, row)) for row in rows if len(row) == width)
    usual = filled[len(filled) // 2] if filled else width
    full = [i for i, row in enumerate(rows) if _is_full(row, width, usual)]
    if (
        len(full) > 1
        and len(rows[full[0]]) < width
        and _has_names(rows[full[1]], rows[full[1] + 1 :])
    ):
        full.pop(0)  # a title of as many words as there are names but one
    top = full[0] if full else None
    if top is None:
        raise InputError(f"{what} is empty: a row of names above rows of values is needed")
    notes = []
    titles = [next(filter(None, row)) for row in rows[:top] if any(row)]
    if titles:
        notes.append(f"{_count(len(titles))} above the table left out: {titles[0][:60]!r}.")
    beneath = [row for row in rows[top + 1 :] if len(row) >= width and any(row)][:_BENEATH]
    if _has_names(rows[top], beneath):
        head, first = _padded(rows[top], width, beneath), top + 1
        short = [i for i in range(top + 1, len(rows)) if any(rows[i])]
        if not beneath and short:
            raise InputError(
                f"every row of {what} needs {width} fields, but row {short[0] + 1} has "
                f"{len(rows[short[0]])}: mend it"
            )
        if not beneath:
            raise InputError(f"{what} has a header and no rows: rows of values are needed")
    else:
        head = list(names) if len(names) == width else [f"x{i + 1}" for i in range(width)]
        first = top
        notes.append(
            f"The file has no row of names: its columns are named {head[0]} to {head[-1]}"
            + (", as a comment above says." if len(names) == width else ".")
        )
    unique, renamed = _distinct(head)
    notes += renamed
    units: dict[str, str] = {}
    for _ in range(_REMARK_ROWS):
        place = next((i for i in range(first, len(rows)) if any(rows[i])), len(rows))
        if first == top or not _is_remark(rows, place, width):
            break
        found = {
            name: unit
            for name, cell in zip(unique, rows[place], strict=False)
            if (unit := bare(cell))
        }
        known = not units and any(map(is_unit, found.values()))
        units = found if known else units
        became = "read as their units" if known else "left out"
        notes.append(f"The row {', '.join(found.values())} beneath the names was {became}.")
        first = place + 1
    return Layout(first, tuple(unique), units, tuple(notes))


def bare(cell: str) -> str:
    """A unit without brackets around it; "" where the cell says that there is none."""
    text = re.sub(r"^[\[(<{](.*)[\])>}]$", r"\1", cell).strip()
    return "" if says_nothing(text, among_numbers=True) else text


def _width(rows: Sequence[Row]) -> int:
    """Cells of most rows, the larger number where it is a draw."""
    counts = Counter(len(row) for row in rows if any(row))
    return max(counts, key=lambda n: (counts[n], n)) if counts else 0


def _is_full(row: Row, width: int, usual: int) -> bool:
    """Whether a row may be one of names or values, where as many cells as ``usual`` are filled."""
    filled = sum(map(bool, row))
    if width > 2 and len(row) == width - 1:
        return filled == len(row)  # names of all columns but that of the row names
    return len(row) == width and 2 * filled >= usual and (width != 2 or bool(row[1]))


def _has_names(row: Row, beneath: Sequence[Row]) -> bool:
    """Whether a row says names and not values: it holds words above numbers, or no number at all."""
    if len(row) < max(map(len, beneath), default=0):
        return True
    cells = [cell for cell in row if cell]
    if all(number(cell) is None for cell in cells):
        return _above_numbers(row, beneath) or not _repeats(row, beneath)
    if _above_numbers(row, beneath):
        return True
    return _counts(cells)


def _above_numbers(row: Row, beneath: Sequence[Row]) -> bool:
    """Whether a cell that says no number stands above numbers."""
    return any(
        cell and number(cell) is None and not says_nothing(cell, among_numbers=True)
        for place, cell in enumerate(row)
        if _holds_numbers(beneath, place)
    )


def _holds_numbers(rows: Sequence[Row], place: int) -> bool:
    cells = [row[place] for row in rows if place < len(row)]
    said = [cell for cell in cells if not says_nothing(cell, among_numbers=True)]
    return bool(said) and 2 * sum(number(cell) is not None for cell in said) > len(said)


def _repeats(row: Row, beneath: Sequence[Row]) -> bool:
    """Whether a row of words says what rows beneath it say, too: then it is one of them."""
    return bool(row) and any(
        cell and cell in {other[place] for other in beneath if place < len(other)}
        for place, cell in enumerate(row)
    )


def _counts(cells: Sequence[str]) -> bool:
    """Whether the numbers of a row are names: years, or numbers that count up."""
    said = [value for cell in cells if (value := number(cell)) is not None]
    if len(said) < 2:
        return False
    steps = [b - a for a, b in pairwise(said)]
    even = min(steps) > 0 and max(steps) < _EVEN * min(steps)
    return even and (len(said) > 2 or said[0] in _YEARS)


def _is_remark(rows: Sequence[Row], place: int, width: int) -> bool:
    """Whether a row beneath the names says units: it holds a word in every column of numbers."""
    if place >= len(rows) or len(rows[place]) != width:
        return False
    beneath = [row for row in rows[place + 1 :] if any(row)][:_BENEATH]
    cells = [rows[place][i] for i in range(width) if _holds_numbers(beneath, i)]
    said = [(cell, bare(cell)) for cell in cells if cell]
    if any(len(c) > _LONGEST_UNIT or (c == text and number(text) is not None) for c, text in said):
        return False
    words = [(cell, text) for cell, text in said if text and number(text) is None]
    return len(words) > 1 or any(text != cell or is_unit(text) for cell, text in words)


def is_unit(text: str) -> bool:
    """Whether a text is a unit that formulas know."""
    from workbench.formulas.units import parse  # brings SymPy, which most tables do not need

    try:
        parse(text)
    except InputError:
        return False
    return True


def _padded(row: Row, width: int, beneath: Sequence[Row]) -> list[str]:
    """Names of all columns, where the rows have one more than there are names."""
    if len(row) == width:
        return list(row)
    trailing = not any(other[-1] for other in beneath if len(other) == width)
    return [*row, ""] if trailing else ["", *row]


def _distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names that differ, and what was renamed."""
    seen: Counter[str] = Counter()
    found, notes = [], []
    for name in names:
        seen[name] += 1
        new = name
        while name and seen[name] > 1 and (new in found or new in names):
            new = f"{name} ({seen[name]})" if new == name else f"{new}'"
        if new != name:
            notes.append(
                f"The name {name!r} stands more than once: the next one was named {new!r}."
            )
        found.append(new)
    return found, notes


def _count(rows: int) -> str:
    return "A row" if rows == 1 else f"{rows} rows"
