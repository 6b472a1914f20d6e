"""Tables in Markdown, printed and written between their marks in benchmarks/README.md."""

from collections.abc import Sequence
from pathlib import Path

README = Path(__file__).with_name("README.md")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table with a header; cells are shown by ``str``."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def publish(name: str, text: str, path: Path = README) -> None:
    """Print a table and put it between ``<!-- name: begin -->`` and ``<!-- name: end -->``.

    Raises:
        ValueError: the file does not have these marks exactly once.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before = path.read_text(encoding="utf-8")
    if before.count(begin) != 1 or before.count(end) != 1:
        raise ValueError(f"{path.name} needs the marks of {name!r} exactly once")
    head, rest = before.split(begin)
    tail = rest.split(end)[1]
    print(text)
    path.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")
