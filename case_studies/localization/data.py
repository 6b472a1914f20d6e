"""Tables of eigenstates, diagonalized when they are needed and kept in the user's cache folder."""

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from platformdirs import user_cache_path
from threadpoolctl import threadpool_limits

from case_studies.localization.lyapunov import ELSEWHERE
from case_studies.localization.measures import dimension
from case_studies.localization.models import Lattice, model
from workbench.common.writing import replacing
from workbench.errors import InputError

SITES = 377
STATES = 20
HIGHEST_ENERGY = 6.0
LOCALIZED, EXTENDED = "localized", "extended"
_HALF = 0.5
_VERSION = 2

Progress = Callable[[str, float], bool]


def eigenstates(
    lattice: Lattice,
    realizations: int,
    *,
    sites: int = SITES,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Some eigenstates of many rings with random parameters and phases.

    One row a state: the parameters, ``phi``, ``E``, ``D`` (fractal dimension), ``gamma`` (inverse
    localization length), ``state`` ("localized" where D < 1/2) and ``realization``; states of one
    realization belong in the same part of a split. States with ``|E| > 6`` (6 % in the generalized
    chain, near its poles) are left out.

    Args:
        lattice: the family, of this package. realizations: number of rings.
        sites: of a ring, a Fibonacci number. seed: of parameters, phases and the choice of states.
        executor: diagonalizes the rings; this process does by default.
        progress: called with a phase and the share done; True interrupts.
    """
    path = _cache_file(lattice, realizations, sites, seed)
    if path is not None and path.is_file():
        return pd.read_parquet(path)
    random = np.random.default_rng(seed)
    jobs = []
    for number in range(realizations):
        drawn = {n: float(random.uniform(*span)) for n, span in lattice.parameters.items()}
        phi = float(random.uniform(0, 2 * np.pi))
        jobs.append((lattice.name, number, sites, phi, drawn, int(random.integers(2**31))))
    run = map if executor is None else executor.map
    tables = []
    for table in run(_realization, jobs):
        tables.append(table)
        share = len(tables) / realizations
        if progress is not None and progress(f"diagonalizing {lattice.name} rings", share):
            raise KeyboardInterrupt
    frame = pd.concat(tables, ignore_index=True)
    if path is not None:
        # A cache that cannot be written costs time, no result.
        with suppress(InputError), replacing(path) as (new,):
            frame.to_parquet(new, index=False)
    return frame


def _realization(job: tuple[str, int, int, float, dict[str, float], int]) -> pd.DataFrame:
    name, number, sites, phi, drawn, seed = job
    lattice = model(name)
    # Many BLAS threads on small matrices slow each other down a hundredfold on a busy machine.
    with threadpool_limits(1):
        energies, states = lattice.eigenstates(sites, phi, ring=True, **drawn)
    near = np.flatnonzero(np.abs(energies) < HIGHEST_ENERGY)
    chosen = np.random.default_rng(seed).choice(near, min(STATES, len(near)), replace=False)
    d = dimension(lattice.weights(states[:, chosen]))
    return pd.DataFrame(
        {
            **{key: np.full(len(chosen), value) for key, value in drawn.items()},
            "phi": phi,
            "E": energies[chosen],
            "D": d,
            "gamma": lattice.lyapunov(energies[chosen], drawn, phi=phi + ELSEWHERE),
            "state": np.where(d < _HALF, LOCALIZED, EXTENDED),
            "realization": number,
        }
    )


def _cache_file(lattice: Lattice, realizations: int, sites: int, seed: int) -> Path | None:
    """Where these eigenstates are kept; None when the folder cannot be written."""
    chosen = os.environ.get("WORKBENCH_CACHE")
    folder = Path(chosen) if chosen else user_cache_path("kan-workbench", appauthor=False)
    drawn = [lattice.name, lattice.parameters]
    about = [*drawn, realizations, sites, seed, STATES, HIGHEST_ENERGY, _VERSION]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder / f"{lattice.name}-{key}.parquet" if os.access(folder, os.W_OK) else None
