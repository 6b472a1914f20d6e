"""``workbench boundary``: the law of the edge between two classes."""

import argparse
from typing import Any

from workbench.cli.options import (
    add_columns,
    add_detail,
    add_sample,
    add_seconds,
    add_seed,
    add_table,
    check_parent,
    mention,
    new_command,
)
from workbench.cli.tables import read, sample
from workbench.headless.terminal import COMPLETE, INTERRUPTED, ProgressLine, say

_EXAMPLES = """\
workbench boundary data.csv --target phase
workbench boundary states.csv --target localized --inputs lam alpha E --groups realization --out edge.json"""
_SECONDS = 120.0


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "boundary", "find the law g(x) = 0 of the edge between two classes", _EXAMPLES
    )
    add_table(parser)
    parser.add_argument("--target", required=True, metavar="COLUMN", help="column of two classes")
    add_columns(parser, "--inputs", "COLUMN", "variables, by default all columns of numbers")
    parser.add_argument("--groups", metavar="COLUMN", help="rows that agree here stay together")
    add_seconds(parser, _SECONDS)
    parser.add_argument("--out", metavar="FILE", help="write the law as JSON")
    add_seed(parser)
    add_sample(parser)
    add_detail(parser)
    parser.set_defaults(command=boundary)


def boundary(options: argparse.Namespace) -> int:
    """Find the law; Ctrl-C keeps what was found."""
    table, _ = sample(read(options), options, (options.target,))
    from workbench.boundaries import discover_boundary
    from workbench.headless.edges import edge_lines

    if options.out:
        check_parent(options.out, "the law")
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        found = discover_boundary(
            table,
            options.target,
            inputs=options.inputs or None,
            groups=options.groups,
            seed=options.seed,
            seconds=options.seconds,
            stop=lambda: progress("looking for the law of the edge", 0.0),
        )
    progress.rest()
    for line in edge_lines(found):
        say(line)
    if options.out and found.formula is not None:
        found.formula.save(options.out)
        mention(f"Written to {options.out}", options)
    return INTERRUPTED if progress.interrupted else COMPLETE
