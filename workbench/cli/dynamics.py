"""``workbench dynamics``: differential equations for time series and fields of one's own."""

import argparse
import math
from typing import Any

from workbench.cli.options import (
    add_columns,
    add_detail,
    add_seconds,
    add_table,
    mention,
    new_command,
)
from workbench.cli.tables import name_of, read
from workbench.errors import InputError
from workbench.headless.terminal import COMPLETE, INTERRUPTED, ProgressLine, say

_EXAMPLES = """\
workbench dynamics data.csv --time t --states x y --groups run --out results
workbench dynamics swing.csv --states angle --order 2
workbench dynamics tank.xlsx --time hour --states level --controls inflow
workbench dynamics flame.nc --space x --states u"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands,
        "dynamics",
        "find differential equations in your own time series and fields",
        _EXAMPLES,
    )
    add_table(parser)
    parser.add_argument("--time", default="t", metavar="COLUMN", help="column of time (t)")
    add_columns(
        parser, "--space", "COLUMN", "places: rows are fields on a grid of times and places"
    )
    add_columns(parser, "--states", "COLUMN", "what the equations are for (all that are left)")
    parser.add_argument("--groups", default="run", metavar="COLUMN", help="names the runs (run)")
    add_columns(parser, "--controls", "COLUMN", "inputs and parameters that act on the states")
    parser.add_argument(
        "--order", type=int, choices=(1, 2), default=1, help="of the time derivative (1)"
    )
    add_seconds(parser)
    parser.add_argument("--out", metavar="DIR", help="write equations, numbers and pictures")
    add_detail(parser)
    parser.set_defaults(command=dynamics)


def dynamics(options: argparse.Namespace) -> int:
    """Search; Ctrl-C keeps what was found."""
    table = read(options)
    if options.out:
        from workbench.report.results import check_folder

        check_folder(options.out)
    return _of_fields(options, table) if options.space else _of_time_series(options, table)


def _of_time_series(options: argparse.Namespace, table: Any) -> int:
    from workbench.dynamics import discover_dynamics

    phase = f"Equations of motion in {name_of(options)}"
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        found = discover_dynamics(
            table,
            options.time,
            states=_columns(options.states, table.columns) or None,
            groups=options.groups,
            controls=_columns(options.controls, table.columns),
            order=options.order,
            seconds=options.seconds,
            stop=lambda: progress(phase, math.nan),
        )
        progress.rest()
    if options.out:
        from workbench.headless.motion import write_equations, write_pictures

        files = write_equations(options.out, found)
        files += write_pictures(options.out, found) if found.complete else ()
        mention(f"Written to {options.out}: {', '.join(files)}", options)
    say(found)
    mention(f"Simulated from held-out starts: {found.score:.2g} of the spread is missed.", options)
    return COMPLETE if found.complete else INTERRUPTED


def _of_fields(options: argparse.Namespace, table: Any) -> int:
    from workbench.dynamics import discover_pde

    if options.controls:
        raise InputError("fields on a grid have no controls: leave --controls or --space out")
    found = discover_pde(
        table,
        options.time,
        _columns(options.space, table.columns),
        states=_columns(options.states, table.columns) or None,
        groups=options.groups,
        order=options.order,
    )
    if options.out:
        from workbench.headless.motion import write_equations

        files = write_equations(options.out, found)
        mention(f"Written to {options.out}: {', '.join(files)}", options)
    say(found)
    left = ", ".join(f"{misfit:.2g} for {name}" for name, misfit in found.misfits.items())
    mention(f"Squares that are left, in units of what noise explains: {left}.", options)
    return COMPLETE


def _columns(names: list[str], known: Any) -> list[str]:
    """Names as they are, and lists of them with commas."""
    there = set(map(str, known))
    parts = [[name] if name in there else name.split(",") for name in names]
    return [part.strip() for own in parts for part in own]
