"""``workbench predict``: what a discovery found, applied to new rows."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    PIPED,
    add_detail,
    add_results,
    add_sheet,
    check_parent,
    is_standard,
    mention,
    new_command,
)
from workbench.cli.tables import read

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLES = """\
workbench predict results new.csv --out predictions.csv
zcat new.csv.gz | workbench predict results - --out - | head"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "predict", "apply what a discovery found to new rows", _EXAMPLES)
    add_results(parser)
    parser.add_argument(
        "file", metavar="FILE", help="a table with the same columns, in any order" + PIPED
    )
    add_sheet(parser)
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="predictions as CSV; - is standard output"
    )
    add_detail(parser)
    parser.set_defaults(command=predict, drop=[], keep=[], censored="bound")


def predict(options: argparse.Namespace) -> int:
    """Write the predictions as CSV."""
    table = read(options)
    piped = is_standard(options.out)
    if not piped:
        check_parent(options.out, "the file of predictions")
    from workbench.common.writing import write_text
    from workbench.report.loading import load

    found = load(options.results).table(table)
    if piped:
        sys.stdout.write(found.to_csv(index=False))
    else:
        write_text(options.out, found.to_csv(index=False))
    for sentence in _sentences(table, found, "standard output" if piped else options.out):
        mention(sentence, options, sys.stderr if piped else None)
    return 0


def _sentences(table: "pd.DataFrame", found: "pd.DataFrame", place: str) -> Iterator[str]:
    """What was made of the table, and which of its rows are doubtful."""
    yield from table.attrs["notes"]
    for word in ("missing", "extrapolated", "no value"):
        count = int(found["remark"].str.startswith(word).sum())
        if count:
            yield f"{count} of {len(found)} rows: {word}, see the column 'remark'."
    yield f"{len(found)} rows in {place}: {', '.join(found.columns)}"
