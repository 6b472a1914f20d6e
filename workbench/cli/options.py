"""Arguments that commands share, and what is checked of them before the work."""

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from workbench.errors import InputError
from workbench.headless.terminal import say

_STANDARD = "-"


PIPED = f"; {_STANDARD} is standard input"


class Several(argparse.Action):
    """Values of an option that may be given more than once; any of them replace the default."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        more = [values] if isinstance(values, str) else list(values or ())
        setattr(namespace, self.dest, more if before is self.default else [*before, *more])


def new_command(commands: Any, name: str, purpose: str, examples: str) -> argparse.ArgumentParser:
    """The parser of a command whose help ends with examples.

    Args:
        commands: of the whole parser. name: of the command. purpose: in one line.
        examples: one call a line.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog="examples:\n" + "".join(f"  {line}\n" for line in examples.splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_columns(parser: argparse.ArgumentParser, option: str, metavar: str, text: str) -> None:
    """An option that takes several values, none by default."""
    parser.add_argument(option, nargs="+", action=Several, metavar=metavar, default=[], help=text)


def add_sheet(parser: argparse.ArgumentParser) -> None:
    """Which part of a file is the table."""
    parser.add_argument(
        "--sheet", default="", metavar="NAME", help="of a workbook, or the table of a database"
    )


def add_table(parser: argparse.ArgumentParser) -> None:
    """A table, and how it is read."""
    files = "text, Parquet, Excel, JSON, SQLite, MATLAB, HDF5, NetCDF, FITS, packed or not"
    parser.add_argument("file", metavar="FILE", help=f"a table: {files}{PIPED}")
    add_sheet(parser)
    add_columns(parser, "--drop", "COLUMN", "columns to ignore")
    kinds = "number, category, 'ordered category', yes/no, date, text or identifier"
    add_columns(parser, "--column", "COLUMN=KIND", kinds)
    add_columns(parser, "--keep", "COLUMN", "columns to read as the file has them")
    parser.add_argument(
        "--censored",
        choices=("bound", "half", "missing"),
        default="bound",
        help="what limits such as <0.5 become: 0.5 (bound), 0.25, or a gap",
    )


def add_sample(parser: argparse.ArgumentParser) -> None:
    """Fewer rows of a large table."""
    parser.add_argument("--rows", type=int, metavar="N", help="take a random sample of N rows")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """What makes random choices repeatable."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of random choices (0)")


def add_seconds(parser: argparse.ArgumentParser, default: float = math.inf) -> None:
    """How long it may take."""
    told = "" if math.isinf(default) else f" ({default:g})"
    parser.add_argument(
        "--seconds",
        type=float,
        default=default,
        metavar="S",
        help=f"wall time that it may take{told}",
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    """A folder of results."""
    parser.add_argument("results", metavar="RESULTS", help="folder that discover --out wrote")


def add_detail(parser: argparse.ArgumentParser, *, verbose: bool = False) -> None:
    """How much is said.

    Args:
        parser: of a command. verbose: whether it has more to say.
    """
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--quiet", action="store_const", dest="detail", const="quiet", help="only the result"
    )
    if verbose:
        text = "also what is tried, and what was skipped"
        either.add_argument(
            "--verbose", action="store_const", dest="detail", const="verbose", help=text
        )
    parser.set_defaults(detail="usual")


def mention(text: object, options: argparse.Namespace, file: TextIO | None = None) -> None:
    """Say what is no result: not with ``--quiet``."""
    if options.detail != "quiet":
        say(text, file)


def is_standard(path: str) -> bool:
    """Whether it stands for standard input or output."""
    return path == _STANDARD


def add_quick(parser: argparse.ArgumentParser, text: str) -> None:
    """Less search."""
    parser.add_argument("--quick", action=argparse.BooleanOptionalAction, default=False, help=text)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where a search writes, its seed and its threads."""
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--out", metavar="DIR", help="write report, exports, picture and model")
    add_seed(parser)
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="threads and processes at a time (all cores)",
    )


def places(options: argparse.Namespace) -> dict[str, Any]:
    """Where results are to be written, as arguments of ``headless.running.Run``."""
    return {"out": options.out or "", "figures": options.json or ""}


def set_threads(count: int) -> None:
    """Let torch use so many threads; 0 for all cores."""
    import torch

    torch.set_num_threads(count if count > 0 else max(1, os.cpu_count() or 1))


def check_output(options: argparse.Namespace) -> None:
    """Before the work, so that a result is never lost for want of a folder.

    Raises:
        InputError: there is none that can be written.
    """
    if options.json:
        check_parent(options.json, "the JSON file")
    if options.out:
        from workbench.common.writing import remove_leftovers
        from workbench.report.results import check_folder

        remove_leftovers(check_folder(options.out))


def check_parent(path: str, what: str) -> None:
    """Whether a file can be written there.

    Raises:
        InputError: its folder is missing or closed.
    """
    parent = Path(path).resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK) or Path(path).is_dir():
        raise InputError(f"{what} needs a folder that can be written, got {path!r}")
