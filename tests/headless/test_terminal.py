"""The progress line: plain lines where there is no terminal, and an interrupt that asks first."""

import io
import math
import os
import signal
import time

import pytest

from workbench.headless.terminal import Ended, ProgressLine, say


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_phases_are_lines_in_a_file() -> None:
    stream = io.StringIO()
    progress = ProgressLine(stream)
    for phase, share in (("training", 0.1), ("training", math.nan), ("pruning", 0.5)):
        assert not progress(phase, share)
    assert stream.getvalue() == " 10%  training\n 50%  pruning\n"


def test_the_detail_of_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {}
    for detail in ("quiet", "usual", "verbose"):
        progress = ProgressLine(Terminal(), detail)
        for phase in ("training", "pruning"):
            progress(phase, 0.1)
        progress.tell("Best so far: y = x")
        told[detail] = progress.stream.getvalue()
    assert told["quiet"] == ""
    assert "training\n" not in told["usual"]
    assert "  training\n" in told["verbose"]
    assert all("\x1b[3" not in text and "\x1b[1m" not in text for text in told.values())
    monkeypatch.setenv("TERM", "dumb")
    progress = ProgressLine(Terminal())
    progress("training", 0.1)
    assert progress.stream.getvalue() == " 10%  training\n"


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
        assert not progress.hurried
        with pytest.raises(Ended):
            os.kill(os.getpid(), signal.SIGINT)
        assert progress.hurried
    assert signal.getsignal(signal.SIGINT) is before


def test_work_that_does_not_ask_is_ended_after_a_while() -> None:
    with ProgressLine(io.StringIO()).catching_interrupts() as progress:
        progress.patience = 0.01
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Ended):
            time.sleep(60)
    assert progress.hurried  # nobody waits after SIGTERM


def test_what_is_held_is_finished_first() -> None:
    done = []

    def held() -> None:
        with progress.holding():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("written")

    with ProgressLine(io.StringIO()).catching_interrupts() as progress, pytest.raises(Ended):
        held()
    assert done == ["written"]


def test_after_the_work_one_interrupt_is_enough() -> None:
    with ProgressLine(io.StringIO()).catching_interrupts() as progress:
        progress.rest()
        with pytest.raises(Ended):
            os.kill(os.getpid(), signal.SIGINT)
    assert progress.hurried


def test_no_alarm_outlives_the_work() -> None:
    with ProgressLine(io.StringIO()).catching_interrupts() as progress:
        os.kill(os.getpid(), signal.SIGINT)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        progress.rest()
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    with ProgressLine(io.StringIO()).catching_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_names_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("\x1b]0;owned\x07 a\rb \x9b2J \x7f\tμ\n")
    assert capsys.readouterr().out == "␛]0;owned␇ a␍b �2J ␡\tμ\n\n"
