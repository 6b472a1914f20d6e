"""From a user's file to a ``DataFrame``; what cannot be read is said in one sentence."""

import csv
import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.common.schema import require_text
from workbench.errors import InputError, in_one_line

_SEPARATORS = {".csv": None, ".tsv": "\t", ".txt": None}
_PARQUET = (".parquet", ".pq")
_EXCEL = (".xlsx",)
SUFFIXES = (*_SEPARATORS, *_PARQUET, *_EXCEL)
"""Files that ``read_table`` reads."""
_BYTES, _MOST_CELLS = 8, 20_000_000


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV, TSV, Parquet or Excel file with a header row; of Excel's sheets the first.

    Raises:
        InputError: there is no such file, or it is not a table.
    """
    path = Path(path)
    if "\0" in str(path) or not path.is_file():
        raise InputError(f"a table is needed, but there is no file {str(path)!r}: check the name")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"a .csv, .tsv, .parquet or .xlsx file is needed, got {path.name!r}: save the table as one"
        )
    read = _parquet if suffix in _PARQUET else _excel if suffix in _EXCEL else _text
    try:
        frame = read(path)
        _require_printed(frame)
    except InputError:
        raise
    except Exception as error:  # the libraries that read files name no errors of their own
        raise InputError(f"{path.name!r} is not {_KIND[read]}: {in_one_line(error)}") from error
    return frame


def example_table() -> pd.DataFrame:
    """200 pendulums on worlds of different gravity, timed to half a per cent; made, not measured.

    The period is 2π sqrt(length / gravity); the mass of the bob does not matter.
    """
    random = np.random.default_rng(1)
    ranges = {"length": (0.2, 3.0), "gravity": (1.0, 25.0), "mass": (0.1, 2.0)}
    frame = pd.DataFrame({name: random.uniform(*ends, 200) for name, ends in ranges.items()})
    period = 2 * np.pi * np.sqrt(frame["length"] / frame["gravity"])
    return frame.assign(period=period * random.normal(1, 0.005, 200))


def _require_printed(frame: pd.DataFrame) -> None:
    """An ``InputError`` where names or labels hold what no text may: NUL, or half a character."""
    texts = (
        frame.iloc[:, i] for i in range(frame.shape[1]) if frame.dtypes.iloc[i].kind not in "iufbM"
    )
    labels = (value for series in texts for value in series.dropna().unique())
    for text in (*map(str, frame.columns), *(v for v in labels if isinstance(v, str))):
        require_text(text)


def _parquet(path: Path) -> pd.DataFrame:
    """Texts stay in dictionaries until their length is known: a small file may repeat a long one."""
    with pq.ParquetFile(path) as file:
        fields = [field for field in file.schema_arrow if _is_text(field.type)]
        _require_moderate(path, file.metadata.num_rows * file.metadata.num_columns)
        groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
        _require_moderate(path, sum(group.total_byte_size for group in groups) // _BYTES)
    table = pq.read_table(path, read_dictionary=[field.name for field in fields])
    for place, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        column = table.column(place).combine_chunks()
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        _require_moderate(path, (pc.sum(lengths).as_py() or 0) // _BYTES)
        table = table.set_column(place, field.name, column.dictionary.take(column.indices))
    return table.to_pandas()


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _excel(path: Path) -> pd.DataFrame:
    """The first sheet, cell by cell: what a file says of its size is not believed."""
    with zipfile.ZipFile(path) as archive:
        # Reading a member ends at the size that it declares, whatever it unpacks to.
        _require_moderate(path, sum(m.file_size for m in archive.infolist()) // _BYTES)
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows, cells = [], 0
        for row in sheet.iter_rows(values_only=True):
            cells += len(row) + 1
            _require_moderate(path, cells)
            rows.append(row)
    finally:
        book.close()
    while rows and all(value is None for value in rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise InputError(
            f"the first sheet of {path.name!r} needs a row of names above its rows of numbers: "
            "remove titles and empty columns"
        )
    width = max(map(len, rows))
    _require_moderate(path, width * len(rows))
    padded = [(*row, *[None] * (width - len(row))) for row in rows]
    names = [f"Unnamed: {i}" if name is None else str(name) for i, name in enumerate(padded[0])]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(
            f"column names must be unique, but {path.name!r} has {double[0]!r} more than once: rename it"
        )
    frame = pd.DataFrame(padded[1:], columns=names).infer_objects()
    nameless = [str(name) for name in frame.columns if str(name).startswith("Unnamed:")]
    if frame.empty or nameless:
        raise InputError(
            f"the first sheet of {path.name!r} needs a row of names above its rows of numbers: "
            "remove titles and empty columns"
        )
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return frame


def _require_moderate(path: Path, cells: int) -> None:
    if cells > _MOST_CELLS:
        raise InputError(f"{path.name!r} is too large: it may have {_MOST_CELLS} cells at most")


def _text(path: Path) -> pd.DataFrame:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name!r} is not a text table in UTF-8: {in_one_line(error)}"
        ) from error
    require_text(text)
    if not text.strip():
        raise InputError(f"{path.name!r} is empty: a header row and rows of numbers are needed")
    separator = _SEPARATORS[path.suffix.lower()] or _sniff(text)
    # The csv module counts fields exactly; pandas would turn a ragged row into an index or NaN.
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
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
    frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", skipinitialspace=True)
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    return frame


_KIND = {_parquet: "a Parquet table", _excel: "an Excel table", _text: "a table"}


def _sniff(text: str) -> str:
    first = text.lstrip("\n").split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)
