"""``workbench solve``: a differential equation that stands in a file."""

import argparse
import math
from typing import Any

from workbench.cli.options import (
    add_detail,
    add_seconds,
    add_seed,
    check_parent,
    mention,
    new_command,
    set_threads,
)
from workbench.headless.terminal import COMPLETE, INTERRUPTED, ProgressLine, say

_EXAMPLES = """\
workbench solve heat.toml
workbench solve heat.toml --seed 1 --seconds 60 --out heat.safetensors"""
_SECONDS = 120.0
_NOT_CONVERGED = 3


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "solve", "solve a differential equation that a file of TOML holds", _EXAMPLES
    )
    parser.add_argument("problem", metavar="FILE", help="the problem, see docs/equations.md")
    add_seed(parser)
    add_seconds(parser, _SECONDS)
    parser.add_argument("--out", metavar="FILE", help="where the network is saved")
    add_detail(parser)
    parser.set_defaults(command=solve)


def solve(options: argparse.Namespace) -> int:
    """Print the verdict; 3 where the solution has not converged. Ctrl-C keeps the best so far."""
    if options.out:
        check_parent(options.out, "the network")
    set_threads(1)
    from workbench.equations.files import read_problem
    from workbench.equations.solving import solve as solved

    problem = read_problem(options.problem)
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        solution = solved(
            problem,
            seed=options.seed,
            seconds=options.seconds,
            stop=lambda: progress(f"solving {options.problem}", math.nan),
        )
        progress.rest()
    if options.out:
        solution.save(options.out)
        mention(f"Written to {options.out}", options)
    say(solution)
    if progress.interrupted:
        return INTERRUPTED
    return COMPLETE if solution.converged else _NOT_CONVERGED
