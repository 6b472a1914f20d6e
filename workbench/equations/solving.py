"""Solve a problem: shapes compete, the best gets finer grids, and a verdict says what is known of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from workbench.equations.approximation import Approximation
from workbench.equations.marching import marched
from workbench.equations.objective import Rows
from workbench.equations.problem import Problem
from workbench.equations.sampling import Sampler
from workbench.equations.shapes import shapes
from workbench.equations.solution import Solution
from workbench.equations.tensor.levels import holds, levels
from workbench.equations.tensor.splines import TensorSplines
from workbench.equations.verdict import Candidate, Judged, told
from workbench.errors import InputError
from workbench.kan.checks import not_negative, require_place, seed_of
from workbench.kan.config import KANConfig
from workbench.kan.ensemble import Ensemble
from workbench.kan.training.solvers import levenberg_marquardt as lm

_START_CURVES, _MOST_STARTS, _FEWEST_STARTS, _SMOOTH_STARTS = 96, 24, 6, 48
_ROUNDS = ((0.5, 10, lm.FROM_RANDOM), (0.25, 10, lm.FROM_REFINED), (0.0, 15, lm.FROM_REFINED))
_LEVEL_STEPS, _LEVEL_ROUNDS = 12, 2
_PER_PARAMETER = 3
_QUALIFYING, _LARGEST = 320, 800
_SOLVED, _FAILED = 1e-10, 1e-6
_FRESH, _FRESH_DRAW = 2000, 1000
_GAIN = 0.5
_MARCHED, _TENSOR, _ANOTHER, _COARSEST = 99, 98, 97, 8
_SHARE, _EXACT, _SLIGHT = 0.7, 1e-16, 1e-3
_VISIBLE, _FEW = 1e-4, 1000
_AS_WELL, _PLAIN, _EXPLAINED, _PROMISING = 10.0, 1e-13, 0.1, 1e-3


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    device: str = "cpu",
    seconds: float = 120.0,
    tolerance: float = 1e-3,
    stop: Callable[[], bool] = lambda: False,
) -> Solution:
    """Solve a differential equation with a Kolmogorov–Arnold network.

    Networks of several shapes, products among them, descend from random starts by Gauss–Newton steps with
    exact derivatives. In two coordinates products compete on grids of splines, too. The one whose residual
    at fresh points is least gets finer grids while that helps. In time a solution is continued step by step
    where it is not found at once.

    Args:
        problem: the equations with their conditions.
        seed: of points and starts.
        device: of torch, such as "cuda".
        seconds: after so many, the best so far is returned.
        tolerance: relative L² error below which a solution counts as converged.
        stop: asked after every step; True ends the work with the best so far.

    Raises:
        InputError: a setting is no number of its kind, or the machine has no such device.
    """
    if not isinstance(problem, Problem):
        raise InputError(f"solve needs a Problem, got {type(problem).__name__}")
    require_place(torch.float64, device)
    begun = time.monotonic()
    course = _Course(
        problem,
        torch.zeros(1, dtype=torch.float64, device=device),
        seed_of(seed),
        begun + not_negative("seconds", seconds),
        stop,
    )
    with torch.no_grad():
        best, others = course.run()
        return told(
            best,
            others,
            course.sampler,
            course.trivial,
            tolerance=not_negative("tolerance", tolerance),
            seconds=time.monotonic() - begun,
            stopped=stop(),
        )


@dataclass
class _Course:
    """The work on one problem: what was found so far, at fresh points that nothing was fitted to."""

    problem: Problem
    like: Tensor
    seed: int
    deadline: float
    stop: Callable[[], bool]
    found: list[Judged] = field(default_factory=list)

    def over(self) -> bool:
        """Whether time is up."""
        return time.monotonic() > self.deadline or self.stop()

    def run(self) -> tuple[Judged, list[Judged]]:
        """The best approximation, and all others."""
        configs = shapes(len(self.problem.names), len(self.problem.fields), self.problem.order)
        self.sampler = self._balanced(configs[0])
        self.fresh = self.sampler.rows(_FRESH, _FRESH_DRAW)
        on_grids = holds(self.problem)
        # Where nothing competes, another start says whether the solution is the only one.
        for number, config in enumerate(configs if len(configs) > 1 else 2 * configs):
            self._qualified(config, number)
            if number == 0 and on_grids:
                self._on_grids()
            enough = _FAILED if on_grids else _SOLVED if number else 0.0
            if self.over() or (self._least() < enough and self._explained()):
                break
        if self._least() > _FAILED and self.problem.clock is not None and not self.over():
            self._marched()
        self._polished(self._best(Approximation))
        best = self._best()
        plain = self._best(Approximation)
        enough = max(_AS_WELL * best.exact, _PLAIN * self.trivial)
        if plain.exact < enough and plain.misfit <= best.misfit * self._noise:
            best = plain
        if isinstance(best.approximation, TensorSplines):
            # What is left of the equations is far more than what a solution is wrong by.
            share = _SLIGHT * self._least() ** 0.5
            best = self._judged(best.approximation.compressed(self.exact, share), _TENSOR)
        return best, [judged for judged in self.found if judged is not best]

    def _best(self, kind: type | None = None) -> Judged:
        """With the least loss, of all or of one kind of approximation.

        What fits the data as well, as far as their noise lets that be seen, is judged by the equations.
        """
        found = [j for j in self.found if kind is None or isinstance(j.approximation, kind)]
        least = min(found, key=lambda judged: judged.loss)
        as_well = [j for j in found if j.loss <= least.exact + self._noise * least.misfit]
        return min(as_well, key=lambda judged: judged.left, default=least)

    @property
    def _noise(self) -> float:
        """By which factor a misfit may be larger than the least one, and no worse."""
        measured = [len(part.points) for part in self.fresh if part.targets is not None]
        return 1 + 1 / max(1, sum(measured))

    @property
    def exact(self) -> list[Rows]:
        """The fresh rows of equations and conditions."""
        return [part for part in self.fresh if part.targets is None]

    def _explained(self) -> bool:
        """Whether the best so far has to do with the data."""
        return self._best().misfit <= _EXPLAINED * self.unexplained

    def _least(self) -> float:
        """What is left of the equations so far, as a share of the loss of a network that is zero."""
        return self._best().exact / self.trivial

    def _balanced(self, config: KANConfig) -> Sampler:
        plain = Sampler(self.problem, self.like, self.seed)
        start = self._random(config, plain, _FEWEST_STARTS, 0)
        objective, parameters = start.objective(plain.rows(0))
        sampler = plain.balanced(objective, parameters)
        zero = start.pick([0]).at(torch.zeros_like(parameters[:1]))
        nothing = Judged.of(zero, sampler.rows(_FRESH, _FRESH_DRAW), 0)
        self.trivial, self.unexplained = max(nothing.loss, 1e-300), nothing.misfit
        return sampler

    def _random(
        self, config: KANConfig, sampler: Sampler, starts: int, number: int
    ) -> Approximation:
        points = torch.cat([part.points for part in sampler.rows(0)])
        seed = self.seed + 104729 * number
        return Approximation.random(self.problem, config, points, starts, seed)

    def _judged(self, approximation: Candidate, lineage: int) -> Judged:
        judged = Judged.of(approximation, self.fresh, lineage)
        self.found.append(judged)
        return judged

    def _qualified(self, config: KANConfig, number: int) -> None:
        """The best of several starts, on grids so fine that all shapes have about as many parameters."""
        stack = self._starts(config, number)
        rows = self.sampler.rows(_PER_PARAMETER * stack.parameter_count)
        starts, other = len(stack), None
        for share, steps, damping in _ROUNDS:
            stack = stack.descended(rows, steps=steps, damping=damping, over=self.over)
            stack = stack.pick(stack.losses(rows).argsort())
            if config.depth == 1:
                other = other or self._another(stack)
            stack = stack.pick(range(max(1, round(share * starts))))
        self._grown(stack, number)
        if other is not None:
            self._grown(self._descended(other), _ANOTHER)

    def _grown(self, approximation: Approximation, lineage: int) -> None:
        """On finer grids, until all shapes have about as many parameters."""
        self._judged(approximation, lineage)
        while 1.6 * approximation.parameter_count < _QUALIFYING and not self.over():
            approximation = self._refined(approximation)
            self._judged(approximation, lineage)

    def _another(self, stack: Approximation) -> Approximation | None:
        """The first of several approximations that may become another solution than the very first."""
        best, *others = (Judged.of(stack.pick([k]), self.fresh, 0) for k in range(len(stack)))
        for number, other in enumerate(others, 1):
            if best.differs(other) and other.loss < _PROMISING * self.trivial:
                return stack.pick([number])
        return None

    def _starts(self, config: KANConfig, number: int) -> Approximation:
        if config.depth == 1:
            # One start solves what is linear; what is not may need one of the right sign and size.
            starts = _SMOOTH_STARTS if number and self.problem.clock is None else 1
            drawn = self._random(config, self.sampler, starts, number)
            if starts == 1:
                return drawn
            size = float(self._best().values.square().mean().sqrt())
            return drawn.smooth(size or 1.0, self.seed + number)
        curves = sum(config.nodes(k) * config.subnodes(k + 1) for k in range(config.depth))
        starts = max(min(_START_CURVES // curves, _MOST_STARTS), _FEWEST_STARTS)
        return self._random(config, self.sampler, starts, number)

    def _refined(self, approximation: Approximation) -> Approximation:
        return self._descended(approximation.refined())

    def _descended(self, start: Approximation) -> Approximation:
        rows = self.sampler.rows(_PER_PARAMETER * start.parameter_count, start.grid_size)
        found = start
        for _ in range(_LEVEL_ROUNDS):
            found = found.descended(
                rows, steps=_LEVEL_STEPS, damping=lm.FROM_REFINED, over=self.over
            )
        return found

    def _on_grids(self) -> None:
        """Splines on finer and finer grids, which are a network of products."""
        # The noise of data hides what is finer.
        enough = _SOLVED if self._least() < _SOLVED or self.problem.measurements else _EXACT
        until = time.monotonic() + _SHARE * max(self.deadline - time.monotonic(), 0.0)

        def over() -> bool:
            return self.over() or time.monotonic() > until

        def loss(splines: TensorSplines) -> float:
            return float(splines.losses(self.exact))

        for splines in levels(self.problem, self.like, loss, over):
            judged = self._judged(splines, _TENSOR)
            if over() or judged.exact < enough * self.trivial:
                break
        self._few_products(splines)

    def _few_products(self, splines: TensorSplines) -> None:
        """Where few products hold what can be seen of a solution, they are trained as a network."""
        few = splines.above(_VISIBLE)
        if few.parameter_count > _FEW:
            return
        start = Approximation(self.problem, Ensemble.of([few.model]), few.unknowns.unsqueeze(0))
        self._judged(self._descended(start), _TENSOR)

    def _polished(self, judged: Judged) -> None:
        """Finer grids while they help."""
        known = judged.approximation
        while (
            isinstance(known, Approximation)
            and 1.6 * known.parameter_count < _LARGEST
            and not self.over()
        ):
            finer = self._judged(self._refined(known), judged.lineage)
            if not finer.loss < _GAIN * judged.loss:
                break
            judged, known = finer, finer.approximation

    def _marched(self) -> None:
        """A network that is continued step by step in time."""
        best = self._best(Approximation).approximation
        config = replace(best.model.config, grid_size=_COARSEST)
        start = self._random(config, self.sampler, 1, _MARCHED)
        while start.parameter_count < _QUALIFYING / 2:
            start = start.refined()
        self._judged(marched(start, self.sampler, self.trivial, self.over), _MARCHED)
