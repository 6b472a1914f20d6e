"""The progress line: plain lines where there is no terminal, and an interrupt that asks first."""

import io
import math
import os
import signal

import pytest

from workbench.terminal import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_phases_are_lines_in_a_file() -> None:
    stream = io.StringIO()
    progress = ProgressLine(stream)
    for phase, share in (("training", 0.1), ("training", math.nan), ("pruning", 0.5)):
        assert not progress(phase, share)
    assert stream.getvalue() == " 10%  training\n 50%  pruning\n"


def test_a_terminal_gets_one_line_that_is_taken_away() -> None:
    stream = Terminal()
    progress = ProgressLine(stream)
    progress("training", 0.5)
    assert "━" * 12 + "─" * 12 in stream.getvalue()
    progress.clear()
    assert stream.getvalue().endswith("\x1b[2K")
    assert "\n" not in stream.getvalue()


def test_the_first_interrupt_ends_the_work_and_the_second_the_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ProgressLine(io.StringIO()).catching_interrupts() as progress:
        os.kill(os.getpid(), signal.SIGINT)
        assert progress("training", 0.1)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
