"""What every model is: a matrix with parameters, how to diagonalize it, and the law that is known of it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import scipy.linalg

from case_studies.localization.lyapunov import by_recursion
from case_studies.localization.memory import require_memory
from case_studies.localization.rings import Values
from workbench.errors import InputError

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """A family of one-particle Hamiltonians of growing size.

    Energies are in units of the hopping between neighbours unless ``units`` says otherwise.

    Attributes:
        name: short, of the family. title: for people.
        parameters: the range from which each is drawn, by name.
        matrix: ``(N, N)``, Hermitian unless ``hermitian`` is False, from ``sites``, the phase ``phi``,
            ``ring`` (closed, with a rational frequency, or open with the golden one) and parameters.
        limits: beyond which a parameter has no meaning, by name; open intervals.
        sites: of a ring where nothing else is asked for.
        longest: chain on which ``lyapunov`` can measure, in sites.
        period: sites after which the form of the potential repeats; a ring has a multiple of it.
        orbitals: rows of the matrix that make up one site.
        edge: the known law, positive where a state is localized, from ``energy`` and parameters.
        exponent: the inverse localization length that theory gives, per site, in the same way.
        law: that edge for people. source: where it was derived. units: of energies.
        recursion: the factor c in ``w[n+1] + w[n-1] = c[n] w[n]``, where the model has this form; from
            energy, site, frequency, phase and parameters.
    """

    name: str
    title: str
    parameters: Mapping[str, Span]
    matrix: Callable[..., np.ndarray]
    limits: Mapping[str, Span] = field(default_factory=dict)
    sites: int = 233
    longest: int = 1_000_000
    period: int = 1
    orbitals: int = 1
    hermitian: bool = True
    edge: Callable[..., np.ndarray] | None = None
    exponent: Callable[..., np.ndarray] | None = None
    law: str = "not known"
    source: str = ""
    units: str = "hopping between neighbours"
    recursion: Callable[..., np.ndarray] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Models of this package travel to other processes by their name, others as they are."""
        models = import_module("case_studies.localization.models")
        if models.MODELS.get(self.name) is self:
            return models.model, (self.name,)
        return super().__reduce__()  # type: ignore[return-value]

    @property
    def variables(self) -> tuple[str, ...]:
        """What a mobility edge may depend on."""
        return (*self.parameters, "E")

    def require(self, parameters: Mapping[str, Values]) -> None:
        """Refuse parameters that are missing, unknown, not finite or outside of the limits.

        Raises:
            InputError: says which and what is allowed.
        """
        if set(parameters) != set(self.parameters):
            needed, given = ", ".join(self.parameters) or "none", ", ".join(parameters) or "none"
            raise InputError(f"{self.title} has the parameters {needed}; given: {given}")
        for name, value in parameters.items():
            low, high = self.limits.get(name, (-math.inf, math.inf))
            inside = np.isfinite(value) & (np.asarray(value) > low) & (np.asarray(value) < high)
            if not np.all(inside):
                raise InputError(
                    f"{name} of the {self.title} must be a number above {low:g} and below {high:g}"
                )

    def hamiltonian(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> np.ndarray:
        """The matrix ``(N, N)`` with ``N = sites * orbitals``.

        Raises:
            InputError: parameters or sites that the model does not have, or too much memory.
        """
        self.require(parameters)
        require_memory(sites * self.orbitals, itemsize=8 if self.hermitian else 16)
        return self.matrix(sites, phi, ring=ring, **parameters)

    def eigenstates(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Energies ``(K,)``, ascending by real part, and eigenstates ``(N, K)`` in columns."""
        matrix = self.hamiltonian(sites, phi, ring=ring, **parameters)
        if self.hermitian:
            # "evr" is five times faster than "evd" on a machine with a busy second core.
            energies, states = np.linalg.eigh(matrix)
            return energies, states
        energies, states = scipy.linalg.eig(matrix)
        order = np.argsort(energies.real)
        return energies[order], states[:, order]

    def energies(
        self, sites: int, phi: float, *, ring: bool = True, **parameters: float
    ) -> np.ndarray:
        """Energies ``(K,)`` alone, ascending by real part."""
        matrix = self.hamiltonian(sites, phi, ring=ring, **parameters)
        if self.hermitian:
            return np.linalg.eigvalsh(matrix)
        found = scipy.linalg.eigvals(matrix)
        return found[np.argsort(found.real)]

    def levels(self, shares: np.ndarray, sites: int, phi: float, **parameters: float) -> np.ndarray:
        """Energies ``(K, 3)`` of the states below which a share of all lies, and of their neighbours.

        Args:
            shares: ``(K,)`` between 0 and 1. sites: of the lattice. phi: its phase.
        """
        energies = self.energies(sites, phi, ring=True, **parameters).real
        middle = np.clip(np.round(shares * len(energies) - 0.5), 1, len(energies) - 2)
        found: np.ndarray = energies[middle.astype(int)[:, None] + np.arange(-1, 2)]
        return found

    def affordable(self, sites: int) -> int:
        """How many sites ``levels`` should take where so many are wanted: dense matrices stay small."""
        return min(sites, self.sites)

    def weights(self, states: np.ndarray) -> np.ndarray:
        """Probability ``(sites, K)`` of finding each state at a site."""
        weight = np.abs(states) ** 2
        weight = weight.reshape(-1, self.orbitals, weight.shape[1]).sum(1)
        found: np.ndarray = weight / weight.sum(0)
        return found

    def lyapunov(
        self,
        energies: np.ndarray,
        parameters: Mapping[str, Values],
        *,
        phi: Values = 0.0,
        length: int = 2000,
    ) -> np.ndarray:
        """Measured inverse localization length per site ``(K,)`` of an endless chain.

        Only physical for energies in the spectrum: in a gap it grows although nothing lives there.

        Args:
            energies: ``(K,)``. parameters: a number or ``(K,)`` each. phi: a number or ``(K,)``.
            length: sites that the transfer matrices go through.

        Raises:
            InputError: the model has no transfer matrix.
        """
        if self.recursion is None:
            raise InputError(
                f"{self.title} has no transfer matrix, so the decay of its states is measured otherwise"
            )
        return by_recursion(self.recursion, energies, parameters, phi=phi, length=length)
