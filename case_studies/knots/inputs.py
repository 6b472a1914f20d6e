"""What a learner sees of the table: inputs, target, and a split that never depends on the order of rows."""

import zlib
from dataclasses import replace

import pandas as pd

from case_studies.knots.table import COLUMNS, TARGET
from workbench.kan.data import Dataset

LEFT_OUT = ("name", "crossings", "injectivity_radius", "symmetry_group", "amphichiral", TARGET)
"""Columns that are no input: labels, the target, and the half of a column that is there already."""

GROUPS = ("0", "Z/2", "Z/2 + Z/2", "D3", "D4")
"""The five commonest symmetry groups of the census, which become columns of 0 and 1."""

_MISSING = {
    "chern_simons": "The Chern–Simons invariant of {} knots is not known; it was set to 0.",
    "short_geodesic_imag": (
        "The shortest geodesic of {} knots turns both ways alike; its rotation was set to 0."
    ),
}


def inputs(table: pd.DataFrame) -> pd.DataFrame:
    """The 13 inputs of every row: geometric invariants, and the commonest symmetry groups as 0 or 1."""
    own = [name for name in COLUMNS if name not in LEFT_OUT]
    columns = table[own].astype("float64").fillna(dict.fromkeys(_MISSING, 0.0))
    symmetry = table["symmetry_group"].astype(str)
    for group in GROUPS:
        columns[f"symmetry_{_short(group)}"] = (symmetry == group) * 1.0
    return columns


def dataset(table: pd.DataFrame) -> Dataset:
    """Inputs, signature and split; notes say what was missing."""
    data = Dataset.from_frame(
        inputs(table).assign(**{TARGET: table[TARGET].astype("float64")}),
        TARGET,
        task="regression",
        split=split_by_name(table["name"]),
    )
    counts = {name: int(table[name].isna().sum()) for name in _MISSING}
    notes = [_MISSING[name].format(count) for name, count in counts.items() if count]
    return replace(data, notes=(*data.notes, *notes))


def split_by_name(names: pd.Series) -> list[str]:
    """Train, validation or test by ``crc32(name) % 10``: neighbours in the census are alike."""
    place = names.map(lambda name: zlib.crc32(name.encode()) % 10).to_numpy()
    return ["train" if p < 7 else "validation" if p < 8 else "test" for p in place]


def _short(group: str) -> str:
    """A group's name that can be part of a column's: Z/2 + Z/2 becomes Z2xZ2."""
    return "none" if group == "0" else group.replace(" + ", "x").replace("/", "")
