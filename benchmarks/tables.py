"""One Markdown table per benchmark, printed and kept between two marks in benchmarks/README.md.

The table of a quick run is only printed.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from command import QUICK

README = Path(__file__).with_name("README.md")
MADE = r"Made by `benchmarks/(?P<script>\w+\.py)` at commit `(?P<commit>[0-9a-f]{7,40})`[^\n]*"


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print the table and put it between ``<!-- name: begin -->`` and ``<!-- name: end -->``.

    Raises:
        LookupError: benchmarks/README.md has no such marks.
    """
    lines = [header, ["---"] * len(header), *rows]
    put(name, "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))


def put(name: str, table: str) -> None:
    """As ``write``, for a table that is Markdown already; a line below says what made it, and when."""
    print(table)
    if QUICK in sys.argv:
        print("A quick run: its figures are no figures, and benchmarks/README.md stays as it is.")
        return
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    between = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}\n({MADE}\n)?", re.DOTALL)
    text = README.read_text(encoding="utf-8")
    if not between.search(text):
        raise LookupError(f"{README} needs the lines {begin} and {end}")
    new = f"{begin}\n{table}\n{end}\n{made(Path(sys.argv[0]).name)}\n"
    README.write_text(between.sub(lambda _: new, text, count=1), encoding="utf-8")


def made(script: str) -> str:
    """The line that says which script made a table, and of which commit."""
    commit = git("rev-parse", "--short", "HEAD").strip()
    changed = " with changes" if git("status", "--porcelain", "--", "*.py").strip() else ""
    return f"Made by `benchmarks/{script}` at commit `{commit}`{changed}."


def git(*arguments: str) -> str:
    """What git answers about this repository."""
    command = ["git", "-C", str(README.parent.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
