"""Tables of Arrow: Parquet and Feather, whose types become numbers, dates and labels."""

import re
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.tables.files import File
from workbench.tables.limits import CELL, require_columns, require_moderate
from workbench.tables.raw import Raw

_INDEX = re.compile(r"__index_level_\d+__")
"""How pandas stores an index that has no name."""


def read_parquet(file: File) -> Raw:
    """Texts stay in dictionaries until their length is known: a small file may repeat a long one."""
    with file.open() as stream, pq.ParquetFile(stream) as parquet:
        texts = [field.name for field in parquet.schema_arrow if _is_text(field.type)]
        require_columns(file.name, parquet.metadata.num_columns)
        require_moderate(file.name, parquet.metadata.num_rows * parquet.metadata.num_columns)
        groups = [parquet.metadata.row_group(n) for n in range(parquet.metadata.num_row_groups)]
        require_moderate(file.name, sum(group.total_byte_size for group in groups) // CELL)
    with file.open() as stream:
        return _raw(file, pq.read_table(stream, read_dictionary=texts))


def read_arrow(file: File) -> Raw:
    """A Feather file or a stream of Arrow, batch by batch; how many rows it has is asked first."""
    counted = pa.ipc.IpcReadOptions(included_fields=[])
    with file.open() as stream:
        rows = sum(batch.num_rows for batch in _batches(stream, counted))
    with file.open() as stream:
        batches, size = [], 0
        for batch in _batches(stream, None):
            require_columns(file.name, batch.num_columns)
            require_moderate(file.name, rows * batch.num_columns)
            size += batch.nbytes
            require_moderate(file.name, size // CELL)
            batches.append(batch)
        return _raw(file, pa.Table.from_batches(batches))


def _batches(stream: BinaryIO, options: pa.ipc.IpcReadOptions | None) -> list[pa.RecordBatch]:
    magic = stream.read(6)
    stream.seek(0)
    if magic == b"ARROW1":
        reader = pa.ipc.open_file(stream, options=options)
        return [reader.get_batch(n) for n in range(reader.num_record_batches)]
    return list(pa.ipc.open_stream(stream, options=options))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _raw(file: File, table: pa.Table) -> Raw:
    names, columns, notes = [], [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        plain = _plain(file, column)
        if plain is None:
            notes.append(f"{field.name!r} was left out: its cells are {field.type}.")
        else:
            names.append("row" if _INDEX.fullmatch(field.name) else field.name)
            columns.append(plain)
    # What other programs noted about a table is not believed.
    frame = pa.table(columns, names=[str(i) for i in range(len(columns))]).to_pandas(
        ignore_metadata=True
    )
    return Raw(frame, names, notes=notes)


def _plain(file: File, column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array | None:
    """A column as numbers, dates or texts; None where it holds anything else."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            return _decoded(file, column.chunk(0)) if column.num_chunks else None
        return _decoded(file, column)
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_time(kind):
        ticks = column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
        per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return pc.divide(ticks.cast(pa.float64()), pa.scalar(float(per_second)))
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms"))
    known = (
        pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_timestamp,
        pa.types.is_duration, pa.types.is_null, _is_text,
    )  # fmt: skip
    return column if any(test(kind) for test in known) else None


def _decoded(file: File, column: pa.DictionaryArray) -> pa.Array:
    if _is_text(column.dictionary.type):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        require_moderate(file.name, (pc.sum(lengths).as_py() or 0) // CELL)
    return column.dictionary.take(column.indices)
