"""One discovery on its way: what it is asked, whom it reports to, and what it has found so far."""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from threadpoolctl import threadpool_limits

from workbench.baselines import baselines_of
from workbench.common.fence import attempt, skipped
from workbench.errors import InputError
from workbench.evidence.outliers import advice
from workbench.evidence.stability import weighed
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.result import FitResult
from workbench.network.attribution import feature_scores
from workbench.network.compiler import compile_expression
from workbench.search.collinear import StandIn, exchanges, in_words, stand_ins, telling
from workbench.search.discovery import Discovery, Effort, Keep, Report, Shape
from workbench.search.pieces import Piece, Pieces
from workbench.search.printing import reprinted
from workbench.search.regressions import regressions
from workbench.search.settled import settled
from workbench.search.shapes import spelled, spread_of, worth_naming
from workbench.search.structure.propose import Structure, propose
from workbench.search.tasks import named, network_chosen, ratios_found, shape_tried, trained

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
    executor: Executor | None = None
    workers: int = 1
    chosen: FitResult | None = None
    phase: str = ""
    stopped: bool = False
    states_law: bool = False
    settled: bool = False
    trained: bool = False
    begun: float = field(default_factory=time.perf_counter)
    so_far: Discovery = field(init=False)

    def tell(self, what: str, share: float) -> bool:
        self.phase = what
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

    def over(self) -> bool:
        """Asked within a piece of work: whether it is to end with what it has."""
        return self.tell(self.phase, math.nan) or self.late

    @cached_property
    def pieces(self) -> Pieces:
        """Where independent pieces are done."""
        deadline = time.time() + _SEARCHING * self.seconds - (time.perf_counter() - self.begun)
        return Pieces(self.data, self.executor, self.workers, deadline)

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
        result = trained(
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
                stop=self.over,
                found=lambda formulas: self.find(formulas.made_of(self.functions)),
            )
        return Structure((), FormulaSet([]))

    @_on_one_thread
    def train(self, widths: tuple[Width, ...]) -> list[Shape]:
        """Every shape that can be, trained and pruned; at least one of them is tried.

        Shapes that the rows cannot pay for are left out, and rich ones where simple ones show that nothing is
        left to be found.
        """
        payable = [*widths[:1], *(width for width in widths[1:] if self._payable(width))]
        asked = {"grids": self.grids, **self.training}
        pieces: list[Piece] = [(shape_tried, (width, asked, self.seed)) for width in payable]
        self.tell(f"training and pruning {spelled(payable[0])}", 0.0)
        shapes = [self.pieces.here(pieces[0], self.over)]
        for part in (slice(1, _SIMPLE_SHAPES), slice(_SIMPLE_SHAPES, None)):
            if part.start > 1 and pieces[part] and self.settled_against(_known(shapes)):
                break
            for found in self.pieces.results(pieces[part], self.over):
                shapes.append(found)
                self.tell(
                    f"training and pruning: {len(shapes)} of {len(payable)} shapes",
                    0.5 * len(shapes) / len(payable),
                )
        return _known(shapes)

    def _payable(self, width: Width) -> bool:
        count = KAN(width, self.grids[0]).parameter_count
        return count <= _PARAMETERS_PER_ROW * len(self.data.train) * self.data.outputs

    def regressions(self) -> None:
        """Sums of chosen terms, which every formula has to beat."""
        with attempt("sums of chosen terms"):
            self.find(regressions(self.data).made_of(self.functions))

    def settled_against(self, shapes: Sequence[Shape]) -> bool:
        """Whether the search may end: the best formula leaves noise, and no network knows better."""
        if self.late:
            return True
        with attempt("whether the search may end"), threadpool_limits(limits=1):
            networks = [s.fit.model for s in shapes]
            self.settled = settled(self.so_far.formula, networks, self.data)
        return self.settled

    @_on_one_thread
    def symbols(self, shapes: list[Shape], importance: Mapping[str, float], ratio: bool) -> None:
        """Ratios of sums and the formulas that networks say, until one is exact; and the best network."""
        floor = min(shape.loss for shape in shapes)
        pieces: list[Piece] = [
            (ratios_found, (names, self.seed))
            for names in (self._told_by_inputs(importance) if ratio else ())
        ]
        pieces += [
            (named, (net, self.functions, self.seed, floor))
            for net in worth_naming(shapes, self.effort)
        ]
        if self._chooses:
            pieces.append((network_chosen, (self.so_far.network, self.seed)))
        for number, found in enumerate(self.pieces.results(pieces, self.over), 1):
            if isinstance(found, FitResult):
                self.chosen = found
            elif found is not None:
                self.find(found.made_of(self.functions))
            self.tell("symbols for networks", 0.5 + 0.4 * number / len(pieces))
            exact = self.so_far.formula.scores["validation_loss"] or 0.0
            if exact <= _EXACT * spread_of(self.data):
                break

    def _told_by_inputs(self, importance: Mapping[str, float]) -> list[list[str]]:
        """The inputs that matter most, and those that tell most where these are others."""
        ranked = sorted(importance, key=lambda n: -importance[n])[:_RATIO_INPUTS]
        faint = _FAINT * importance[ranked[0]]
        strong = [n for n in self.data.names if n in ranked and importance[n] > faint]
        others = self.telling(importance)
        return [strong, others] if set(others) - set(strong) else [strong]

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
        peers = baselines_of(self.data, hidden=self.hidden, iterations=iterations, seed=self.seed)
        self.find(baselines=tuple(peers))
        return replace(self.so_far, complete=not self.tell("done", 1.0))

    @property
    def _chooses(self) -> bool:
        """Whether rows held out in turn choose the network.

        Not where its training was asked for, nor where no network has shown to know better than the law.
        """
        return not self.training and self.effort != "quick" and not self.settled

    def _final_network(self) -> FitResult:
        """The network that was chosen, or else the known one, trained to the end."""
        network = self.so_far.network
        if self.so_far.shapes and self._chooses and self.chosen is None and not self.late:
            self.chosen = self.pieces.here((network_chosen, (network, self.seed)), self.over)
        return self.chosen or trained(
            network,
            self.data,
            **{**self.training, "grids": self._finer_grids(network), "starts": 1},
            seed=self.seed,
            callback=lambda p: self.tell("final training", math.nan),
        )

    def _finer_grids(self, network: KAN) -> list[int]:
        """Grids of the last training; a network without free curves needs one only."""
        fixed = sum(len(network.layer(level).fixed) for level in range(network.config.depth))
        known = fixed == len(network.edges())
        count = 1 if self.effort == "quick" or known or self.late else 3
        first = network.layer(0).grid_size
        finest = max(self.training.get("grids", [first * 2**count]))
        return [first, *(first * 2**k for k in range(1, count) if first * 2**k <= finest)]


def _known(shapes: Sequence[Shape | None]) -> list[Shape]:
    return [shape for shape in shapes if shape is not None]
