"""From a user's file to a ``DataFrame``; what cannot be read is said in one sentence."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import InputError

_SEPARATORS = {".csv": None, ".tsv": "\t", ".txt": None}
_PARQUET = (".parquet", ".pq")
_EXCEL = (".xlsx",)
SUFFIXES = (*_SEPARATORS, *_PARQUET, *_EXCEL)
"""Files that ``read_table`` reads."""


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV, TSV, Parquet or Excel file with a header row; of Excel's sheets the first.

    Raises:
        InputError: there is no such file, or it is not a table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"a table is needed, but there is no file {str(path)!r}: check the name")
    if path.suffix.lower() in _PARQUET:
        return _parquet(path)
    if path.suffix.lower() in _EXCEL:
        return _excel(path)
    if path.suffix.lower() not in _SEPARATORS:
        raise InputError(
            f"a .csv, .tsv, .parquet or .xlsx file is needed, got {path.name!r}: save the table as one"
        )
    return _text(path)


def example_table() -> pd.DataFrame:
    """200 pendulums on worlds of different gravity, timed to half a per cent; made, not measured.

    The period is 2π sqrt(length / gravity); the mass of the bob does not matter.
    """
    random = np.random.default_rng(1)
    ranges = {"length": (0.2, 3.0), "gravity": (1.0, 25.0), "mass": (0.1, 2.0)}
    frame = pd.DataFrame({name: random.uniform(*ends, 200) for name, ends in ranges.items()})
    period = 2 * np.pi * np.sqrt(frame["length"] / frame["gravity"])
    return frame.assign(period=period * random.normal(1, 0.005, 200))


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these
        raise InputError(f"{path.name!r} is not a Parquet table: {_first_line(error)}") from error


def _excel(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_excel(path, engine="openpyxl")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path.name!r} is not an Excel table: {_first_line(error)}") from error
    nameless = [str(name) for name in frame.columns if str(name).startswith("Unnamed:")]
    if frame.empty or nameless:
        raise InputError(
            f"the first sheet of {path.name!r} needs a row of names above its rows of numbers: "
            "remove titles and empty columns"
        )
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return frame


def _text(path: Path) -> pd.DataFrame:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{path.name!r} is not a text table in UTF-8: {_first_line(error)}"
        ) from error
    if not text.strip():
        raise InputError(f"{path.name!r} is empty: a header row and rows of numbers are needed")
    separator = _SEPARATORS[path.suffix.lower()] or _sniff(text)
    # The csv module counts fields exactly; pandas would turn a ragged row into an index or NaN.
    rows = [row for row in csv.reader(text.splitlines(), delimiter=separator) if row]
    header = [name.strip() for name in rows[0]]
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        raise InputError(
            f"column names must be unique, but {path.name!r} has {double[0]!r} more than once: "
            "rename it"
        )
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise InputError(
                f"every row of {path.name!r} needs {len(header)} fields, "
                f"but row {number} has {len(row)}: mend it"
            )
    if len(rows) == 1:
        raise InputError(f"{path.name!r} has a header and no rows: rows of numbers are needed")
    if len(header) < 2:
        raise InputError(
            f"a table needs at least two columns, but {path.name!r} has one: {header[0]!r}"
        )
    try:
        frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", skipinitialspace=True)
    except (pd.errors.ParserError, ValueError) as error:
        raise InputError(f"{path.name!r} is not a table: {_first_line(error)}") from error
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return frame


def _sniff(text: str) -> str:
    first = text.splitlines()[0]
    return max((",", ";", "\t"), key=first.count)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
