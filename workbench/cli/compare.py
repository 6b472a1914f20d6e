"""``workbench compare``: KAN, MLP, boosting or a line, measured on a table of one's own."""

import argparse
from typing import Any

from workbench.cli.options import (
    add_columns,
    add_detail,
    add_sample,
    add_seconds,
    add_seed,
    add_table,
    mention,
    new_command,
)
from workbench.cli.tables import kinds_of, read, sample
from workbench.errors import InputError
from workbench.headless.terminal import COMPLETE, INTERRUPTED, ProgressLine, say

_EXAMPLES = """\
workbench compare data.csv --target y --out comparison
workbench compare data.csv --target y --seconds 300 --budget parameters=500
workbench compare data.csv --target kind --families kan mlp linear --quiet"""
_FAMILIES = ("kan", "mlp", "spline-mlp", "boosting", "linear")
_SECONDS = 120.0
_PATIENCE = 60.0
"""Seconds that the model in training has after Ctrl-C; a second one is not waited for."""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(
        commands, "compare", "measure KAN, MLP, boosting and a line on your table", _EXAMPLES
    )
    add_table(parser)
    parser.add_argument("--target", required=True, metavar="COLUMN", help="column to be explained")
    parser.add_argument(
        "--families",
        nargs="+",
        choices=_FAMILIES,
        default=_FAMILIES,
        help="which take part (all)",
    )
    add_columns(parser, "--budget", "NAME=NUMBER", "most parameters, flops or seconds of a model")
    add_seconds(parser, _SECONDS)
    parser.add_argument("--out", metavar="DIR", help="write all runs, the verdict and pictures")
    add_seed(parser)
    add_sample(parser)
    add_detail(parser)
    parser.set_defaults(command=compare)


def compare(options: argparse.Namespace) -> int:
    """Compare; Ctrl-C keeps what was trained."""
    table, _ = sample(read(options), options, (options.target,))
    from workbench.comparison import compare as compared
    from workbench.comparison import write_comparison
    from workbench.kan.data import Dataset
    from workbench.report.results import check_folder

    columns = [str(name) for name in table.columns]
    kinds = kinds_of(options.column, columns)
    data = Dataset.from_frame(table, options.target, columns=kinds, seed=options.seed)
    if options.out:
        check_folder(options.out)
    for note in data.notes:
        mention(note, options)
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        progress.patience = _PATIENCE
        found = compared(
            data,
            options.families,
            budget=_budget(options.budget),
            seconds=options.seconds,
            seed=options.seed,
            report=progress,
        )
    progress.rest()
    for sentence in found.verdict[:1] if options.detail == "quiet" else found.verdict:
        say(sentence)
    if options.out:
        files = write_comparison(found, options.out)
        mention(f"Written to {options.out}: {', '.join(file.name for file in files)}", options)
    return INTERRUPTED if progress.interrupted else COMPLETE


def _budget(pairs: list[str]) -> dict[str, float]:
    """Numbers by name from ``NAME=NUMBER``.

    Raises:
        InputError: one is none.
    """
    found = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise InputError(f"--budget needs NAME=NUMBER, got {pair!r}") from error
    return found
