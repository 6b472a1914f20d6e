"""From conjecture to theorem: how far twice the signature strays from the slope, and what bounds it.

Davies, Juhász, Lackenby and Tomasev (Geometry & Topology 28, 2024, arXiv:2111.15323) first conjectured
``|2 sigma - slope| < c1 vol + c2``; highly twisted braids refute it. Their theorem is
``|2 sigma - slope| <= c vol inj^-3`` for every hyperbolic knot, with inj the injectivity radius.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import islice

import numpy as np
import pandas as pd

from case_studies.knots.families import FAMILIES, rows_of
from case_studies.knots.invariants import NOT_HYPERBOLIC
from case_studies.knots.table import TARGET, slope
from case_studies.knots.words import braid_name
from workbench.errors import InputError

KNOWN_C = 0.234
"""The largest |2 sigma - slope| inj^3 / vol of Davies and others; they conjecture that 0.3 is enough."""

_FIGURE_EIGHT = (1, -2, 1, -2)
_FULL_TURN = (1, 2) * 3


def gap(table: pd.DataFrame) -> pd.Series:
    """``|2 sigma - slope|`` of every row, ``(N,)``."""
    return (2 * table[TARGET].astype("float64") - slope(table)).abs()


def constants(table: pd.DataFrame) -> pd.Series:
    """The least c of the theorem that a row allows, ``|2 sigma - slope| inj^3 / vol``, ``(N,)``."""
    return gap(table) * table["injectivity_radius"] ** 3 / table["volume"]


def records(table: pd.DataFrame, by: str = "crossings") -> pd.DataFrame:
    """One line for each value of ``by``: the largest c and gap, and the knots that attain them."""
    names, c, far = table["name"].to_numpy(), constants(table).to_numpy(), gap(table).to_numpy()
    shortest = table["short_geodesic_real"].to_numpy()
    lines = []
    for value, places in sorted(table.groupby(by, observed=True).indices.items()):
        rows = np.asarray(places)
        most, farthest = rows[c[rows].argmax()], rows[far[rows].argmax()]
        lines.append(
            {
                by: value,
                "knots": len(rows),
                "largest c": c[most],
                "attained by": names[most],
                "largest gap": far[farthest],
                "of": names[farthest],
                "shortest geodesic": shortest[rows].min(),
            }
        )
    return pd.DataFrame(lines)


def findings(table: pd.DataFrame) -> tuple[str, str]:
    """What the table says of the theorem, and how far a bound by the volume alone would have to reach."""
    names = table["name"].to_numpy()
    c = constants(table).to_numpy()
    per_volume = (gap(table) / table["volume"]).to_numpy()
    return (
        f"Of {len(table):,} knots none asks for more than c = {c.max():.4f} ({names[c.argmax()]}) in "
        f"|2σ − slope| ≤ c·vol·inj⁻³; {KNOWN_C} is known of others.",
        f"|2σ − slope| reaches {per_volume.max():.3f} times the volume ({names[per_volume.argmax()]}); "
        "highly twisted knots pass every bound by the volume alone.",
    )


def twisted_word(turns: int) -> list[int]:
    """The figure-eight knot's braid (σ₁σ₂⁻¹)² with so many full turns of all its three strands."""
    if not 0 <= turns <= 30:
        raise InputError(f"turns must lie between 0 and 30, got {turns}")
    return [*_FIGURE_EIGHT, *(_FULL_TURN * turns)]


def twisted_family(turns: Sequence[int], executor: Executor | None = None) -> pd.DataFrame:
    """Rows of the figure-eight knot with full turns in its three strands, computed with SnapPy.

    All these are fillings of one link, the closed braid with its axis: volumes stay below the link's (8.12),
    while a full turn adds 9 to the slope and about 8 to twice the signature. So no bound by the
    volume alone can hold.

    Args:
        turns: numbers of full turns.
        executor: computes the rows; this process by default.

    Raises:
        InputError: SnapPy is missing, or there are too many turns.
    """
    names = [braid_name(twisted_word(turn)) for turn in turns]
    rows = pd.DataFrame(rows_of(names, executor)).assign(turns=list(turns))
    return _judged(_known(rows))


def hunt(
    count: int,
    *,
    family: str = "twisted braids",
    seed: int = 0,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Draw knots and sort them by the c that they ask of the theorem, the largest first.

    Args:
        count: knots drawn; those that are not hyperbolic are left out.
        family: one of ``case_studies.knots.families.FAMILIES``.
        seed: of the draw.
        executor: computes the rows, on this machine or on a cluster; this process by default.

    Raises:
        InputError: SnapPy is missing, or there is no such family.
    """
    if family not in FAMILIES:
        raise InputError(f"a family must be one of {', '.join(FAMILIES)}, got {family!r}")
    drawn = list(islice(FAMILIES[family].names(np.random.default_rng(seed)), count))
    rows = _known(pd.DataFrame(rows_of(drawn, executor)))
    return _judged(rows).sort_values("c", ascending=False, ignore_index=True)


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows[rows["dropped"] == ""].drop(columns="dropped").reset_index(drop=True)
    if found.empty:
        raise InputError(f"none of the {len(rows)} knots has a geometry: {NOT_HYPERBOLIC}")
    return found.assign(injectivity_radius=found["short_geodesic_real"] / 2)


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(slope=slope(rows), gap=gap(rows), c=constants(rows))
