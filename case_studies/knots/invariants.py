"""One row of the table: a knot's invariants, computed with SnapPy and spherogram (the extra ``knots``)."""

from typing import Any

import numpy as np

from case_studies.knots.geodesics import shortest_geodesic
from workbench.errors import InputError

NOT_HYPERBOLIC = "not hyperbolic"
NOT_POSITIVE = "no triangulation with positively oriented tetrahedra was found"
NO_CUSP_IDENTITY = "the cusp's volume is not half the area of its torus"

_ATTEMPTS = 6
_POSITIVE, _DEGENERATE = 1, 4  # SnapPy's numbers of solution types
_FLAT = 1e-6
_TOLERANCE = 1e-8
_SAME = 1e-10


def invariants(name: str) -> dict[str, Any]:
    """One row of the table; ``dropped`` says why a knot has no hyperbolic invariants.

    Columns are documented in ``case_studies.knots.table``.
    """
    row = knot_row(snappy_package().Manifold(name), name)
    row = {"name": name, "crossings": crossing_number(name), **row}
    return row if row["dropped"] else {**row, "signature": signature(_link(name))}


def diagram_row(link: Any, name: str) -> dict[str, Any]:
    """The same of a diagram, a spherogram ``Link`` of one component; ``crossings`` are the diagram's."""
    row = {"name": name, "crossings": len(link.crossings), **knot_row(link.exterior(), name)}
    return row if row["dropped"] else {**row, "signature": signature(link)}


def knot_row(manifold: Any, name: str) -> dict[str, Any]:
    """The geometric columns of a knot complement, tried again on other triangulations where SnapPy fails.

    Args:
        manifold: a SnapPy manifold with one cusp, framed by meridian and longitude.
        name: of the knot, for the reason that a failure is dropped with.
    """
    failure = snappy_package().SnapPy.SnapPeaFatalError
    reason = ""
    for attempt in range(_ATTEMPTS):
        try:
            tried = manifold.copy()
            if attempt:  # another triangulation of the same space
                tried.randomize()
            kind = tried.solution_type(enum=True)
            if kind == _DEGENERATE or float(tried.volume()) < _FLAT:
                reason = NOT_HYPERBOLIC
                continue
            if kind != _POSITIVE and attempt < _ATTEMPTS - 1:
                reason = NOT_POSITIVE
                continue
            row = _hyperbolic(tried)
        except (failure, RuntimeError, ValueError) as error:
            reason = f"SnapPy failed: {str(error).strip() or type(error).__name__}"
            continue
        area = row["longitudinal_translation"] * row["meridional_translation_imag"]
        if abs(2 * row["cusp_volume"] / area - 1) < _SAME:
            return {**row, "dropped": ""}
        reason = NO_CUSP_IDENTITY
    return {"dropped": reason}


def crossing_number(name: str) -> int:
    """From a Hoste–Thistlethwaite name: 13 for K13n4587."""
    return int("".join(c if c.isdigit() else " " for c in name).split()[0])


def signature(link: Any) -> int:
    """Signature of ``V + Vᵀ`` for a Seifert matrix V, with the sign that makes it follow the slope."""
    eigenvalues = form_eigenvalues(link)
    positive = int((eigenvalues > _TOLERANCE).sum())
    return -(positive - int((eigenvalues < -_TOLERANCE).sum()))


def form_eigenvalues(link: Any) -> np.ndarray:
    """Eigenvalues of ``V + Vᵀ``, ``(2g,)`` in ascending order, V a Seifert matrix of the diagram."""
    rows = link.seifert_matrix()
    matrix = np.array(rows, dtype=float).reshape(len(rows), len(rows))
    values: np.ndarray = np.linalg.eigvalsh(matrix + matrix.T)
    return values


def snappy_package() -> Any:
    """SnapPy, or a sentence that says how to install it."""
    try:
        import snappy
    except ImportError as error:
        raise InputError(
            "invariants of knots need SnapPy: pip install 'kan-workbench[knots]'"
        ) from error
    return snappy


def _link(name: str) -> Any:
    import spherogram

    return spherogram.Link(name)


def _hyperbolic(manifold: Any) -> dict[str, Any]:
    meridian, longitude, cusp_volume = _cusp(manifold)
    geodesic = shortest_geodesic(manifold)
    group = manifold.symmetry_group()
    amphichiral = bool(group.is_amphicheiral())
    # A mirror image of itself has every geodesic with both turns, also where the words show but one.
    ambiguous = amphichiral and 0 < abs(geodesic.turn) < np.pi
    return {
        "volume": float(manifold.volume()),
        "chern_simons": _chern_simons(manifold),
        "longitudinal_translation": longitude.real,
        "meridional_translation_real": meridian.real,
        "meridional_translation_imag": meridian.imag,
        "cusp_volume": cusp_volume,
        "short_geodesic_real": geodesic.length,
        "short_geodesic_imag": float("nan") if ambiguous else geodesic.turn,
        "symmetry_group": str(group),
        "amphichiral": amphichiral,
    }


def _cusp(manifold: Any) -> tuple[complex, complex, float]:
    """Meridian, longitude and volume of the largest embedded cusp."""
    try:
        cusp = manifold.cusp_neighborhood()
        cusp.set_displacement(cusp.stopping_displacement())
        meridian, longitude = (complex(t) for t in cusp.translations())
        return meridian, longitude, float(cusp.volume())
    except snappy_package().SnapPy.SnapPeaFatalError:
        # The kernel's canonical cell decomposition fails for a few knots; this way is 200 times
        # slower and needs none.
        meridian, longitude = (complex(t) for t in manifold.cusp_translations()[0])
        return meridian, longitude, longitude.real * abs(meridian.imag) / 2


def _chern_simons(manifold: Any) -> float:
    try:
        return float(manifold.chern_simons())
    except ValueError:  # SnapPy does not find it for every triangulation
        return float("nan")
