"""Tables of users: separators, encodings and types as they come."""

import gzip
import lzma
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.errors import InputError
from workbench.tables.reading import read_table

EXPECTED = pd.DataFrame({"length (m)": [1.5, 2.0], "n": [1, 2]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "length (m),n\n1.5,1\n2.0,2\n"),
        ("t.csv", "length (m);n\r\n1.5;1\r\n2.0;2\r\n"),
        ("t.csv", "\ufefflength (m),n\n1.5,1\n2.0,2"),
        ("t.csv", ' length (m) , n\n1.5, 1\n"2.0", 2\n\n'),
        ("t.TSV", "length (m)\tn\n1.5\t1\n2.0\t2\n"),
    ],
)
def test_text_tables(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode())
    pd.testing.assert_frame_equal(read_table(tmp_path / name), EXPECTED)


@pytest.mark.parametrize("sign", "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e")
def test_signs_that_only_look_like_the_end_of_a_line_are_text(tmp_path: Path, sign: str) -> None:
    (tmp_path / "t.csv").write_text(f"a,b\n1,one{sign}line\n2,two\n")
    assert list(read_table(tmp_path / "t.csv")["b"]) == [f"one{sign}line", "two"]


def test_parquet(tmp_path: Path) -> None:
    EXPECTED.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.parquet")), EXPECTED)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.parquet", b"PAR1 nothing", "not a Parquet table"),
        ("t.ods", b"PK", "not an OpenDocument table"),
        ("t.sas", b"PK", r"\.csv, \.tsv"),
        ("t.feather", b"ARROW1 nothing", "not an Arrow table"),
        ("t.sqlite", b"SQLite nothing", "not an SQLite database"),
        ("t.json", b"{", "not a JSON table"),
        ("t.json", b"[]", "is empty"),
        ("t.json", b'{"a": [1, 2], "b": [1]}', "holds no table"),
        ("t.json", b"[[1, 2], [3]]", "needs 2 fields, but row 2 has 1"),
        ("t.csv.gz", b"\x1f\x8b nothing", "is not a table"),
        ("t.zip", b"PK", "is not a table"),
        ("t.csv", b"\xff\xfe\x00", "not a text table"),
        ("t.csv", b"a,b\n1,\x00\n", "cannot be written"),
        ("t.csv", b"a,b\n1,2\n3\n", "needs 2 fields, but row 3 has 1"),
        ("t.csv", b"a,b\n1,2\nend\n3,4\n", "needs 2 fields, but row 3 has 1"),
        ("t.csv", b"a,b,c\n" + b"1,2,3\n" * 300 + b"1,2,3,4\n", "row 302 has 4"),
        ("t.csv", b"a,b,c\n" + b"1,2,3\n" * 300 + b"1,2\n", "row 302 has 2"),
        ("t.csv", b"a,b\n1," + b"x" * 200_000, "field limit"),
        ("t.xlsx", b"PK nothing", "not an Excel table"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_table(tmp_path / name)


SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b'
)
FAR = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (i, i) for i in range(1, 1300))


@pytest.mark.parametrize(
    "sheet", [SHEET % b"<row>" + b" " * 170_000_000, SHEET % FAR + b"</sheetData></worksheet>"]
)
def test_a_small_workbook_cannot_grow(tmp_path: Path, sheet: bytes) -> None:
    EXPECTED.to_excel(tmp_path / "own.xlsx", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / "own.xlsx"), EXPECTED)
    with (
        zipfile.ZipFile(tmp_path / "own.xlsx") as old,
        zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    with pytest.raises(InputError, match="too large"):
        read_table(tmp_path / "t.xlsx")


def test_a_small_parquet_file_cannot_grow(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.zeros(21_000_000)}), tmp_path / "rows.parquet")
    codes, words = pa.array(np.zeros(200, dtype=np.int32)), pa.array(["x" * 10**6])
    texts = pa.DictionaryArray.from_arrays(codes, words)
    pq.write_table(pa.table({"a": texts}), tmp_path / "texts.parquet")
    for name in ("rows", "texts"):
        with pytest.raises(InputError, match="too large"):
            read_table(tmp_path / f"{name}.parquet")


ODS = """<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
 <office:body><office:spreadsheet><table:table table:name="run">{}</table:table>
 </office:spreadsheet></office:body></office:document-content>"""

MANIFEST = """<?xml version="1.0"?><manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"></manifest:manifest>"""


def ods(path: Path, *rows: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format("".join(rows)))
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    return path


def cells(*values: object, repeated: str = "") -> str:
    kinds = (
        f'office:value-type="float" office:value="{v}"'
        if isinstance(v, float | int)
        else 'office:value-type="string"'
        for v in values
    )
    inside = "".join(
        f"<table:table-cell {kind}><text:p>{v}</text:p></table:table-cell>"
        for kind, v in zip(kinds, values, strict=True)
    )
    blank = '<table:table-cell table:number-columns-repeated="16000"/>'
    return f"<table:table-row {repeated}>{inside}{blank}</table:table-row>"


def test_open_documents(tmp_path: Path) -> None:
    end = '<table:table-row table:number-rows-repeated="1048000">{}</table:table-row>'.format(
        '<table:table-cell table:number-columns-repeated="16384"/>'
    )
    path = ods(tmp_path / "t.ods", cells("length (m)", "n"), cells(1.5, 1), cells(2.0, 2), end)
    pd.testing.assert_frame_equal(read_table(path), EXPECTED)
    many = cells(*range(60), repeated='table:number-rows-repeated="1000000"')
    with pytest.raises(InputError, match="too large"):
        read_table(ods(tmp_path / "large.ods", cells(*"ab"), many))


def test_small_packed_files_cannot_grow(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000))
    (tmp_path / "t.csv.xz").write_bytes(lzma.compress(b"a,b\n" + b" " * 5_000_000))
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", b"a,b\n" + b"1,2\n" * 2_000_000)
    for name in ("t.csv.gz", "t.csv.xz", "t.zip"):
        with pytest.raises(InputError, match="unpacks to more than"):
            read_table(tmp_path / name)


def test_small_texts_cannot_grow(tmp_path: Path) -> None:
    names = ",".join(f"x{i}" for i in range(4900))
    (tmp_path / "short.csv").write_text(f"{names}\n" * 300 + "1\n" * 100_000)
    with pytest.raises(InputError, match="needs 4900 fields, but row 301 has 1"):
        read_table(tmp_path / "short.csv")
    (tmp_path / "wide.csv").write_text("a," * 20_000 + "\n" + "1," * 20_000)
    with pytest.raises(InputError, match="columns at most"):
        read_table(tmp_path / "wide.csv")
    records = ",".join(f'{{"x{i}":1}}' for i in range(4900))
    (tmp_path / "records.json").write_text(f"[{records}]")
    with pytest.raises(InputError, match="too large"):
        read_table(tmp_path / "records.json")


def test_many_columns_of_text_are_not_all_looked_at(tmp_path: Path) -> None:
    names = ",".join(f"x{i}" for i in range(600))
    (tmp_path / "t.csv").write_text(f"{names}\n" + ",".join(["5 mg"] * 600) + "\n")
    frame = read_table(tmp_path / "t.csv")
    assert (frame["x499"][0], frame["x500"][0]) == (5, "5 mg")
    assert "'x500' and later columns were left" in frame.attrs["notes"][-1]


def test_a_database_that_computes_is_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (a, b TEXT AS (hex(zeroblob(100000000))))")
        database.execute("INSERT INTO t (a) VALUES (1)")
    database.close()
    with pytest.raises(InputError, match="not an SQLite database"):
        read_table(path)


def test_names_and_labels_can_be_written(tmp_path: Path) -> None:
    pd.DataFrame({"a\0": [1.0], "b": [2.0]}).to_parquet(tmp_path / "names.parquet")
    pd.DataFrame({"a": ["x\0"], "b": [2.0]}).to_parquet(tmp_path / "labels.parquet")
    for name in ("names", "labels"):
        with pytest.raises(InputError, match="cannot be written"):
            read_table(tmp_path / f"{name}.parquet")
