"""The bundled table of hyperbolic knots: reading it, and what each column means."""

from importlib.resources import files
from typing import NamedTuple

import pandas as pd


class Column(NamedTuple):
    """Meaning and unit of a column."""

    meaning: str
    unit: str = ""


TARGET = "signature"

COLUMNS: dict[str, Column] = {
    "name": Column("Hoste–Thistlethwaite name: K, crossings, a(lternating) or n, number"),
    "crossings": Column("crossing number"),
    "volume": Column("volume of the complete hyperbolic metric on the complement", "curvature -1"),
    "chern_simons": Column(
        "Chern–Simons invariant modulo 1/2, missing where SnapPy does not find it; "
        "changes sign in the mirror image",
        "modulo 1/2",
    ),
    "longitudinal_translation": Column(
        "length of the longitude on the boundary of the largest embedded cusp, real and positive",
        "length on the cusp torus",
    ),
    "meridional_translation_real": Column(
        "part of the meridian's translation along the longitude; changes sign in the mirror image",
        "length on the cusp torus",
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
        "changes sign in the mirror image",
        "radian",
    ),
    "injectivity_radius": Column(
        "half the length of the shortest closed geodesic (not the largest ball round a base point)",
        "curvature -1",
    ),
    "symmetry_group": Column("symmetry group of the complement: 0, Z/2, D4, ..."),
    "signature": Column(
        "signature of V + Vᵀ for a Seifert matrix V, even; its sign is chosen such that it grows "
        "with the slope Re(longitude / meridian)"
    ),
}
"""Every column of the table. All invariants belong to the census's choice of mirror image."""


def load_table() -> pd.DataFrame:
    """All hyperbolic knots with at most 13 crossings, one row each."""
    path = files("case_studies.knots") / "data" / "knots.parquet"
    with path.open("rb") as file:
        return pd.read_parquet(file)
