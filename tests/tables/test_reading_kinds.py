"""Tables as scientists have them: what real files do to the same sixty rows of y = x1² + x2."""

import bz2
import gzip
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.tables.dressed import Censored
from workbench.tables.reading import read_table

ROWS = 60
_random = np.random.default_rng(4)
X1 = _random.uniform(1, 2, ROWS).round(4)
X2 = _random.uniform(0, 1, ROWS).round(4)
PLAIN = pd.DataFrame({"x1": X1, "x2": X2, "y": (X1**2 + X2).round(4)})
NUMBERS = PLAIN.to_numpy()


def lines(
    separator: str = ",",
    *,
    head: str = "x1,x2,y",
    cell: Callable[[float], str] = "{:.4f}".format,
    first: Callable[[float], str] | None = None,
    change: dict[tuple[int, int], str] | None = None,
    end: str = "\n",
) -> str:
    """The table as text: names, then its cells, the first column and single cells as they are told."""
    rows = [[cell(value) for value in row] for row in NUMBERS]
    for number, row in enumerate(rows):
        if first is not None:
            row[0] = first(NUMBERS[number, 0])
    for (number, place), text in (change or {}).items():
        rows[number][place] = text
    above = [head.replace(",", separator)] if head else []
    return end.join([*above, *(separator.join(row) for row in rows)]) + end


def comma(value: float) -> str:
    return f"{value:.4f}".replace(".", ",")


def gaps(*cells: tuple[int, int]) -> pd.DataFrame:
    frame = PLAIN.copy()
    for row, column in cells:
        frame.iat[row, column] = np.nan
    return frame


TEXTS: dict[str, tuple[str | bytes, pd.DataFrame, str]] = {
    "comma": (lines(), PLAIN, ""),
    "semicolon": (lines(";"), PLAIN, ""),
    "tab": (lines("\t"), PLAIN, ""),
    "bar": (lines("|"), PLAIN, ""),
    "caret": (lines("^"), PLAIN, ""),
    "colon": (lines(":"), PLAIN, ""),
    "blank": (lines(" "), PLAIN, ""),
    "blanks": (lines("   "), PLAIN, ""),
    "blanks before": ("  " + lines("  ").replace("\n", "\n   "), PLAIN, ""),
    "blanks around": (lines(" , "), PLAIN, ""),
    "quotes": (lines(cell='"{:.4f}"'.format, head='"x1","x2","y"'), PLAIN, ""),
    "decimal comma": (lines(";", cell=comma), PLAIN, ""),
    "decimal comma, tabs": (lines("\t", cell=comma), PLAIN, ""),
    "decimal comma, blanks": (lines(" ", cell=comma), PLAIN, ""),
    "decimal comma, quoted": (lines(cell=lambda v: f'"{comma(v)}"'), PLAIN, "decimal commas"),
    "Windows": (lines(end="\r\n"), PLAIN, ""),
    "old Mac": (lines(end="\r"), PLAIN, ""),
    "blank lines": (lines().replace("\n", "\n\n"), PLAIN, ""),
    "rows of separators": (lines() + ",,\n,,\n", PLAIN, ""),
    "no end of the last line": (lines().rstrip(), PLAIN, ""),
    "BOM": (b"\xef\xbb\xbf" + lines().encode(), PLAIN, ""),
    "UTF-16": (lines().encode("utf-16"), PLAIN, ""),
    "UTF-16 without a mark": (lines().encode("utf-16-le"), PLAIN, ""),
    "UTF-32": (lines().encode("utf-32"), PLAIN, ""),
    "comment lines": ("# today\n# by me\n" + lines(), PLAIN, ""),
    "comments of another kind": ("% a, b, c, d\n" + lines(), PLAIN, ""),
    "comments among the rows": (lines().replace("\n", "\n# pause\n", 30), PLAIN, ""),
    "names in a comment": ("# x1 x2 y\n" + lines(" ", head=""), PLAIN, "a comment above says"),
    "a title": ("Pendulum, second run\n" + lines(), PLAIN, "Pendulum"),
    "titles": ("Pendulum\n\nby hand\n\n" + lines(), PLAIN, "2 rows above the table"),
    "a title and separators": ("Pendulum,,\n" + lines(), PLAIN, "Pendulum"),
    "units": (lines(head="x1,x2,y\nm,s,J"), PLAIN, "m, s, J"),
    "units in brackets": (lines(head="x1,x2,y\n[m],[s],[-]"), PLAIN, "units"),
    "units and one without": (lines(head="x1,x2,y\n(m),(1),(s)"), PLAIN, "m, 1, s"),
    "a row of words": (lines(head="x1,x2,y\nthe first,the second,both"), PLAIN, "was left out"),
    "units of some": (lines(head="x1,x2,y\nm,,"), PLAIN, "units"),
    "a remark below": (lines() + "Source: the second run\n", PLAIN, "below the table"),
    "remarks below": (lines() + "====\nFootnotes\n\"1 - by hand, twice\"\n", PLAIN, "below the table"),
    "separators at the ends": (lines().replace("\n", ",\n"), PLAIN, ""),
    "separators at the ends of rows": (lines().replace("\n", ",\n").replace("y,", "y", 1), PLAIN, ""),
    "a separator at the end of the names": (lines(head="x1,x2,y,"), PLAIN, ""),
    "remarks in the lines": (lines(" ").replace("\n", " # fine\n").replace("y #", "y #", 1), PLAIN, ""),
    "empty columns": (lines(",,", head="x1,x2,y") + ",,,,\n", PLAIN, ""),
    "a long comment": ("# key: value, and more\n" * 250 + lines(), PLAIN, ""),
    "units that belong together": (
        lines(change={(i, 0): f"{X1[i] / 1000:.7f} kg" if i % 3 else f"{X1[i]:.4f} g" for i in range(ROWS)}),
        PLAIN.assign(x1=X1 / 1000), "g became kg",
    ),
    "Fortran, short": (lines(first="{:.4f}D0".format), PLAIN, "powers of ten"),
    "an index": (
        ",x1,x2,y\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines(head="").split())),
        PLAIN, "counts the rows",
    ),
    "row names without a name": (
        "x1,x2,y\n" + "".join(f"{i + 1},{line}\n" for i, line in enumerate(lines(head="").split())),
        PLAIN, "counts the rows",
    ),
    "an index of pandas": (
        "Unnamed: 0,x1,x2,y\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines(head="").split())),
        PLAIN, "counts the rows",
    ),
    "per cent": (lines(first=lambda v: f"{100 * v:.2f} %"), PLAIN, "divided by 100"),
    "currency": (lines(first="${:.4f}".format), PLAIN, "currency $"),
    "currency after": (lines(";", first=lambda v: f"{comma(v)} €"), PLAIN, "currency €"),
    "a unit in cells": (lines(first="{:.4f} mg".format), PLAIN, "unit mg"),
    "a unit of words in cells": (lines(first="{:.4f} kg/m^3".format), PLAIN, "unit kg/m^3"),
    "error bars": (lines(first="{:.4f}±0.01".format), PLAIN, "error bars"),
    "error bars of digits": (lines(first="{:.4f}(12)".format), PLAIN, "error bars"),
    "Fortran": (lines(first=lambda v: f"{v / 10:.5f}D+01"), PLAIN, "powers of ten"),
    "powers of ten": (lines(first=lambda v: f"{v * 100:.4f}×10^-2"), PLAIN, "powers of ten"),
    "marks of footnotes": (lines(change={(5, 0): f"{X1[5]:.4f}*"}), PLAIN, "removed"),
    "a limit": (lines(change={(5, 1): f"<{X2[5]:.4f}"}), PLAIN, "limits"),
    "question marks": (lines(change={(3, 0): "?", (9, 2): "?"}), gaps((3, 0), (9, 2)), "'?'"),
    "points": (lines(change={(3, 0): "."}), gaps((3, 0)), "'.'"),
    "dashes": (lines(change={(3, 0): "-", (4, 0): "—"}), gaps((3, 0), (4, 0)), "missing (2 cells)"),
    "not detected": (lines(change={(3, 0): "ND", (4, 0): "n.d."}), gaps((3, 0), (4, 0)), "'ND'"),
    "NA": (lines(change={(3, 0): "NA", (4, 1): "N/A"}), gaps((3, 0), (4, 1)), ""),
    "blank cells": (lines(change={(3, 0): "", (9, 2): ""}), gaps((3, 0), (9, 2)), ""),
    "errors of a spreadsheet": (lines(change={(3, 0): "#DIV/0!"}), gaps((3, 0)), "#DIV/0!"),
    "a word": (lines(change={(3, 0): "broken"}), gaps((3, 0)), "say no number"),
    "-999": (lines(change={(3, 0): "-999", (4, 0): "-999"}), gaps((3, 0), (4, 0)), "-999 stands apart"),
    "9999 and -99": (
        lines(change={(3, 0): "9999", (4, 0): "9999", (5, 2): "-99"}),
        gaps((3, 0), (4, 0), (5, 2)), "9999 stands apart",
    ),
    "a minus of typography": (lines(first=lambda v: f"−{v:.4f}"), PLAIN.assign(x1=-X1), ""),
    "parentheses": (lines(first="({:.4f})".format), PLAIN.assign(x1=-X1), "parentheses"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_texts(tmp_path: Path, kind: str) -> None:
    content, expected, said = TEXTS[kind]
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    frame = read_table(path)
    assert list(frame.columns) == ["x1", "x2", "y"]
    np.testing.assert_allclose(frame.to_numpy(float), expected.to_numpy(), rtol=1e-12)
    notes = " ".join(frame.attrs["notes"])
    assert said in notes
    assert said or not notes, notes


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("latin-1", "größe"), ("cp1252", "température (°C)"), ("cp1251", "скорость"),
        ("gb18030", "上海的平均速度"), ("shift_jis", "速度の値"), ("utf-8", "größe"), ("utf-16", "скорость"),
    ],
)  # fmt: skip
def test_names_in_any_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    (tmp_path / "t.csv").write_bytes(lines(head=f"x1,{name},y").encode(encoding))
    frame = read_table(tmp_path / "t.csv")
    assert list(frame.columns) == ["x1", name, "y"]
    assert bool(frame.attrs["notes"]) == (not encoding.startswith("utf"))


def test_blanks_in_cells_separate_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;b;when\n1.5 mg;here;2020-01-01\n2.5 mg;there;2020-01-02\n")
    assert list(read_table(tmp_path / "t.csv").columns) == ["a", "b", "when"]
    (tmp_path / "t.csv").write_text("1,5;2,5\n3,5;4,5\n")
    assert read_table(tmp_path / "t.csv")["x2"].tolist() == [2.5, 4.5]


def test_units_in_names(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "length (m),time [s],v / m/s,share (of all),n\n1,2,3,4,5\n2,3,4,5,7\n"
    )
    frame = read_table(tmp_path / "t.csv")
    assert frame.attrs["units"] == {"length (m)": "m", "time [s]": "s", "v / m/s": "m/s"}


def test_clocks_are_seconds(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n0:30,00:00:05.5\n1:00,?\n")
    frame = read_table(tmp_path / "t.csv")
    assert frame["a"].tolist() == [1800, 3600]
    assert frame["b"].tolist()[0] == 5.5
    assert frame.attrs["units"] == {"a": "s", "b": "s"}


def test_thousands(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('x,y\n"1,234",1\n"12,345.5",2\n"999",3\n')
    assert list(read_table(tmp_path / "t.csv")["x"]) == [1234, 12345.5, 999]
    (tmp_path / "t.csv").write_text("x;y\n1.234,5;1\n12.345;2\n999;3\n")
    assert list(read_table(tmp_path / "t.csv")["x"]) == [1234.5, 12345, 999]
    (tmp_path / "t.csv").write_text("x;y\n1 234;1\n12\u202f345;2\n999;3\n")
    assert list(read_table(tmp_path / "t.csv")["x"]) == [1234, 12345, 999]


def test_without_names(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(lines(head=""))
    frame = read_table(tmp_path / "t.csv")
    assert list(frame.columns) == ["x1", "x2", "x3"]
    assert len(frame) == ROWS
    assert frame.attrs["notes"] == ["The file has no row of names: its columns are named x1 to x3."]
    (tmp_path / "t.csv").write_text("1.5,red\n2.5,blue\n3.5,red\n")
    assert list(read_table(tmp_path / "t.csv").columns) == ["x1", "x2"]
    (tmp_path / "t.csv").write_text("place,1990,1991\nhere,1.5,2.5\nthere,3.5,4.5\n")
    assert list(read_table(tmp_path / "t.csv").columns) == ["place", "1990", "1991"]
    (tmp_path / "t.csv").write_text("height,142.24,144.78,147.32\n9.4,1,0,2\n9.5,0,3,1\n")
    assert list(read_table(tmp_path / "t.csv").columns)[1] == "142.24"


def test_a_name_that_is_there_twice(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n4,5,6\n")
    frame = read_table(tmp_path / "t.csv")
    assert list(frame.columns) == ["a", "b", "a (2)"]
    assert "'a' stands more than once" in frame.attrs["notes"][0]


@pytest.mark.parametrize(
    ("censored", "values", "said"),
    [
        ("bound", [0.5, 5.0, 3.0], "the number that they name, which is off"),
        ("half", [0.25, 5.0, 3.0], "half of the number"),
        ("missing", [np.nan, np.nan, 3.0], "limits such as '<0.5' were read as missing."),
    ],
)
def test_limits(tmp_path: Path, censored: Censored, values: list[float], said: str) -> None:
    rest = "".join(f"{i},{i + 0.5}\n" for i in range(9))
    (tmp_path / "t.csv").write_text(f"a,b\n1,<0.5\n2,>5\n3,~3\n{rest}")
    frame = read_table(tmp_path / "t.csv", censored=censored)
    np.testing.assert_array_equal(frame["b"][:3], values)
    assert frame["b"][3:].tolist() == [i + 0.5 for i in range(9)]
    notes = " ".join(frame.attrs["notes"])
    assert said in notes
    assert "'~3' and its like" in notes
    assert "say no number" not in notes


def test_what_limits_become_is_one_of_three(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(lines())
    with pytest.raises(InputError, match="one of bound, half, missing, got 'drop'"):
        read_table(tmp_path / "t.csv", censored="drop")


def test_labels_stay(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "a,state,amount,code,when\n1,ND,None,12A,2020-01-01\n2,NY,Some,7B,2020-01-02\n3,?,Lots,8C,\n"
    )
    frame = read_table(tmp_path / "t.csv")
    assert frame["state"].fillna("").tolist() == ["ND", "NY", ""]
    assert frame["amount"].tolist() == ["None", "Some", "Lots"]
    assert frame["code"].tolist() == ["12A", "7B", "8C"]
    assert frame["when"].dt.day.tolist()[:2] == [1, 2]
    (tmp_path / "t.csv").write_text(
        "a,b,c\n" + "1,<3cm,135\n2,>3cm,136A\n3,<3cm,136\n" * 9 + "1,>3cm,B9\n"
    )
    frame = read_table(tmp_path / "t.csv")
    assert frame["b"].tolist()[:2] == ["<3cm", ">3cm"]
    assert frame["c"].tolist()[:2] == ["135", "136A"]


def test_what_was_done_can_be_undone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,price\n1,$5\n2,?\n-999,$7\n4,$8\n5,$9\n")
    frame = read_table(tmp_path / "t.csv", keep=("a", "price"))
    assert frame["price"].tolist() == ["$5", "?", "$7", "$8", "$9"]
    assert frame["a"].min() == -999
    assert frame.attrs["notes"] == []


def test_a_large_value_that_may_be_one_stays(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n10,3\n100,4\n999,5\n")
    assert read_table(tmp_path / "t.csv")["a"].max() == 999


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_packed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.csv{suffix}"
    content = lines().encode()
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.md", "see t.csv")
            archive.writestr("inside/t.csv", content)
    else:
        path.write_bytes({".gz": gzip, ".bz2": bz2, ".xz": lzma}[suffix].compress(content))
    pd.testing.assert_frame_equal(read_table(path), PLAIN)


JSONS = {
    "index": PLAIN.to_json(orient="index"),
    "records": PLAIN.to_json(orient="records"),
    "columns": PLAIN.to_json(),
    "lists": json.dumps({name: list(PLAIN[name]) for name in PLAIN}),
    "split": PLAIN.to_json(orient="split"),
    "values": json.dumps([["x1", "x2", "y"], *NUMBERS.tolist()]),
    "table": PLAIN.to_json(orient="table", index=False),
    "data": json.dumps({"about": "a run", "data": PLAIN.to_dict("records")}),
    "lines": PLAIN.to_json(orient="records", lines=True),
}


@pytest.mark.parametrize("kind", JSONS)
def test_json(tmp_path: Path, kind: str) -> None:
    (tmp_path / "t.json").write_text(JSONS[kind])
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.json"), PLAIN)


def test_json_within_records(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"a": {"b": 1, "c": NaN}, "d": [1]}\n{"a": {"b": 2}}\n')
    frame = read_table(tmp_path / "t.jsonl")
    assert list(frame.columns) == ["a.b", "a.c"]
    assert frame["a.b"].tolist() == [1, 2]


def test_all_types_of_arrow(tmp_path: Path) -> None:
    table = pa.table(
        {
            "decimal": pa.array([Decimal("1.5"), None], pa.decimal128(10, 2)),
            "half": pa.array(np.array([1, 2], np.float16)),
            "category": pa.array(["a", "b"]).dictionary_encode(),
            "numbers of a category": pa.array([3, 4]).dictionary_encode(),
            "whole": pa.array([1, None], pa.int64()),
            "yes": pa.array([True, None]),
            "date": pa.array([0, 1], pa.date32()),
            "time": pa.array([0, 1_500_000], pa.time64("us")),
            "stamp": pa.array([0, 1], pa.timestamp("s", tz="Europe/Berlin")),
            "span": pa.array([1, 2], pa.duration("s")),
            "large": pa.array(["a", "b"], pa.large_string()),
            "nothing": pa.array([None, None]),
            "list": pa.array([[1], [2]]),
        }
    )
    pq.write_table(table.drop_columns("half"), tmp_path / "t.parquet")
    feather.write_feather(table, str(tmp_path / "t.feather"))
    with (
        pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    for name in ("t.parquet", "t.feather", "t.arrow"):
        frame = read_table(tmp_path / name)
        kinds = {column: frame[column].dtype.kind for column in frame}
        assert kinds.pop("half", "f") == "f"
        assert "".join(kinds.values()) == "fOifOMfMfOf".replace("O", "O"), kinds
        assert frame["time"].tolist() == [0, 1.5]
        assert frame["decimal"].tolist()[0] == 1.5
        assert "list" not in frame
        assert "'list' was left out" in frame.attrs["notes"][0]


def test_an_index_without_a_name_is_no_input(tmp_path: Path) -> None:
    PLAIN.sample(frac=0.7, random_state=0).to_parquet(tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet")
    assert list(frame.columns) == ["x1", "x2", "y", "row"]
    assert Dataset.from_frame(frame, "y").names == ("x1", "x2")


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"about": ["see the other sheets"]}).to_excel(
            book, sheet_name="readme", index=False
        )
        PLAIN.to_excel(book, sheet_name="run 1", index=False, startrow=3, startcol=2)
        PLAIN.assign(y=0.5).to_excel(book, sheet_name="run 2", index=False)
    pd.testing.assert_frame_equal(read_table(path), PLAIN)
    assert "'run 1' was read, one of 3" in read_table(path).attrs["notes"][0]
    assert set(read_table(path, sheet="run 2")["y"]) == {0.5}
    assert set(read_table(f"{path}::run 2")["y"]) == {0.5}


def test_databases(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE names (name TEXT)")
        PLAIN.to_sql("runs", database, index=False)
        PLAIN.assign(y=0.5).to_sql("other", database, index=False)
    database.close()
    pd.testing.assert_frame_equal(read_table(path), PLAIN)
    assert set(read_table(f"{path}::other")["y"]) == {0.5}
