"""From the arguments of a command to its table."""

import argparse
import sys
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.options import is_standard
from workbench.errors import InputError
from workbench.headless.terminal import say

if TYPE_CHECKING:
    import pandas as pd

    from workbench.kan.kinds import Kind


def read(options: argparse.Namespace) -> "pd.DataFrame":
    """The table of a file or of standard input, without the columns that are to be dropped.

    Raises:
        InputError: it cannot be read, or has no such columns.
    """
    from workbench.tables.reading import read_table
    from workbench.tables.standard_input import spooled

    piped = is_standard(options.file)
    if piped and sys.stdin.isatty():
        say("The table is read from here: paste it, then press Ctrl-D.", sys.stderr)
    with spooled(sys.stdin.buffer) if piped else nullcontext(options.file) as path:
        table = read_table(path, sheet=options.sheet, keep=options.keep, censored=options.censored)
    missing = [name for name in options.drop if name not in table.columns]
    if missing:
        raise InputError(f"only columns can be dropped, but there is no {missing[0]!r}")
    return table.drop(columns=options.drop)


def sample(
    table: "pd.DataFrame", options: argparse.Namespace, alike: Collection[str | None]
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The rows that ``--rows`` asks for, all by default, and the others.

    Args:
        table: of the file. options: with ``rows`` and ``seed``.
        alike: columns of classes or groups that keep their shares; None is none.

    Raises:
        InputError: no rows are asked for.
    """
    from workbench.tables.sampling import sampled

    if options.rows is None:
        return table, table.iloc[:0]
    names = [name for name in alike if name is not None]
    return sampled(table, options.rows, seed=options.seed, alike=names)


def name_of(options: argparse.Namespace) -> str:
    """The file as reports name it."""
    return "standard input" if is_standard(options.file) else Path(options.file).name


def kinds_of(pairs: Sequence[str], columns: Sequence[str]) -> "dict[str, Kind]":
    """Kinds by column from ``COLUMN=KIND``.

    Raises:
        InputError: there is no such column or kind.
    """
    from workbench.kan.kinds import KINDS

    kinds: dict[str, Kind] = {}
    for pair in pairs:
        name, sign, said = pair.rpartition("=")
        kind = next((kind for kind in KINDS if kind == said.strip()), None)
        if not sign or name not in columns or kind is None:
            raise InputError(
                f"--column needs COLUMN=KIND with a column among {', '.join(columns)} and one of "
                f"{', '.join(KINDS)}, got {pair!r}"
            )
        kinds[name] = kind
    return kinds


def units_of(pairs: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Units by column from ``COLUMN=UNIT``.

    Raises:
        InputError: there is no such column, or a unit cannot be read.
    """
    from workbench.formulas.units import parse_all

    units = {}
    for pair in pairs:
        name, sign, unit = pair.rpartition("=")
        if not sign or name not in columns:
            raise InputError(
                f"--units needs COLUMN=UNIT with a column among {', '.join(columns)}, got {pair!r}"
            )
        units[name] = unit
    parse_all(units)
    return units
