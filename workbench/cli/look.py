"""``workbench look``: what a table holds and what would be made of it."""

import argparse
from typing import Any

from workbench.cli.options import add_sample, add_seed, add_table, new_command
from workbench.cli.tables import kinds_of, read, sample
from workbench.headless.terminal import say

_EXAMPLES = """\
workbench look data.csv
workbench look data.csv --target y --drop id --column cyl=category
curl -s https://example.org/data.csv | workbench look -"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "look", "show what a table holds and what would be made of it", _EXAMPLES
    )
    add_table(parser)
    add_sample(parser)
    add_seed(parser)
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="column to be explained: shows the inputs that there would be",
    )
    parser.set_defaults(command=look)


def look(options: argparse.Namespace) -> int:
    """Print what there is."""
    table, _ = sample(read(options), options, (options.target,))
    from workbench.headless.looking import lines

    kinds = kinds_of(options.column, [str(name) for name in table.columns])
    for line in lines(table, kinds, options.target):
        say(line)
    return 0
