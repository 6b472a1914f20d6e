"""A table as its file has it, before its columns are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from workbench.tables.layout import Layout, laid_out


@dataclass(frozen=True)
class Raw:
    """What a file holds.

    Attributes:
        frame: its columns as the library that reads them gives them, in the order of ``names``.
        names: of the columns, all different; "" for one that has none.
        units: of columns, as they were written. notes: what was made of the file, in sentences.
        decimal_comma: whether it writes 1,5 for one and a half.
    """

    frame: pd.DataFrame
    names: Sequence[str]
    units: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    decimal_comma: bool = False


def from_rows(rows: Sequence[Sequence[object]], what: str, notes: Sequence[str] = ()) -> Raw:
    """A table from rows of cells of any type, as long as each other, with or without names and titles.

    Args:
        rows: of the whole sheet. what: the file, for people. notes: what was made of it before.

    Raises:
        InputError: there is no row of values.
    """
    layout: Layout = laid_out([[_text(cell) for cell in row] for row in rows[:200]], what)
    values = [[_value(cell) for cell in row] for row in rows[layout.first :]]
    frame = pd.DataFrame(values, columns=range(len(layout.names)), dtype=object).infer_objects()
    return Raw(frame, layout.names, layout.units, (*notes, *layout.notes))


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _value(cell: object) -> object:
    """Blank texts are gaps."""
    return None if isinstance(cell, str) and not cell.strip() else cell
