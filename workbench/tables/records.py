"""JSON: records, columns or rows, in one text or one record a line."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import pandas as pd
from msgspec import Meta

from workbench.common.schema import finite
from workbench.errors import InputError
from workbench.tables.files import File
from workbench.tables.limits import require_columns, require_moderate
from workbench.tables.raw import Raw, from_rows

_MOST_BYTES = 200_000_000
_Cell = bool | int | float | Annotated[str, Meta(max_length=100_000)] | None
_Record = dict[str, _Cell | dict[str, _Cell] | list[_Cell]]
_Records = list[_Record | list[_Cell]]
_Column = list[_Cell] | dict[str, _Cell]
_DATA = ("data", "records", "rows", "results", "items", "values")


def read(file: File) -> Raw:
    """A table from JSON.

    Records ``[{"x": 1}, …]``, one a line or under a key such as "data"; rows ``[[1, 2], …]``; columns
    ``{"x": [1, …]}`` or ``{"x": {"0": 1, …}}``; and pandas' ``{"columns": […], "data": [[…], …]}``.

    Raises:
        InputError: it is none of these.
    """
    if file.size > _MOST_BYTES:
        raise InputError(f"{file.name!r} is too large: JSON may have {_MOST_BYTES // 10**6} MB")
    with file.open() as stream:
        content = finite(stream.read().removeprefix(b"\xef\xbb\xbf").strip())
    start = content[:1]
    if start == b"{" and (file.suffix != ".json" or _is_lines(content)):
        records: Any = msgspec.json.Decoder(_Record).decode_lines(content)
        return _from_records(file, records)
    if start == b"{":
        return _from_columns(file, msgspec.json.decode(content, type=dict[str, msgspec.Raw]))
    return _from_list(file, msgspec.json.decode(content, type=_Records))


def _is_lines(content: bytes) -> bool:
    """Whether the first line is a record of its own."""
    first, _, rest = content.partition(b"\n")
    return first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _from_list(file: File, found: Sequence[Any]) -> Raw:
    if not found:
        raise InputError(f"{file.name!r} is empty: records with names and values are needed")
    if all(isinstance(row, dict) for row in found):
        return _from_records(file, found)
    if any(isinstance(row, dict) for row in found):
        raise InputError(f"{file.name!r} mixes records and rows: one of the two is needed")
    return _from_rows(file, found)


def _from_rows(file: File, rows: Sequence[Sequence[Any]]) -> Raw:
    width = max(map(len, rows))
    require_columns(file.name, width)
    require_moderate(file.name, width * len(rows))
    short = next((i for i, row in enumerate(rows, start=1) if len(row) != width), None)
    if short is not None:
        raise InputError(
            f"every row of {file.name!r} needs {width} fields, but row {short} has "
            f"{len(rows[short - 1])}: mend it"
        )
    return from_rows(rows, repr(file.name))


def _from_records(file: File, records: Sequence[Mapping[str, Any]]) -> Raw:
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    require_columns(file.name, len(names))
    require_moderate(file.name, len(names) * len(flat))
    frame = pd.DataFrame({i: [record.get(name) for record in flat] for i, name in enumerate(names)})
    return Raw(frame, names)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record within a record gives names such as "place.north"; lists are left out."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": v for inner, v in value.items()}
        elif not isinstance(value, list):
            found[name] = value
    return found


def _from_columns(file: File, found: Mapping[str, msgspec.Raw]) -> Raw:
    for key in _DATA:
        records = _as(found.get(key), _Records)
        if records:
            names = _as(found.get("columns"), list[str])
            return _from_list(file, [names, *records] if names else records)
    columns = {name: _as(raw, _Column) for name, raw in found.items()}
    rows = [column for column in columns.values() if isinstance(column, dict)]
    numbered = len(rows) == len(found) and all(map(str.isdigit, found))
    if rows and numbered and not all(map(str.isdigit, rows[0])):
        return _from_records(file, rows)
    lists = {
        name: list(column.values()) if isinstance(column, dict) else column
        for name, column in columns.items()
        if column
    }
    if len({len(values) for values in lists.values()}) != 1:
        raise InputError(
            f"{file.name!r} holds no table: records with the same names, or columns of one length, "
            "are needed"
        )
    require_columns(file.name, len(lists))
    return Raw(pd.DataFrame(dict(enumerate(lists.values()))), list(lists))


def _as(raw: msgspec.Raw | None, kind: Any) -> Any:
    """A value as what it may be, or None."""
    try:
        return None if raw is None else msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None
