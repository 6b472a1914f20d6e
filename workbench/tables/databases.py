"""SQLite: one table of a file, opened to be read only."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from workbench.errors import InputError
from workbench.tables.files import File
from workbench.tables.limits import require_columns, require_moderate
from workbench.tables.raw import Raw

_MOST_STEPS, _STEPS = 4000, 100_000
_LONGEST = 100_000


def read(file: File) -> Raw:
    """The table ``file.part``, or the first with two columns or more.

    Views are not read: what they compute could take any time.

    Raises:
        InputError: there is no such table.
    """
    with _connection(file) as database:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in database.execute(listed) if isinstance(name, str)]
        if file.part and file.part not in tables:
            raise InputError(f"{file.name!r} has no table {file.part!r}: there are {tables[:8]}")
        for name in [file.part] if file.part else tables:
            quoted = '"' + name.replace('"', '""') + '"'
            cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 -- a name, quoted
            names = [column[0] for column in cursor.description]
            if len(names) > 1:
                require_columns(file.name, len(names))
                notes = [f"The table {name!r} was read, one of {len(tables)}."]
                return Raw(_frame(file, cursor, len(names)), names, notes=notes[: len(tables) - 1])
    raise InputError(f"{file.name!r} holds no table: one of two columns or more is needed")


def _frame(file: File, cursor: sqlite3.Cursor, width: int) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    while piece := cursor.fetchmany(10_000):
        rows += piece
        require_moderate(file.name, width * len(rows))
    values = [[None if isinstance(v, bytes) else v for v in row] for row in rows]
    return pd.DataFrame(values, columns=range(width), dtype=object).infer_objects()


@contextmanager
def _connection(file: File) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory() as folder:
        path = file.path
        if file.content is not None:
            path = Path(folder, "table.sqlite")
            path.write_bytes(file.content)
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            database.execute("PRAGMA trusted_schema = OFF")
            steps = iter(range(_MOST_STEPS))
            # A column may be computed, at any length: what takes too long is broken off.
            database.set_progress_handler(lambda: next(steps, None) is None, _STEPS)
            yield database
