"""How much a file may hold: what it unpacks to is counted while it is read, and never believed."""

from workbench.errors import InputError

MOST_CELLS, MOST_COLUMNS = 20_000_000, 5_000
CELL = 8
"""Bytes of a number in memory."""


def require_moderate(name: str, cells: float) -> None:
    """An ``InputError`` where a file holds more cells than a table may have."""
    if cells > MOST_CELLS:
        raise InputError(f"{name!r} is too large: it may have {MOST_CELLS} cells at most")


def require_columns(name: str, columns: int) -> None:
    """An ``InputError`` where a file has more columns than a table may have."""
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{name!r} is too large: it may have {MOST_COLUMNS} columns at most, got {columns}"
        )
