"""From a table to proposals: what was found in it, in words, with evidence, a network and a formula."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy
from sympy import Expr
from threadpoolctl import threadpool_limits

from workbench.common.fence import attempt, attempts
from workbench.evidence.sample import Sample
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.library import complexity
from workbench.formulas.parsing import quoted
from workbench.formulas.typesetting import rounded, to_text
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.compiler import compile_expression, evaluate
from workbench.network.targets import network_of
from workbench.search.polish import constants_and_lines, polished
from workbench.search.structure.finish import EXACT, checked, quick_guesses, slow_guesses
from workbench.search.structure.guess import Guess
from workbench.search.structure.homogeneity import Reduced, reductions
from workbench.search.structure.leftover import is_noise
from workbench.search.structure.problem import Problem, fitted_numbers
from workbench.search.structure.search import Search, Stage
from workbench.search.structure.separability import find_separability

_MOST_FORMULAS = 6
_LARGEST = 80
_MOST_COLUMNS = 16
_PROMISING = 0.9
_SCALE_AND_OFFSET = 2
_NOWHERE = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)
_DIGITS = 3


@dataclass(frozen=True)
class Suggestion:
    """A piece of structure that may be taken or refused.

    Attributes:
        kind: "units" for groups without a dimension, "idle", "link", "scaling", "sum", "factor" or "one
            column" for what was taken out step by step, "separable" for inputs that stand apart, "formula"
            for closed forms.
        sentence: what was found, in words; what ``propose(refused=...)`` names.
        evidence: numbers that speak for it.
        expression: the target, with undefined functions where it is still unknown.
        names: of the inputs.
    """

    kind: str
    sentence: str
    evidence: dict[str, float]
    expression: Expr
    names: tuple[str, ...]

    @property
    def law(self) -> str:
        """The expression as ``parse_expression`` reads it."""
        return to_text(self.expression)

    @cached_property
    def network(self) -> KAN:
        """The network that follows: known parts locked, unknown ones free curves."""
        if self.expression.atoms(sympy.core.function.AppliedUndef):
            return network_of(self.expression, self.names)
        return compile_expression(self.expression, inputs=self.names)


@dataclass(frozen=True)
class Structure:
    """All that was found.

    Attributes:
        suggestions: step after step, then the closed forms.
        formulas: closed forms, constants fitted and snapped.
        exact: whether a formula leaves nothing but rounding on the training rows.
    """

    suggestions: tuple[Suggestion, ...]
    formulas: FormulaSet
    exact: bool = False


@threadpool_limits.wrap(limits=1)  # small matrices: more threads would only use up the seconds
def propose(
    data: Dataset,
    *,
    refused: Collection[str] = (),
    functions: Sequence[str] = (),
    seconds: float = 20.0,
    first: bool = False,
    stop: Callable[[], bool] = lambda: False,
    found: Callable[[FormulaSet], None] = lambda formulas: None,
) -> Structure:
    """Look for structure in a regression table; nothing is trained.

    The search ends by itself at a law that leaves nothing, and at a short one that leaves noise once the
    first guesses of all kinds have been its rivals.

    Tables with more than 16 inputs are searched for powers, sums and products of curves alone. Several
    targets are looked at one by one: their formulas stand side by side, and there are no suggestions.

    Args:
        data: training rows are looked at, validation rows choose among formulas.
        refused: sentences of suggestions that must not be used.
        functions: that a law of one curve may be, besides the usual and the rare ones.
        seconds: processor time after which the search ends with what it has.
        first: whether to leave it at the first guesses of all kinds, about the table itself.
        stop: asked now and then; True ends the search.
        found: called with the best closed form so far, whenever it is another one.
    """
    if data.task != "regression":
        return Structure((), FormulaSet([]))
    if data.outputs > 1:
        return _of_each_target(data, functions, seconds, stop)
    begun = time.process_time()

    def over() -> bool:
        return stop() or time.process_time() - begun > seconds

    whole = Problem.of(data, functions)

    def tell(guess: Guess) -> None:
        sentences = (s.sentence for s in _of_guesses([guess], data))
        if not set(sentences) & set(refused):
            with attempt("the best closed form so far"):
                found(polished([(guess.expression,)], data))

    views = [v for v in reductions(whole, data) if v.sentence not in refused]
    search = Search(over, frozenset(refused))
    hunt = _Hunt(whole, whole.near_one(), search, tell, [v.problem.near_one() for v in views])
    hunt.run(first)
    closed = [s for s in _of_guesses(hunt.chosen, data) if s.sentence not in refused]
    formulas = polished([(s.expression,) for s in closed], data)
    exact = any(_leaves_nothing(f, data) for f in formulas)
    steps = [
        *attempts("words for the units", _of_views(views, data.names)),
        *attempts("words for the structure", _of_stages(hunt.stages, data.names)),
        *attempts("inputs that stand apart", _of_columns(hunt.stages[:1], data.names)),
    ]
    kept = (s for s in steps if s.sentence not in refused)
    return Structure((*kept, *closed), formulas, exact)


@threadpool_limits.wrap(limits=1)
def closed_forms(
    problem: Problem, *, seconds: float, stop: Callable[[], bool] = lambda: False
) -> list[Guess]:
    """The closed forms of rows, with numbers to start from: shortest descriptions first.

    Args:
        problem: the rows. seconds: processor time. stop: asked now and then; True ends the search.
    """
    begun = time.process_time()

    def over() -> bool:
        return stop() or time.process_time() - begun > seconds

    hunt = _Hunt(problem, problem.near_one(), Search(over, frozenset()), lambda guess: None)
    hunt.run(False)
    return hunt.chosen


def _of_each_target(
    data: Dataset, functions: Sequence[str], seconds: float, stop: Callable[[], bool]
) -> Structure:
    """The chosen and the most accurate formula of each target, side by side."""
    found = []
    for place in range(data.outputs):
        alone = replace(data, targets=data.targets[:, [place]])
        share = seconds / data.outputs
        alone_found = propose(alone, functions=functions, seconds=share, stop=stop)
        found.append(alone_found.formulas.merged(constants_and_lines(alone)))
    rules = ("best", "accurate")
    together = [tuple(f.select(rule).best.expression for f in found) for rule in rules]
    formulas = polished(list(dict.fromkeys(together)), data)
    return Structure((), formulas, any(_leaves_nothing(f, data) for f in formulas))


def _leaves_nothing(formula: Formula, data: Dataset) -> bool:
    return _train_loss(formula) <= EXACT * Sample.of(data).spread


def _train_loss(formula: Formula) -> float:
    loss = formula.scores.get("train_loss")
    return math.inf if loss is None else loss


class _Hunt:
    """Guesses of all stages until one is exact, or leaves noise."""

    def __init__(
        self,
        whole: Problem,
        start: Problem,
        search: Search,
        tell: Callable[[Guess], None],
        views: Sequence[Problem] = (),
    ) -> None:
        self._whole, self._start, self._search, self._tell = whole, start, search, tell
        self._views = views
        self.stages: list[Stage] = []
        self._found: dict[Expr, Guess] = {}
        self._best: Guess | None = None

    def run(self, first: bool) -> None:
        """First guesses of every view, then what they become step by step, the table itself last."""
        for start in (*self._views, self._start):
            if self._settled_by(quick_guesses(start, EXACT)):
                return
        if self._leaves_noise() or first:
            return
        for view in self._views:
            if view.width <= _MOST_COLUMNS and self._simplified(view, []):
                return
        if self._start.width <= _MOST_COLUMNS:
            self._simplified(self._start, self.stages)

    def _simplified(self, start: Problem, stages: list[Stage]) -> bool:
        """Whether the stages of a problem, which are added to a list, end the search."""
        for stage in attempts("a stage of the structure", self._search.stages(start)):
            stages.append(stage)
            if stage.problem.width <= 1 and self._settled_by(self._quick(stage)):
                return True
        for stage in (*stages[:0:-1], *stages[:1]):
            if self._settled_by(self._quick(stage)) or self._leaves_noise():
                return True
            if self._settled_by(slow_guesses(stage.problem)):
                return True
        return False

    def _leaves_noise(self) -> bool:
        """Whether the best guess leaves nothing that could still be found; it is told of where it is new.

        One with many numbers of its own may imitate a shorter law, which is still looked for.
        """
        best = next(iter(self.chosen), None)
        if best is None or best is self._best:
            return False
        self._best = best
        self._tell(best)
        numbers = sum(1 for part in sympy.preorder_traversal(best.expression) if part.is_Float)
        if numbers > len(best.expression.free_symbols) + _SCALE_AND_OFFSET:
            return False
        names = [s.name for s in self._whole.symbols]
        return is_noise(self._whole, evaluate(best.expression, names, self._whole.x))

    @staticmethod
    def _quick(stage: Stage) -> Iterator[Guess]:
        return quick_guesses(stage.problem, stage.smooth.error, again=not stage.steps)

    def _settled_by(self, found: Iterator[Guess]) -> bool:
        """Whether one of these leaves nothing; also True when the search is to end."""
        for guess in found:
            if self._exact(guess):
                return True
            if self._search.stop():
                return True
        return False

    def _exact(self, guess: Guess) -> bool:
        """Whether a guess leaves nothing; where it is worth a look it is kept."""
        with attempt("a closed form"):
            guess = replace(guess, expression=fitted_numbers(guess.expression))
            if self._worth_a_look(guess):
                seen = checked(guess, self._whole)
                self._found[seen.expression] = seen
                return seen.error <= EXACT
        return False

    def _worth_a_look(self, guess: Guess) -> bool:
        size = complexity(guess.expression)
        if guess.error > _PROMISING or size > _LARGEST or guess.expression.has(*_NOWHERE):
            return False
        return guess.rough or not any(
            known.error <= guess.error and complexity(known.expression) <= size
            for known in self._found.values()
        )

    @property
    def chosen(self) -> list[Guess]:
        """The least description lengths of every size, a few in all."""
        rows = len(self._whole.y)
        front: list[Guess] = []
        for guess in sorted(self._found.values(), key=lambda g: complexity(g.expression)):
            if not front or guess.error < front[-1].error:
                front.append(guess)

        return sorted(front, key=lambda guess: guess.bits(rows))[:_MOST_FORMULAS]


def _of_stages(stages: list[Stage], names: tuple[str, ...]) -> Iterator[Suggestion]:
    before = 0
    for stage in stages:
        unknown = (
            sympy.Function("f")(*stage.problem.symbols)
            if stage.problem.width
            else sympy.Symbol("k")
        )
        expression = stage.problem.back(unknown)
        for step in stage.steps[before:]:
            yield Suggestion(step.kind, step.sentence, step.evidence, expression, names)
        before = len(stage.steps)


def _of_views(views: list[Reduced], names: tuple[str, ...]) -> Iterator[Suggestion]:
    """What the units allow; the simplest view says it."""
    for view in views[:1]:
        unknown = (
            sympy.Function("f")(*view.problem.symbols) if view.problem.width else sympy.Symbol("k")
        )
        yield Suggestion("units", view.sentence, {}, view.problem.back(unknown), names)


def _of_columns(stages: list[Stage], names: tuple[str, ...]) -> Iterator[Suggestion]:
    """Inputs that stand apart, from the table itself."""
    for stage in stages:
        symbols = stage.problem.symbols
        for apart in find_separability(stage.smooth, stage.problem):
            others = [s for i, s in enumerate(symbols) if i != apart.column]
            alone, rest = sympy.Function("f")(symbols[apart.column]), sympy.Function("g")(*others)
            expression = alone + rest if apart.kind == "sum" else alone * rest
            evidence = {"misfit": apart.misfit}
            yield Suggestion(
                "separable", apart.sentence(stage.problem), evidence, expression, names
            )


def _of_guesses(found: list[Guess], data: Dataset) -> Iterator[Suggestion]:
    for guess in found:
        sentence = (
            f"{quoted(data.target, left=True)} may be {to_text(rounded(guess.expression, _DIGITS))}"
        )
        evidence = {"error": guess.error, "terms": float(guess.terms)}
        yield Suggestion("formula", sentence, evidence, guess.expression, data.names)
