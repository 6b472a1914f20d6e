"""The training panel: loss curve, edges that take shape, and Run, Pause, Step, Stop, Reset."""

import threading
from typing import Any

import anywidget
import numpy as np
import traitlets

from workbench.errors import InputError
from workbench.session import Frame, Session
from workbench.widgets.front_end import module, style

_MOST_POINTS = 400
_MOST_CURVES = 60


class TrainingPanel(anywidget.AnyWidget):
    """Shows a session while it trains.

    The training thread writes the traits, the front end only sends commands: "start", "step",
    "pause", "resume", "stop", "reset". Losses and curves travel as little-endian float32.

    Attributes:
        status, step, total, phase, message: see ``workbench.session.Frame``.
        losses: pairs of training and validation loss, NaN where there is none, at most 400.
        edges: label of every curve. curves: values, as many for each edge.
        unit: of the losses.
    """

    _esm = module("training.js")
    _css = style("training.css")

    status = traitlets.Unicode("ready").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    seconds = traitlets.Float(0.0).tag(sync=True)
    phase = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("RMSE").tag(sync=True)
    losses = traitlets.Bytes(b"").tag(sync=True)
    edges = traitlets.List(traitlets.Unicode()).tag(sync=True)
    hidden_edges = traitlets.Int(0).tag(sync=True)
    curves = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, session: Session) -> None:
        self._lock = threading.RLock()
        super().__init__(unit=session.unit)
        self.session = session
        self._show(session.frame)
        self._forget = session.observe(self._show)
        self.on_msg(self._obey)

    def set_state(self, sync_data: Any) -> None:
        """From the front end; ipywidgets keeps state without a lock of its own."""
        with self._lock:
            super().set_state(sync_data)

    def close(self) -> None:
        """Stop listening; training goes on."""
        if hasattr(self, "_forget"):
            self._forget()
        super().close()

    def _obey(self, _: Any, content: Any, __: Any) -> None:
        commands = {
            "start": self.session.start,
            "step": self.session.step,
            "reset": self.session.reset,
            "pause": self.session.pause,
            "resume": self.session.resume,
            "stop": self.session.stop,
        }
        wanted = content.get("type") if isinstance(content, dict) else None
        command = commands.get(wanted) if isinstance(wanted, str) else None
        if command is None:
            return
        try:
            command()
        except InputError as error:
            with self._lock:
                self.message = str(error)

    def _show(self, frame: Frame) -> None:
        labels = [self._label(edge) for edge in frame.edges[:_MOST_CURVES]]
        curves = frame.curves[:_MOST_CURVES].numpy().astype("<f4").tobytes()
        with self._lock, self.hold_sync():
            self.status = frame.status
            self.step, self.total, self.seconds = frame.step, frame.total, frame.seconds
            self.phase, self.message = frame.phase, frame.message
            self.losses = thinned(frame.train, frame.validation)
            self.edges, self.curves = labels, curves
            self.hidden_edges = max(len(frame.edges) - _MOST_CURVES, 0)

    def _label(self, edge: Any) -> str:
        names = self.session.data.names
        source = names[edge.source] if edge.layer == 0 else f"{edge.layer}.{edge.source}"
        return f"{source} → {edge.layer + 1}.{edge.target}"


def thinned(train: Any, validation: Any) -> bytes:
    """Losses as float32 pairs, at most 400 of them."""
    stride = max(1, -(-len(train) // _MOST_POINTS))
    pairs = np.full((len(train), 2), np.nan, dtype="<f4")
    pairs[:, 0] = train
    pairs[:, 1] = [np.nan if v is None else v for v in validation]
    # The last one is always there.
    return pairs[::-1][::stride][::-1].tobytes()
