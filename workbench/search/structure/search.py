"""Structure taken out step by step, each step verified by the error of a smooth function."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.common.fence import attempt, attempts
from workbench.formulas.typesetting import to_text
from workbench.search.structure.links import linked
from workbench.search.structure.powers import single_columns
from workbench.search.structure.problem import Problem
from workbench.search.structure.surrogate import Smooth, glance, smooth
from workbench.search.structure.symmetry import Scaling, Symmetry, factors, idle, scalings, sums

_SURE = 0.1
_TRIED = 8
_SMOOTHERS = ("y**2", "1/y", "1/y**2", "log(y)", "sin(y)", "cos(y)")
_CLEARLY = 0.3
_WORSE, _NO_WORSE, _ENOUGH = 1.15, 1.02, 2e-3


@dataclass(frozen=True)
class Step:
    """What a stage takes out: its kind, in words, and how well a smooth function predicts then.

    Attributes:
        kind: "idle", "link", "scaling", "sum", "factor" or "one column".
        evidence: "misfit" of the slopes, "error_before" and "error_after" in the target's standard
            deviations.
    """

    kind: str
    sentence: str
    evidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A problem after some structure was taken out, and the steps that led there."""

    problem: Problem
    steps: tuple[Step, ...]
    smooth: Smooth


@dataclass
class Search:
    """Stages of a problem, from the table itself to what is left in the end.

    Args:
        stop: asked before everything that takes time.
        refused: sentences of steps that must not be taken.
    """

    stop: Callable[[], bool] = lambda: False
    refused: frozenset[str] = frozenset()

    def stages(self, problem: Problem) -> Iterator[Stage]:
        stage = Stage(problem, (), smooth(problem))
        yield stage
        for next_stage in (self._smoother_target, self._simpler_columns):
            while not self.stop() and stage.problem.width:
                found = next_stage(stage)
                if found is None:
                    break
                stage = found
                yield stage

    def _smoother_target(self, stage: Stage) -> Stage | None:
        """The link, if any, through which the target is far better predicted; only the first one."""
        if stage.steps or stage.smooth.error < _ENOUGH:
            return None
        tried = []
        for link, changed in attempts("a link", linked(stage.problem)):
            subject = stage.problem.subject
            other = to_text(changed.subject)
            sentence = f"{other} is a smoother function of the inputs than {to_text(subject)}"
            if link.name in _SMOOTHERS and sentence not in self.refused and not self.stop():
                with attempt(f"the link {link.name}"):
                    tried.append((glance(changed), changed, Step("link", sentence)))
        best = min(tried, key=lambda t: t[0].error, default=None)
        if best is None or best[0].error > _CLEARLY * stage.smooth.error:
            return None
        return self._after(stage, best[1], best[0], [best[2]])

    def _simpler_columns(self, stage: Stage) -> Stage | None:
        problem, now = stage.problem, stage.smooth
        useless = [s for s in idle(now, problem) if self._allowed(s, problem)]
        if useless and (done := self._taken(stage, useless)) is not None:
            return done
        relations = [s for s in scalings(now, problem) if self._allowed(s, problem)]
        powers = _powers(relations)
        if len(powers) > 1 and (done := self._taken(stage, powers)) is not None:
            return done
        others: list[Symmetry] = [*sums(now, problem), *factors(now, problem)]
        tried = [*relations, *(s for s in others if self._allowed(s, problem))]
        for symmetry in sorted(tried, key=_cost)[:_TRIED]:
            if self.stop():
                return None
            if (done := self._taken(stage, [symmetry])) is not None:
                return done
        return self._one_column(stage)

    def _allowed(self, symmetry: Symmetry, problem: Problem) -> bool:
        return not self.refused or symmetry.sentence(problem) not in self.refused

    def _taken(self, stage: Stage, symmetries: Sequence[Symmetry]) -> Stage | None:
        """The stage without these symmetries, unless it is worse predicted then."""
        with attempt(f"a {symmetries[0].kind}"):
            return self._without(stage, symmetries)
        return None

    def _without(self, stage: Stage, symmetries: Sequence[Symmetry]) -> Stage | None:
        changed, steps = stage.problem, []
        for symmetry in symmetries:
            steps.append(
                Step(symmetry.kind, symmetry.sentence(changed), {"misfit": symmetry.misfit})
            )
            changed = symmetry.applied(changed)
        if not changed.sound:
            return None
        after = smooth(changed) if changed.width else _constant(changed)
        sure = all(s.misfit < _SURE for s in symmetries)
        if after.error > max((_WORSE if sure else _NO_WORSE) * stage.smooth.error, _ENOUGH):
            return None
        return self._after(stage, changed, after, steps)

    def _one_column(self, stage: Stage) -> Stage | None:
        for sentence, changed in single_columns(stage.problem):
            if sentence in self.refused:
                continue
            with attempt("all inputs as one column"):
                after = smooth(changed)
                if after.error < _CLEARLY * stage.smooth.error:
                    return self._after(stage, changed, after, [Step("one column", sentence)])
        return None

    @staticmethod
    def _after(stage: Stage, problem: Problem, after: Smooth, steps: Sequence[Step]) -> Stage:
        errors = {"error_before": stage.smooth.error, "error_after": after.error}
        told = tuple(Step(s.kind, s.sentence, s.evidence | errors) for s in steps)
        return Stage(problem, (*stage.steps, *told), after)


def _cost(symmetry: Symmetry) -> float:
    """Simple relations first: each quantity in one is worth five per cent of misfit."""
    return 0.05 * symmetry.size + symmetry.misfit


def _powers(relations: list[Scaling]) -> list[Symmetry]:
    """The surest power that stands as a factor, for every column that has one."""
    best: dict[int, Scaling] = {}
    for relation in relations:
        if not relation.powers and relation.misfit < _SURE:
            known = best.get(relation.column)
            if known is None or relation.misfit < known.misfit:
                best[relation.column] = relation
    # From the last column to the first, so that numbers of columns stay what they are.
    return [best[c] for c in sorted(best, reverse=True)]


def _constant(problem: Problem) -> Smooth:
    mean = float(np.average(problem.y, weights=problem.weights**2))
    values = np.full(len(problem.y), mean)
    return Smooth(values, np.zeros((len(values), 0)), problem.error(values))
