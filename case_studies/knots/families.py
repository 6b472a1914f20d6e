"""Knots of another kind than the census's small diagrams, to hold a rule against: rows that it has not seen.

Needs the extra ``knots``. Every row's name gives the knot back: a Hoste–Thistlethwaite name, a braid
word or a DT code, see ``case_studies.knots.words.link_of``.
"""

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from case_studies.knots.build import Progress, finished, write_table
from case_studies.knots.invariants import diagram_row
from case_studies.knots.table import load_table
from case_studies.knots.words import braid_name, closes_to_a_knot, link_of
from workbench.errors import InputError

_SAME = 1e-5
_MOST_CROSSINGS = 60
_15_CROSSINGS = 253_293


class Family(NamedTuple):
    """A way to draw knots by chance; ``names`` gives one after the other without an end."""

    meaning: str
    names: Callable[[np.random.Generator], Iterator[str]]


def _braids(random: np.random.Generator) -> Iterator[str]:
    while True:
        strands = int(random.integers(3, 7))
        letters = random.integers(1, strands, size=int(random.integers(12, 31)))
        word = letters * random.choice((-1, 1), size=len(letters))
        reduced = bool((word[1:] != -word[:-1]).all())
        if reduced and closes_to_a_knot(word, strands):
            yield braid_name(word)


def _twisted(random: np.random.Generator) -> Iterator[str]:
    """Davies and others 2021, section 6: (σ_i^n ...)^N with many turns of two strands each."""
    while True:
        strands = int(random.integers(3, 6))
        places = random.integers(1, strands, size=int(random.integers(2, 5)))
        turns = random.integers(3, 7, size=len(places)) * random.choice((-1, 1), size=len(places))
        word = np.tile(np.repeat(places * np.sign(turns), abs(turns)), int(random.integers(1, 5)))
        if len(word) <= _MOST_CROSSINGS and closes_to_a_knot(word, strands):
            yield braid_name(word)


def _diagrams(random: np.random.Generator) -> Iterator[str]:
    import spherogram

    while True:
        link = spherogram.random_link(int(random.integers(20, 45)), num_components=1)
        link.simplify("basic")
        if len(link.crossings) > 2:
            yield "DT:" + str([tuple(link.DT_code()[0])])


def _fifteen(random: np.random.Generator) -> Iterator[str]:
    try:
        snappy, _ = import_module("snappy"), import_module("snappy_15_knots")
    except ImportError as error:
        raise InputError("15 crossings need their census: pip install snappy_15_knots") from error
    knots = snappy.HTLinkExteriors(knots_vs_links="knots", crossings=15)
    for place in random.permutation(_15_CROSSINGS):
        yield knots[int(place)].name()


FAMILIES: dict[str, Family] = {
    "15 crossings": Family("drawn from the census of 15 crossings", _fifteen),
    "braids": Family("closures of random braids of 3 to 6 strands, 12 to 30 letters", _braids),
    "twisted braids": Family("closures of (σ_i^n σ_j^m ...)^N, 3 to 6 half turns each", _twisted),
    "diagrams": Family("random planar diagrams of 20 to 44 crossings, simplified", _diagrams),
}


def build_families(
    count: int,
    path: str | Path,
    *,
    names: list[str] | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Draw ``count`` knots of every family, leave out what the census has, and write the table.

    Args:
        count: hyperbolic knots of each family before duplicates are left out.
        path: the Parquet file.
        names: families, all by default.
        seed: of the draws; SnapPy's own random diagrams do not follow it, but their names do tell
            which knots they are.
        executor: computes the rows; this process by default.
        progress: called with a phase and the share done; True ends the draw.

    Raises:
        InputError: SnapPy or a census is missing, or there is no such family.
    """
    chosen = list(FAMILIES) if names is None else names
    unknown = [name for name in chosen if name not in FAMILIES]
    if unknown:
        raise InputError(f"a family must be one of {', '.join(FAMILIES)}, got {unknown[0]!r}")
    census = load_table()
    parts = []
    for place, name in enumerate(chosen):
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        drawn = list(islice(FAMILIES[name].names(random), count))
        rows = []
        for row in rows_of(drawn, executor):
            rows.append(row)
            done = (place + len(rows) / count) / len(chosen)
            if progress is not None and progress(f"{name}: {len(rows)} of {count}", done):
                raise KeyboardInterrupt
        table = finished(pd.DataFrame(rows))
        new = _new(table, census, deep=name != "15 crossings")
        parts.append(new.assign(family=name))
    dropped = {k: v for part in parts for k, v in part.attrs["dropped"].items()}
    table = pd.concat([part.astype({"symmetry_group": str}) for part in parts], ignore_index=True)
    table = table.astype({"symmetry_group": "category", "family": "category"})
    table.attrs["dropped"] = dropped
    write_table(table, path)
    return table


def rows_of(names: list[str], executor: Executor | None = None) -> Iterator[dict[str, Any]]:
    """Rows of named knots, in their order, computed by ``executor`` or in this process."""
    if executor is None:
        yield from map(named_row, names)
        return
    jobs: list[Future[dict[str, Any]]] = [executor.submit(named_row, name) for name in names]
    for job in jobs:
        yield job.result()


def named_row(name: str) -> dict[str, Any]:
    """The row of one knot by its name: of the census, a braid word or a DT code."""
    return diagram_row(link_of(name), name)


def _new(table: pd.DataFrame, census: pd.DataFrame, deep: bool) -> pd.DataFrame:
    """Rows that are in the census neither, nor twice: no other has this volume and Chern–Simons."""
    attrs = table.attrs
    known = {_key(v, c) for v, c in zip(census["volume"], census["chern_simons"], strict=True)}
    kept = []
    for volume, turn in zip(table["volume"], table["chern_simons"], strict=True):
        key = _key(volume, turn)
        kept.append(not deep or key not in known)
        if deep:
            known.add(key)
    table = table[kept].reset_index(drop=True)
    table.attrs = attrs
    return table


def _key(volume: float, turn: float) -> tuple[int, int]:
    """Equal for a knot and its mirror image, up to rounding at the edges of a cell."""
    near = min(abs(turn), 0.5 - abs(turn)) if np.isfinite(turn) else -1.0
    return round(float(volume) / _SAME), round(float(near) / 1e-4)
