"""The bundled table of hyperbolic knots: reading it, and what each column means."""

from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from workbench.errors import InputError

Mirrored = Literal["same", "opposite", "opposite angle", "opposite modulo 1/2"]


class Column(NamedTuple):
    """Meaning and unit of a column, and what becomes of it in the mirror image of a knot."""

    meaning: str
    unit: str = ""
    mirrored: Mirrored = "same"


TARGET = "signature"

COLUMNS: dict[str, Column] = {
    "name": Column("Hoste–Thistlethwaite name: K, crossings, a(lternating) or n, number"),
    "crossings": Column("crossing number"),
    "volume": Column("volume of the complete hyperbolic metric on the complement", "curvature -1"),
    "chern_simons": Column(
        "Chern–Simons invariant modulo 1/2, in (-1/4, 1/4], missing where SnapPy does not find it",
        "modulo 1/2",
        "opposite modulo 1/2",
    ),
    "longitudinal_translation": Column(
        "length of the longitude on the boundary of the largest embedded cusp, real and positive",
        "length on the cusp torus",
    ),
    "meridional_translation_real": Column(
        "part of the meridian's translation along the longitude",
        "length on the cusp torus",
        "opposite",
    ),
    "meridional_translation_imag": Column(
        "part of the meridian's translation across the longitude, always positive",
        "length on the cusp torus",
    ),
    "cusp_volume": Column(
        "volume of the largest embedded cusp, half the area of its torus: "
        "longitudinal_translation * meridional_translation_imag / 2",
        "curvature -1",
    ),
    "short_geodesic_real": Column("length of the shortest closed geodesic", "curvature -1"),
    "short_geodesic_imag": Column(
        "rotation along that geodesic, in (-pi, pi], the largest where several are as short; "
        "missing where rotations of both signs are as large, as in knots that are their own mirror image",
        "radian",
        "opposite angle",
    ),
    "injectivity_radius": Column(
        "half the length of the shortest closed geodesic (not the largest ball round a base point)",
        "curvature -1",
    ),
    "symmetry_group": Column("symmetry group of the complement: 0, Z/2, D4, ..."),
    "amphichiral": Column("whether the complement is its own mirror image"),
    "signature": Column(
        "signature of V + Vᵀ for a Seifert matrix V, even; its sign is chosen such that it grows "
        "with the slope Re(longitude / meridian)",
        "",
        "opposite",
    ),
}
"""Every column of the table. All invariants belong to the census's choice of mirror image."""

_EXACT = (
    "volume",
    "longitudinal_translation",
    "meridional_translation_real",
    "meridional_translation_imag",
    "cusp_volume",
)
"""Stored with 64 bits, since relations between them are exact; the other numbers with 32."""

_DERIVED = {"injectivity_radius": ("short_geodesic_real", 0.5)}


def load_table(crossings: int | None = None) -> pd.DataFrame:
    """The bundled hyperbolic knots, one row each, with the columns of ``COLUMNS`` in 64 bits.

    Args:
        crossings: keep the knots of at most so many crossings; all by default.

    Raises:
        InputError: the table has no knots of so many crossings, or there are none with so few.
    """
    path = files("case_studies.knots") / "data" / "knots.parquet"
    with path.open("rb") as file:
        table = restored(pd.read_parquet(file))
    if crossings is None:
        return table
    least, most = int(table["crossings"].min()), int(table["crossings"].max())
    if not least <= crossings <= most:
        raise InputError(f"crossings must lie between {least} and {most}, got {crossings}")
    chosen = table[table["crossings"] <= crossings].reset_index(drop=True)
    chosen.attrs = table.attrs
    return chosen


def stored(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it is kept in a file: what follows from other columns is left out."""
    table = table.drop(columns=list(_DERIVED), errors="ignore")
    table["chern_simons"] = _half_turn(table["chern_simons"])
    floats = table.select_dtypes("float64").columns.difference(list(_EXACT))
    table = table.astype(dict.fromkeys(floats, "float32"))
    short = {
        "signature": "int8",
        "crossings": "int8" if table["crossings"].max() < 128 else "int16",
    }
    return table.astype({**short, "symmetry_group": "category", "amphichiral": bool})


def restored(table: pd.DataFrame) -> pd.DataFrame:
    """The inverse of ``stored``: numbers of 64 bits, columns in the order of ``COLUMNS``."""
    attrs = table.attrs
    floats = table.select_dtypes("float32").columns
    table = table.astype(dict.fromkeys(floats, "float64"))
    for name, (source, factor) in _DERIVED.items():
        table[name] = factor * table[source]
    table = table[list(COLUMNS)]
    table.attrs = attrs
    return table


def mirror(table: pd.DataFrame) -> pd.DataFrame:
    """The same knots seen in a mirror: every column follows its law (``Column.mirrored``).

    Names stay, though they now mean the other image of each pair. Applied twice it gives the table
    back; a knot that is its own mirror image keeps its row but for rounding.
    """
    image = table.copy()
    for name in image.columns.intersection(list(COLUMNS)):
        law = COLUMNS[name].mirrored
        if law == "same":
            continue
        turned = -image[name]
        if law == "opposite angle":
            turned = turned.mask(turned <= -np.pi + 1e-6, np.pi)
        elif law == "opposite modulo 1/2":
            turned = _half_turn(turned)
        image[name] = turned
    return image


def slope(table: pd.DataFrame) -> pd.Series:
    """The natural slope ``Re(longitude / meridian)`` of every row, ``(N,)``."""
    real, imag = table["meridional_translation_real"], table["meridional_translation_imag"]
    return table["longitudinal_translation"] * real / (real**2 + imag**2)


def _half_turn(values: pd.Series) -> pd.Series:
    """The same modulo 1/2, in (-1/4, 1/4]."""
    return values - 0.5 * np.ceil(2 * values - 0.5)
