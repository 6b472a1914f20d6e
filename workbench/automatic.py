"""From a table to a law without a question: the whole way that a session goes step by step.

Structure is looked for first: symmetries, factors, links, sums of products. A law that leaves nothing but
rounding ends the search. Otherwise several small shapes are trained, pruned by the refit test and turned
into symbols; a ratio of sums is tried on the inputs that survive. All formulas compete in one table, on
validation rows.
"""

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from workbench.baselines import Baseline, compare
from workbench.discovery.attribution import feature_scores
from workbench.discovery.blocks import blocks
from workbench.discovery.centring import Centring
from workbench.discovery.collinear import StandIn, exchanges, in_words, stand_ins, telling
from workbench.discovery.compiler import compile_expression
from workbench.discovery.elimination import Elimination, eliminate
from workbench.discovery.fence import NUMERICAL, attempt, noting_skipped, skipped
from workbench.discovery.formula import Formula
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.polish import constants_and_lines, ratios
from workbench.discovery.printing import reprinted
from workbench.discovery.scaling import Scaling
from workbench.discovery.stability import weighed
from workbench.discovery.structure.propose import Structure, Suggestion, propose
from workbench.discovery.symbolic import symbolify
from workbench.discovery.units import parse_all
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Width
from workbench.kan.training import FitResult, TrainingError, fit

Effort = Literal["quick", "normal"]
Report = Callable[[str, float], bool]
"""Called with what is being done and the share that is done; True ends the discovery early."""
Keep = Callable[["Discovery"], None]
"""Called with what has been found so far, whenever that is more than before."""

GRIDS = (3, 6, 12)
_EXACT = 1e-8
_RATIO_INPUTS, _TOGETHER = 4, 8
_FAINT = 0.02
_FAR = 30.0
_AS_GOOD, _COARSE = 1.1, 1e-3
_NETWORKS = 5
_MOST_EDGES = 16
_SECONDS, _QUICK_SECONDS = 20.0, 6.0
"""Processor time for the search for structure."""


@dataclass(frozen=True)
class Discovery:
    """What was found in a table.

    Attributes:
        data: the table and its split.
        fit: training of the network that was chosen, pruned and refined.
        network: that network.
        formulas: all formulas, from simple to accurate.
        importance: effect of every input on the output of the best network before it was pruned, in
            standard deviations.
        baselines: peers on the same split.
        shapes: validation loss of every shape that was tried, before and after pruning; none where
            structure alone gave a law that leaves nothing.
        suggestions: structure that was found, each with its evidence and the network that follows.
        seconds: wall time.
        complete: False when it was ended early; everything present is still valid.
        skipped: attempts that could not be computed, such as a link that divides by zero, and how often.
    """

    data: Dataset
    fit: FitResult
    network: KAN
    formulas: FormulaSet
    importance: dict[str, float]
    baselines: tuple[Baseline, ...] = ()
    shapes: tuple["Shape", ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    seconds: float = 0.0
    complete: bool = True
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def formula(self) -> Formula:
        """The formula that validation chose."""
        return self.formulas.best


@dataclass(frozen=True)
class Shape:
    """A width that was tried: its training and its elimination."""

    width: Width
    fit: FitResult
    elimination: Elimination

    @property
    def loss(self) -> float:
        return min(
            self.elimination.path[self.elimination.chosen].validation_loss,
            self.fit.validation_loss,
        )


@noting_skipped()
def discover(
    data: Dataset,
    *,
    effort: Effort = "normal",
    widths: tuple[Width, ...] | None = None,
    structure: bool = True,
    refused: Collection[str] = (),
    ratio: bool = True,
    functions: Collection[str] | None = None,
    grids: tuple[int, ...] = GRIDS,
    hidden: tuple[tuple[int, ...], ...] = ((8,),),
    seed: int = 0,
    report: Report | None = None,
    keep: Keep | None = None,
) -> Discovery:
    """Find formulas for a table.

    The search runs on one thread; the baselines take as many as torch may.

    Args:
        data: the table and its split. Where its columns have units, formulas that mix them up are not
            chosen, and constants carry theirs.
        effort: "quick" tries fewer shapes.
        widths: shapes to try instead of the default ones.
        structure: look for symmetries, factors, links and sums of products first (regression only).
        refused: sentences of suggestions that must not be used, see ``Suggestion``.
        ratio: also try ratios of sums on the most important inputs (regression only).
        functions: building blocks that formulas may have beside sums, products and whole powers, see
            ``discovery.blocks``; the usual ones by default.
        grids: grid sizes that every shape is trained on, from coarse to fine.
        hidden: hidden layers of the MLPs that serve as baselines.
        seed: of all random numbers.
        report: see ``Report``. keep: see ``Keep``; the first call comes before any search.

    Raises:
        InputError: a unit cannot be read, or a building block is not known.
    """
    parse_all(data.units)
    chosen = blocks(functions).functions
    again = partial(
        discover,
        effort=effort,
        widths=widths,
        structure=structure,
        ratio=ratio,
        functions=functions,
        grids=grids,
        hidden=hidden,
        seed=seed,
        report=report,
    )

    def there(table: Dataset, view: Centring | Scaling) -> Discovery:
        back = partial(_restored, around=view)
        kept = keep and (lambda found: keep(back(found)))
        return back(again(table, refused=view.without_note(refused), keep=kept))

    around, scaling = Centring.of(data), Scaling.of(data)
    if scaling.exponents and not around.origins:
        return there(scaling.scaled, scaling)
    course = _Course(data, effort, chosen, grids, hidden, seed, report, keep)
    course.start(constants_and_lines(data))
    # A law that leaves nothing needs no other origin; whatever else is found far from zero does.
    if around.origins and not (structure and course.structure(refused).exact):
        return there(around.centred, around)
    if structure and not course.tell("looking for structure", 0.0):
        found = course.structure(refused)
        allowed = found.formulas.made_of(chosen)
        course.find(allowed, suggestions=found.suggestions)
        if found.exact and len(allowed) == len(found.formulas) and course.states_law:
            return course.finished()
    if course.stopped:
        return course.so_far
    shapes = course.train(widths or default_widths(data, effort))
    if not shapes:
        return course.finished()
    best = _simplest(shapes, _spread(data))
    importance = _importance(best.fit.model, data)
    course.find(
        network=best.elimination.model, fit=best.fit, shapes=tuple(shapes), importance=importance
    )
    if ratio and not course.tell("ratios of sums", 0.5):
        ranked = sorted(importance, key=lambda n: -importance[n])[:_RATIO_INPUTS]
        faint = _FAINT * importance[ranked[0]]
        strong = [name for name in data.names if name in ranked and importance[name] > faint]
        course.find(ratios(data, strong, seed=seed).made_of(chosen))
        others = course.telling(importance)
        if set(others) - set(strong):
            course.find(ratios(data, others, seed=seed).made_of(chosen))
    course.symbols(shapes)
    course.exchanges()
    return course.so_far if course.stopped else course.finished()


def _restored(found: Discovery, around: Centring | Scaling) -> Discovery:
    """What was found in a centred or scaled table as said of the table itself."""
    return replace(
        found,
        data=around.data,
        fit=_fit_restored(found.fit, around),
        network=around.network(found.network),
        formulas=around.formulas(found.formulas),
        baselines=tuple(_baseline_restored(peer, around) for peer in found.baselines),
        shapes=tuple(_shape_restored(shape, around) for shape in found.shapes),
        suggestions=tuple(
            replace(
                s, sentence=s.sentence + around.note, expression=around.expression(s.expression)
            )
            for s in found.suggestions
        ),
        skipped={**found.skipped, **skipped()},
    )


def _fit_restored(fit: FitResult, around: Centring | Scaling) -> FitResult:
    return replace(
        fit,
        model=around.network(fit.model),
        history=tuple(record.changed(around.loss) for record in fit.history),
        train_loss=around.loss(fit.train_loss),
        validation_loss=around.loss(fit.validation_loss),
    )


def _baseline_restored(peer: Baseline, around: Centring | Scaling) -> Baseline:
    rmse, values = peer.rmse, peer.predictions
    if rmse is None:
        return peer
    there = None if values is None else np.asarray(around.loss(1.0) * values)
    return replace(peer, rmse=around.loss(rmse), predictions=there)


def _shape_restored(shape: Shape, around: Centring | Scaling) -> Shape:
    path = tuple(
        replace(
            stage,
            model=around.network(stage.model),
            validation_loss=around.loss(stage.validation_loss),
        )
        for stage in shape.elimination.path
    )
    return Shape(
        shape.width, _fit_restored(shape.fit, around), replace(shape.elimination, path=path)
    )


def _law(formulas: FormulaSet, data: Dataset) -> KAN | None:
    """The chosen formula as a network; None where it cannot be one."""
    low, high = data.inputs.amin(0).tolist(), data.inputs.amax(0).tolist()
    ends = {n: (a, b) for n, a, b in zip(data.names, low, high, strict=True) if a < b}
    if len(ends) < len(data.names):
        return None
    try:
        return compile_expression(formulas.best.expressions, inputs=data.names, ranges=ends)
    except InputError:
        return None


def _importance(model: KAN, data: Dataset) -> dict[str, float]:
    scores = feature_scores(model, data.typical("train")).tolist()
    return dict(zip(data.names, scores, strict=True))


_on_one_thread = threadpool_limits.wrap(limits=1)
"""Small matrices are fastest on one thread, by far where other programs are busy, too."""


@dataclass
class _Course:
    """One discovery on its way: what it is asked, whom it reports to, and what it has found so far."""

    data: Dataset
    effort: Effort
    functions: tuple[str, ...] | None
    grids: tuple[int, ...]
    hidden: tuple[tuple[int, ...], ...]
    seed: int
    report: Report | None
    keep: Keep | None
    stopped: bool = False
    states_law: bool = False
    trained: bool = False
    begun: float = field(default_factory=time.perf_counter)
    so_far: Discovery = field(init=False)

    def tell(self, what: str, share: float) -> bool:
        if self.report is not None and self.report(what, share):
            self.stopped = True
        return self.stopped

    def start(self, formulas: FormulaSet) -> None:
        """What is known before any search."""
        self.so_far = Discovery(
            self.data, formulas=formulas, **self._stated(formulas), complete=False
        )
        self.find()

    def find(self, formulas: FormulaSet | None = None, **facts: Any) -> None:
        """Add formulas, and whatever else was found, to what is known."""
        if formulas is not None:
            facts["formulas"] = self.so_far.formulas.merged(formulas)
        self.trained = self.trained or "network" in facts
        if formulas is not None and not self.trained:
            facts |= self._stated(facts["formulas"])
        facts |= {"skipped": skipped(), "seconds": time.perf_counter() - self.begun}
        self.so_far = replace(self.so_far, **facts)
        if self.keep is not None:
            self.keep(self.so_far)

    @_on_one_thread
    def _stated(self, formulas: FormulaSet) -> dict[str, Any]:
        """Before training: the network that says what the best formula says, or an additive one."""
        law = _law(formulas, self.data)
        self.states_law = law is not None
        additive = KAN((len(self.data.names), self.data.outputs), seed=self.seed)
        result = _trained(
            law or additive, self.data, grids=self.grids[:1], starts=1, steps=1, seed=self.seed
        )
        network = law or result.model
        importance = _importance(network, self.data)
        return {"fit": result, "network": network, "importance": importance}

    def structure(self, refused: Collection[str]) -> Structure:
        with attempt("structure"):
            return propose(
                self.data,
                refused=refused,
                seconds=_QUICK_SECONDS if self.effort == "quick" else _SECONDS,
                stop=lambda: self.tell("looking for structure", math.nan),
            )
        return Structure((), FormulaSet([]))

    @_on_one_thread
    def train(self, widths: tuple[Width, ...]) -> list[Shape]:
        """Every shape that can be, trained and pruned; at least one of them is tried."""
        shapes: list[Shape] = []
        for number, width in enumerate(widths):
            share = 0.5 * number / len(widths)
            if self.tell(f"training {_spelled(width)}", share) and shapes:
                break
            trained = _trained(
                KAN(width, seed=self.seed),
                self.data,
                grids=self.grids,
                seed=self.seed,
                callback=lambda p: self.tell("training", math.nan),
            )
            self.tell(f"pruning {_spelled(width)}", share + 0.25 / len(widths))
            with attempt(f"pruning {_spelled(width)}"):
                watch = partial(self._watch, "pruning")
                elimination = eliminate(
                    trained.model, self.data, finest=max(self.grids), watch=watch
                )
                shapes.append(Shape(width, trained, elimination))
        return shapes

    def _watch(self, what: str, done: int, total: int) -> bool:
        return self.tell(what, math.nan)

    @_on_one_thread
    def symbols(self, shapes: list[Shape]) -> None:
        """The formulas that the networks say, until one is exact."""
        floor = min(shape.loss for shape in shapes)
        nets = _worth_naming(shapes, self.effort)
        for number, net in enumerate(nets):
            exact = self.so_far.formula.scores["validation_loss"] or 0.0
            if exact <= _EXACT * _spread(self.data) or self.stopped:
                break
            share = 0.55 + 0.35 * number / len(nets)
            self.tell(f"symbols for {len(net.edges())} edges", share)
            found = FormulaSet([])
            with attempt("symbols for a network"):
                found = symbolify(
                    net,
                    self.data,
                    functions=self.functions,
                    seed=self.seed,
                    floor=floor,
                    watch=partial(self._watch, "symbols"),
                )
            self.find(found)

    @cached_property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """Inputs that others could stand for; none where they cannot be computed."""
        with attempt("inputs that go together"):
            return stand_ins(self.data)
        return ()

    def telling(self, importance: Mapping[str, float]) -> list[str]:
        """Where inputs go together, the set that tells most: a ranking takes one of them for another."""
        regression = self.data.task == "regression" and self.data.outputs == 1
        if self.stand_ins and regression and len(importance) > _RATIO_INPUTS:
            ranked = sorted(importance, key=lambda n: -importance[n])[:_TOGETHER]
            with attempt("the inputs that tell most"):
                return telling(self.data, ranked, _RATIO_INPUTS)
        return []

    def exchanges(self) -> None:
        """The chosen formula's inputs exchanged where others could stand for them."""
        if not self.stand_ins or self.tell("exchanging inputs", 0.92):
            return
        found = FormulaSet([])
        with attempt("exchanged inputs"):
            found = exchanges(self.so_far.formulas, self.stand_ins, self.data)
        self.find(found.made_of(self.functions))

    def finished(self) -> Discovery:
        """Train the chosen network for the last time and set peers beside it."""
        self.tell("final training", 0.93)
        network = self.so_far.network
        final = _trained(
            network,
            self.data,
            grids=self._finer_grids(network),
            starts=1,
            seed=self.seed,
            callback=lambda p: self.tell("final training", math.nan),
        )
        formulas = self.so_far.formulas.stamped(seed=self.seed)
        with attempt("digits beside the final network"):
            formulas = reprinted(formulas, final.model, self.data)
        if self.stand_ins:
            formulas = formulas.stamped(collinear=in_words(self.stand_ins))
        with attempt("formulas on resampled rows"):
            formulas = weighed(formulas, self.data, seed=self.seed)
        known = (
            self.so_far.importance if self.so_far.shapes else _importance(final.model, self.data)
        )
        self.so_far = replace(self.so_far, formulas=formulas)
        self.find(network=final.model, fit=final, importance=known)
        if self.tell("baselines", 0.96):
            return self.so_far
        iterations = 300 if self.effort == "quick" else 2000
        peers = compare(self.data, hidden=self.hidden, iterations=iterations, seed=self.seed)
        self.find(baselines=tuple(peers))
        return replace(self.so_far, complete=not self.tell("done", 1.0))

    def _finer_grids(self, network: KAN) -> list[int]:
        """Grids of the last training; a network without free curves needs one only."""
        fixed = sum(len(network.layer(level).fixed) for level in range(network.config.depth))
        known = fixed == len(network.edges())
        count = 1 if self.effort == "quick" or known else 3
        return [network.layer(0).grid_size * 2**k for k in range(count)]


def _trained(network: KAN, data: Dataset, **options: Any) -> FitResult:
    """A network, trained; where numbers have no answer on the way, as far as it came."""
    try:
        return fit(network, data, **options)
    except TrainingError as error:
        if isinstance(error.__cause__, NUMERICAL):
            return error.result
        raise


def default_widths(data: Dataset, effort: Effort) -> tuple[Width, ...]:
    """Small shapes, from a sum of curves to a product node beside sums."""
    d, m = len(data.names), data.outputs
    if m > 1:
        return ((d, m), (d, 2, m))[: 1 if effort == "quick" else 2]
    hidden = min(max(d, 2) + 1, 4)
    shapes: tuple[Width, ...] = ((d, 1, 1), (d, (1, 1), 1), (d, hidden, 1))
    if effort == "quick" or d < 2:
        return shapes
    return (*shapes, (d, (2, 2), 1), *(((d, 4, 2, 1),) if 3 <= d <= 8 else ()))


def _simplest(shapes: list[Shape], spread: float) -> Shape:
    """The fewest edges of all shapes that are as good as the best, as far as coarse grids can tell."""
    least = min(shape.loss for shape in shapes)
    limit = max(_AS_GOOD * least, _COARSE * spread)
    good = [shape for shape in shapes if shape.loss <= limit]
    return min(good, key=lambda shape: (len(shape.elimination.model.edges()), shape.loss))


def _worth_naming(shapes: list[Shape], effort: Effort) -> list[KAN]:
    """Networks to turn into symbols, those with fewest edges first.

    The chosen network of every shape that is not far worse than the best; then, for the case that
    pruning went one step too far or not far enough, the neighbours on the best shape's path.
    """
    best = min(shapes, key=lambda shape: shape.loss)
    if effort == "quick":
        return [best.elimination.model]
    near = [s for s in shapes if s.loss <= _FAR * best.loss]
    chosen = sorted((s.elimination.model for s in near), key=lambda net: len(net.edges()))
    place = best.elimination.chosen
    path = best.elimination.path
    beside = [path[i] for i in (place - 1, place + 1) if 0 <= i < len(path)]
    found: dict[object, KAN] = {}
    for net in [*chosen, *(stage.model for stage in beside)]:
        found.setdefault((net.config.width, tuple(net.edges())), net)
    nets = [net for net in found.values() if len(net.edges()) <= _MOST_EDGES]
    return (nets or list(found.values())[:1])[:_NETWORKS]


def _spread(data: Dataset) -> float:
    return float(data.targets.std()) if data.task == "regression" else 0.0


def _spelled(width: Width) -> str:
    return "[" + ", ".join(str(n) if isinstance(n, int) else f"{n[0]}+{n[1]}×" for n in width) + "]"
