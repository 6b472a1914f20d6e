"""What is done in a session: training, pruning, versions, and what is known after each."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import networkx as nx

from workbench.formulas.library import SYMPY
from workbench.kan.config import Width
from workbench.kan.data import Dataset, Part
from workbench.kan.model import KAN, Edge
from workbench.kan.training.result import FitResult
from workbench.network.candidates import Candidate, suggest
from workbench.network.elimination import eliminate
from workbench.network.graph import to_networkx
from workbench.network.pruning import prune_edges
from workbench.session import differences, steps
from workbench.session.code import Source
from workbench.session.editing import Editing
from workbench.session.frames import Frame
from workbench.session.history import Step, Version, chosen_among, formulas_of
from workbench.session.searching import Searching
from workbench.session.steps import loss_of
from workbench.session.training import Training
from workbench.tables.preparation import Preparation

_ROWS = 2000
_AS_GOOD = 1e-5


@dataclass(frozen=True)
class Preview:
    """What pruning would do: the edges that would go, and the loss before and after."""

    edges: tuple[Edge, ...]
    before: float
    after: float


class Work(Editing, Searching):
    """A table, a network and everything that was done to it; ``Session`` adds files.

    Args:
        data: the table and its split.
        width: nodes per layer; inputs, two hidden nodes and the outputs by default.
        model: a network to go on with, instead of a new one of this width.
        seed: of all random numbers.
        threads: of torch while it works; small networks are fastest on one.
        precision: of new networks; a law wants the digits of "float64".
        rate: frames a second that observers get while it trains, from 1 to 30.
        source: where ``data`` come from, or Python that makes them, for ``to_script``; a file that is loaded
            shows such Python as a comment.
        preparation: how ``data`` was made of its table, to show it again.
        options: further arguments of ``fit``, see ``OPTIONS``; ``loss`` becomes that of ``data``, so that
            formulas are fitted and chosen by it, too.
    """

    def __init__(
        self,
        data: Dataset,
        width: Width | None = None,
        *,
        model: KAN | None = None,
        seed: int = 0,
        threads: int = 1,
        precision: steps.Precision = "float64",
        rate: float = 20.0,
        source: Source | str = "",
        preparation: Preparation | None = None,
        **options: Any,
    ) -> None:
        named = steps.checked(options)
        data = data.judged_by(named.get("loss", data.loss))
        shape = width or (len(data.names), 2, data.outputs)
        first = (
            steps.new_network(data, shape, seed, precision)
            if model is None
            else steps.given_network(data, model)
        )
        super().__init__(data, first, seed=seed, threads=threads, rate=rate)
        self.options = named
        self.preparation = preparation
        self.source: Source | str = source
        self.precision: steps.Precision = precision
        self._losses: dict[int, float] = {}

    # What is known

    @property
    def threads(self) -> int:
        return self._threads

    @property
    def result(self) -> FitResult | None:
        """What the last training of this network did; None before the first."""
        return next((s.fit for s in reversed(self._own_steps) if s.fit is not None), None)

    @property
    def trained(self) -> bool:
        """Whether the network's numbers are worth keeping."""
        return any(step.fit is not None or step.trained for step in self._own_steps)

    @property
    def undoable(self) -> str:
        """Name of the step that ``undo`` would take back, or ""."""
        return "" if self.history.before is None else self.history.present.name

    @property
    def redoable(self) -> str:
        """Name of the step that ``redo`` would bring back, or ""."""
        after = self.history.after
        return "" if after is None else self.history.steps[after].name

    @property
    def unit(self) -> str:
        """What losses are measured in."""
        return steps.loss_unit(self.data)

    @property
    def versions(self) -> tuple[Version, ...]:
        """Every state that this session has been in, in the order in which they were made."""
        return tuple(self._version(number) for number in range(len(self.history.steps)))

    def loss(self, part: Part = "validation") -> float:
        """Loss of the present network, see ``loss_of``."""
        if part == "validation":
            return self._loss(self.history.place)
        return loss_of(self.model, self.data, part)

    def graph(self, *, suggest: bool = False) -> nx.DiGraph:
        """The present network as a graph, see ``to_networkx``."""
        return to_networkx(self.model, self.data, suggest=suggest)

    def suggest(self, edge: Edge) -> list[Candidate]:
        """Functions that an edge may be: a simple one goes before one that fits hardly better."""
        steps.living(self.model, edge)
        x = self.data.typical("train")[:_ROWS].to(self.model.output_scale)
        return sorted(suggest(self.model, x, [edge])[edge], key=_bits)

    def preview(self, threshold: float) -> Preview:
        """What ``prune(threshold)`` would do; the network stays as it is."""
        model = prune_edges(self.model, self.data, threshold=threshold)
        left = set(model.edges())
        gone = tuple(edge for edge in self.model.edges() if edge not in left)
        return Preview(gone, self.loss(), loss_of(model, self.data))

    def compare(self, first: int | str, second: int | str) -> differences.Difference:
        """Two versions side by side, by their numbers or names."""
        numbers = (self.history.find(first), self.history.find(second))
        models = tuple(self.history.steps[number].model for number in numbers)
        versions = tuple(self._version(number) for number in numbers)
        return differences.difference((versions[0], versions[1]), (models[0], models[1]), self.data)

    def configure(self, **options: Any) -> Self:
        """Change the options of all further trainings; None is the default of ``fit`` again."""
        changed = self.options | steps.checked(options)
        kept = {name: value for name, value in changed.items() if value is not None}
        return self._go(lambda: setattr(self, "options", kept))

    # Jobs: on a background thread

    def start(self, **options: Any) -> Self:
        """Train on a background thread and return at once.

        The first training draws new random starts; a later one goes on from the present network, up
        to the finest grid of the options.

        Args:
            options: of this training, see ``OPTIONS``; by default those of the session.
        """
        return self._train(options, single=False)

    def step(self) -> Self:
        """One iteration, then hold; begins the training where it has not begun."""
        if not self.running:
            return self._train({}, single=True)
        self._single = True
        self._going.set()
        return self

    def _train(self, changed: dict[str, Any], *, single: bool) -> Self:
        options = self.options | steps.checked(changed)
        steps.settings(options, self.data)
        if self.trained:
            options |= steps.onward(self.model, options)
        training = Training(self, self.data, steps.loss_unit(self.data))

        def keep(result: FitResult) -> None:
            self._add(steps.trained(result, self.seed, options))

        def job() -> None:
            training.run(self.model, seed=self.seed, options=options, keep=keep)

        return self._begin(job, Frame(status="running", phase="starting"), single=single)

    def prune(self, threshold: float | None = None, *, wait: bool = True) -> Self:
        """Remove edges: by refit tests, or those whose score is below ``threshold``.

        Refits take of the options of trainings what has a meaning for them, see ``eliminate``.

        Args:
            threshold: share of the strongest edge's score, from 0 to 1; None tests edges by refits.
            wait: whether to block; False returns at once, see ``Worker.wait``.
        """
        self.require_idle()
        if threshold is not None:
            with self.limited():
                return self._add(steps.pruned_by_score(self.model, self.data, threshold))
        training = steps.settings(self.options, self.data)

        def work(tell: Callable[[str, float], bool]) -> Step | None:
            ended = tell("a sparse copy", 0.0)

            def watch(left: int, total: int) -> bool:
                nonlocal ended
                ended = tell(f"{left} of {total} edges left", 1 - left / total)
                return ended

            found = eliminate(self.model, self.data, training=training, seed=self.seed, watch=watch)
            return None if ended else steps.pruned_by_refit(found, self.seed, training)

        return self._work("prune", work, wait=wait)

    # Steps

    def rebuild(self, width: Width, *, seed: int | None = None) -> Self:
        """Begin again with a new network of another width."""
        self.require_idle()
        chosen = self.seed if seed is None else seed
        made = steps.new_network(self.data, width, chosen, self.precision)
        self._frame = Frame()
        return self._add(made)

    def reset(self) -> Self:
        """Back to the network of the beginning; ``redo`` brings the steps back one by one."""
        self.require_idle()
        self.publish(Frame())
        return self._go(lambda: self.history.go(0))

    def undo(self) -> Self:
        """Back to the state before the last step."""
        self.require_idle()
        return self._go(self.history.undo)

    def redo(self) -> Self:
        """Forward to the state that was undone."""
        self.require_idle()
        return self._go(self.history.redo)

    def go(self, version: int | str) -> Self:
        """To any state that this session has been in, by its number or its name."""
        self.require_idle()
        number = self.history.find(version)
        return self._go(lambda: self.history.go(number))

    def keep(self, name: str) -> Self:
        """Name the present state, so that ``go`` and ``compare`` find it; "" takes the name away."""
        return self._go(lambda: self.history.name(name))

    # To take away

    # Within

    @property
    def _own_steps(self) -> tuple[Step, ...]:
        """The steps since the present network began."""
        path = self.steps
        first = max(place for place, step in enumerate(path) if step.begins)
        return path[first:]

    def _version(self, number: int) -> Version:
        history = self.history
        path = tuple(history.steps[n] for n in history.path(number))
        found = formulas_of(path)
        return Version(
            number=number,
            parent=history.parents[number],
            name=history.steps[number].name,
            label=history.labels.get(number, ""),
            edges=len(history.steps[number].model.edges()),
            loss=self._loss(number),
            formula="" if not found else str(found[chosen_among(found, path)]),
            present=number == history.place,
            past=number in history.path(),
        )

    def _loss(self, number: int) -> float:
        """Validation loss of a version; networks do not change, so it is computed once."""
        if number not in self._losses:
            self._losses[number] = loss_of(self.history.steps[number].model, self.data)
        return self._losses[number]


def _bits(candidate: Candidate) -> float:
    """What is lost to a candidate, and what its function costs."""
    return math.log2(max(1 - candidate.r2, 0.0) + _AS_GOOD) + SYMPY[candidate.name].complexity
