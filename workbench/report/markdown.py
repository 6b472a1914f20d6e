"""A report as Markdown; its pictures are files beside it."""

import re
from collections.abc import Sequence

from workbench.common.markup import in_markdown
from workbench.report.blocks import Block, Bullets, Code, Figures, Law, Picture, Report, Table, Text


def to_markdown(report: Report) -> str:
    """The whole report; ``report.pictures`` are the files that it shows."""
    parts = [f"# {in_markdown(report.title)}"]
    if report.question:
        parts.append(f"*{in_markdown(report.question)}*")
    for section in report.sections:
        parts.append(f"## {in_markdown(section.title)}")
        parts += [_block(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return in_markdown(text)
        case Bullets(items):
            return "\n".join(f"- {in_markdown(item)}" for item in items)
        case Table(head, rows, chosen, code):
            return _table(head, rows, chosen, code)
        case Picture(name, _, shows):
            return f"![{in_markdown(shows)}]({name}.svg)"
        case Code(text, language, summary):
            fence = _fence(text, 3)
            title = f"{in_markdown(summary)}\n\n" if summary else ""
            return f"{title}{fence}{language}\n{text.rstrip()}\n{fence}"
        case Law(formula):
            return f"$$\n{formula.display_latex}\n$$"
        case Figures(pairs):
            return _table(["", ""], pairs, None, frozenset())


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None, code: frozenset[int]
) -> str:
    lines = [[in_markdown(h) for h in head], ["---"] * len(head)]
    for number, row in enumerate(rows):
        cells = [_code(c) if place in code else in_markdown(c) for place, c in enumerate(row)]
        lines.append([f"**{c}**" if c else "" for c in cells] if number == chosen else cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    line = re.sub(r"\s+", " ", text).replace("|", r"\|")
    if "`" not in line:
        return f"`{line}`"
    fence = _fence(line, 1)
    return f"{fence} {line} {fence}"


def _fence(text: str, least: int) -> str:
    """Backquotes that do not occur in the text."""
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))
