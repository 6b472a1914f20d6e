"""From a user's file to a ``DataFrame``; what was done to it is said, what cannot be read, too."""

import re
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import InputError, in_one_line
from workbench.tables import columnar, databases, fits, hdf5, matlab, netcdf, records, sheets, text
from workbench.tables.dressed import Censored, require_censored
from workbench.tables.files import PACKED, File, opened
from workbench.tables.layout import is_unit
from workbench.tables.limits import require_columns
from workbench.tables.raw import Raw
from workbench.tables.tidying import tidied

_READERS: dict[str, tuple[Callable[[File], Raw], str]] = {
    **dict.fromkeys(
        (".csv", ".tsv", ".txt", ".dat", ".tab", ".data", ".asc", ".psv"),
        (text.read, "a text table"),
    ),
    **dict.fromkeys((".parquet", ".pq"), (columnar.read_parquet, "a Parquet table")),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), (columnar.read_arrow, "an Arrow table")),
    **dict.fromkeys((".xlsx", ".xlsm"), (sheets.read_excel, "an Excel table")),
    ".xls": (sheets.read_xls, "an Excel table"),
    ".ods": (sheets.read_ods, "an OpenDocument table"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), (records.read, "a JSON table")),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), (databases.read, "an SQLite database")),
    ".mat": (matlab.read, "a MATLAB table"),
    **dict.fromkeys((".h5", ".hdf5", ".hdf", ".he5"), (hdf5.read, "an HDF5 table")),
    **dict.fromkeys((".nc", ".nc4", ".cdf"), (netcdf.read, "a NetCDF table")),
    **dict.fromkeys((".fits", ".fit", ".fts"), (fits.read, "a FITS table")),
}
SUFFIXES = (*_READERS, *PACKED)
"""Files that ``read_table`` reads."""
_OTHERWISE = (".json", ".db", *PACKED)
_PART = "::"
_UNIT_IN_NAME = re.compile(r"\S\s*(?:[\[(]\s*([^\[\]()]{1,24})\s*[\])]|\s/\s+(\S{1,24}))\s*$")


def read_table(
    path: str | Path,
    *,
    sheet: str = "",
    keep: Collection[str] = (),
    censored: Censored = "bound",
) -> pd.DataFrame:
    """Read a table as scientists have them.

    That is text, Parquet, Arrow, Excel, OpenDocument, JSON, SQLite, MATLAB, HDF5, NetCDF or FITS.

    Numbers that are dressed as text (``5 mg``, ``1,234``, ``12 %``), codes for missing values, dates,
    titles and units above the values are recognised. What was done stands in ``frame.attrs["notes"]``,
    sentences; units that the file says and formulas know in ``frame.attrs["units"]``, by column.

    Args:
        path: of the file, which may be packed (.gz, .bz2, .xz, .zip); ``file.xlsx::sheet``,
            ``file.sqlite::table``, ``file.mat::variable`` or ``file.h5::/group/dataset`` names a part of it.
        sheet: the part, too: a sheet, a table, a variable, a group, a member of an archive; the first that
            holds a table by default.
        keep: columns that are left as the file has them.
        censored: what limits such as ``<0.5`` become: "bound", 0.5; "half", 0.25, while ``>5`` stays 5;
            "missing", a gap.

    Raises:
        InputError: there is no such file, or it is not a table.
    """
    require_censored(censored)
    place, part = _place(str(path), sheet)
    if "\0" in str(place) or not place.is_file():
        raise InputError(f"a table is needed, but there is no file {str(place)!r}: check the name")
    _require_known(place.name)
    what = "a table"
    try:
        file = opened(place, part, _READERS)
        read, what = _reader(file)
        raw = read(file)
        require_columns(file.name, raw.frame.shape[1])
        frame = tidied(
            raw.frame,
            raw.names,
            raw.units,
            keep=keep,
            decimal_comma=raw.decimal_comma,
            censored=censored,
        )
    except InputError:
        raise
    except Exception as error:  # the libraries that read files name no errors of their own
        raise InputError(f"{place.name!r} is not {what}: {in_one_line(error)}") from error
    unknown = [name for name in keep if name not in frame.columns]
    if unknown:
        raise InputError(f"only columns can be kept, but there is no {unknown[0]!r}")
    frame.attrs["notes"] = [*raw.notes, *frame.attrs["notes"]]
    said = frame.attrs["units"]
    named = {name: m[1] or m[2] for name in frame.columns if (m := _UNIT_IN_NAME.search(name))}
    frame.attrs["units"] = {name: unit for name, unit in (named | said).items() if is_unit(unit)}
    return frame


def is_likely(name: str) -> bool:
    """Whether a file of this name is a table, and not only may be one, as any JSON and archive may."""
    suffixes = Path(name).suffixes[-2:]
    known = [s for s in map(str.lower, suffixes) if s in _READERS and s not in _OTHERWISE]
    return bool(known) and (suffixes[-1].lower() in (*known, *PACKED))


def example_table() -> pd.DataFrame:
    """200 pendulums on worlds of different gravity, timed to half a per cent; made, not measured.

    The period is 2π sqrt(length / gravity); the mass of the bob does not matter.
    """
    random = np.random.default_rng(1)
    ranges = {"length": (0.2, 3.0), "gravity": (1.0, 25.0), "mass": (0.1, 2.0)}
    frame = pd.DataFrame({name: random.uniform(*ends, 200) for name, ends in ranges.items()})
    period = 2 * np.pi * np.sqrt(frame["length"] / frame["gravity"])
    return frame.assign(period=period * random.normal(1, 0.005, 200))


def _place(path: str, sheet: str) -> tuple[Path, str]:
    """The file, and which part of it; a name that holds the sign is a name first."""
    if _PART in path and not Path(path).is_file():
        path, _, inside = path.rpartition(_PART)
        return Path(path), sheet or inside
    return Path(path), sheet


def _require_known(name: str) -> None:
    if Path(name).suffix.lower() not in SUFFIXES:
        raise InputError(
            f"a table is a file of {', '.join(SUFFIXES)}, got {name!r}: save the table as .csv"
        )


def _reader(file: File) -> tuple[Callable[[File], Raw], str]:
    if file.suffix in _READERS:
        return _READERS[file.suffix]
    if not file.suffix:
        return _READERS[".csv"]
    raise InputError(
        f"{file.path.name!r} holds {file.name!r}, which is no table: .csv, say, is needed"
    )
