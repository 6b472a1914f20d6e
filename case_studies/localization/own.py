"""A lattice of the user's own: a function that gives a matrix, and the ranges of its parameters."""

import inspect
import math
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from case_studies.localization.lyapunov import by_green, slope_of
from case_studies.localization.memory import require_memory
from case_studies.localization.models.lattice import Lattice, Span
from case_studies.localization.rings import Values
from workbench.errors import InputError, in_one_line

SITES = 233
LONG = 987
"""Sites of the chain on which decay is measured; a Fibonacci number, for functions that close a ring."""
_DENSE = 377
"""The same where hopping reaches too far for a recursion, and a dense system is solved."""
_WIDEST = 6
_HERMITIAN = 1e-9
_PROBES = 3

Hamiltonian = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class OwnLattice(Lattice):
    """A lattice from a function.

    Attributes:
        width: how far a site hops, in sites.
    """

    width: int

    def affordable(self, sites: int) -> int:
        """As many as its author says, or enough for energies to be those of an endless lattice."""
        return max(self.sites, SITES)

    def lyapunov(
        self,
        energies: np.ndarray,
        parameters: Mapping[str, Values],
        *,
        phi: Values = 0.0,
        length: int = LONG,
    ) -> np.ndarray:
        """Measured decay per site ``(K,)`` of the Green's function, on chains of at most 987 sites.

        Block by block where the matrix is a band, else by solving ``(E - H) G = 1`` for a column.
        """
        columns = [np.broadcast_to(v, energies.shape) for v in (phi, *parameters.values())]
        keys, which = np.unique(np.array(columns), axis=1, return_inverse=True)
        which = which.ravel()
        sites, width = min(length, self.longest), self.width
        if width > _WIDEST:
            return self._by_columns(energies, keys, which, sites)
        rows = sites // width * width
        chains = [_blocks(self._at(key, sites), width, rows) for key in keys.T]
        levels, hops = (np.stack(part, axis=-1) for part in zip(*chains, strict=True))
        return (
            by_green(
                energies,
                lambda cell: levels[cell][..., which],
                lambda cell: hops[cell][..., which],
                cells=rows // width,
            )
            / width
        )

    def _at(self, key: np.ndarray, sites: int) -> np.ndarray:
        phi, *values = key.tolist()
        return self.matrix(sites, phi, ring=True, **dict(zip(self.parameters, values, strict=True)))

    def _by_columns(
        self, energies: np.ndarray, keys: np.ndarray, which: np.ndarray, sites: int
    ) -> np.ndarray:
        found = np.empty(len(energies))
        for number, key in enumerate(keys.T):
            matrix = self._at(key, sites)
            closed = np.abs(matrix[0, -1]) > np.abs(matrix[0, sites // 2])
            reach = sites // 2 if closed else sites
            source = np.zeros(sites)
            source[0] = 1
            for state in np.flatnonzero(which == number):
                column = np.linalg.solve(energies[state] * np.eye(sites) - matrix, source)
                found[state] = -slope_of(np.log(np.abs(column[1:reach])))
        return found


def from_function(
    function: Hamiltonian,
    parameters: Mapping[str, Span],
    *,
    sites: int = SITES,
    name: str = "lattice of your own",
) -> OwnLattice:
    """A lattice from a function that gives its matrix.

    Args:
        function: ``hamiltonian(sites, phi, **parameters) -> (N, N)``, Hermitian, open or closed, with ``N``
            equal to ``sites``; the same potential goes on when there are more sites.
        parameters: the range from which each is drawn, by name.
        sites: of the lattices that are diagonalized, 233 by default. name: for people.

    Raises:
        InputError: parameters are not ranges, or the function does not take them, or what it gives is not
            a Hermitian matrix of finite numbers of the right shape.
    """
    spans = {label: _span(label, span) for label, span in _mapping(parameters).items()}
    if isinstance(sites, bool) or not isinstance(sites, int) or sites < 20:
        raise InputError(f"sites must be a whole number of at least 20, got {sites!r}")
    if not callable(function):
        raise InputError("hamiltonian must be a function of sites, phi and the parameters")
    require_memory(max(sites, LONG))

    def matrix(sites: int, phi: float, *, ring: bool, **values: float) -> np.ndarray:
        return _given(function, sites, phi, values)

    try:
        inspect.signature(function).bind(sites, 0.0, **dict.fromkeys(spans, 0.0))
    except TypeError as error:
        raise InputError(
            f"hamiltonian must take sites, phi and {', '.join(spans)}: {error}"
        ) from error
    random, width = np.random.default_rng(0), 1
    for size in (sites, LONG):
        for _ in range(_PROBES):
            drawn = {label: float(random.uniform(*span)) for label, span in spans.items()}
            probe = matrix(size, float(random.uniform(0, 2 * np.pi)), ring=True, **drawn)
            _require_hermitian(probe)
            width = max(width, bandwidth(probe))
    return OwnLattice(
        name="OWN", title=name, parameters=spans, matrix=matrix, sites=sites, width=width,
        longest=LONG if width <= _WIDEST else _DENSE, source="your own",
    )  # fmt: skip


def from_file(path: str | Path) -> OwnLattice:
    """A lattice from a Python file of the user's, which is run like any script of theirs.

    The file defines ``hamiltonian`` and ``parameters`` as ``from_function`` takes them, and may define
    ``sites``.

    Raises:
        InputError: the file cannot be read or run, or does not define what is needed.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    try:
        content = runpy.run_path(str(file), run_name="lattice")
    except Exception as error:  # whatever the user's own script raises is told in one sentence
        raise InputError(
            f"{file.name} could not be run: {type(error).__name__}: {in_one_line(error)}"
        ) from error
    missing = [n for n in ("hamiltonian", "parameters") if n not in content]
    if missing:
        raise InputError(
            f"{file.name} must define hamiltonian(sites, phi, **parameters) and parameters = "
            f"{{name: (low, high)}}; it lacks {' and '.join(missing)}"
        )
    return from_function(
        content["hamiltonian"],
        content["parameters"],
        sites=content.get("sites", SITES),
        name=f"lattice of {file.name}",
    )


def bandwidth(matrix: np.ndarray) -> int:
    """The furthest hopping of a matrix, apart from the corners that close a ring; at least 1."""
    rows, columns = np.nonzero(np.abs(matrix) > 0)
    apart = np.abs(rows - columns)
    return int(max(np.minimum(apart, len(matrix) - apart).max(initial=1), 1))


def _blocks(matrix: np.ndarray, width: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal blocks and those from a cell to the next, ``(cells, width, width)`` each, of an open band."""
    cells = rows // width
    parts = matrix[:rows, :rows].reshape(cells, width, cells, width)
    here, ahead = np.arange(cells), np.arange(cells - 1)
    return parts[here, :, here], parts[ahead, :, ahead + 1]


def _mapping(parameters: object) -> Mapping[str, Any]:
    if not isinstance(parameters, Mapping) or not parameters:
        raise InputError("parameters must be a dict of ranges, such as {'lam': (0.0, 4.0)}")
    wrong = [n for n in parameters if not (isinstance(n, str) and n.isidentifier())]
    if wrong or "E" in parameters:
        raise InputError(
            f"parameters must have names of letters, and E is the energy; got {list(parameters)}"
        )
    return parameters


def _span(name: str, span: object) -> Span:
    try:
        low, high = (float(v) for v in span)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"the range of {name} must be two numbers, the lower first, got {span!r}")
    return low, high


def _given(
    function: Hamiltonian, sites: int, phi: float, values: Mapping[str, float]
) -> np.ndarray:
    """What the function gives, when it is a matrix of finite numbers of the right shape."""
    try:
        matrix = np.asarray(function(sites, phi, **values))
    except Exception as error:  # the user's own code
        raise InputError(
            f"hamiltonian({sites}, {phi:.3g}, …) failed: {type(error).__name__}: {in_one_line(error)}"
        ) from error
    if matrix.shape != (sites, sites):
        raise InputError(
            f"hamiltonian({sites}, …) must be an array of {sites} × {sites} numbers, "
            f"got the shape {matrix.shape}"
        )
    if matrix.dtype.kind not in "fciub" or not np.isfinite(matrix).all():
        raise InputError(
            "hamiltonian must hold finite numbers: some are missing, infinite or no numbers"
        )
    return matrix.astype(complex if matrix.dtype.kind == "c" else float, copy=False)


def _require_hermitian(matrix: np.ndarray) -> None:
    uneven = np.abs(matrix - matrix.conj().T).max()
    if uneven > _HERMITIAN * np.abs(matrix).max():
        raise InputError(
            f"hamiltonian must be Hermitian, equal to its conjugate transpose; entries differ by {uneven:.3g}"
        )
