"""``workbench relations``: what columns of a table say of each other, without a target."""

import argparse
from typing import Any

from workbench.cli.options import (
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
workbench relations data.csv
workbench relations data.csv --rows 2000 --seconds 120 --out relations.csv"""
_SECONDS = 60.0


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "relations", "find laws among columns, none of which is the target", _EXAMPLES
    )
    add_table(parser)
    add_seconds(parser, _SECONDS)
    parser.add_argument("--out", metavar="FILE", help="write the relations as CSV")
    add_seed(parser)
    add_sample(parser)
    add_detail(parser)
    parser.set_defaults(command=relations)


def relations(options: argparse.Namespace) -> int:
    """Find relations; Ctrl-C keeps those that were found."""
    table, _ = sample(read(options), options, ())
    from workbench.common.writing import write_text
    from workbench.relations import find_relations

    if options.out:
        check_parent(options.out, "the list of relations")
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        found = find_relations(
            table,
            seed=options.seed,
            seconds=options.seconds,
            stop=lambda: progress("looking for relations", 0.0),
        )
    progress.rest()
    for note in found.notes:
        mention(note, options)
    say(found)
    if options.out:
        write_text(options.out, found.frame().to_csv(index=False))
        mention(f"Written to {options.out}", options)
    return INTERRUPTED if progress.interrupted else COMPLETE
