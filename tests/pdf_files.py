"""What stands in a PDF."""

import re
import zlib


def unpacked(pdf: bytes) -> str:
    """The file with its streams unpacked behind it."""
    parts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return b"\n".join(parts).decode("latin-1")
