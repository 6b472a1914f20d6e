"""One network on its way to a solution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workbench.equations.objective import Layout, Objective, Rows
from workbench.equations.problem import Problem
from workbench.kan.config import KANConfig
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.kan.training.starts import random_starts


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
