"""One discovery on its way: what it is asked, whom it reports to, and what it has found so far."""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from threadpoolctl import threadpool_limits

from workbench.baselines import compare
from workbench.common.fence import NUMERICAL, attempt, skipped
from workbench.errors import InputError
from workbench.evidence.outliers import advice
from workbench.evidence.stability import weighed
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.result import FitResult, TrainingError
from workbench.network.attribution import feature_scores
from workbench.network.compiler import compile_expression
from workbench.network.elimination import eliminate
from workbench.search.collinear import StandIn, exchanges, in_words, stand_ins, telling
from workbench.search.discovery import Discovery, Effort, Keep, Report, Shape
from workbench.search.networks.selection import default_shapes, select
from workbench.search.networks.splits import splits_of
from workbench.search.networks.trials import Settings, Stop
from workbench.search.polish import ratios
from workbench.search.printing import reprinted
from workbench.search.regressions import regressions
from workbench.search.settled import settled
from workbench.search.shapes import spelled, spread_of, worth_naming
from workbench.search.structure.propose import Structure, propose
from workbench.search.symbolic import symbolify

_EXACT = 1e-8
_RATIO_INPUTS, _TOGETHER = 4, 8
_FAINT = 0.02
_SECONDS, _QUICK_SECONDS = 20.0, 6.0
"""Processor time for the search for structure."""
_SEARCHING = 0.75
"""Share of the time that is for searching."""
_AT_LEAST = 1e-3
_SIMPLE_SHAPES = 3
_PARAMETERS_PER_ROW = 2
"""Before pruning: what survives is far smaller."""
_STARTS = 8
"""Of a shape, where a network is chosen."""


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


def importance_of(model: KAN, data: Dataset) -> dict[str, float]:
    """Effect of every input on the output, by name."""
    scores = feature_scores(model, data.typical("train")).tolist()
    return dict(zip(data.names, scores, strict=True))


_on_one_thread = threadpool_limits.wrap(limits=1)
"""Small matrices are fastest on one thread, by far (ten times) where other programs are busy, too."""


@dataclass
class Course:
    """One discovery on its way: what it is asked, whom it reports to, and what it has found so far.

    ``training`` holds arguments of ``fit``: they count for the networks of all shapes and for the refits
    that prune them. The last training goes on from a network that is known, with all but its starts.
    """

    data: Dataset
    effort: Effort
    functions: tuple[str, ...] | None
    grids: tuple[int, ...]
    hidden: tuple[tuple[int, ...], ...]
    seed: int
    seconds: float
    report: Report | None
    keep: Keep | None
    training: Mapping[str, Any] = field(default_factory=dict)
    stopped: bool = False
    states_law: bool = False
    trained: bool = False
    begun: float = field(default_factory=time.perf_counter)
    so_far: Discovery = field(init=False)

    def tell(self, what: str, share: float) -> bool:
        if self.report is not None and self.report(what, share):
            self.stopped = True
        return self.stopped

    @property
    def late(self) -> bool:
        """Whether the time for searching is over; the rest is for what completes a discovery."""
        return time.perf_counter() - self.begun > _SEARCHING * self.seconds

    @property
    def left(self) -> float:
        """Seconds that a search which begins again may take: what is left, and never nothing."""
        return max(self.seconds - (time.perf_counter() - self.begun), _AT_LEAST)

    def _ended(self, what: str) -> bool:
        """Asked within a piece of work: whether it is to end with what it has."""
        return self.tell(what, math.nan) or self.late

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
        importance = importance_of(network, self.data)
        return {"fit": result, "network": network, "importance": importance}

    def structure(self, refused: Collection[str]) -> Structure:
        with attempt("structure"):
            return propose(
                self.data,
                refused=refused,
                functions=self.functions or (),
                seconds=_QUICK_SECONDS if self.effort == "quick" else _SECONDS,
                stop=lambda: self._ended("looking for structure"),
                found=lambda formulas: self.find(formulas.made_of(self.functions)),
            )
        return Structure((), FormulaSet([]))

    @_on_one_thread
    def train(self, widths: tuple[Width, ...]) -> list[Shape]:
        """Every shape that can be, trained and pruned; at least one of them is tried.

        Shapes that the rows cannot pay for are left out, and rich ones where simple ones show that nothing is
        left to be found.
        """
        shapes: list[Shape] = []
        for number, width in enumerate(widths):
            share = 0.5 * number / len(widths)
            if (self.tell(f"training {spelled(width)}", share) or self.late) and shapes:
                break
            if shapes and not self._payable(width):
                continue
            if len(shapes) == _SIMPLE_SHAPES and self.settled_against(shapes):
                break
            trained = _trained(
                KAN(width, seed=self.seed),
                self.data,
                **{"grids": self.grids, **self.training},
                seed=self.seed,
                callback=lambda p: self._ended("training"),
            )
            self.tell(f"pruning {spelled(width)}", share + 0.25 / len(widths))
            with attempt(f"pruning {spelled(width)}"):
                watch = partial(self._watch, "pruning")
                asked = {"grids": self.grids, **self.training}
                elimination = eliminate(trained.model, self.data, training=asked, watch=watch)
                shapes.append(Shape(width, trained, elimination))
        return shapes

    def _payable(self, width: Width) -> bool:
        count = KAN(width, self.grids[0]).parameter_count
        return count <= _PARAMETERS_PER_ROW * len(self.data.train) * self.data.outputs

    def _watch(self, what: str, done: int, total: int) -> bool:
        return self._ended(what)

    def regressions(self) -> None:
        """Sums of chosen terms, which every formula has to beat."""
        with attempt("sums of chosen terms"):
            self.find(regressions(self.data).made_of(self.functions))

    def settled_against(self, shapes: Sequence[Shape]) -> bool:
        """Whether the search may end: the best formula leaves noise, and no network knows better."""
        if self.late:
            return True
        with attempt("whether the search may end"), threadpool_limits(limits=1):
            return settled(self.so_far.formula, [s.fit.model for s in shapes], self.data)
        return False

    def ratios(self, importance: Mapping[str, float]) -> None:
        """Ratios of sums in the inputs that matter most, and in those that tell most."""
        ranked = sorted(importance, key=lambda n: -importance[n])[:_RATIO_INPUTS]
        faint = _FAINT * importance[ranked[0]]
        strong = [n for n in self.data.names if n in ranked and importance[n] > faint]
        self.find(ratios(self.data, strong, seed=self.seed).made_of(self.functions))
        others = self.telling(importance)
        if set(others) - set(strong):
            self.find(ratios(self.data, others, seed=self.seed).made_of(self.functions))

    @_on_one_thread
    def symbols(self, shapes: list[Shape]) -> None:
        """The formulas that the networks say, until one is exact."""
        floor = min(shape.loss for shape in shapes)
        nets = worth_naming(shapes, self.effort)
        for number, net in enumerate(nets):
            exact = self.so_far.formula.scores["validation_loss"] or 0.0
            if exact <= _EXACT * spread_of(self.data) or self.stopped or self.late:
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
        if self.late or not self.stand_ins or self.tell("exchanging inputs", 0.92):
            return
        found = FormulaSet([])
        with attempt("exchanged inputs"):
            found = exchanges(self.so_far.formulas, self.stand_ins, self.data)
        self.find(found.made_of(self.functions))

    @_on_one_thread
    def finished(self) -> Discovery:
        """Train the chosen network for the last time and set peers beside it."""
        self.tell("final training", 0.93)
        final = self._final_network()
        formulas = self.so_far.formulas.stamped(seed=self.seed)
        with attempt("digits beside the final network"):
            formulas = reprinted(formulas, final.model, self.data)
        if self.stand_ins:
            formulas = formulas.stamped(collinear=in_words(self.stand_ins))
        with attempt("rows far off"):
            formulas = formulas.stamped(outliers=advice(formulas.best, self.data))
        with attempt("formulas on resampled rows"):
            formulas = weighed(formulas, self.data, seed=self.seed)
        known = (
            self.so_far.importance if self.so_far.shapes else importance_of(final.model, self.data)
        )
        self.so_far = replace(self.so_far, formulas=formulas)
        self.find(network=final.model, fit=final, importance=known)
        if self.tell("baselines", 0.96):
            return self.so_far
        iterations = 300 if self.effort == "quick" or self.late else 2000
        peers = compare(self.data, hidden=self.hidden, iterations=iterations, seed=self.seed)
        self.find(baselines=tuple(peers))
        return replace(self.so_far, complete=not self.tell("done", 1.0))

    def _final_network(self) -> FitResult:
        """The network that rows held out in turn choose, or the known one, trained to the end."""
        network = self.so_far.network
        if self.so_far.shapes and not self.training and self.effort != "quick" and not self.late:
            with attempt("choosing a network"):
                return self._chosen_network(network)
        return _trained(
            network,
            self.data,
            **{**self.training, "grids": self._finer_grids(network), "starts": 1},
            seed=self.seed,
            callback=lambda p: self.tell("final training", math.nan),
        )

    def _chosen_network(self, network: KAN) -> FitResult:
        how = Settings(
            grids=None,
            starts=_STARTS,
            solver="auto",
            l1=0.0,
            smoothness=None,
            prune="auto",
            seed=self.seed,
            stop=Stop(lambda p: self._ended("choosing a network")),
        )
        deep = [network] if network.config.depth > 1 else []
        return select(splits_of(self.data), default_shapes(self.data), how, known=deep).fits[0]

    def _finer_grids(self, network: KAN) -> list[int]:
        """Grids of the last training; a network without free curves needs one only."""
        fixed = sum(len(network.layer(level).fixed) for level in range(network.config.depth))
        known = fixed == len(network.edges())
        count = 1 if self.effort == "quick" or known or self.late else 3
        first = network.layer(0).grid_size
        finest = max(self.training.get("grids", [first * 2**count]))
        return [first, *(first * 2**k for k in range(1, count) if first * 2**k <= finest)]


def _trained(network: KAN, data: Dataset, **options: Any) -> FitResult:
    """A network, trained; where numbers have no answer on the way, as far as it came."""
    try:
        return fit(network, data, **options)
    except TrainingError as error:
        if isinstance(error.__cause__, NUMERICAL):
            return error.result
        raise
