"""``Comparison``: what was trained, which of it the table asks for, and by how much."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import pandas as pd

from workbench.comparison import robustness, scaling
from workbench.comparison.interpretation import Interpretation, found_formula
from workbench.comparison.run import NAMES, Margin, Resource, Run, front, margin
from workbench.comparison.showing import fronts_svg, html
from workbench.errors import InputError
from workbench.kan.data import Dataset

_TOLD = {
    "parameters": "no more parameters than its {:,.0f}",
    "flops": "no more operations a prediction than its {:,.0f}",
    "seconds": "no more training time than its {:.2g} s",
}
_COLUMNS = (
    "family", "size", "parameters", "flops", "seconds", "validation_error", "test_error", "accuracy",
    "seed", "grid", "memory", "prediction",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Families of models on one table.

    Attributes:
        runs: every model that was trained, in that order.
        data: the table and its split.
        complete: whether all sizes were trained; else time, or the user, ended it.
        seconds: wall time. budget: most that a model could take, by resource, where that was limited.
    """

    runs: tuple[Run, ...]
    data: Dataset = field(repr=False)
    complete: bool
    seconds: float
    budget: Mapping[str, float]

    @property
    def families(self) -> tuple[str, ...]:
        """Those of which a model was trained."""
        return tuple(dict.fromkeys(run.family for run in self.runs))

    @cached_property
    def best(self) -> dict[str, Run]:
        """Of each family the model that validates best, the best family first."""
        return self.within()

    def within(self, **caps: float) -> dict[str, Run]:
        """``best`` among models that take no more than this.

        Args:
            caps: ``parameters=``, ``flops=`` or ``seconds=``, inclusive.
        """
        found: dict[str, Run] = {}
        for run in self.runs:
            affordable = all(getattr(run, _known(name)) <= cap for name, cap in caps.items())
            known = found.get(run.family)
            better = known is None or run.validation_error < known.validation_error
            if affordable and better:
                found[run.family] = run
        return dict(sorted(found.items(), key=lambda item: item[1].validation_error))

    def margin(
        self, first: Run, second: Run, part: Literal["validation", "test"] = "test"
    ) -> Margin:
        """By how much ``first`` is ahead of ``second`` on held-out rows."""
        rows = [getattr(run, f"{part}_losses") for run in (first, second)]
        return margin(*rows, squares=self.data.task == "regression")

    def tied(self, models: Mapping[str, Run] | None = None) -> list[Run]:
        """The best of some models, and those that the validation rows do not tell from it.

        Args:
            models: by family, ``best`` unless given. A tie is a margin of less than two standard errors.
        """
        runs = list((self.best if models is None else models).values())
        first = runs[0]
        others = [r for r in runs[1:] if not self.margin(first, r, "validation").clear]
        return [first, *others]

    @cached_property
    def chosen(self) -> Run:
        """The model to take: of those that tie with the best the one with the fewest parameters."""
        return simplest(self.tied())

    @property
    def winner(self) -> str:
        """Family of the model to take."""
        return self.chosen.family

    @cached_property
    def verdict(self) -> tuple[str, ...]:
        """Sentences: what to take, how far ahead it is on the test rows, and what equal budgets change."""
        told = [_advice(self)]
        told += [_on_test(self)] if len(self.best) > 1 else []
        for resource in _TOLD:
            told += _at_equal(self, resource)
        if not self.complete:
            told.append(
                f"The comparison ended after {self.seconds:.0f} s with {len(self.runs)} models; more time "
                "would train larger ones."
            )
        return tuple(told)

    def frame(self) -> pd.DataFrame:
        """One row a run; errors in the target's units or cross-entropies, memory in bytes."""
        rows = [{name: getattr(run, name) for name in _COLUMNS} for run in self.runs]
        table = pd.DataFrame(rows, columns=list(_COLUMNS))
        table["grid"] = table["grid"].astype("Int64")
        return table.drop(columns=[] if self.data.task == "classification" else ["accuracy"])

    def front(self, by: Resource = "parameters") -> pd.DataFrame:
        """By family, the models whose validation error nothing cheaper of that family matches."""
        _known(by)
        kept = [run for family in self.families for run in front(self.runs, family, by)]
        columns = ["family", by, "validation_error", "test_error", "size", "seed"]
        return pd.DataFrame([{name: getattr(r, name) for name in columns} for r in kept])

    def scaling(self) -> pd.DataFrame:
        """How the test error falls with size, by family: error ∝ size^−exponent.

        The size is the grid of a KAN, for which the papers derive 4, else the number of parameters.
        """
        return scaling.exponents(self.runs)

    def time_to(self, error: float) -> dict[str, float]:
        """Processor seconds of the quickest training to this validation error; infinite where none was."""
        found = {}
        for family in self.families:
            able = [r for r in self.runs if r.family == family and r.validation_error <= error]
            found[family] = min((run.seconds for run in able), default=math.inf)
        return found

    def robustness(
        self, noise: Sequence[float] = (0.01, 0.05, 0.1), *, seed: int = 0
    ) -> pd.DataFrame:
        """Test errors of the best of each family with noise on the inputs, and at the edge of the data.

        Args:
            noise: standard deviations of the noise, in those of the columns. seed: of it.
        """
        return robustness.table(self.best.values(), self.data, noise, seed)

    def formula(self, *, seconds: float = 60.0, seed: int = 0) -> Interpretation:
        """A formula that ``discover`` finds in this time, judged beside the chosen model.

        Args:
            seconds: wall time. seed: of the search.
        """
        return found_formula(self.data, self.chosen, seconds=seconds, seed=seed)

    def __str__(self) -> str:
        return "\n".join(self.verdict)

    def to_svg(self) -> str:
        """The fronts of all families by parameters, operations and seconds."""
        return fronts_svg(self.runs, self.error_name)

    @property
    def error_name(self) -> str:
        """What errors are, in words."""
        return (
            "cross-entropy" if self.data.task == "classification" else f"RMSE of {self.data.target}"
        )

    def _repr_html_(self) -> str:
        return html(self.verdict, list(self.best.values()), self.to_svg(), self.error_name)


def simplest(runs: Sequence[Run]) -> Run:
    """That with the fewest parameters, of equals the better one."""
    return min(runs, key=lambda run: (run.parameters, run.validation_error))


def _known(resource: str) -> str:
    if resource not in _TOLD:
        raise InputError(f"a resource is one of {', '.join(_TOLD)}, got {resource!r}")
    return resource


def _name(run: Run) -> str:
    article = "" if run.family == "boosting" else "the "
    return article + ("mean" if run.size == "mean" else NAMES[run.family])


def _advice(found: Comparison) -> str:
    chosen, tied = found.chosen, found.tied()
    size = f"{chosen.size}; {_count(chosen.parameters, 'parameter')}"
    if len(tied) == 1:
        return f"Take {_name(chosen)} ({size}): the validation rows put no other family near it."
    names = _listed([_name(run) for run in tied])
    return (
        f"A tie: the validation rows do not tell {names} apart, so take the simplest, {_name(chosen)} "
        f"({size})."
    )


def _on_test(found: Comparison) -> str:
    """The chosen model beside the best of the others, on rows that chose nothing."""
    chosen = found.chosen
    other = next(run for run in found.best.values() if run.family != chosen.family)
    gap = found.margin(chosen, other)
    said = (
        f"On the {len(found.data.test)} test rows, which chose nothing, its {found.error_name} is "
        f"{chosen.test_error:.3g}, that of {_name(other)} {other.test_error:.3g}: "
    )
    if not gap.clear:
        return f"{said}a tie, {abs(gap.difference):.2g} ± {gap.standard_error:.1g} apart."
    side = "ahead" if gap.difference > 0 else "behind, so these rows do not confirm the choice"
    return f"{said}{abs(gap.difference):.2g} ± {gap.standard_error:.1g} {side}."


def _at_equal(found: Comparison, resource: str) -> list[str]:
    """What the best of the other networks comes to with what the chosen model takes."""
    chosen = found.chosen
    cap = getattr(chosen, resource)
    others = [r for f, r in found.within(**{resource: cap}).items() if f != chosen.family]
    with_this = _TOLD[resource].format(cap)
    if not others:
        return [f"No other family has a model with {with_this}."] if len(found.families) > 1 else []
    other = others[0]
    gap = found.margin(chosen, other)
    told = f"With {with_this}, {_name(other)} comes closest: {other.test_error:.3g}, "
    if not gap.clear:
        return [f"{told}which is a tie."]
    side = "more" if gap.difference > 0 else "less"
    return [f"{told}{abs(gap.difference):.2g} ± {gap.standard_error:.1g} {side}."]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
