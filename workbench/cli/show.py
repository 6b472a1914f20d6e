"""``workbench show``: what a folder of results holds."""

import argparse
from typing import Any

from workbench.cli.options import add_results, new_command
from workbench.headless.terminal import say

_EXAMPLES = """\
workbench show results"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "show", "show what a folder of results holds", _EXAMPLES)
    add_results(parser)
    parser.set_defaults(command=show)


def show(options: argparse.Namespace) -> int:
    """Print the law and how firm it is."""
    from workbench.headless.showing import lines

    for line in lines(options.results):
        say(line)
    return 0
