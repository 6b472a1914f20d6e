"""The formula of a fit to groups: constants fitted together, shared ones snapped, judged on rows left out."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sympy import Symbol

from workbench.evidence.fitting import Fitted, chi2_scores
from workbench.evidence.leave_one_out import judging_rows, mean_losses, row_losses
from workbench.evidence.provenance import origin
from workbench.evidence.residuals import lack_of_fit
from workbench.evidence.sample import Sample
from workbench.formulas.bands import Spread, matrices
from workbench.formulas.constant import Constant
from workbench.formulas.dimensions import check
from workbench.formulas.formula import Formula
from workbench.formulas.groups import Groups
from workbench.formulas.parametric import Parametric
from workbench.formulas.rebuilding import replaced
from workbench.formulas.selection import CLEAR
from workbench.formulas.size import complexity
from workbench.kan.data import Dataset
from workbench.kan.groups import Membership
from workbench.search.all_rows import refit_all
from workbench.search.constants import constants_of
from workbench.search.groups.choice import Choice, score
from workbench.search.groups.joint import Panel
from workbench.search.groups.parametric import GroupedParametric
from workbench.search.printing import printing
from workbench.search.snapping import snap

_EXACT = 1e-9
_LETTERS = "abcdfghklmnpqrstuvwz"
_MOST_PRINTED = 60


@dataclass(frozen=True)
class Judged:
    """A formula, and how long rows and form are to describe with it, see ``choice.score``."""

    formula: Formula
    score: float


class Judge:
    """Rows of a table with groups, and what forms are worth there.

    Constants are fitted to all rows that are not held out; validation rows are judged by constants that
    are fitted without the row.
    """

    def __init__(self, data: Dataset, members: Membership) -> None:
        self.data, self.members = data, members
        self.fitted_rows = np.sort(np.concatenate((data.train.numpy(), data.validation.numpy())))
        self.sample = self._sample(self.fitted_rows)
        self.test = self._sample(data.test.numpy())
        judging, _ = judging_rows(data)
        self.of_the_mean = _rms(mean_losses(data), judging.counts)

    def _sample(self, rows: np.ndarray) -> Sample:
        found = Sample.of(self.data, rows)
        return replace(found, x=np.column_stack((found.x, self.members.codes[rows])))

    @cached_property
    def panel(self) -> Panel:
        """The rows as the search takes them."""
        sample = self.sample.for_least_squares()
        return Panel.of(
            sample.x[:, :-1], sample.y[:, 0], sample.counts, sample.x[:, -1].astype(int)
        )

    def judged(self, choice: Choice) -> Judged:
        """The formula of a choice, its shared constants snapped where the rows do not notice."""
        before = refit_all(GroupedParametric.of(choice.joint), self.sample)
        letters = frozenset(before.parametric.constants[_grouped(before).shared :])
        after = snap(
            before,
            self.sample,
            at_noise=not self._lack(before) > CLEAR,
            kept=self._dimensional(_grouped(before)),
            left=letters,
        )
        formula = self._formula(after)
        if after is not before:
            formula = replace(formula, as_fitted=self._formula(before).expressions)
        rows = len(self.sample)
        loss = after.loss / self.sample.spread**2 * rows
        return Judged(
            formula,
            score(
                loss,
                len(after.parametric.constants),
                rows,
                complexity(after.parametric.expressions[0]),
            ),
        )

    def _lack(self, fitted: Fitted) -> float:
        """What neighbours of one group share of the residuals; NaN at rounding."""
        gap = (self.sample.y - fitted.parametric.outputs(self.sample.x))[:, 0]
        if np.abs(gap).max() <= _EXACT * self.sample.spread:
            return math.nan
        order = np.argsort(self.members.codes[self.fitted_rows], kind="stable")
        return lack_of_fit(self.panel.pairs, gap[order], self.sample.counts[order])

    def _units(self, parametric: GroupedParametric) -> dict[Symbol, str]:
        """Units of shared constants and letters, where the table has some."""
        if not any(self.data.units.values()):
            return {}
        symbols = (*parametric.constants[: parametric.shared], *parametric.letters)
        numbers = (*parametric.values[: parametric.shared], *(1.0 for _ in parametric.letters))
        form = Parametric(parametric.expressions, parametric.inputs, symbols, numbers)
        found = check(form, self.data.units, self.data.target)
        return {} if found.problems else dict(zip(symbols, found.constants, strict=True))

    def _dimensional(self, parametric: GroupedParametric) -> frozenset[Symbol]:
        return frozenset(s for s, unit in self._units(parametric).items() if unit not in ("", "1"))

    def _formula(self, fitted: Fitted) -> Formula:
        parametric = _grouped(fitted)
        units = self._units(parametric)
        every = constants_of(fitted, digits=self._digits(fitted))
        shared = [
            replace(
                c, unit=units.get(s, ""), tied=tuple(t for t in c.tied if t[0] < parametric.shared)
            )
            for c, s in zip(every, parametric.constants[: parametric.shared], strict=False)
        ]
        names = self._named(parametric)
        table = {s: Symbol(name, real=True) for s, name in names.items()}
        data = self.data
        formula = Formula(
            expressions=tuple(replaced(e, table) for e in parametric.substituted()),
            names=data.names,
            target=data.target,
            domain=self._domain,
            units=dict(data.units),
            constants=(*shared, *every[len(parametric.constants) :]),
            provenance=origin(data),
            grouping=self._grouping(fitted, every, units, tuple(names.values())),
            spread=_spread(fitted),
        )
        return replace(formula, scores=self._scores(fitted))

    def _grouping(
        self,
        fitted: Fitted,
        constants: tuple[Constant, ...],
        units: dict[Symbol, str],
        names: tuple[str, ...],
    ) -> Groups | None:
        parametric = _grouped(fitted)
        if not parametric.letters:
            return None
        rows = []
        for code in range(parametric.groups):
            own = []
            for place, letter in enumerate(parametric.letters):
                one = constants[parametric.shared + place * parametric.groups + code]
                own.append(replace(one, unit=units.get(letter, ""), tied=()))
            rows.append(tuple(own))
        counts = np.bincount(self.members.codes[self.fitted_rows], minlength=parametric.groups)
        return Groups(
            self.members.column,
            self.members.labels,
            names,
            tuple(rows),
            tuple(counts.tolist()),
            math.sqrt(fitted.noise),
            fitted.degrees,
        )

    def _digits(self, fitted: Fitted) -> tuple[int, ...]:
        """Digits of all constants: what moves no row noticeably, or of very many what their errors show."""
        values = fitted.parametric.values
        if len(values) <= _MOST_PRINTED:
            return printing(fitted.parametric, self.sample).digits
        return tuple(_shown(v, s) for v, s in zip(values, fitted.sigma, strict=True))

    def _named(self, parametric: GroupedParametric) -> dict[Symbol, str]:
        """A letter for each constant that differs, none of them a column's name."""
        taken = {*self.data.names, self.data.target, self.members.column}
        free = [c for c in _LETTERS if c not in taken]
        free += [f"{c}{k}" for k in range(10) for c in _LETTERS if f"{c}{k}" not in taken]
        return dict(zip(parametric.letters, free, strict=False))

    @cached_property
    def _domain(self) -> dict[str, tuple[float, float]]:
        columns = self.sample.x[:, :-1].T
        return {
            name: (float(c.min()), float(c.max()))
            for name, c in zip(self.data.names, columns, strict=True)
        }

    def _scores(self, fitted: Fitted) -> dict[str, float | None]:
        sample, parametric = self.sample, fitted.parametric
        missed = row_losses(parametric, sample, np.ones(len(sample), dtype=bool))
        held = np.isin(self.fitted_rows, self.data.validation.numpy())
        held = held if held.any() else np.ones(len(sample), dtype=bool)
        lack = self._lack(fitted)
        scores: dict[str, float | None] = {
            "train_loss": sample.error(parametric.outputs(sample.x)),
            "validation_loss": _rms(missed[held], sample.counts[held]),
            "validation_rows": float(held.sum()),
            "expected_loss": _rms(missed, sample.counts),
            "mean_loss": self.of_the_mean,
            "judging_rows": sample.effective_rows,
            **chi2_scores(fitted, sample),
            "lack_of_fit": None if math.isnan(lack) else lack,
        }
        if len(self.test):
            scores["test_loss"] = self.test.error(parametric.outputs(self.test.x))
            share = self.test.loss(parametric.outputs(self.test.x)) / self.test.spread**2
            scores["test_r2"] = 1 - share if np.ptp(self.test.y) > 0 else None
        return scores


def _rms(losses: np.ndarray, counts: np.ndarray) -> float:
    return float(np.sqrt(np.average(losses, weights=counts)))


def _grouped(fitted: Fitted) -> GroupedParametric:
    parametric = fitted.parametric
    if not isinstance(parametric, GroupedParametric):
        raise TypeError("a fit to groups is needed")
    return parametric


def _spread(fitted: Fitted) -> Spread | None:
    """Errors of the shared constants and of each group's own, group by group."""
    parametric, sigma = _grouped(fitted), np.array(fitted.sigma)
    if not all(fitted.determined) or not len(sigma):
        return None
    table = np.outer(sigma, sigma) * np.array(fitted.correlation)
    shared, groups = parametric.shared, parametric.groups
    own = np.arange(len(parametric.letters)) * groups + shared
    codes = range(groups if parametric.letters else 1)
    places = [np.concatenate((np.arange(shared), own + code)) for code in codes]
    blocks = np.array([table[np.ix_(place, place)] for place in places])
    return Spread(matrices(blocks), fitted.noise, fitted.degrees)


def _shown(value: float, sigma: float) -> int:
    """Significant digits down to a tenth of the error."""
    if not (sigma > 0 and value):
        return 10
    return int(np.clip(math.ceil(math.log10(abs(value) / sigma)) + 2, 2, 15))
