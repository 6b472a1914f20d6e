"""Memory that a matrix would take, refused before it is taken."""

import os

from workbench.errors import InputError

_COPIES = 4
"""The matrix, its states, and what LAPACK works in."""
_SHARE = 0.5


def require_memory(rows: int, *, itemsize: int = 8) -> None:
    """Refuse to diagonalize a dense matrix that takes more than half of the machine's memory.

    Args:
        rows: of the matrix. itemsize: bytes of a number, 8 or 16.

    Raises:
        InputError: says how many megabytes it would take, or that there are no rows.
    """
    if rows < 3:
        raise InputError(f"a lattice needs at least 3 sites, got {rows}")
    needed, there = _COPIES * rows**2 * itemsize, _SHARE * _physical()
    if needed > there:
        raise InputError(
            f"diagonalizing {rows:,} rows takes {needed / 1e6:,.0f} MB, and {there / 1e6:,.0f} MB may be "
            "used: take fewer sites"
        )


def _physical() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not on every system
        return 8e9
