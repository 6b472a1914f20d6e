"""``workbench solve``: a differential equation that stands in a file."""

import argparse
from typing import Any

from workbench.cli.options import add_seed, check_parent, new_command, set_threads
from workbench.headless.terminal import say

_EXAMPLES = """\
workbench solve heat.toml
workbench solve heat.toml --seed 1 --seconds 60 --out heat.safetensors"""
_NOT_CONVERGED = 3


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "solve", "solve a differential equation that a file of TOML holds", _EXAMPLES
    )
    parser.add_argument("problem", metavar="FILE", help="the problem, see docs/equations.md")
    add_seed(parser)
    parser.add_argument("--seconds", type=float, default=120.0, help="at most (default: 120)")
    parser.add_argument("--out", metavar="FILE", help="where the network is saved")
    parser.set_defaults(command=solve)


def solve(options: argparse.Namespace) -> int:
    """Print the verdict; 3 where the solution has not converged."""
    if options.out:
        check_parent(options.out, "the network")
    set_threads(1)
    from workbench.equations.files import read_problem
    from workbench.equations.solving import solve as solved

    solution = solved(read_problem(options.problem), seed=options.seed, seconds=options.seconds)
    say(solution)
    if options.out:
        solution.save(options.out)
    return 0 if solution.converged else _NOT_CONVERGED
