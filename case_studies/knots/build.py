"""Compute the table of hyperbolic knots with SnapPy: every prime knot of the Hoste–Thistlethwaite census.

Needs the extra ``knots`` (snappy). Finished blocks are kept on disk, so a build that was interrupted
goes on where it ended.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.common.writing import replacing
from workbench.errors import InputError

BLOCK = 250
LEAST_CROSSINGS, MOST_CROSSINGS = 3, 14
NOT_HYPERBOLIC = "not hyperbolic"

_ATTEMPTS = 4
_ENOUGH_WORDS = 20_000
_EQUALLY_LONG = 1e-6  # far above rounding, far below the gaps between lengths
_SHORTEST = 1e-4
_FLAT = 1e-6
_TOLERANCE = 1e-8

Progress = Callable[[str, float], bool]


def build_table(
    crossings: int,
    path: str | Path,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Write the table of all hyperbolic knots up to ``crossings`` as Parquet, and return it.

    Args:
        crossings: 3 to 14; 10 takes some seconds, 13 about ten minutes, 14 an hour of one core.
        path: the Parquet file; blocks are collected in a folder beside it until it is complete.
        executor: runs the blocks; all cores of this machine by default.
        progress: called with a phase and the share done; True interrupts, and a later call resumes.

    Raises:
        InputError: SnapPy is missing, or ``crossings`` is out of range.
    """
    if not LEAST_CROSSINGS <= crossings <= MOST_CROSSINGS:
        raise InputError(
            f"crossings must lie between {LEAST_CROSSINGS} and {MOST_CROSSINGS}, got {crossings}"
        )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    store = path.with_suffix(".blocks")
    names = list(census(crossings))
    blocks = [names[i : i + BLOCK] for i in range(0, len(names), BLOCK)]
    store.mkdir(exist_ok=True)
    own = executor is None
    pool = executor or ProcessPoolExecutor(os.cpu_count())
    try:
        waiting = [(block, _block_file(store, block)) for block in blocks]
        jobs = [
            (pool.submit(compute_block, block, str(file)), file)
            for block, file in waiting
            if not file.exists()
        ]
        done = len(blocks) - len(jobs)
        for job, _ in jobs:
            if progress is not None and progress("computing invariants", done / len(blocks)):
                for other, _ in jobs:
                    other.cancel()
                raise KeyboardInterrupt
            job.result()
            done += 1
    finally:
        if own:
            pool.shutdown(cancel_futures=True)
    frame = pd.concat([pd.read_parquet(file) for _, file in waiting], ignore_index=True)
    frame = _finished(frame)
    with replacing(path) as (new,):
        frame.to_parquet(new, compression="zstd", compression_level=19, index=False)
    for _, file in waiting:
        file.unlink()
    store.rmdir()
    if progress is not None:
        progress("done", 1.0)
    return frame


def census(crossings: int) -> Iterator[str]:
    """Names of all census knots up to a crossing number, hyperbolic or not."""
    snappy = _snappy()
    for count in range(LEAST_CROSSINGS, crossings + 1):
        for manifold in snappy.HTLinkExteriors(knots_vs_links="knots", crossings=count):
            yield manifold.name()


def compute_block(names: list[str], file: str) -> None:
    """Compute the rows of some knots and write them to a Parquet file, whole or not at all."""
    frame = pd.DataFrame([invariants(name) for name in names])
    with replacing(file) as (new,):
        frame.to_parquet(new, index=False)


def invariants(name: str) -> dict[str, Any]:
    """One row of the table; ``dropped`` says why a knot has no hyperbolic invariants.

    Columns are documented in ``case_studies.knots.table``.
    """
    snappy = _snappy()
    reason = "SnapPy failed"
    for attempt in range(_ATTEMPTS):
        manifold = snappy.Manifold(name)
        try:
            if attempt:  # another triangulation of the same space
                manifold.randomize()
            if manifold.solution_type(enum=True) == 4 or float(manifold.volume()) < _FLAT:
                reason = NOT_HYPERBOLIC
            else:
                return _hyperbolic(name, manifold)
        except (snappy.SnapPy.SnapPeaFatalError, RuntimeError, ValueError) as error:
            reason = f"SnapPy failed: {error}"
    return {"name": name, "crossings": crossing_number(name), "dropped": reason}


def crossing_number(name: str) -> int:
    """From a Hoste–Thistlethwaite name: 13 for K13n4587."""
    return int("".join(c if c.isdigit() else " " for c in name).split()[0])


def _hyperbolic(name: str, manifold: Any) -> dict[str, Any]:
    meridian, longitude, cusp_volume = _cusp(manifold)
    geodesic = shortest_geodesic(manifold)
    return {
        "name": name,
        "crossings": crossing_number(name),
        "volume": float(manifold.volume()),
        "chern_simons": _chern_simons(manifold),
        "longitudinal_translation": longitude.real,
        "meridional_translation_real": meridian.real,
        "meridional_translation_imag": meridian.imag,
        "cusp_volume": cusp_volume,
        "short_geodesic_real": geodesic.real,
        "short_geodesic_imag": geodesic.imag,
        "injectivity_radius": geodesic.real / 2,
        "symmetry_group": str(manifold.symmetry_group()),
        "signature": signature(name),
        "dropped": "",
    }


def _cusp(manifold: Any) -> tuple[complex, complex, float]:
    """Meridian, longitude and volume of the largest embedded cusp."""
    snappy = _snappy()
    try:
        cusp = manifold.cusp_neighborhood()
        cusp.set_displacement(cusp.stopping_displacement())
        meridian, longitude = (complex(t) for t in cusp.translations())
        return meridian, longitude, float(cusp.volume())
    except snappy.SnapPy.SnapPeaFatalError:
        # The kernel's canonical cell decomposition fails for a few knots; this way is 200 times
        # slower and needs none.
        meridian, longitude = (complex(t) for t in manifold.cusp_translations()[0])
        return meridian, longitude, longitude.real * abs(meridian.imag) / 2


def _chern_simons(manifold: Any) -> float:
    try:
        return float(manifold.chern_simons())
    except ValueError:  # SnapPy does not find it for every triangulation
        return float("nan")


def signature(name: str) -> int:
    """Signature of ``V + Vᵀ`` for a Seifert matrix V, with the sign that makes it follow the slope."""
    import spherogram

    matrix = np.array(spherogram.Link(name).seifert_matrix(), dtype=float)
    eigenvalues = np.linalg.eigvalsh(matrix + matrix.T)
    positive = int((eigenvalues > _TOLERANCE).sum())
    return -(positive - int((eigenvalues < -_TOLERANCE).sum()))


def shortest_geodesic(manifold: Any) -> complex:
    """Complex length of the shortest closed geodesic, from traces of words in the face pairings.

    The unsimplified presentation's generators pair faces of the fundamental domain, so short
    geodesics are short words; the length of a word is ``2 arccosh(trace / 2)``. Of equally short
    geodesics the one that turns most is taken, so that the result does not hang on the order of the
    words, which changes with the triangulation.
    """
    group = manifold.fundamental_group(False, True, True)
    letters = []
    for generator in group.generators():
        matrix = _matrix(group.SL2C(generator))
        letters += [matrix, np.linalg.inv(matrix)]
    alphabet = np.stack(letters)
    count = len(alphabet)
    words, last = alphabet, np.arange(count)
    best = _shortest(words)
    while len(words) < _ENOUGH_WORDS:
        product = (words[:, None] @ alphabet[None]).reshape(-1, 2, 2)
        left = np.repeat(last, count)
        right = np.tile(np.arange(count), len(words))
        reduced = (left ^ 1) != right
        words, last = product[reduced], right[reduced]
        best = _shorter(best, _shortest(words))
    return best


def _shorter(one: complex, other: complex) -> complex:
    """The shorter length; of two equally short ones that which turns more."""
    if abs(one.real - other.real) < _EQUALLY_LONG:
        return complex(min(one.real, other.real), max(one.imag, other.imag))
    return min(one, other, key=lambda length: length.real)


def _matrix(matrix: Any) -> np.ndarray:
    return np.array([[complex(matrix[i, j]) for j in range(2)] for i in range(2)])


def _shortest(words: np.ndarray) -> complex:
    trace = words[:, 0, 0] + words[:, 1, 1]
    length = 2 * np.arccosh(trace / 2)
    length = np.where(length.real < 0, -length, length)
    length = length[length.real > _SHORTEST]
    if not len(length):
        return complex(np.inf, 0.0)
    equal = length[length.real < length.real.min() + _EQUALLY_LONG]
    turned = (equal.imag + np.pi) % (2 * np.pi) - np.pi
    turned = np.where(turned < _EQUALLY_LONG - np.pi, turned + 2 * np.pi, turned)
    return complex(equal.real.min(), turned.max())


def _finished(frame: pd.DataFrame) -> pd.DataFrame:
    """Hyperbolic rows only; what was dropped stays as metadata of the frame."""
    kept = frame["dropped"] == ""
    table = frame[kept].drop(columns="dropped").reset_index(drop=True)
    table["signature"] = table["signature"].astype("int8")
    table["crossings"] = table["crossings"].astype("int8")
    table["symmetry_group"] = table["symmetry_group"].astype("category")
    floats = table.select_dtypes("float64").columns
    table[floats] = table[floats].astype("float32")
    reasons = frame.loc[~kept, ["name", "dropped"]]
    table.attrs["dropped"] = dict(zip(reasons["name"], reasons["dropped"], strict=True))
    return table


def _block_file(store: Path, block: list[str]) -> Path:
    key = zlib.crc32(" ".join(block).encode())
    return store / f"{block[0]}-{len(block)}-{key:08x}.parquet"


def _snappy() -> Any:
    try:
        import snappy
    except ImportError as error:
        raise InputError(
            "building the table needs SnapPy: pip install 'kan-workbench[knots]'"
        ) from error
    return snappy
