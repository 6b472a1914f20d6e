"""Compute the table of hyperbolic knots with SnapPy: every prime knot of the Hoste–Thistlethwaite census.

Needs the extra ``knots`` (snappy). Finished blocks are kept on disk, so a build that was interrupted
goes on where it ended.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from case_studies.knots.invariants import invariants, snappy_package
from case_studies.knots.table import stored
from workbench.common.workers import workers
from workbench.common.writing import replacing
from workbench.errors import InputError

BLOCK = 250
LEAST_CROSSINGS, MOST_CROSSINGS = 3, 14

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
        crossings: 3 to 14; 10 takes some seconds, 13 some minutes, 14 half an hour of one core.
        path: the Parquet file; blocks are collected in a folder beside it until it is complete.
        executor: runs the blocks; all cores of this machine by default.
        progress: called with a phase and the share done; True interrupts, and a later call resumes.

    Returns:
        the rows of hyperbolic knots; ``attrs["dropped"]`` maps the names of the others to the reasons.

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
    store.mkdir(exist_ok=True)
    names = list(census(crossings))
    blocks = [names[i : i + BLOCK] for i in range(0, len(names), BLOCK)]
    files = [_block_file(store, block) for block in blocks]
    waiting = {file: block for file, block in zip(files, blocks, strict=True) if not file.exists()}
    done = len(names) - sum(len(block) for block in waiting.values())
    with workers(os.cpu_count() or 1) if executor is None else nullcontext(executor) as pool:
        jobs = {pool.submit(compute_block, block): file for file, block in waiting.items()}
        for job in as_completed(jobs):
            block = job.result()
            with replacing(jobs[job]) as (new,):
                block.to_parquet(new, index=False)
            done += len(block)
            phase = f"{done:,} of {len(names):,} knots"
            if progress is not None and progress(phase, done / len(names)):
                for other in jobs:
                    other.cancel()
                raise KeyboardInterrupt
    frame = finished(pd.concat([pd.read_parquet(file) for file in files], ignore_index=True))
    write_table(frame, path)
    for file in files:
        file.unlink()
    store.rmdir()
    if progress is not None:
        progress("done", 1.0)
    return frame


def census(crossings: int) -> Iterator[str]:
    """Names of all census knots up to a crossing number, hyperbolic or not."""
    snappy = snappy_package()
    for count in range(LEAST_CROSSINGS, crossings + 1):
        for manifold in snappy.HTLinkExteriors(knots_vs_links="knots", crossings=count):
            yield manifold.name()


def compute_block(names: list[str]) -> pd.DataFrame:
    """The rows of some knots; ``dropped`` says why some have no invariants."""
    return pd.DataFrame([invariants(name) for name in names])


def finished(frame: pd.DataFrame) -> pd.DataFrame:
    """Hyperbolic rows only; what was dropped stays as ``attrs["dropped"]``, reasons by name."""
    kept = frame["dropped"] == ""
    table = frame[kept].drop(columns="dropped").reset_index(drop=True)
    reasons = frame.loc[~kept, ["name", "dropped"]]
    table = stored(table)
    table.attrs["dropped"] = dict(zip(reasons["name"], reasons["dropped"], strict=True))
    return table


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a finished table as Parquet, small: floats split by bytes, then zstd."""
    floats = table.select_dtypes(["float32", "float64"]).columns.tolist()
    with replacing(path) as (new,):
        table.to_parquet(
            new,
            compression="zstd",
            compression_level=19,
            index=False,
            use_dictionary=["symmetry_group"],
            use_byte_stream_split=floats,
        )


def _block_file(store: Path, block: list[str]) -> Path:
    key = zlib.crc32(" ".join(block).encode())
    return store / f"{block[0]}-{len(block)}-{key:08x}.parquet"
