"""Running an export: a temporary folder, child processes with a time limit, and a comparison."""

import math
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np

from workbench.formulas.law import Law

_SAMPLES = 1000
_SECONDS = 60
_SILENT = "not confirmed: the code gives no value where the formula does"


@dataclass(frozen=True)
class Program:
    """What has to be run to get the values of an export.

    Attributes:
        commands: one after the other; the last reads rows of numbers from ``input.txt`` and prints
            the values of each, a line for every number. files: by name, put into the folder first.
        guarded: whether each row ends with 1 or 0: what the code's own ``in_domain`` says.
        skipped: why it cannot be run, or "".
    """

    commands: tuple[tuple[str, ...], ...]
    files: Mapping[str, str]
    skipped: str = ""
    guarded: bool = False


class Children:
    """Programs that run for an export, each with all that it starts; none outlives the block."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock, self._over = Lock(), False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            for child in self._running:
                _end(child)

    def run(self, command: tuple[str, ...], folder: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder, where its temporary files lie, too."""
        with self._lock:
            if self._over:
                raise _FailedError("broken off")
            child = subprocess.Popen(  # noqa: S603 - our own code, by tools that were found
                command,
                cwd=folder,
                env=os.environ | {"TMPDIR": folder},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._running.add(child)
        try:
            output, said = child.communicate(timeout=_SECONDS)
        finally:
            with self._lock:
                self._running.discard(child)
                _end(child)
        return subprocess.CompletedProcess(command, child.returncode, output, said)


def _end(child: subprocess.Popen[str]) -> None:
    """End a program that still runs, and what it started: a compiler is several programs."""
    if child.poll() is None:
        with suppress(OSError):
            (os.killpg if hasattr(os, "killpg") else os.kill)(child.pid, signal.SIGTERM)
        child.kill()
        child.wait()


def compare(formula: Law, program: Program, children: Children) -> tuple[float | None, str]:
    """Largest error relative to the largest value on the domain, or None and the reason."""
    if program.skipped:
        return None, program.skipped
    for command in program.commands:
        if not command[0].startswith("./") and shutil.which(command[0]) is None:
            return None, f"not executed: no {Path(command[0]).name} here"
    x = _samples(formula)
    with np.errstate(all="ignore"):
        expected = np.asarray(formula(x), dtype=float).reshape(len(x), -1)
    known = np.isfinite(expected).all(1)
    if not known.any():
        return None, "not compared: the formula has no value on its domain"
    x, expected = x[known], expected[known]
    asked = np.concatenate((x, _outside(formula))) if program.guarded else x
    try:
        found = values_of(program, asked, children)
    except subprocess.TimeoutExpired:
        return None, f"not executed: no answer in {_SECONDS} s"
    except _FailedError as reason:
        return None, f"not executed: {reason}"
    if program.guarded:
        if found.size != len(asked) * (expected.shape[1] + 1):
            return None, _SILENT
        table = found.reshape(len(asked), -1)
        if not np.array_equal(table[:, -1], formula.in_domain(asked)):
            return None, "not confirmed: the code's in_domain says something else"
        found = table[: len(x), :-1]
    if found.size != expected.size or not np.isfinite(found).all():
        return None, _SILENT
    scale = max(float(np.abs(expected).max()), 1e-300)
    return float(np.abs(found.reshape(expected.shape) - expected).max()) / scale, ""


class _FailedError(Exception):
    """A command ended with an error; the message is what it said last."""


def values_of(program: Program, x: np.ndarray, children: Children | None = None) -> np.ndarray:
    """The numbers that a program prints for ``x (N, d)``, in one row; NaN for what is none."""
    output = _run(program, x, children or Children())
    return np.array([_number(line) for line in output.splitlines() if line.strip()])


def _run(program: Program, x: np.ndarray, children: Children) -> str:
    output = ""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in program.files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        # Without exponents, which not every reader of numbers takes.
        rows = "\n".join(" ".join(map(np.format_float_positional, row)) for row in x)
        Path(folder, "input.txt").write_text(f"{rows}\n", encoding="utf-8")
        for command in program.commands:
            done = children.run(command, folder)
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines() or ["it failed"]
                telling = [line for line in said if "rror" in line] or said
                raise _FailedError(telling[-1][:200])
            output = done.stdout
    return output


def _number(line: str) -> float:
    """A printed number; NaN for anything else, such as a complex one."""
    try:
        return float(line.replace("*^", "e"))
    except ValueError:
        return math.nan


def _samples(formula: Law) -> np.ndarray:
    random = np.random.default_rng(0)
    spans = np.array([formula.domain.get(name, (-1.0, 1.0)) for name in formula.names])
    return random.uniform(spans[:, 0], spans[:, 1], (_SAMPLES, len(spans)))


def _outside(formula: Law) -> np.ndarray:
    """Points that leave the domain by one input each, on either side, ``(2d, d)``."""
    spans = np.array([formula.domain.get(name, (-1.0, 1.0)) for name in formula.names])
    centre, width = spans.mean(1), spans[:, 1] - spans[:, 0]
    steps = np.diag(width)
    return np.concatenate((centre + steps, centre - steps))
