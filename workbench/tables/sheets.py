"""Workbooks of Excel and OpenDocument: the sheet that was asked for, or the first that holds a table."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO
from xml.etree import ElementTree

import openpyxl
import python_calamine
import xlrd

from workbench.errors import InputError
from workbench.tables.files import File
from workbench.tables.limits import CELL, MOST_CELLS, require_moderate
from workbench.tables.raw import Raw, from_rows

_Rows = list[tuple[object, ...]]
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_MOST_UNPACKED = MOST_CELLS * CELL


def read_excel(file: File) -> Raw:
    """A sheet of an Excel workbook, cell by cell: what a file says of its size is not believed."""
    _require_moderate(file)
    with file.open() as stream:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        try:
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            return _chosen(file, list(sheets), lambda name: _cells(file, sheets[name]))
        finally:
            book.close()


def read_xls(file: File) -> Raw:
    """A sheet of an Excel workbook of before 2007, as long as its cells reach."""
    with file.open() as stream:
        content = stream.read()
    quiet = io.StringIO()  # what it finds odd it would print
    with xlrd.open_workbook(
        file_contents=content, on_demand=True, ragged_rows=True, logfile=quiet
    ) as book:
        return _chosen(
            file,
            book.sheet_names(),
            lambda name: _bounded(file, _old_rows(book, book.sheet_by_name(name))),
        )


def _old_rows(book: xlrd.book.Book, sheet: xlrd.sheet.Sheet) -> Iterator[list[object]]:
    """Rows of numbers, texts, dates and yes or no; errors are texts such as #N/A."""
    for row in range(sheet.nrows):
        yield _whole([_old_value(book, cell) for cell in sheet.row(row)])


def _old_value(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return cell.value if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_TEXT) else None


def read_ods(file: File) -> Raw:
    """A sheet of an OpenDocument workbook, whose repeated cells are counted before they are filled in."""
    _require_moderate(file)
    _require_few_repeats(file)
    with file.open() as stream:
        book = python_calamine.load_workbook(stream)
        return _chosen(
            file,
            book.sheet_names,
            lambda name: _bounded(file, map(_whole, book.get_sheet_by_name(name).to_python())),
        )


def _chosen(file: File, names: Sequence[str], rows_of: Callable[[str], _Rows]) -> Raw:
    what = repr(file.name)
    if file.part:
        if file.part not in names:
            raise InputError(f"{what} has no sheet {file.part!r}: there are {', '.join(names[:8])}")
        return from_rows(_trimmed(rows_of(file.part)), f"the sheet {file.part!r} of {what}")
    for name in names:
        rows = _trimmed(rows_of(name))
        if len(rows) > 1 and len(rows[0]) > 1:
            others = len(names) > 1
            notes = [f"The sheet {name!r} was read, one of {len(names)}."] if others else []
            return from_rows(rows, f"the sheet {name!r} of {what}", notes)
    raise InputError(
        f"no sheet of {what} holds a table: a row of names above rows of values, in two columns or more, "
        "is needed"
    )


def _cells(file: File, sheet: openpyxl.worksheet._read_only.ReadOnlyWorksheet) -> _Rows:
    sheet.reset_dimensions()
    return _bounded(file, sheet.iter_rows(values_only=True))


def _bounded(file: File, given: Iterable[Sequence[object]]) -> _Rows:
    rows, cells = [], 0
    for row in given:
        cells += len(row) + 1
        require_moderate(file.name, cells)
        rows.append(tuple(None if value == "" else value for value in row))
    return rows


def _whole(row: Sequence[object]) -> list[object]:
    """Sheets of OpenDocument and of old Excel know no whole numbers."""
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in row]


def _trimmed(rows: _Rows) -> _Rows:
    """Without blank rows and columns around, and padded to the same length."""
    width = max(map(len, rows), default=0)
    if width * len(rows) > MOST_CELLS:
        rows = [row for row in rows if any(value is not None for value in row)]
    filled = [row for row in rows if any(value is not None for value in row)]
    require_moderate("the sheet", width * len(filled))
    columns = [
        i for i in range(width) if any(i < len(row) and row[i] is not None for row in filled)
    ]
    return [tuple(row[i] if i < len(row) else None for i in columns) for row in filled]


def _require_moderate(file: File) -> None:
    """Reading a member ends at the size that it declares, whatever it unpacks to."""
    with file.open() as stream, zipfile.ZipFile(stream) as archive:
        require_moderate(file.name, sum(m.file_size for m in archive.infolist()) // CELL)


def _require_few_repeats(file: File) -> None:
    cells = 0
    with (
        file.open() as stream,
        zipfile.ZipFile(stream) as archive,
        archive.open("content.xml") as content,
    ):
        for rows, width in _extents(content):
            cells += rows * width
            require_moderate(file.name, cells)


def _extents(content: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Of every row with values: how often it repeats, and how far its values reach."""
    width = last = 0
    for _, element in ElementTree.iterparse(content):  # noqa: S314
        if element.tag == f"{_TABLE}table-cell":
            width += _repeats(element, "columns")
            last = width if re.search("value", " ".join(element.keys())) or len(element) else last
        elif element.tag == f"{_TABLE}table-row":
            if last:
                yield _repeats(element, "rows"), last
            width = last = 0
            element.clear()


def _repeats(element: ElementTree.Element, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
