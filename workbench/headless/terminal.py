"""A progress line for the command line, and an interrupt that asks before it kills."""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal, TextIO

COMPLETE, BAD_INPUT, INTERRUPTED = 0, 2, 130
"""Exit codes: all was done that was asked; a mistake, which was said; ended early, with what there was."""
Detail = Literal["quiet", "usual", "verbose"]
"""How much is said: the result alone; what is done, too; or also what was tried."""
_BAR = 24
PATIENCE = 3.0
"""Seconds that work has to end in an orderly way after the first interrupt."""
_AGAIN = 2.0


_CONTROLS = (
    {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"}
    | {127: "\u2421"}
    | dict.fromkeys(range(128, 160), "\N{REPLACEMENT CHARACTER}")
)


def say(text: object = "", file: TextIO | None = None) -> None:
    """Print a text; its control characters, which could command the terminal, become visible signs."""
    print(str(text).translate(_CONTROLS), file=file)


class Ended(BaseException):
    """Raised at any point of the work, which did not end by itself in time or is not waited for."""


class ProgressLine:
    """One line that is redrawn in a terminal, and one line a phase elsewhere.

    It is a ``workbench.search.discovery.Report``: called with a phase and the share done (NaN = unchanged),
    it returns True after the first Ctrl-C, which ends the work at the next step. Work that has no next
    step within ``PATIENCE``, or whose user presses Ctrl-C again, meets ``Ended``. SIGTERM is like Ctrl-C.

    Nothing has a colour, so that ``NO_COLOR`` asks for nothing; a dumb terminal is one that cannot redraw.

    Attributes:
        detail: "quiet" says nothing of the work, "verbose" leaves a line of every phase.
        interrupted: whether there was a signal. hurried: whether nobody waits for anything more.
        patience: seconds from the first signal to ``Ended``.
    """

    def __init__(self, stream: TextIO | None = None, detail: Detail = "usual") -> None:
        self.stream = stream or sys.stderr
        self.detail = detail
        able = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.redraw = able and detail != "quiet"
        self.interrupted = self.hurried = False
        self.patience = PATIENCE
        self._held = self._due = False
        self._share, self._phase, self._drawn = 0.0, "", 0.0
        self._begun = time.perf_counter()

    def __call__(self, phase: str, share: float) -> bool:
        if not math.isnan(share):
            self._share = max(self._share, min(share, 1.0))
            if phase != self._phase and self._leaves_lines:
                self.clear()
                self._write(f"{self._share:4.0%}  {phase}\n")
            self._phase = phase
        now = time.perf_counter()
        if self.redraw and now - self._drawn > 0.1:
            self._drawn = now
            filled = round(_BAR * self._share)
            bar = "━" * filled + "─" * (_BAR - filled)
            seconds = now - self._begun
            self._write(f"\r\x1b[2K{bar} {self._share:4.0%}  {seconds:4.0f} s  {self._phase}")
        return self.interrupted

    @property
    def _leaves_lines(self) -> bool:
        return self.detail == "verbose" or (not self.redraw and self.detail != "quiet")

    def tell(self, text: str) -> None:
        """A line of its own, above the one that is redrawn."""
        if self.detail != "quiet":
            self.clear()
            say(text, self.stream)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.redraw:
            self._write("\r\x1b[2K")

    @contextmanager
    def catching_interrupts(self) -> Iterator["ProgressLine"]:
        """Within this block Ctrl-C and SIGTERM end the work in an orderly way."""
        handlers = {signal.SIGINT: self._asked, signal.SIGTERM: self._asked}
        if hasattr(signal, "SIGALRM"):
            handlers[signal.SIGALRM] = self._late
        previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield self
        finally:
            self._ring(0.0)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self.clear()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Within this block, which has to be short, nothing is broken off; after it, what was due is."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._due:
            self._end()

    def rest(self) -> None:
        """The work has ended: what follows is optional, and the next signal breaks it off at once."""
        self._ring(0.0)
        self._due = False
        self.patience = 0.0

    def _asked(self, number: int, frame: FrameType | None) -> None:
        again = self.interrupted
        self.interrupted = True
        self.hurried |= again or not self.patience or number == signal.SIGTERM
        wait = 0.0 if again else self.patience
        self._ring(wait or _AGAIN)
        if not wait:
            self._end()
        else:
            self.clear()
            self._write("Stopping; what was found so far is kept. Ctrl-C again ends at once.\n")

    def _late(self, number: int, frame: FrameType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._due = self._held
        if not self._held:
            raise Ended

    @staticmethod
    def _ring(seconds: float) -> None:
        """Call ``_late`` then, and again in case that somebody's bare ``except`` swallows what it raises."""
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN if seconds else 0.0)
