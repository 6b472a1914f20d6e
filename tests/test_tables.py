"""Tables of users: separators, encodings and types as they come."""

from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.tables import read_table

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


def test_parquet(tmp_path: Path) -> None:
    EXPECTED.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.parquet")), EXPECTED)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.parquet", b"PAR1 nothing", "not a Parquet table"),
        ("t.ods", b"PK", r"\.csv, \.tsv, \.parquet or \.xlsx"),
        ("t.csv", b"\xff\xfe\x00", "not a text table in UTF-8"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_table(tmp_path / name)
