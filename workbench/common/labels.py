"""Names of groups of rows, as the cells of a table say them."""

import math
import re

import numpy as np

Label = bool | int | float | str


def label_of(value: object) -> Label:
    """A cell as the label of a group; whole numbers are so even where a gap made a column floats."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if finite and isinstance(value, bool | int | float | str) else str(value)


def in_order(label: Label) -> tuple[bool, float, list[tuple[int, str]]]:
    """What sorts labels: numbers by size, then texts as people do, m2 before m10."""
    if not isinstance(label, str):
        return False, float(label), []
    parts = re.findall(r"\d{1,300}|\D+", label)
    return True, 0.0, [(int(p) if p.isdecimal() else -1, p) for p in parts]
