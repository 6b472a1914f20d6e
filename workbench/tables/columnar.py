"""Tables of Arrow: Parquet and Feather, whose types become numbers, dates and labels."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.errors import InputError
from workbench.tables.files import File
from workbench.tables.limits import CELL, require_columns, require_moderate, require_unpacked
from workbench.tables.messages import unpacked_size
from workbench.tables.raw import Raw

_MAGIC = b"ARROW1"
_INDEX = re.compile(r"__index_level_\d+__")
"""How pandas stores an index that has no name."""


def read_parquet(file: File) -> Raw:
    """Texts stay in dictionaries until their length is known: a small file may repeat a long one."""
    with file.open() as stream, pq.ParquetFile(stream) as parquet:
        metadata = parquet.metadata
        fields = list(parquet.schema_arrow)
        require_columns(file.name, metadata.num_columns)
        require_unpacked(file.name, CELL * metadata.num_rows * metadata.num_columns, file.size)
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        require_unpacked(file.name, sum(group.total_byte_size for group in groups), file.size)
        # Cells may hold lists: how many values these have is said by column and group.
        chunks = (group.column(i) for group in groups for i in range(group.num_columns))
        require_moderate(file.name, sum(chunk.num_values for chunk in chunks))
    texts = [field.name for field in fields if _is_text(field.type)]
    known = [field.name for field in fields if _is_known(field.type)]
    others = [field for field in fields if not _is_known(field.type)]
    if not known:
        raise InputError(f"{file.name!r} holds no column of numbers, dates or texts")
    with file.open() as stream:
        # What is left out anyway is not unpacked.
        names = known if others else None
        return _raw(file, pq.read_table(stream, read_dictionary=texts, columns=names), others)


def read_arrow(file: File) -> Raw:
    """A Feather file or a stream of Arrow, batch by batch, after what each unpacks to was asked."""
    with _stream(file) as source:
        size = 0.0
        for message in pa.ipc.MessageReader.open_stream(source):
            size += unpacked_size(message)
            require_unpacked(file.name, size, max(file.size, 1))
    with _stream(file) as source, pa.ipc.open_stream(source) as reader:
        require_columns(file.name, len(reader.schema))
        batches, nbytes, rows = [], 0, 0
        for batch in reader:
            rows += batch.num_rows
            require_moderate(file.name, rows * batch.num_columns)
            nbytes += batch.nbytes
            require_moderate(file.name, nbytes // CELL)
            batch.validate(full=True)
            batches.append(batch)
        return _raw(file, pa.Table.from_batches(batches, reader.schema))


def _stream(file: File) -> pa.NativeFile:
    """The messages of a file: between its magic words and its list of them, it is a stream."""
    packed = file.content is not None
    source = pa.BufferReader(file.content) if packed else pa.OSFile(str(file.path))
    source.seek(8 if source.read(6) == _MAGIC else 0)
    return source


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _raw(file: File, table: pa.Table, others: Sequence[pa.Field] = ()) -> Raw:
    names, columns = [], []
    notes = [f"{field.name!r} was left out: its cells are {field.type}." for field in others]
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
        if not _is_known(kind):
            return None
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
    return column if _is_known(kind) else None


def _is_known(kind: pa.DataType) -> bool:
    """Whether cells are numbers, dates or texts; of others each may be of any size."""
    if pa.types.is_dictionary(kind):
        return not pa.types.is_dictionary(kind.value_type) and _is_known(kind.value_type)
    known = (
        pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_timestamp,
        pa.types.is_duration, pa.types.is_null, pa.types.is_decimal, pa.types.is_time, pa.types.is_date,
        _is_text,
    )  # fmt: skip
    return any(test(kind) for test in known)


def _decoded(file: File, column: pa.DictionaryArray) -> pa.Array:
    if _is_text(column.dictionary.type):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        require_moderate(file.name, (pc.sum(lengths).as_py() or 0) // CELL)
    return column.dictionary.take(column.indices)
