"""``workbench export``: the code of a formula."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    Several,
    add_detail,
    add_results,
    check_parent,
    mention,
    new_command,
)
from workbench.errors import InputError
from workbench.headless.terminal import say

if TYPE_CHECKING:
    from workbench.formulas.export import Export

_ALL = "all"
_EXAMPLES = """\
workbench export results --language julia
workbench export results --language c --out formula.c
workbench export results --language all --out code"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "export", "write the formula in other languages", _EXAMPLES)
    add_results(parser)
    parser.add_argument(
        "--language",
        nargs="+",
        action=Several,
        required=True,
        metavar="LANGUAGE",
        help="such as latex, python, c or julia; 'all' for every one",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="file, or folder of several languages (standard output)"
    )
    add_detail(parser)
    parser.set_defaults(command=export)


def export(options: argparse.Namespace) -> int:
    """Write the code; how far it was checked is said on standard error."""
    from workbench.formulas.export import LANGUAGES, export_all
    from workbench.report.loading import load

    every = _ALL in options.language
    languages = LANGUAGES if every else tuple(dict.fromkeys(options.language))
    unknown = [name for name in languages if name not in LANGUAGES]
    if unknown:
        raise InputError(
            f"a language must be one of {', '.join(LANGUAGES)} or {_ALL}, got {unknown[0]!r}"
        )
    formula = load(options.results).formula
    folder = options.out and (len(languages) > 1 or Path(options.out).is_dir())
    if options.out and not folder:
        check_parent(options.out, "the file of code")
    exports = export_all(formula, languages=languages)
    written = [e for e in exports if not e.note.startswith("not available")]
    if not written:
        raise InputError(f"the formula cannot be written in {languages[0]}: {exports[0].note}")
    for made in exports:
        mention(f"{made.language}: {_check(made)}", options, sys.stderr)
    if options.out:
        _write(written, Path(options.out), folder=bool(folder))
    else:
        say("\n\n".join(made.text.rstrip("\n") for made in written))
        for name in (name for made in written for name, _ in made.companions):
            mention(f"Left out: {name}, which --out writes beside it.", options, sys.stderr)
    return 0


def _check(made: "Export") -> str:
    """How far the code was compared with the formula."""
    if made.error is None:
        return made.note
    return f"executed; differs from the formula by at most {made.error:.1e} of the largest value"


def _write(written: "list[Export]", out: Path, *, folder: bool) -> None:
    from workbench.common.writing import write_text
    from workbench.report.results import check_folder

    beside = check_folder(out) if folder else out.parent
    for made in written:
        write_text(beside / made.filename if folder else out, made.text)
        for name, text in made.companions:
            write_text(beside / name, text)
