"""One network on its way to a solution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workbench.equations.inference import Scatter, scatter
from workbench.equations.objective import Layout, Objective, Rows
from workbench.equations.problem import Problem
from workbench.equations.residuals import Residual
from workbench.kan.config import KANConfig
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.starts import random_starts

_SIZES = (-1.0, 1.5)
_PER_PARAMETER = 3


@dataclass(frozen=True)
class Approximation:
    """A stack of networks with the unknown coefficients of each.

    Attributes:
        problem: what they are to solve.
        ensemble: ``S`` networks.
        coefficients: ``(S, C)``.
    """

    problem: Problem
    ensemble: Ensemble
    coefficients: Tensor

    @classmethod
    def random(
        cls, problem: Problem, config: KANConfig, points: Tensor, starts: int, seed: int
    ) -> "Approximation":
        """Random starts on the grid of a config, over the whole domain."""
        model = KAN.from_config(config, seed=seed, device=points.device)
        stack = Ensemble.of([model])
        ends = torch.tensor(problem.domain.ranges, dtype=points.dtype, device=points.device)
        stack = stack.with_range(0, ends.unsqueeze(0))
        ensemble = random_starts(stack.model(0), points, config.grid_size, starts, seed)
        known = points.new_tensor([unknown.start for unknown in problem.unknowns.values()])
        return cls(problem, ensemble, known.expand(starts, -1))

    def smooth(self, size: float, seed: int) -> "Approximation":
        """Single curves as cubics at random, from a tenth of a size to thirty times as large.

        Random coefficients are soon forgotten; what is as smooth as a solution leads to one of its own.
        """
        layer = self.ensemble.layers[0]
        shape = layer.coefficients.shape
        along = torch.linspace(-1, 1, shape[-1], dtype=torch.float64)
        drawn = torch.randn(
            *shape[:-1], 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
        )
        sizes = size * torch.logspace(*_SIZES, len(self), dtype=torch.float64)
        curves = sizes.view(-1, 1, 1, 1) * (drawn @ torch.stack([along**n for n in range(4)]))
        layers = (replace(layer, coefficients=curves.to(layer.coefficients)),)
        return replace(self, ensemble=replace(self.ensemble, layers=layers))

    def __len__(self) -> int:
        return len(self.ensemble)

    @property
    def layout(self) -> Layout:
        """Of its parameters."""
        names = self.problem.names
        sizes = {name: unknown.size for name, unknown in self.problem.unknowns.items()}
        periodic = [names.index(name) for name in self.problem.domain.periodic]
        return Layout.of(self.ensemble, periodic, sizes)

    @property
    def grid_size(self) -> int:
        """Intervals of every grid."""
        return self.ensemble.layers[0].grid_size

    @property
    def parameter_count(self) -> int:
        """Free numbers of one network."""
        return len(self.layout.kept)

    @property
    def width(self) -> tuple[object, ...]:
        """Of the networks."""
        return self.ensemble.template.config.width

    def values(self, points: Tensor) -> Tensor:
        """Fields ``(N, m)`` of the first network at points ``(N, d)``."""
        found: Tensor = self.model(points)
        return found

    @property
    def model(self) -> KAN:
        """The first network."""
        return self.ensemble.model(0)

    @property
    def unknowns(self) -> Tensor:
        """The unknown coefficients of the first network, ``(C,)``."""
        return self.coefficients[0]

    def scatter(self, drawn: Callable[[int], list[Rows]]) -> Scatter:
        """What the noise of measurements does to the first network.

        Args:
            drawn: rows at so many points inside, which are those of the first rows.
        """
        alone, rows = self.pick([0]), drawn(_PER_PARAMETER * self.parameter_count)
        objective, parameters = alone.objective(rows)
        points = rows[0].points
        place = (0,) * points.shape[1]
        values = [
            alone.objective([Rows((Residual.of((field, place)),), points, (1.0,))])[0]
            for field in range(len(self.problem.fields))
        ]
        return scatter(objective, parameters, len(self.problem.unknowns), values)

    def pick(self, index: Tensor | Sequence[int]) -> "Approximation":
        """Some of the networks."""
        chosen = torch.as_tensor(index, device=self.coefficients.device)
        ensemble = self.ensemble.pick(chosen)
        return replace(self, ensemble=ensemble, coefficients=self.coefficients[chosen])

    def refined(self) -> "Approximation":
        """The same functions on grids twice as fine."""
        return replace(self, ensemble=self.ensemble.refine(2 * self.grid_size))

    def objective(self, rows: Sequence[Rows]) -> tuple[Objective, Tensor]:
        """The sum of squares over rows, and the parameters ``(S, P)``."""
        layout = self.layout
        return Objective(self.ensemble, layout, rows), layout.pack(self.ensemble, self.coefficients)

    def at(self, parameters: Tensor) -> "Approximation":
        """With other parameters ``(S, P)``."""
        ensemble, named = self.layout.unpack(self.ensemble, parameters)
        found = list(named.values())
        return replace(
            self,
            ensemble=ensemble,
            coefficients=torch.cat(found, 1) if found else self.coefficients,
        )

    def losses(self, rows: Sequence[Rows]) -> Tensor:
        """Weighted sums of squares, ``(S,)``; infinite where they cannot be computed."""
        objective, parameters = self.objective(rows)
        return objective.value(parameters).nan_to_num(nan=torch.inf)

    def descended(
        self, rows: Sequence[Rows], *, steps: int, damping: float, over: Callable[[], bool]
    ) -> "Approximation":
        """After at most so many steps, with the hidden grids moved to where the nodes go.

        Args:
            rows: what is to vanish. steps: of Levenberg–Marquardt. damping: to begin with.
            over: asked after every step, whether to stop.
        """
        everywhere = torch.cat([part.points for part in rows])
        moved = replace(self, ensemble=self.ensemble.regrid(everywhere))
        objective, parameters = moved.objective(rows)
        state = lm.State.begin(parameters, damping)
        if not over():
            state = lm.minimize(
                objective,
                state,
                steps=steps,
                settle=True,
                accelerate=False,
                watch=lambda *_: over(),
            )
        return moved.at(state.parameters)

    def residuals(self, rows: Sequence[Rows]) -> Tensor:
        """Weighted residuals of the first network, all in one ``(R,)``."""
        objective, parameters = self.pick([0]).objective(rows)
        return torch.cat(objective.residuals(parameters), 1).squeeze(0)
