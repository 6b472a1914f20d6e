"""From a table with groups to one law for all of them."""

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sympy import Expr, Symbol
from threadpoolctl import threadpool_limits

from workbench.baselines import baselines_of
from workbench.common.fence import attempt
from workbench.errors import InputError
from workbench.evidence.outliers import outliers, robust_instead
from workbench.evidence.residuals import lack_of_fit
from workbench.evidence.sample import require_formulas
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.ingredients import made_of
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.course import Course, importance_of
from workbench.search.discovery import Discovery, Effort, Keep, Report
from workbench.search.groups.bank import Candidate
from workbench.search.groups.candidates import by_structure, plain, textbook
from workbench.search.groups.choice import Choice, apart, chosen, least_score
from workbench.search.groups.joint import ROUNDING, Joint, Panel
from workbench.search.groups.law import Judge, Judged
from workbench.search.polish import constants_and_lines
from workbench.search.tasks import trained

_KEPT, _SIMPLE = 6, 2
_SECONDS, _QUICK_SECONDS = 12.0, 3.0
"""Processor time for the search for structure."""
_SEARCHING = 0.75
"""Share of the time that is for searching."""
_CLOSE, _NOISE = 6.0, 2.0
_MOST_ROWS = 6000

Tell = Callable[[str, float], bool]


def discover_by_group(
    data: Dataset,
    effort: Effort,
    functions: Collection[str] | None,
    *,
    hidden: tuple[tuple[int, ...], ...],
    seed: int,
    seconds: float,
    report: Report | None,
    keep: Keep | None,
) -> Discovery:
    """What ``discover`` does of a table with groups; see there.

    Networks know nothing of groups: one of curves that are added is trained on all rows, to be looked at,
    and the peers have an input for each group.
    """
    course = Course(data, effort, None, (3,), hidden, seed, seconds, report, keep)
    course.start(constants_and_lines(data))
    find = partial(law_of_groups, quick=effort == "quick", functions=functions, tell=course.tell)
    course.so_far = replace(
        course.so_far, formulas=find(data, seconds=course.left).stamped(seed=seed)
    )
    course.find()
    far = outliers(course.so_far.formula, data) if data.loss == "auto" else ""
    if far and not course.stopped:
        robust = find(data.judged_by("huber"), seconds=course.left)
        course.so_far = replace(
            course.so_far, formulas=robust.stamped(seed=seed, outliers=robust_instead(far))
        )
        course.find()
    if course.tell("training a network", 0.93):
        return course.so_far
    with threadpool_limits(limits=1):
        additive = KAN((len(data.names), data.outputs), seed=seed)
        fit = trained(additive, data, starts=1, seed=seed, callback=lambda p: course.over())
    importance = importance_of(fit.model, data)
    course.find(network=fit.model, fit=fit, importance=importance)
    if course.tell("baselines", 0.96):
        return course.so_far
    iterations = 300 if effort == "quick" or course.late else 2000
    course.find(
        baselines=tuple(
            baselines_of(one_hot(data), hidden=hidden, iterations=iterations, seed=seed)
        )
    )
    return replace(course.so_far, complete=not course.tell("done", 1.0))


def one_hot(data: Dataset) -> Dataset:
    """A table with groups as one with an input of 0 and 1 for each of them, but the first."""
    if data.by is None:
        return data
    names = [f"{data.by.column} = {label}" for label in data.by.labels[1:]]
    flags = data.by.codes[:, None] == np.arange(1, len(data.by.labels))
    inputs = torch.cat((data.inputs, torch.from_numpy(flags.astype(float))), 1)
    return replace(data, inputs=inputs, names=(*data.names, *names), by=None)


@threadpool_limits.wrap(limits=1)
def law_of_groups(
    data: Dataset,
    *,
    quick: bool = False,
    functions: Collection[str] | None = None,
    seconds: float = math.inf,
    tell: Tell = lambda what, share: False,
) -> FormulaSet:
    """Formulas with constants that differ between the groups of a table, the chosen one marked.

    Args:
        data: a regression with ``by``. quick: whether to search less.
        functions: building blocks, see ``workbench.search.blocks``; None has all.
        seconds: wall time that it may take. tell: see ``workbench.search.discovery.Report``.

    Raises:
        InputError: the table has no groups, or formulas cannot be fitted by its loss.
    """
    if data.by is None:
        raise InputError(
            "a law by groups needs a table with groups: Dataset.from_frame(..., by=...)"
        )
    require_formulas(data)
    begun = time.perf_counter()

    def over(what: str, share: float) -> bool:
        late = time.perf_counter() - begun > _SEARCHING * seconds
        return tell(what, share) or late

    judge = Judge(data, data.by)
    panel = _few(judge.panel)
    over("forms for the groups", 0.0)
    search = _Search(panel, over, functions)
    symbols = tuple(Symbol(name, real=True) for name in data.names)
    search.take(plain(symbols, data.names), every=True)
    simple = search.simplest[:_SIMPLE]
    stop = partial(over, "forms for the groups", math.nan)
    search.take(textbook(panel, data.names, stop))
    if not search.settled:
        budget = min(_QUICK_SECONDS if quick else _SECONDS, 0.3 * seconds)
        stop = partial(over, "structure of the groups", math.nan)
        search.take(by_structure(panel, data.names, seconds=budget, stop=stop))
    over("constants of all groups", 0.8)
    judged = []
    best = search.best
    for choice in (*best, *(one for one in simple if one not in best)):
        with attempt("a law of groups"):
            judged.append(judge.judged(choice))
        if judged and time.perf_counter() - begun > seconds:
            break
    return _marked(judged)


class _Search:
    """The best choices of all forms so far.

    Args:
        panel: the rows. over: told what is done; whether to end. functions: that forms may have.
    """

    def __init__(self, panel: Panel, over: Tell, functions: Collection[str] | None) -> None:
        self._panel, self._over, self._functions = panel, over, functions
        self._seen: set[Expr] = set()
        self._choices: list[Choice] = []

    @property
    def best(self) -> list[Choice]:
        return sorted(self._choices, key=lambda choice: choice.score)[:_KEPT]

    @property
    def simplest(self) -> list[Choice]:
        """All choices, those of the shortest forms first."""
        return sorted(self._choices, key=lambda choice: (choice.candidate.size, choice.score))

    @property
    def settled(self) -> bool:
        """Whether the best choice leaves noise, or nothing."""
        if not self._choices:
            return False
        joint = self.best[0].joint
        if joint.loss <= ROUNDING * len(self._panel):
            return True
        gaps = self._panel.residuals(joint.form, joint.table)
        return lack_of_fit(self._panel.pairs, gaps) < _NOISE

    def take(self, forms: Sequence[Candidate], *, every: bool = False) -> None:
        """Fit more forms, the most promising first: ``every``, or as long as one may be among the best."""
        new = [form for form in forms if form.expression not in self._seen]
        self._seen |= {form.expression for form in new}
        if self._functions is not None:
            new = [form for form in new if made_of(form.expression, self._functions)]
        for least, form, whole in self._promising(new):
            best = self.best
            enough = len(best) == _KEPT and least > best[-1].score and not every
            if enough or (best and self._over("what differs between groups", 0.7)):
                break
            with attempt("what differs between groups"):
                self._choices.append(chosen(form, self._panel, whole))

    def _promising(self, forms: Sequence[Candidate]) -> list[tuple[float, Candidate, Joint]]:
        """Forms fitted to every group by itself, by what no choice can beat."""
        found: list[tuple[float, Candidate, Joint]] = []
        for place, form in enumerate(forms):
            late = self._over("constants of every group", 0.3 + 0.3 * place / len(forms))
            if late and len(found) > _KEPT:
                break
            with attempt("a form for every group"):
                whole = apart(form, self._panel)
                found.append((least_score(form, whole.loss, len(self._panel)), form, whole))
        return sorted(found, key=lambda entry: entry[0])


def _few(panel: Panel) -> Panel:
    """The same with as many rows of each group as are enough to choose a form."""
    most = max(_MOST_ROWS // panel.groups, 20)
    if panel.sizes.max() <= most:
        return panel
    return panel.thinned(most)


def _marked(judged: list[Judged]) -> FormulaSet:
    """All formulas, the one of least score marked, with those that rows do not tell apart from it."""
    if not judged:
        raise InputError("no law of the groups could be computed: look at the table's columns")
    best = min(judged, key=lambda one: one.score)
    close = sorted((j for j in judged if j.score < best.score + _CLOSE), key=lambda one: one.score)
    # The same form with other constants in common may read the same.
    _, *rivals = dict.fromkeys(str(one.formula) for one in (best, *close))
    winner = replace(best.formula, rivals=tuple(rivals))
    formulas = FormulaSet([winner, *(one.formula for one in judged if one is not best)])
    place = next(
        (k for k, f in enumerate(formulas) if f.expressions == winner.expressions),
        len(formulas) - 1,
    )
    return formulas.select(place)
