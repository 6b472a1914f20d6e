"""One Markdown table per benchmark, printed and kept between two marks in benchmarks/README.md."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

README = Path(__file__).with_name("README.md")


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print the table and put it between ``<!-- name: begin -->`` and ``<!-- name: end -->``.

    Raises:
        LookupError: benchmarks/README.md has no such marks.
    """
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
    print(table)
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    between = re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)
    text = README.read_text(encoding="utf-8")
    if not between.search(text):
        raise LookupError(f"{README} needs the lines {begin} and {end}")
    README.write_text(between.sub(lambda _: table + "\n", text, count=1), encoding="utf-8")
