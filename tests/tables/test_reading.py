"""Tables of users: separators, encodings and types as they come."""

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
        ("t.ods", b"PK", r"\.csv, \.tsv, \.parquet or \.xlsx"),
        ("t.csv", b"\xff\xfe\x00", "not a text table in UTF-8"),
        ("t.csv", b"a,b\n1,\x00\n", "cannot be written"),
        ("t.csv", b"a,b\n1,2\n3\n", "needs 2 fields, but row 3 has 1"),
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


def test_names_and_labels_can_be_written(tmp_path: Path) -> None:
    pd.DataFrame({"a\0": [1.0], "b": [2.0]}).to_parquet(tmp_path / "names.parquet")
    pd.DataFrame({"a": ["x\0"], "b": [2.0]}).to_parquet(tmp_path / "labels.parquet")
    for name in ("names", "labels"):
        with pytest.raises(InputError, match="cannot be written"):
            read_table(tmp_path / f"{name}.parquet")
