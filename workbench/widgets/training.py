"""The training panel: losses, random starts, edges that take shape, settings, and the commands of a job."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from workbench.errors import InputError
from workbench.kan.config import Width
from workbench.kan.model import Edge
from workbench.kan.training.contest import Start
from workbench.search.shapes import default_widths
from workbench.session import Frame, Session
from workbench.widgets.panel import Command, Panel, Said, text_in

_MOST_POINTS = 400
_MOST_CURVES = 60
_MOST_IN_STARTS, _LEAST_OF_A_START = 1200, 8
_SETTINGS = ("starts", "steps", "l1", "entropy", "smoothness")


class TrainingPanel(Panel):
    """Shows a session while it trains.

    The job's thread writes the traits, the front end only sends commands: "start", "step", "pause",
    "resume", "stop", "reset", "shape", "setting", "discover". Losses and curves travel as
    little-endian float32.

    Attributes:
        status, job, step, total, phase, message, share: see ``workbench.session.Frame``.
        losses: pairs of training and validation loss, NaN where there is none, at most 400.
        edges: label of every curve. curves: values, as many for each edge.
        starts: state of every random start. start_losses: a row for each: its number of iterations and
            its losses at equal distances between them, NaN behind the last.
        unit: of the losses. live: whether frames of a running job are sent.
        network: the shape and its number of parameters. shapes: what may be tried instead.
        trained: whether a training would go on from numbers that are worth keeping.
        settings: of every further training, whichever button begins it: texts by name, "" by default.
    """

    _view = traitlets.Unicode("training").tag(sync=True)

    status = traitlets.Unicode("ready").tag(sync=True)
    job = traitlets.Unicode("train").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    share = traitlets.Float(0.0).tag(sync=True)
    seconds = traitlets.Float(0.0).tag(sync=True)
    phase = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("RMSE").tag(sync=True)
    losses = traitlets.Bytes(b"").tag(sync=True)
    edges = traitlets.List(traitlets.Unicode()).tag(sync=True)
    hidden_edges = traitlets.Int(0).tag(sync=True)
    curves = traitlets.Bytes(b"").tag(sync=True)
    starts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    start_losses = traitlets.Bytes(b"").tag(sync=True)
    network = traitlets.Dict().tag(sync=True)
    shapes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    trained = traitlets.Bool(False).tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        shapes = [spelled(width) for width in default_widths(session.data, "normal")]
        super().__init__(unit=session.unit, shapes=shapes)
        self.session, self.kept = session, ""
        self.live = True
        self._describe()
        self._show(session.frame)
        self._forget += [session.observe(self._show), session.listen(self._describe)]

    def _commands(self) -> dict[str, Command]:
        session = self.session
        return {
            "start": lambda said: session.start(**options_in(said.get("options", {}))),
            "step": lambda said: session.step(),
            "reset": lambda said: session.reset(),
            "pause": lambda said: session.pause(),
            "resume": lambda said: session.resume(),
            "stop": lambda said: session.stop(),
            "shape": lambda said: session.rebuild(width_in(text_in(said, "width"), session)),
            "setting": lambda said: session.configure(**setting_in(said)),
            "discover": lambda said: session.discover(wait=False),
        }

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self.message = sentence

    def _describe(self) -> None:
        """The network that a training would start from."""
        model = self.session.model
        about = {
            "width": spelled(model.config.width),
            "edges": len(model.edges()),
            "parameters": model.parameter_count,
            "rows": len(self.session.data.train),
        }
        with self._lock, self.hold_sync():
            self.network, self.trained = about, self.session.trained
            self.settings = settings_of(self.session.options)
            if not self.session.running:
                self._show(self.session.frame)

    def _show(self, frame: Frame) -> None:
        if not self.live and frame.busy:
            return
        labels = [self._label(edge) for edge in frame.edges[:_MOST_CURVES]]
        curves = frame.curves[:_MOST_CURVES].numpy().astype("<f4").tobytes()
        with self._lock, self.hold_sync():
            self.status, self.job = frame.status, frame.job
            self.step, self.total, self.seconds = frame.step, frame.total, frame.seconds
            self.phase, self.message, self.share = frame.phase, frame.message, frame.share
            self.losses = thinned(frame.train, frame.validation)
            self.edges, self.curves = labels, curves
            self.starts = [start.state for start in frame.starts]
            self.start_losses = rows_of(frame.starts)
            self.hidden_edges = max(len(frame.edges) - _MOST_CURVES, 0)

    def _label(self, edge: Edge) -> str:
        names = self.session.data.names
        source = names[edge.source] if edge.layer == 0 else f"{edge.layer}.{edge.source}"
        return f"{source} → {edge.layer + 1}.{edge.target}"


def thinned(train: Any, validation: Any) -> bytes:
    """Losses as float32 pairs, at most 400 of them."""
    stride = max(1, -(-len(train) // _MOST_POINTS))
    # From the end: the last one is always there.
    train, validation = train[::-1][::stride][::-1], validation[::-1][::stride][::-1]
    pairs = np.full((len(train), 2), np.nan, dtype="<f4")
    pairs[:, 0] = train
    pairs[:, 1] = [np.nan if v is None else v for v in validation]
    return pairs.tobytes()


def rows_of(starts: Sequence[Start]) -> bytes:
    """Iterations and thinned losses of every start as float32 rows; fewer points where there are many."""
    if not starts:
        return b""
    points = max(_MOST_IN_STARTS // len(starts), _LEAST_OF_A_START)
    points = min(points, max(len(start.losses) for start in starts))
    rows = np.full((len(starts), 1 + points), np.nan, dtype="<f4")
    for row, start in zip(rows, starts, strict=True):
        row[0] = count = len(start.losses)
        kept = min(count, points)
        # The last one is always there.
        row[1 : 1 + kept] = [start.losses[count * (i + 1) // kept - 1] for i in range(kept)]
    return rows.tobytes()


def spelled(width: Width) -> str:
    """A width as text: ``4, 2+1×, 1`` has two sums and one product between inputs and output."""
    return ", ".join(str(n) if isinstance(n, int) else f"{n[0]}+{n[1]}×" for n in width)


def width_in(text: str, session: Session) -> Width:
    """A width as people write it; one without inputs and outputs is of the hidden layers alone."""
    found: list[int | tuple[int, int]] = []
    for part in filter(None, re.split(r"[\s,;\[\]]+", text)):
        match = re.fullmatch(r"(\d+)(?:\+(\d+)[×x*]?)?", part)
        if not match:
            raise InputError(
                f"a shape is numbers of nodes, such as 4, 2, 1, or 4, 2+1×, 1 with a product: got {part!r}"
            )
        found.append((int(match[1]), int(match[2])) if match[2] else int(match[1]))
    data = session.data
    if not found or found[0] != len(data.names) or found[-1] != data.outputs or len(found) < 2:
        found = [len(data.names), *found, data.outputs]
    return tuple(found)


def options_in(said: Any) -> dict[str, Any]:
    """Settings of a training that differ from the defaults."""
    if not isinstance(said, Mapping):
        raise InputError("settings must be names and numbers")
    options: dict[str, Any] = {}
    for name in _SETTINGS:
        value = said.get(name)
        if value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise InputError(f"{name} must be a number that is not negative, got {value!r}")
        options[name] = int(value) if name in ("starts", "steps") else float(value)
    grid = said.get("grid")
    if grid is not None:
        if not isinstance(grid, int) or isinstance(grid, bool) or not 1 <= grid <= 1000:
            raise InputError(f"the finest grid must be a whole number up to 1000, got {grid!r}")
        options["grids"] = _grids_to(grid)
    solver = said.get("solver")
    if solver is not None:
        if solver not in ("lm", "lbfgs", "adam"):
            raise InputError(f"a solver must be lm, lbfgs or adam, got {solver!r}")
        options["solver"] = solver
    return options


def setting_in(said: Said) -> dict[str, Any]:
    """One setting that was changed, as an option of a training; None is the default."""
    name, value = text_in(said, "name"), said.get("value")
    if name not in (*_SETTINGS, "grid", "solver"):
        raise InputError(f"there is no setting {name!r}")
    option = "grids" if name == "grid" else name
    return {option: None} | options_in({name: value})


def settings_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Options of a training as the settings that show them, those that have no choice as texts."""
    shown = {name: _written(options.get(name)) for name in (*_SETTINGS, "solver")}
    grids = tuple(options.get("grids") or ())
    nested = bool(grids) and grids == _grids_to(max(grids))
    return shown | {"grid": str(max(grids)) if nested else _written(grids)}


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_written, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _grids_to(finest: int) -> tuple[int, ...]:
    """From coarse to fine: halves of the finest for as long as they are grids worth having."""
    grids = [finest]
    while grids[0] % 2 == 0 and grids[0] > 3:
        grids.insert(0, grids[0] // 2)
    return tuple(grids)
