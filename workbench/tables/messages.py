"""What a message of Arrow unpacks to, which pyarrow does not tell before it has unpacked it.

A message has a table of its buffers (offset and length in its body) written by FlatBuffers; where they are
packed, each starts with its unpacked length. See "Serialization and Interprocess Communication (IPC)" of
Arrow's columnar format, and Message.fbs there.
"""

import struct

import numpy as np
import pyarrow as pa

_DICTIONARY, _BATCH = 2, 3
_HEADER_TYPE, _HEADER, _DATA, _BUFFERS, _COMPRESSION = 1, 2, 1, 2, 3
_AS_IT_IS = -1
_OLD_COMPRESSION = b"ARROW:experimental_compression"


def unpacked_size(message: pa.ipc.Message) -> float:
    """Bytes of all buffers of a message, unpacked."""
    data = message.metadata.to_pybytes()
    root = _pointed(data, 0)
    kind = _field(data, root, _HEADER_TYPE)
    header = _field(data, root, _HEADER)
    if kind is None or header is None or data[kind] not in (_DICTIONARY, _BATCH):
        return 0.0
    batch = _pointed(data, header)
    if data[kind] == _DICTIONARY:
        inside = _field(data, batch, _DATA)
        if inside is None:
            return 0.0
        batch = _pointed(data, inside)
    found = _field(data, batch, _BUFFERS)
    if found is None:
        return 0.0
    vector = _pointed(data, found)
    (count,) = struct.unpack_from("<I", data, vector)
    buffers = np.frombuffer(data, "<i8", 2 * count, vector + 4).reshape(-1, 2)
    if _field(data, batch, _COMPRESSION) is None and _OLD_COMPRESSION not in data:
        return float(buffers[:, 1].sum(dtype=float))
    body = message.body
    words = np.frombuffer(body, "<i8", body.size // 8)
    starts = buffers[buffers[:, 1] > 0, 0]
    if (starts % 8).any():
        raise ValueError("a buffer does not start at a multiple of eight bytes")
    lengths = words[starts // 8]
    kept = np.where(lengths == _AS_IT_IS, buffers[buffers[:, 1] > 0, 1], lengths)
    return float(kept.clip(0).sum(dtype=float))


def _pointed(data: bytes, place: int) -> int:
    """Where an offset leads that stands at a place."""
    (offset,) = struct.unpack_from("<I", data, place)
    return int(place + offset)


def _field(data: bytes, table: int, number: int) -> int | None:
    """Where a field of a table stands, or None where it was left out."""
    (back,) = struct.unpack_from("<i", data, table)
    fields = table - back
    (size,) = struct.unpack_from("<H", data, fields)
    if 4 + 2 * number >= size:
        return None
    (offset,) = struct.unpack_from("<H", data, fields + 4 + 2 * number)
    return table + offset if offset else None
