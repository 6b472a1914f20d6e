"""How much a file may hold: what it unpacks to is counted while it is read, and never believed."""

from workbench.errors import InputError

MOST_CELLS, MOST_COLUMNS = 20_000_000, 5_000
CELL = 8
"""Bytes of a number in memory."""
_ALWAYS, _RATIO = 50_000_000, 100
"""Bytes that any file of arrays may unpack to, and how many times its size a larger one may."""


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


def require_unpacked(name: str, claimed: float, size: int) -> None:
    """An ``InputError`` where a file says that it unpacks to more than any file of its size may.

    Args:
        name: of the file. claimed: bytes in memory. size: bytes of the file.
    """
    most = max(_ALWAYS, _RATIO * size)
    if claimed > most:
        raise InputError(
            f"{name!r} is too large: it says that it unpacks to {claimed / 1e6:.0f} MB, and a file of its "
            f"size may to {most / 1e6:.0f} MB"
        )
    require_moderate(name, claimed / CELL)
