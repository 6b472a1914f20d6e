"""Shorter forms of an expression, found in a child process with a time limit.

SymPy's rewritings can take minutes on an innocent expression; a child can be ended. What comes back
is read as ``srepr``, never evaluated, and whoever asks compares values.
"""

import subprocess
import sys
from collections.abc import Sequence

import sympy
from sympy import Expr, Symbol

from workbench.discovery.size import complexity
from workbench.discovery.srepr import OPAQUE, parse_srepr
from workbench.errors import InputError

SECONDS = 5.0
_WORTH = 7


def shorter(
    expressions: Sequence[Expr], positive: frozenset[str], *, seconds: float = SECONDS
) -> tuple[Expr, ...]:
    """The shortest forms that are found in time; an expression itself where none is shorter.

    Args:
        expressions: in real symbols. positive: names of symbols that are above 0 on the data, so that
            √x² is x there.
        seconds: after these the child is ended.
    """
    before = tuple(expressions)
    if all(complexity(e) < _WORTH for e in before) or any(
        e.has(f) for e in before for f in OPAQUE.values()
    ):
        return before
    try:
        done = subprocess.run(  # noqa: S603 - this file, in this interpreter
            [sys.executable, "-m", "workbench.discovery.simplify", *sorted(positive)],
            input="\n".join(sympy.srepr(e) for e in before),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        found = tuple(parse_srepr(line) for line in done.stdout.splitlines())
    except (subprocess.TimeoutExpired, InputError):
        return before
    if done.returncode or len(found) != len(before):
        return before
    return tuple(
        new if complexity(new) < complexity(old) else old
        for new, old in zip(found, before, strict=True)
    )


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


def main() -> None:
    """Read expressions line by line, write their shortest forms."""
    positive = frozenset(sys.argv[1:])
    for line in sys.stdin.read().splitlines():
        sys.stdout.write(sympy.srepr(shortest(parse_srepr(line), positive)) + "\n")


if __name__ == "__main__":
    main()
