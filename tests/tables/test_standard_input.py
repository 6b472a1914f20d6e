"""What is piped in is told by its first bytes."""

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import scipy.io

from workbench.errors import InputError
from workbench.tables.reading import read_table
from workbench.tables.standard_input import spooled

TABLE = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [1, 2, 4]})
CSV = TABLE.to_csv(index=False).encode()


def made(write: str) -> bytes:
    buffer = io.BytesIO()
    getattr(TABLE, write)(buffer, index=False)
    return buffer.getvalue()


def matrices() -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {name: TABLE[[name]].to_numpy() for name in TABLE})
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("t.csv", CSV)
    return buffer.getvalue()


def database(folder: Path) -> bytes:
    path = folder / "t.db"
    connection = sqlite3.connect(path)
    TABLE.to_sql("t", connection, index=False)
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        CSV.replace(b",", b"\t"),
        gzip.compress(CSV),
        bz2.compress(CSV),
        lzma.compress(CSV),
        archive(),
        made("to_parquet"),
        made("to_excel"),
        matrices(),
        TABLE.to_json(orient="records").encode(),
        TABLE.to_json(orient="records", lines=True).encode(),
        None,
    ],
    ids=[
        "csv",
        "tsv",
        "gz",
        "bz2",
        "xz",
        "zip",
        "parquet",
        "xlsx",
        "mat",
        "json",
        "jsonl",
        "sqlite",
    ],
)
def test_every_kind_is_recognized(content: bytes | None, tmp_path: Path) -> None:
    with spooled(io.BytesIO(database(tmp_path) if content is None else content)) as path:
        found = read_table(path)
    assert not path.exists()
    pd.testing.assert_frame_equal(found, TABLE, check_dtype=False)


@pytest.mark.parametrize("name", ["PAR1", "CDF", "BZh", "MATLAB", "PK", "ARROW1"])
def test_a_name_is_no_sign(name: str) -> None:
    with spooled(io.BytesIO(f"{name},b\n1,2\n2,4\n".encode())) as path:
        assert list(read_table(path).columns) == [name, "b"]


def test_what_is_no_table_is_refused() -> None:
    refused = pytest.raises(InputError, match=r"'standard input.txt' is not a text table")
    with refused, spooled(io.BytesIO(b"\x89PNG\x0d\x0a\xff\xfe\x00")) as path:
        read_table(path)
    with pytest.raises(InputError, match="standard input is empty"), spooled(io.BytesIO()):
        pass
