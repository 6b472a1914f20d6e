"""Tables that are text: their encoding, separator and layout are looked for, pandas reads them."""

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, TextIO

import charset_normalizer
import numpy as np
import pandas as pd

from workbench.errors import InputError, in_one_line
from workbench.tables.dressed import number as as_number
from workbench.tables.files import File
from workbench.tables.layout import Layout, laid_out
from workbench.tables.limits import require_columns
from workbench.tables.missing import BLANK
from workbench.tables.raw import Raw

_HEAD = 1 << 18
_ROWS = 200
_PIECE = 1 << 22
_BLANKS = r"\s+"
_SEPARATORS = (",", "\t", ";", "|", _BLANKS)
_RARE = (":", "^", "~", "&", "!", "\x1f", "\x01")
_SIGNS = "#%/!*@"
_COMMENT = re.compile(
    r"\s*(?:#(?!(?:DIV/0!|N/A|VALUE!|REF!|NUM!|NAME\?|NULL!))|%|//|[!*@](?!\s*[,;\t|]))"
)
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_WESTERN = "cp1252"
_OTHERS = (
    _WESTERN, "cp1250", "cp1251", "cp1253", "koi8_r", "gb18030", "shift_jis", "euc_jp", "euc_kr", "big5",
)  # fmt: skip
_FOREIGN = re.compile(rb"[\x80-\xff]+")
_COMMA = re.compile(r"[-+]?(\d*),(\d+)(?:[eE][-+]?\d+)?")
_REMARK = re.compile(r"\s#.*")
_LINE_OF_COMMENT = re.compile(rb"[\r\n][ \t]*[#%]")


def read(file: File) -> Raw:
    """Read a text with any separator.

    Raises:
        InputError: it is no text, empty, or a row has another number of cells; the message says which.
    """
    what = repr(file.name)
    with file.open() as stream:
        head = stream.read(_HEAD)
    encoding = _encoding(head, what)
    try:
        return _read(file, head, encoding, ())
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise InputError(f"{what} is not a text table: {in_one_line(error)}") from error
    other = _guessed(file)
    notes = (f"The file is not written in UTF-8: it was read as {other}.",)
    return _read(file, head, other, notes)


def _encoding(head: bytes, what: str) -> str:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[start::2]
        if half and half.count(0) > 0.7 * len(half) and head.count(0) < 0.6 * len(head):
            return name
    if b"\0" in head:
        raise InputError(f"{what} is not a text table: it holds a character that cannot be written")
    return "utf-8"


def _guessed(file: File) -> str:
    """The encoding of a text that is not Unicode; western where foreign letters stand alone, as in größe."""
    with file.open() as stream:
        lines = b"".join(islice((line for line in stream if not line.isascii()), _ROWS))[:_HEAD]
    runs = _FOREIGN.findall(lines)
    best = charset_normalizer.from_bytes(lines, cp_isolation=list(_OTHERS)).best()
    if best is None or len(b"".join(runs)) < 2 * len(runs):
        return _WESTERN
    western = lines.decode(_WESTERN, errors="replace") == lines.decode(
        best.encoding, errors="ignore"
    )
    return _WESTERN if western else str(best.encoding)


def _read(file: File, head: bytes, encoding: str, notes: tuple[str, ...]) -> Raw:
    what = repr(file.name)
    text = _decoded(head, encoding, whole=len(head) < _HEAD)
    lines = list(csv_lines(text))
    if len(head) == _HEAD and len(lines) > 1:
        lines.pop()  # it may be cut
    above = sum(1 for _ in takewhile(lambda line: not _without_comment(line).strip(), lines))
    lines = lines[: above + _ROWS]
    clean = [_without_comment(line) for line in lines]
    if not any(map(str.strip, clean)):
        raise InputError(f"{what} is empty: a row of names and rows of values are needed")
    separator = _separator(clean, file.suffix)
    rows = list(split(clean, separator))
    layout = laid_out(rows, what, _commented_names(lines, rows, separator))
    require_columns(file.name, len(layout.names))
    if len(layout.names) < 2:
        raise InputError(
            f"a table needs at least two columns, but {what} has one: {layout.names[0]!r}"
        )
    decimal_comma = separator != "," and _has_decimal_commas(rows[layout.first :], separator)
    frame, ragged = _parsed(
        file, layout, separator, encoding, "," if decimal_comma else ".", f"{separator} " in text
    )
    notes = (*notes, *layout.notes, *ragged)
    return Raw(frame, layout.names, layout.units, notes, decimal_comma)


def _decoded(head: bytes, encoding: str, *, whole: bool) -> str:
    """The first part of a text; a character that it cuts is left out."""
    for cut in range(1 if whole else 4):
        try:
            return head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            if whole or cut == 3:
                raise
    return ""


def csv_lines(text: str) -> Iterator[str]:
    """Lines with their ends; signs that only look like the end of a line are text."""
    return iter(io.StringIO(text, newline=None))


def _without_comment(line: str) -> str:
    return "\n" if _COMMENT.match(line) else line


def split(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Rows of cells without blanks around them; a blank line is an empty row."""
    blanks = separator == _BLANKS
    given = (
        (_REMARK.sub("", line.replace("\t", " ")).strip() for line in lines) if blanks else lines
    )
    reader = csv.reader(given, delimiter=" " if blanks else separator, skipinitialspace=True)
    for row in reader:
        cells = [cell.strip() for cell in row]
        yield cells if any(cells) or len(cells) > 1 else []


def _separator(lines: Sequence[str], suffix: str) -> str:
    """What separates the cells: most rows have as many of them; then, most of these are numbers."""
    fitness = {separator: _fitness(lines, separator) for separator in _SEPARATORS}
    if not any(alike for alike, _ in fitness.values()):
        fitness |= {separator: _fitness(lines, separator) for separator in _RARE}
    if suffix == ".tsv" and fitness["\t"][0]:
        return "\t"
    return max(fitness, key=lambda separator: fitness[separator])


def _fitness(lines: Sequence[str], separator: str) -> tuple[float, float]:
    """Shares of rows that have as many cells, two or more, and of numbers in these."""
    rows = [row for row in split(lines, separator) if row]
    widths = Counter(map(len, rows))
    width = max(widths, key=lambda n: (widths[n], n)) if widths else 0
    if width < 2:
        return 0.0, 0.0
    cells = [cell for row in rows if len(row) == width for cell in row if cell]
    return widths[width] / len(rows), sum(map(_is_number, cells)) / max(len(cells), 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _commented_names(lines: Sequence[str], rows: Sequence[list[str]], separator: str) -> list[str]:
    """Cells of the last comment above the first row: the names, where it has as many."""
    first = next((i for i, row in enumerate(rows) if row), 0)
    comments = [line.strip() for line in lines[:first] if _COMMENT.match(line)]
    return next(split([comments[-1].lstrip(_SIGNS).strip()], separator), []) if comments else []


def _has_decimal_commas(rows: Sequence[list[str]], separator: str) -> bool:
    """Whether commas in numbers separate whole from parts: not all of them may separate thousands."""
    found = [match for row in rows for cell in row if (match := _COMMA.fullmatch(cell))]
    by_thousands = all(m[1] not in ("", "0") and len(m[1]) < 4 and len(m[2]) == 3 for m in found)
    return bool(found) and (not by_thousands or separator == ";")


def _parsed(
    file: File, layout: Layout, separator: str, encoding: str, decimal: str, spaced: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    width = len(layout.names)
    source = _Source(file, encoding)
    options: dict[str, Any] = {
        "sep": separator, "header": None, "names": list(range(width)), "skiprows": layout.first,
        "decimal": decimal, "keep_default_na": False, "na_values": list(BLANK),
        "skipinitialspace": spaced, "index_col": False,
    }  # fmt: skip
    if separator == _BLANKS:
        options["comment"] = "#"
    if source.cells < width * source.lines:  # what no table without short rows has
        _require_even(source, separator, layout, file.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            frame = source.parsed(options)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        _require_even(source, separator, layout, file.name)
        raise InputError(f"{file.name!r} is not a table: {in_one_line(error)}") from error
    if len(frame) and frame[width - 1].isna().any():
        if separator == _BLANKS and (fixed := _fixed_width(source, layout)) is not None:
            return fixed, ("Columns were told apart by their places in the lines.",)
        _require_even(source, separator, layout, file.name)
    mixed = [i for i in range(width) if frame[i].dtype == object and _is_mixed(frame[i])]
    if mixed:  # parts of a long column were read as numbers, others as text
        frame[mixed] = source.parsed({"usecols": mixed, "dtype": str, **options})[mixed]
    return frame, ()


def _is_mixed(column: pd.Series) -> bool:
    return len({type(value) for value in column.dropna().unique()}) > 1


class _Source:
    """The text of a file, opened as often as it is needed, without lines of comment.

    Attributes:
        lines: how many, at least. cells: how many there may be at most.
    """

    def __init__(self, file: File, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self.lines, self._comments = 0, False
        wide, last = encoding.startswith(("utf-16", "utf-32")), b"\n"
        with file.open() as stream:
            while piece := stream.read(_PIECE):
                if not wide and b"\0" in piece:
                    raise InputError(
                        f"{file.name!r} is not a text table: it holds a character that cannot be written"
                    )
                self.lines += _count(piece, "\n") or _count(piece, "\r")
                if b"#" in piece or b"%" in piece:
                    self._comments |= wide or _LINE_OF_COMMENT.search(last + piece) is not None
                last = piece[-1:]
        self.cells = file.size + 1

    def parsed(self, options: Mapping[str, Any]) -> pd.DataFrame:
        """What pandas reads; of a path it would keep the whole file in memory beside the table."""
        with self.open() if self._comments else self._file.open() as stream:
            return pd.read_csv(stream, encoding=self._encoding, **options)

    def open(self) -> TextIO:
        """The text, to be closed by whoever opens it."""
        text = io.TextIOWrapper(self._file.open(), encoding=self._encoding, newline="")
        if not self._comments:
            return text
        with text:
            return io.StringIO("".join(map(_without_comment, text)), newline="")


def _count(piece: bytes, sign: str) -> int:
    """How often a sign occurs; ``bytes.count`` takes ten times as long where it often does."""
    return int(np.count_nonzero(np.frombuffer(piece, np.uint8) == ord(sign)))


def _require_even(source: _Source, separator: str, layout: Layout, name: str) -> None:
    """An ``InputError`` that names the first row which has another number of cells."""
    width = len(layout.names)
    with source.open() as text:
        reader = split(text, separator)
        number = sum(1 for _ in islice(reader, layout.first))
        below: tuple[int, int] | None = None
        for number, row in enumerate(reader, start=number + 1):  # noqa: B020
            if row and (below or len(row) != width):
                found = below or (number, len(row))
                if len(row) > 1 or as_number(row[0]) is not None:
                    break
                below = found
        else:
            return  # texts of one cell at the end are remarks below the table
    raise InputError(
        f"every row of {name!r} needs {width} fields, but row {found[0]} has {found[1]}: mend it"
    )


def _fixed_width(source: _Source, layout: Layout) -> pd.DataFrame | None:
    """Columns by their places, where blank cells leave a row short; None where that does not fit."""
    with source.open() as text:
        lines = [line for line in islice(text, layout.first - 1, None) if line.strip()]
    frame = pd.read_fwf(io.StringIO("".join(lines[1:])), header=None, infer_nrows=_ROWS)
    return frame if frame.shape[1] == len(layout.names) else None
