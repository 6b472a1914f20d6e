"""One discovery, step by step: training on a background thread, and steps that can be undone.

Everything that a screen can do is a method here, so that a script can do it too. Training runs on a
daemon thread because that is the only way in which Stop works on every kernel. The thread owns the
numbers; everybody else sets events and reads frames.
"""

import asyncio
import math
import threading
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import networkx as nx
import torch
from torch.nn import functional

from workbench.discovery.candidates import Candidate, suggest
from workbench.discovery.elimination import eliminate
from workbench.discovery.fixing import fix as fix_edge
from workbench.discovery.fixing import unfix as free_edge
from workbench.discovery.formula import Formula, FormulaSet
from workbench.discovery.graph import to_networkx
from workbench.discovery.library import SYMPY
from workbench.discovery.pruning import prune_edges as drop_edges
from workbench.discovery.symbolic import symbolify as find_symbols
from workbench.errors import InputError
from workbench.kan.data import Dataset, Part
from workbench.kan.model import KAN, Edge, Width
from workbench.kan.training import FitResult, Progress, Record, fit
from workbench.tables import read_table

Status = Literal["ready", "running", "paused", "done", "stopped", "error"]

_BETWEEN_FRAMES = 1 / 20
_CURVE_POINTS = 33
_ROWS = 2000
_AS_GOOD = 1e-5
_WINDOW, _STALLED, _OVERFITTED = 20, 1e-3, 1.5


@dataclass(frozen=True)
class Frame:
    """What a screen shows of a training: replaced whole, never changed.

    Attributes:
        status: of the session. step, total: iterations done and expected.
        phase: of the training, for people. message: a sentence on what ended it.
        train, validation: losses so far, at equal distances between iterations.
        edges: the living edges. curves: values of each along its range, ``(edges, points)``.
        seconds: wall time of the training.
    """

    status: Status = "ready"
    step: int = 0
    total: int = 0
    phase: str = ""
    message: str = ""
    train: tuple[float, ...] = ()
    validation: tuple[float | None, ...] = ()
    edges: tuple[Edge, ...] = ()
    curves: torch.Tensor = field(default_factory=lambda: torch.zeros(0, _CURVE_POINTS))
    seconds: float = 0.0


Observer = Callable[[Frame], None]


@dataclass(frozen=True)
class Step:
    """A named state: the network after it, what is known of it, and the line of Python that did it."""

    name: str
    code: str
    model: KAN
    fit: FitResult | None = None
    formulas: FormulaSet | None = None
    choice: int | None = None


@dataclass(frozen=True)
class Preview:
    """What pruning would do: the edges that would go, and the loss before and after."""

    edges: tuple[Edge, ...]
    before: float
    after: float


class Session:
    """A table, a network and everything that was done to it.

    Args:
        data: the table and its split.
        width: nodes per layer; inputs, two hidden nodes and the outputs by default.
        model: a network to go on with, instead of a new one of this width.
        seed: of all random numbers.
        threads: of torch while training; small networks are fastest on one.
        source: Python that makes ``data``, for ``to_script``.
        options: further arguments of ``fit``.
    """

    def __init__(
        self,
        data: Dataset,
        width: Width | None = None,
        *,
        model: KAN | None = None,
        seed: int = 0,
        threads: int = 1,
        source: str = "",
        **options: Any,
    ) -> None:
        unknown = set(options) - {
            "solver",
            "grids",
            "starts",
            "steps",
            "l1",
            "entropy",
            "smoothness",
        }
        if unknown:
            raise InputError(f"fit has no argument {sorted(unknown)[0]!r}")
        self.data = data
        self.seed = seed
        shape = tuple(width or (len(data.names), 2, data.outputs))
        first = Step("new network", f"model = KAN({shape!r}, seed={seed})", KAN(shape, seed=seed))
        if model is not None:
            shape = model.config.width
            first = Step("given network", "# model: the network that this session was given", model)
        model = first.model
        if model.in_features != len(data.names) or model.out_features != data.outputs:
            raise InputError(
                f"the data needs a width from {len(data.names)} inputs to {data.outputs} outputs, "
                f"got {shape}"
            )
        self._options = options
        self._threads = threads
        self._source = source
        self._steps = [first]
        self._place = 0
        self._observers: list[Observer] = []
        self._listeners: list[Callable[[], None]] = []
        self._frame = Frame()
        self._thread: threading.Thread | None = None
        self._stopping, self._going = threading.Event(), threading.Event()
        self._going.set()
        self._single = False
        self._error: BaseException | None = None

    @classmethod
    def open(
        cls, path: str | Path, target: str, width: Width | None = None, **options: Any
    ) -> "Session":
        """A session on a CSV, TSV or Parquet file."""
        seed = options.get("seed", 0)
        data = Dataset.from_frame(read_table(path), target, seed=seed)
        source = f"Dataset.from_frame(read_table({str(path)!r}), {target!r}, seed={seed})"
        return cls(data, width, source=source, **options)

    # What is known

    @property
    def frame(self) -> Frame:
        """The present state of training."""
        return self._frame

    @property
    def status(self) -> Status:
        return self._frame.status

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done, up to the present state."""
        return tuple(self._steps[: self._place + 1])

    @property
    def model(self) -> KAN:
        """The network after the last step."""
        return self._steps[self._place].model

    @property
    def result(self) -> FitResult | None:
        """What the last training did; None before the first."""
        return next((s.fit for s in reversed(self.steps) if s.fit is not None), None)

    @property
    def formulas(self) -> FormulaSet:
        """What ``symbolify`` found; an ``InputError`` before it."""
        found = next((s.formulas for s in reversed(self.steps) if s.formulas is not None), None)
        if found is None:
            raise InputError("there is no formula yet: call symbolify() first")
        return found

    @property
    def formula(self) -> Formula:
        """The formula that was chosen, else the one that validation prefers."""
        formulas = self.formulas
        for step in reversed(self.steps):
            if step.choice is not None:
                chosen: Formula = formulas[step.choice]
                return chosen
            if step.formulas is not None:
                break
        best: Formula = formulas.best
        return best

    @property
    def undoable(self) -> str:
        """Name of the step that ``undo`` would take back, or ""."""
        return self._steps[self._place].name if self._place else ""

    @property
    def redoable(self) -> str:
        """Name of the step that ``redo`` would bring back, or ""."""
        return self._steps[self._place + 1].name if self._place + 1 < len(self._steps) else ""

    @property
    def unit(self) -> str:
        """What losses are measured in."""
        return "RMSE" if self.data.task == "regression" else "cross-entropy"

    def loss(self, part: Part = "validation") -> float:
        """Loss of the present network, see ``loss_of``."""
        return loss_of(self.model, self.data, part)

    def graph(self, *, suggest: bool = False) -> nx.DiGraph:
        """The present network as a graph, see ``to_networkx``."""
        return to_networkx(self.model, self.data, suggest=suggest)

    def suggest(self, edge: Edge) -> list[Candidate]:
        """Functions that an edge may be: a simple one goes before one that fits hardly better."""
        self._require_living(edge)
        x = self.data.split("train")[0][:_ROWS].to(self.model.output_scale)
        found = suggest(self.model, x, [edge])[edge]
        return sorted(found, key=_bits)

    def preview(self, threshold: float) -> Preview:
        """What ``prune(threshold)`` would do; the network stays as it is."""
        model = drop_edges(self.model, self.data, threshold=threshold)
        left = set(model.edges())
        gone = tuple(edge for edge in self.model.edges() if edge not in left)
        return Preview(gone, self.loss(), loss_of(model, self.data))

    # Training

    def start(self) -> "Session":
        """Train on a background thread and return at once.

        The first training draws new random starts; a later one goes on from the present network.
        """
        return self._launch(single=False)

    def step(self) -> "Session":
        """One iteration, then hold; begins the training where it has not begun."""
        if not self.running:
            return self._launch(single=True)
        self._single = True
        self._going.set()
        return self

    def _launch(self, *, single: bool) -> "Session":
        self._require_idle()
        self._stopping.clear()
        self._going.set()
        self._single = single
        self._error = None
        self._frame = Frame(status="running", phase="starting")
        self._thread = threading.Thread(target=self._train, name="kan-training", daemon=True)
        self._thread.start()
        return self

    def pause(self) -> None:
        """Hold the training after the present iteration."""
        if self.running:
            self._going.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._single = False
        self._going.set()

    def stop(self) -> None:
        """End the training after the present iteration; its best network so far is kept."""
        self._stopping.set()
        self._single = False
        self._going.set()

    def wait(self, timeout: float | None = None) -> "Session":
        """Block until training has ended; errors of the training are raised here."""
        if self._thread is not None:
            self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        return self

    def __await__(self) -> Generator[Any, None, "Session"]:
        return asyncio.to_thread(self.wait).__await__()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with every frame, on the training thread; returns what ends it."""
        self._observers.append(observer)

        def forget() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return forget

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every step, undo and redo; returns what ends it.

        After a training it is called on the training thread.
        """
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def _train(self) -> None:
        # OpenMP counts threads for each thread of its own: this has to happen here.
        torch.set_num_threads(self._threads)
        begun = time.perf_counter()
        recorder = _Recorder(self, begun)
        options = dict(self._options)
        if self._trained:
            options |= {"starts": 1}
            options.pop("grids", None)
        try:
            result = fit(self.model, self.data, seed=self.seed, callback=recorder, **options)
        except Exception as error:
            self._error = error
            recorder.publish(
                "error", message="".join(traceback.format_exception_only(error)).strip()
            )
            return
        said = "".join(f", {name}={value!r}" for name, value in options.items())
        code = f"result = fit(model, data, seed={self.seed}{said})\nmodel = result.model"
        self._add(Step("train", code, result.model, fit=result))
        ended: Status = "stopped" if result.stopped == "stopped" else "done"
        recorder.finish(ended, result)

    @property
    def _trained(self) -> bool:
        """Whether the present numbers are worth keeping."""
        return self.result is not None or self._steps[0].name == "given network"

    # Steps

    def prune(self, threshold: float | None = None) -> "Session":
        """Remove edges: by refit tests, or those whose score is below ``threshold``."""
        self._require_idle()
        if threshold is None:
            model = eliminate(self.model, self.data).model
            return self._add(Step("prune", "model = eliminate(model, data).model", model))
        model = drop_edges(self.model, self.data, threshold=threshold)
        code = f"model = prune_edges(model, data, threshold={threshold!r})"
        return self._add(Step(f"prune below {threshold:g}", code, model))

    def fix(self, edge: Edge, name: str, affine: tuple[float, float, float, float]) -> "Session":
        """Lock an edge to c·f(a·x + b) + d with ``affine = (a, b, c, d)``."""
        self._require_idle()
        model = fix_edge(self.model, edge, name, affine)
        code = f"model = fix(model, {edge!r}, {name!r}, {affine!r})"
        return self._add(Step(f"fix {name}", code, model))

    def unfix(self, edge: Edge) -> "Session":
        """Turn a fixed edge back into a spline."""
        self._require_idle()
        model = free_edge(self.model, edge)
        return self._add(Step("unfix", f"model = unfix(model, {edge!r})", model))

    def choose(self, index: int) -> "Session":
        """Prefer the formula at ``index`` of ``formulas`` to the one that validation prefers."""
        self._require_idle()
        if not 0 <= index < len(self.formulas):
            raise InputError(
                f"a formula's index must lie between 0 and {len(self.formulas) - 1}, got {index}"
            )
        code = f"formula = formulas[{index}]"
        return self._add(Step(f"choose formula {index}", code, self.model, choice=index))

    def reset(self) -> "Session":
        """Back to the network of the beginning; ``redo`` brings the steps back one by one."""
        self._require_idle()
        self._publish(Frame())
        return self._go(0)

    def symbolify(self) -> "Session":
        """Find formulas for the present network."""
        self._require_idle()
        found = find_symbols(self.model, self.data, seed=self.seed)
        found = found.stamped(seed=self.seed, steps=", ".join(step.name for step in self.steps))
        code = f"formulas = symbolify(model, data, seed={self.seed})"
        return self._add(Step("symbolify", code, self.model, formulas=found))

    def undo(self) -> "Session":
        """Back to the state before the last step."""
        self._require_idle()
        if self._place == 0:
            raise InputError("there is nothing to undo")
        return self._go(self._place - 1)

    def redo(self) -> "Session":
        """Forward to the state that was undone."""
        self._require_idle()
        if self._place + 1 >= len(self._steps):
            raise InputError("there is nothing to redo")
        return self._go(self._place + 1)

    def to_script(self) -> str:
        """Python that repeats everything up to the present state."""
        code = "\n".join(step.code for step in self.steps)
        public = [n for n in ("KAN", "fit", "prune_edges", "symbolify") if f"{n}(" in code]
        lines = ["import torch", ""]
        if self._source:
            public.append("Dataset")
            lines.append("from workbench.tables import read_table")
        fixing = [n for n in ("fix", "unfix") if f" {n}(" in code]
        if fixing:
            lines.append(f"from workbench.discovery.fixing import {', '.join(fixing)}")
            lines.append("from workbench.kan.model import Edge")
        if "eliminate(" in code:
            lines.append("from workbench.discovery.elimination import eliminate")
        lines.insert(2, f"from workbench import {', '.join(sorted(public))}")
        data = f"data = {self._source}" if self._source else "# data: the Dataset of this session"
        lines += ["", f"torch.set_num_threads({self._threads})", data, code]
        if "symbolify(" in code:
            chosen = any(step.choice is not None for step in self.steps)
            lines.append("print(formula)" if chosen else "print(formulas.best)")
        return "\n".join(lines) + "\n"

    def _add(self, step: Step) -> "Session":
        self._steps = [*self._steps[: self._place + 1], step]
        return self._go(self._place + 1)

    def _go(self, place: int) -> "Session":
        self._place = place
        for listener in tuple(self._listeners):
            listener()
        return self

    def _require_living(self, edge: Edge) -> None:
        if edge not in self.model.edges():
            raise InputError(f"{edge} is not a living edge of the network")

    def _require_idle(self) -> None:
        if self.running:
            raise InputError("training is running: stop it or wait for it first")

    def _publish(self, frame: Frame) -> None:
        self._frame = frame
        for observer in tuple(self._observers):
            observer(frame)


class _Recorder:
    """The callback of ``fit``: collects losses, obeys pause and stop, and publishes frames."""

    def __init__(self, session: Session, begun: float) -> None:
        self.session = session
        self.begun = begun
        self.shown = 0.0
        self.records: list[Record] = []
        self.edges: tuple[Edge, ...] = ()
        self.curves = torch.zeros(0, _CURVE_POINTS)
        self.total = 0

    def __call__(self, progress: Progress) -> bool:
        self.records.append(progress)
        self.total = progress.total
        if self.session._single:
            self.session._single = False
            self.session._going.clear()
        paused = not self.session._going.is_set()
        if paused or time.perf_counter() - self.shown > _BETWEEN_FRAMES:
            self.draw(progress.snapshot())
            said = diagnosis([r.train_loss for r in self.records], self._validation())
            self.publish("paused" if paused else "running", said)
        if paused:
            self.session._going.wait()
            if not self.session._single:
                self.publish("running")
        return self.session._stopping.is_set()

    def draw(self, model: KAN) -> None:
        self.edges, self.curves = edge_curves(model)

    def publish(self, status: Status, message: str = "") -> None:
        self.shown = time.perf_counter()
        last = self.records[-1] if self.records else None
        frame = Frame(
            status=status,
            step=last.step if last else 0,
            total=max(self.total, last.step if last else 0),
            phase=_phase(last) if last else "",
            message=message,
            train=tuple(r.train_loss for r in self.records),
            validation=tuple(self._validation()),
            edges=self.edges,
            curves=self.curves,
            seconds=self.shown - self.begun,
        )
        self.session._publish(frame)

    def finish(self, status: Status, result: FitResult) -> None:
        self.draw(result.model)
        self.total = self.records[-1].step if self.records else 0
        unit = self.session.unit
        said = " ".join(result.warnings)
        message = (
            f"Validation {unit} {result.validation_loss:.3g} after {result.seconds:.1f} s. {said}"
        )
        self.publish(status, message.strip())

    def _validation(self) -> list[float | None]:
        return [r.validation_loss for r in self.records]


def loss_of(model: KAN, data: Dataset, part: Part = "validation") -> float:
    """RMSE in the target's units, or mean cross-entropy; of training rows where ``part`` is empty."""
    x, y = data.split(part)
    if not len(x):
        x, y = data.split("train")
    with torch.no_grad():
        values = model(x.to(model.output_scale))
    if data.task == "regression":
        return float((values - y.to(values)).square().mean().sqrt())
    if values.shape[1] == 1:
        return float(functional.binary_cross_entropy_with_logits(values[:, 0], y.to(values)))
    return float(functional.cross_entropy(values, y.to(values.device)))


def _bits(candidate: Candidate) -> float:
    """What is lost to a candidate, and what its function costs."""
    return math.log2(max(1 - candidate.r2, 0.0) + _AS_GOOD) + SYMPY[candidate.name].complexity


def diagnosis(train: Sequence[float], validation: Sequence[float | None]) -> str:
    """A sentence on what the latest losses show, or "": diverged, overfitting, stalled."""
    if not train:
        return ""
    if not math.isfinite(train[-1]):
        return "The loss is not a number any more: the last good network is kept."
    if len(train) < 2 * _WINDOW:
        return ""
    known = [v for v in validation if v is not None and math.isfinite(v)]
    least = min(known, default=0.0)
    if known and train[-1] < train[-_WINDOW] and known[-1] > _OVERFITTED * least > 0:
        return (
            "The validation loss has risen while the training loss falls: the network begins to "
            "follow the noise. Its best state is kept."
        )
    if train[-1] > (1 - _STALLED) * train[-_WINDOW] > 0:
        return f"The loss has not moved for {_WINDOW} iterations."
    return ""


def _phase(record: Record) -> str:
    grid = f"grid {record.grid_size}"
    return record.phase if grid in record.phase else f"{record.phase}, {grid}"


def edge_curves(model: KAN, points: int = _CURVE_POINTS) -> tuple[tuple[Edge, ...], torch.Tensor]:
    """The living edges and their values along their grids, each without its mean, ``(E, points)``."""
    edges = tuple(model.edges())
    rows = []
    for edge in edges:
        low, high = model.layer(edge.layer).grid_range[edge.source].tolist()
        x = torch.linspace(low, high, points, dtype=model.output_scale.dtype)
        curve = model.activation(edge, x.to(model.output_scale))
        rows.append((curve - curve.mean()).float().cpu())
    return edges, torch.stack(rows) if rows else torch.zeros(0, points)
