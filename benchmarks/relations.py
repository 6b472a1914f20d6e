"""Relations among columns without a target, in made tables whose laws are known, and in the table of knots.

    python benchmarks/relations.py [--seeds 10] [--quick]

A table is *right* when exactly the sets of columns of its laws are found, and nothing with the columns of
noise beside them. Noise is a share of the standard deviation of the columns that follow from others. Formulas
are looked for in the first table of 500 rows with 1 % noise.
"""

import time
from collections.abc import Callable, Iterator

import measure
import numpy as np
import pandas as pd
from tables import write

from case_studies.knots.table import load_table
from workbench.relations import Relations, find_relations

Columns = dict[str, np.ndarray]
FIRST = 100
"""Seed of the first table; others were used while the search was written."""


def toy(random: np.random.Generator, rows: int) -> Columns:
    """The six columns of Liu et al. 2024, section 4.2: two laws, and a column of noise."""
    x = random.uniform(-1, 1, (6, rows))
    x[2] = np.exp(np.sin(np.pi * x[0]) + x[1] ** 2)
    x[4] = x[3] ** 3
    return {f"x{n + 1}": column for n, column in enumerate(x)}


def sphere(random: np.random.Generator, rows: int) -> Columns:
    v = random.standard_normal((3, rows))
    x, y, z = v / np.linalg.norm(v, axis=0)
    return {"x": x, "y": y, "z": z, "u": random.standard_normal(rows), "v": random.random(rows)}


def product(random: np.random.Generator, rows: int) -> Columns:
    b, c, u, v = random.standard_normal((4, rows))
    return {"a": b * c, "b": b, "c": c, "u": u, "v": v}


def product_and_sum(random: np.random.Generator, rows: int) -> Columns:
    a, b, d, u = random.standard_normal((4, rows))
    return {"a": a, "b": b, "c": a * b + d, "d": d, "u": u}


def nothing(random: np.random.Generator, rows: int) -> Columns:
    drawn = (
        random.standard_normal((2, rows)),
        random.random((2, rows)),
        random.exponential(size=(2, rows)),
        random.integers(0, 5, (1, rows)).astype(float),
        random.standard_cauchy((1, rows)),
    )
    return {f"n{k}": column for k, column in enumerate(np.concatenate(drawn))}


KINDS: dict[str, tuple[Callable, tuple[str, ...], tuple[str, ...]]] = {
    "x3 = exp(sin πx1 + x2²), x5 = x4³": (toy, ("x1 x2 x3", "x4 x5"), ("x3", "x5")),
    "x² + y² + z² = 1": (sphere, ("x y z",), ("x", "y", "z")),
    "a = b·c": (product, ("a b c",), ("a",)),
    "c = a·b + d": (product_and_sum, ("a b c d",), ("c",)),
}


def made(
    law: Callable, follow: tuple[str, ...], rows: int, noise: float, seed: int
) -> pd.DataFrame:
    """A table, with noise on the columns that follow."""
    random = np.random.default_rng(seed)
    columns = law(random, rows)
    for name in follow:
        columns[name] += noise * columns[name].std() * random.standard_normal(rows)
    return pd.DataFrame(columns)


def knots(rows: int, seed: int) -> pd.DataFrame:
    """Knots, and two columns of noise."""
    random = np.random.default_rng(seed)
    table = load_table(13).drop(columns=["name", "amphichiral"]).sample(rows, random_state=seed)
    return table.assign(noise=random.standard_normal(rows), waiting=random.exponential(size=rows))


def sets(found: Relations, *, exact: bool = True) -> set[frozenset[str]]:
    """Sets of columns of all relations, or of laws and duplicates alone."""
    return {one.columns for one in found if one.kind in ("law", "duplicate") or exact}


def line(
    name: str,
    tables: list[pd.DataFrame],
    wanted: tuple[str, ...],
    *,
    formulas: bool,
    exact: bool = True,
) -> list[str]:
    """One kind: how many tables are right, CPU seconds of a table, and what is said of the first."""
    begun = time.process_time()
    found = [find_relations(table, formulas=False, seed=n) for n, table in enumerate(tables)]
    seconds = (time.process_time() - begun) / len(tables)
    laws = {frozenset(law.split()) for law in wanted}
    right = sum(sets(one, exact=exact) == laws for one in found)
    first = find_relations(tables[0], seed=0, seconds=60) if formulas else found[0]
    shown = [one for one in first if one.columns in laws or exact]
    said = "; ".join(f"`{one.formula or ' '.join(sorted(one.columns))}`" for one in shown)
    noise = sum(not one.columns.isdisjoint({"noise", "waiting"}) for each in found for one in each)
    if not exact:
        said += f"; {noise} with a column of noise"
    rows, columns = tables[0].shape
    return [
        name,
        f"{rows} × {columns}",
        f"{right} of {len(tables)}",
        f"{seconds:.1f}",
        said or "nothing",
    ]


def lines(seeds: int, *, quick: bool) -> Iterator[list[str]]:
    for name, (law, wanted, follow) in KINDS.items():
        for rows in (500,) if quick else (500, 2000):
            for noise in (0.0,) if quick else (0.0, 0.01, 0.05):
                tables = [made(law, follow, rows, noise, FIRST + n) for n in range(seeds)]
                formulas = rows == 500 and noise == 0.01
                yield line(f"{name}, noise {noise:.0%}", tables, wanted, formulas=formulas)
    for rows in (500,) if quick else (500, 2000):
        tables = [made(nothing, (), rows, 0.0, FIRST + n) for n in range(2 * seeds)]
        yield line("noise alone", tables, (), formulas=False)
    wanted = (
        "injectivity_radius short_geodesic_real",
        "cusp_volume longitudinal_translation meridional_translation_imag",
    )
    tables = [knots(500 if quick else 2000, FIRST + n) for n in range(seeds)]
    yield line("knots, laws and duplicates", tables, wanted, formulas=False, exact=False)


def main() -> None:
    options = measure.options(__doc__, seeds=(10, 1))
    header = ("table", "size", "right", "CPU s", "the first says")
    write("relations", header, lines(options.seeds, quick=options.quick))


if __name__ == "__main__":
    main()
