"""``workbench data``: a study's data, built again."""

import argparse
import sys
from importlib import import_module
from typing import Any

from workbench.cli.options import add_detail, check_parent, new_command
from workbench.headless.terminal import INTERRUPTED, ProgressLine, say

_EXAMPLES = """\
workbench data knots --crossings 12 --out knots.parquet"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "data", "build a study's data again", _EXAMPLES)
    parser.add_argument("study", choices=("knots",))
    parser.add_argument("--crossings", type=int, default=10, help="3 to 14 (10)")
    parser.add_argument(
        "--out", default="knots.parquet", metavar="FILE", help="Parquet file (knots.parquet)"
    )
    add_detail(parser)
    parser.set_defaults(command=data)


def data(options: argparse.Namespace) -> int:
    """Compute the invariants of all knots and write their table."""
    build = import_module("case_studies.knots.build").build_table
    check_parent(options.out, "the table")
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        try:
            table = build(options.crossings, options.out, progress=progress)
        except KeyboardInterrupt:
            progress.clear()
            say("Stopped; the same command goes on from here.", file=sys.stderr)
            return INTERRUPTED
    dropped = table.attrs.get("dropped", {})
    say(f"{len(table)} hyperbolic knots in {options.out}")
    if dropped:
        say(f"{len(dropped)} left out: " + "; ".join(f"{k} ({v})" for k, v in dropped.items()))
    return 0
