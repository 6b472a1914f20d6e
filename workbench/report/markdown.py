"""A report as Markdown; its pictures are files beside it."""

import re
from collections.abc import Sequence

from workbench.report.blocks import (
    Block,
    Bullets,
    Code,
    Figures,
    Law,
    Picture,
    Report,
    Table,
    Text,
)


def to_markdown(report: Report) -> str:
    """The whole report; ``report.pictures`` are the files that it shows."""
    parts = [f"# {_plain(report.title)}"]
    if report.question:
        parts.append(f"*{_plain(report.question)}*")
    for section in report.sections:
        parts.append(f"## {_plain(section.title)}")
        parts += [_block(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return _plain(text)
        case Bullets(items):
            return "\n".join(f"- {_plain(item)}" for item in items)
        case Table(head, rows, chosen, code):
            return _table(head, rows, chosen, code)
        case Picture(name, _, shows):
            return f"![{_plain(shows)}]({name}.svg)"
        case Code(text, language, summary):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            title = f"{_plain(summary)}\n\n" if summary else ""
            return f"{title}{fence}{language}\n{text.rstrip()}\n{fence}"
        case Law(formula):
            return f"$$\n{formula.display_latex}\n$$"
        case Figures(pairs):
            return _table(["", ""], pairs, None, frozenset())


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None, code: frozenset[int]
) -> str:
    lines = [[_plain(h) for h in head], ["---"] * len(head)]
    for number, row in enumerate(rows):
        cells = [_code(c) if place in code else _plain(c) for place, c in enumerate(row)]
        lines.append([f"**{c}**" for c in cells] if number == chosen else cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    line = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_\[\]<>|#$])", r"\\\1", line)


def _code(text: str) -> str:
    line = re.sub(r"\s+", " ", text).replace("`", "'").replace("|", r"\|")
    return f"`{line}`"
