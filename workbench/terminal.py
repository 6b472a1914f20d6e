"""A progress line for the command line, and an interrupt that asks before it kills."""

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

_BAR = 24


class ProgressLine:
    """One line that is redrawn in a terminal, and one line a phase elsewhere.

    It is a ``workbench.automatic.Report``: called with a phase and the share done (NaN = unchanged),
    it returns True after the first Ctrl-C, which ends the work at the next step; a second Ctrl-C
    ends the program.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.redraw = self.stream.isatty()
        self.interrupted = False
        self._share, self._phase, self._drawn = 0.0, "", 0.0
        self._begun = time.perf_counter()

    def __call__(self, phase: str, share: float) -> bool:
        if not math.isnan(share):
            self._share = max(self._share, min(share, 1.0))
            if phase != self._phase and not self.redraw:
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

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.redraw:
            self._write("\r\x1b[2K")

    @contextmanager
    def catching_interrupts(self) -> Iterator["ProgressLine"]:
        """Within this block the first Ctrl-C ends the work in an orderly way."""

        def handler(number: int, frame: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            self.clear()
            self._write("Stopping; what was found so far is kept. Ctrl-C again ends at once.\n")

        previous = signal.signal(signal.SIGINT, handler)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, previous)
            self.clear()
