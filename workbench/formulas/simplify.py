"""Shorter forms of expressions, found in one child process with a time limit for each.

SymPy's rewritings can take minutes on an innocent expression; a child can be ended. What comes back
is read as ``srepr``, never evaluated, and whoever asks compares values.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

import sympy
from sympy import Expr, Symbol

from workbench.errors import InputError
from workbench.formulas.size import complexity, moderate
from workbench.formulas.srepr import OPAQUE, admit, admitted, parse_srepr

SECONDS = 3.0
_START_SECONDS, _PATIENCE = 20.0, 4.0
_LEAST_NODES = 7

Job = tuple[Expr, frozenset[str]]
"""An expression in real symbols, and the names of those that are above 0 on the data: √x² is x there."""


def shorter(jobs: Sequence[Job], *, seconds: float = SECONDS) -> tuple[Expr, ...]:
    """The shortest forms that are found in time; an expression itself where none is shorter.

    Args:
        jobs: expressions with the assumptions that hold for them.
        seconds: of CPU time for each, so that a busy machine finds the same; a child that hangs all
            the same is ended after several times as long.
    """
    # A child knows nothing of the functions that were registered in this process.
    worth = [
        place
        for place, (expression, _) in enumerate(jobs)
        if complexity(expression) >= _LEAST_NODES
        and moderate(expression)
        and not expression.has(*OPAQUE.values())
    ]
    found = [expression for expression, _ in jobs]
    for place, new in zip(worth, _asked([jobs[place] for place in worth], seconds), strict=False):
        if complexity(new) < complexity(found[place]):
            found[place] = new
    return tuple(found)


def _asked(jobs: Sequence[Job], seconds: float) -> list[Expr]:
    """Answers of a child, in order; fewer than were asked where it had to be ended."""
    if not jobs:
        return []
    lines = [json.dumps(admitted())]
    lines += [json.dumps([sympy.srepr(e), sorted(positive), seconds]) for e, positive in jobs]
    child = subprocess.Popen(
        [sys.executable, "-m", "workbench.formulas.simplify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        patience = _START_SECONDS + _PATIENCE * seconds * len(jobs)
        output, _ = child.communicate("\n".join(lines), patience)
    except subprocess.TimeoutExpired:
        child.kill()
        output, _ = child.communicate()
    finally:
        child.kill()
        child.wait()
    answers = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
    try:
        return [parse_srepr(line.strip()) for line in answers]
    except InputError:
        return []


def shortest(expression: Expr, positive: frozenset[str]) -> Expr:
    """The least complex of a few rewritings, in this process."""
    known = {
        s: Symbol(s.name, positive=True) for s in expression.free_symbols if s.name in positive
    }
    start = expression.xreplace(known)
    logs = sympy.powsimp(sympy.expand_log(start))
    opened = sympy.expand(start)
    forms = [start, opened, logs, sympy.factor_terms(start), sympy.factor_terms(opened)]
    forms += [sympy.together(opened), sympy.expand_power_base(start), sympy.powdenest(start)]
    forms += [sympy.logcombine(start), sympy.cancel(start), sympy.simplify(start)]
    back = {new: old for old, new in known.items()}
    return min((form.xreplace(back) for form in forms), key=complexity)


class _LateError(BaseException):
    """Raised by the alarm; not an ``Exception``, which SymPy may catch on its way."""


def _late(number: int, frame: FrameType | None) -> None:
    raise _LateError


def _in_time(expression: Expr, positive: frozenset[str], seconds: float) -> Expr:
    """``shortest``, or the expression itself where an alarm rings first; POSIX alone has the alarm."""
    alarm = getattr(signal, "setitimer", None)
    if alarm:
        signal.signal(signal.SIGPROF, _late)
        alarm(signal.ITIMER_PROF, seconds)
    try:
        return shortest(expression, positive)
    except (_LateError, Exception):  # SymPy's rewritings fail in many ways, too
        return expression
    finally:
        if alarm:
            alarm(signal.ITIMER_PROF, 0)


def main() -> None:
    """Read which functions to know, then jobs line by line; write shortest forms as they are found."""
    known, *jobs = sys.stdin.read().splitlines()
    admit(json.loads(known))
    for line in jobs:
        text, positive, seconds = json.loads(line)
        found = _in_time(parse_srepr(text), frozenset(positive), seconds)
        sys.stdout.write(sympy.srepr(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
