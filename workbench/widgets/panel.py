"""What every widget of the workbench is: traits under one lock, and commands that are obeyed by name."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import ipywidgets
import traitlets

from workbench.errors import InputError
from workbench.widgets.front_end import STUB, VERSION, FrontEnd

Said = Mapping[str, Any]
Command = Callable[[Said], object]


class Panel(anywidget.AnyWidget):
    """A view whose front end sends commands and writes no traits.

    A command is a message ``{"type": name, ...}``. What a command cannot do is said by ``_refuse``.
    Subclasses give ``_view``, what draws them in the front end, ``_commands`` and, where they follow a
    session, ``_forget`` what ends that.

    Attributes:
        drafts: what was typed, opened or zoomed and not yet used. Only the front end reads and writes
            it, so nothing that the kernel sends can take it away.
        kept: the file that holds the work, for the day on which the kernel is gone; "" where nothing
            is saved by itself, None where there is nothing to save.
    """

    _esm = STUB
    _front_end = traitlets.Instance(FrontEnd).tag(sync=True, **ipywidgets.widget_serialization)
    _version = traitlets.Unicode(VERSION).tag(sync=True)

    drafts = traitlets.Dict().tag(sync=True)
    kept = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._lock = threading.RLock()
        self._forget: list[Callable[[], None]] = []
        super().__init__(**traits)
        self.on_msg(self._receive)

    @traitlets.default("_front_end")
    def _of_this_kernel(self) -> FrontEnd:
        return FrontEnd.of_this_kernel()

    def set_state(self, sync_data: Any) -> None:
        """From the front end; ipywidgets keeps state without a lock of its own."""
        with self._lock:
            super().set_state(sync_data)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        """Send, and forget who spoke last.

        ipykernel 7.4 takes commands to the subshell that has spoken last on their comm. A job's thread
        seems to speak for one that a reload of the page has ended, and commands would be lost. Without
        that memory they go where they were sent to.
        """
        super()._send(msg, buffers)
        if hasattr(self.comm, "_reply_subshell_id"):
            del self.comm._reply_subshell_id

    def close(self) -> None:
        """Stop listening; jobs go on."""
        for forget in getattr(self, "_forget", ()):
            forget()
        self._forget = []
        super().close()
        self.layout.close()

    def _commands(self) -> dict[str, Command]:
        return {}

    def _refuse(self, sentence: str) -> None:
        """Say on the screen why a command was not obeyed."""
        raise NotImplementedError

    def _receive(self, _: Any, content: Any, buffers: Any) -> None:
        wanted = content.get("type") if isinstance(content, dict) else None
        command = self._commands().get(wanted) if isinstance(wanted, str) else None
        if command is None:
            return
        try:
            command(content if not buffers else {**content, "buffers": buffers})
        except (InputError, ValueError) as error:
            self._refuse(str(error))

    def _aside(self, work: Callable[[], None]) -> None:
        """Run what takes seconds beside the kernel's own thread; its errors are said too."""

        def run() -> None:
            try:
                work()
            except (InputError, ValueError, OSError, RuntimeError) as error:
                self._refuse(str(error))

        threading.Thread(target=run, name="kan-screen", daemon=True).start()


def take_down(widget: ipywidgets.Widget) -> None:
    """Close a widget with all that it is made of; ipywidgets leaves children and layouts alive."""
    for child in getattr(widget, "children", ()):
        take_down(child)
    widget.close()
    for part in ("layout", "style"):
        made = getattr(widget, part, None)
        if isinstance(made, ipywidgets.Widget):
            made.close()


def number_in(said: Said, key: str) -> float:
    """A number of a message."""
    value = said.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InputError(f"{key} must be a number, got {value!r}")
    return float(value)


def index_in(said: Said, key: str) -> int:
    """A whole number of a message."""
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{key} must be a whole number, got {value!r}")
    return value


def text_in(said: Said, key: str) -> str:
    """A text of a message."""
    value = said.get(key)
    if not isinstance(value, str):
        raise InputError(f"{key} must be a text, got {value!r}")
    return value
