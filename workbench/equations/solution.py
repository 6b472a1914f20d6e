"""What ``solve`` returns: the solution, how far it can be trusted, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch

from workbench.equations.jets import jet
from workbench.equations.problem import Problem
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan.checkpoint import save
from workbench.kan.checks import numbers
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.graph import to_networkx
from workbench.search.automatic import discover

_SAMPLES, _ROWS, _SEARCH_SECONDS = 500, 1000, 60.0


@dataclass(frozen=True)
class Coefficient:
    """An unknown coefficient as it was found.

    Attributes:
        value: the estimate.
        low, high: ends of its 95 % interval.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.6g} (95 %: {self.low:.6g} to {self.high:.6g})"


@dataclass(frozen=True, eq=False)
class Solution:
    """The solution of a problem as a network; call it with points.

    Attributes:
        problem: what was solved.
        model: the network, coordinates to fields.
        error: estimated relative L² error; with data, the scatter by their noise included, twice.
        converged: whether what the network adds to it is below the tolerance.
        sentences: the verdict.
        coefficients: the unknown ones, by name.
        residuals: root mean square of what is left of every equation and condition at fresh points, in
            its own units.
        seconds: wall time.
        stopped: whether ``stop`` ended the work early.
    """

    problem: Problem
    model: KAN
    error: float
    converged: bool
    sentences: tuple[str, ...]
    coefficients: Mapping[str, Coefficient]
    residuals: tuple[float, ...]
    seconds: float
    stopped: bool = False

    def __call__(self, points: Any) -> np.ndarray:
        """Values at ``points (N, d)``: ``(N,)``, for several fields ``(N, m)``.

        Args:
            points: a table; of one coordinate it may be ``(N,)``.

        Raises:
            InputError: points have another number of columns.
        """
        values = self.jet(points)[(0,) * len(self.problem.names)]
        return values[:, 0] if values.shape[1] == 1 else values

    def jet(
        self, points: Any, orders: Sequence[tuple[int, ...]] | None = None
    ) -> dict[tuple[int, ...], np.ndarray]:
        """Derivatives at ``points (N, d)``, exact for the network.

        Args:
            points: as in a call.
            orders: how often by each coordinate; by default all that the equations hold, and the value.

        Returns:
            By multi-index ``(N, m)``: ``found[2, 0]`` is the second derivative by the first coordinate.

        Raises:
            InputError: points have another number of columns, or an index another length.
        """
        table = numbers(points)
        table = table[:, None] if table.ndim == 1 else table
        if table.ndim != 2 or table.shape[1] != len(self.problem.names):
            names = ", ".join(self.problem.names)
            raise InputError(f"points need the columns {names}, got shape {table.shape}")
        if orders is None:
            asked = {index for r in self.problem.inside for _, index in r.asked}
            orders = sorted(asked | {(0,) * len(self.problem.names)})
        at = torch.from_numpy(table).to(self.model.output_scale)
        return {index: part.cpu().numpy() for index, part in jet(self.model, at, orders).items()}

    @cached_property
    def formulas(self) -> Mapping[str, Formula]:
        """For every field the formula that a search of a minute finds in its values inside the domain.

        The values are given random errors of the size that the solution estimates for its own: no digit
        beyond them is then taken for one of the law's.
        """
        random = np.random.default_rng(0)
        points = self.problem.domain.inside(_ROWS, 0)
        values = self(points).reshape(len(points), -1)
        found = {}
        for name, column in zip(self.problem.fields, values.T, strict=True):
            known = min(self.error, 1.0) * float(np.sqrt(np.square(column).mean()))
            told = column + known * random.standard_normal(len(column))
            data = Dataset.from_arrays(points, told, names=self.problem.names, target=name)
            found[name] = discover(data, effort="quick", seconds=_SEARCH_SECONDS, hidden=()).formula
        return found

    @property
    def formula(self) -> Formula:
        """The formula of the only field, see ``formulas``.

        Raises:
            InputError: there are several fields.
        """
        if len(self.problem.fields) > 1:
            raise InputError(f"there are {len(self.problem.fields)} fields: take one of formulas")
        return self.formulas[self.problem.fields[0]]

    def save(self, path: str | Path) -> None:
        """Write the network with the names of its coordinates; ``workbench.kan.load`` reads it.

        Args:
            path: the file, by custom ``.safetensors``.

        Raises:
            InputError: it cannot be written there.
        """
        fields = ", ".join(self.problem.fields)
        save(self.model, path, names=self.problem.names, target=fields)

    def to_networkx(self) -> nx.DiGraph:
        """The network as a graph, see ``workbench.to_networkx``."""
        points = self.problem.domain.inside(_SAMPLES, 0)
        data = Dataset.from_arrays(
            points, self(points), names=self.problem.names, target=self.problem.fields[0]
        )
        return to_networkx(self.model, data)

    def __str__(self) -> str:
        named = [f"{name} = {found}" for name, found in self.coefficients.items()]
        return "\n".join((*self.sentences, *named))
