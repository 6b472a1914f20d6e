"""A report as one HTML file that needs nothing else, in light and dark, on screen and on paper."""

from collections.abc import Sequence

from workbench.common.markup import Markup, element
from workbench.report.blocks import (
    Block,
    Bullets,
    Code,
    Figures,
    Law,
    Picture,
    Report,
    Section,
    Table,
    Text,
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --paper: #f5f7f9; --card: #ffffff;
  --line: #dbe1e7; --accent: #1565c0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b4; --paper: #0c1116;
  --card: #12181f; --line: #28323c; --accent: #6cb2ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 72px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 20px; overflow-wrap: anywhere; }
h2 { font-size: 1.12rem; margin: 0 0 12px; }
.question { color: var(--soft); font-size: 1.08rem; margin: -12px 0 28px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 20px 24px; margin: 0 0 20px; overflow-x: auto; }
.formula { border-left: 5px solid var(--accent); }
.formula math { font-size: 1.35rem; margin: 10px 0; overflow-x: auto; max-width: 100%; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 14px 0 0; padding: 0; }
.figures div { min-width: 110px; } .figures dt { color: var(--soft); font-size: .82rem; }
.figures dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 20px; }
.pair section { margin: 0; } h3 { font-size: 1rem; } .pair { margin-bottom: 20px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; } tr.chosen td { font-weight: 650; }
tr.chosen td:first-child::before { content: "● "; color: var(--accent); }
pre { overflow-x: auto; background: var(--paper); border-radius: 8px; padding: 12px 14px; font-size: .85rem; }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere; }
details { margin: 6px 0; } summary { cursor: pointer; } .soft { color: var(--soft); font-size: .9rem; }
@media print { body { background: none; } section { break-inside: avoid; } }
"""


def to_html(report: Report) -> str:
    """The whole page."""
    parts = [element("h1", report.title)]
    if report.question:
        parts.append(element("p", report.question, class_="question"))
    row: list[Markup] = []
    for section, after in zip(report.sections, [*report.sections[1:], None], strict=True):
        row.append(_section(section))
        if after is None or not after.beside:
            parts.append(element("div", *row, class_="pair") if len(row) > 1 else row[0])
            row = []
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", report.title),
        element("style", Markup(_STYLE)),
    )
    page = element("html", head, element("body", element("main", *parts)), lang="en")
    return f"<!doctype html>\n{page}\n"


def _section(section: Section) -> Markup:
    kind = "formula" if any(isinstance(b, Law) for b in section.blocks) else ""
    return element(
        "section", element("h2", section.title), *map(_block, section.blocks), class_=kind
    )


def _block(block: Block) -> Markup:
    match block:
        case Text(text, soft):
            return element("p", text, class_="soft" if soft else None)
        case Bullets(items):
            return element("ul", *(element("li", item) for item in items))
        case Table(head, rows, chosen, code):
            return _table(head, rows, chosen, code)
        case Picture(_, svg, _):
            return Markup(svg)
        case Code(text, _, summary):
            lines = element("pre", element("code", text))
            return element("details", element("summary", summary), lines) if summary else lines
        case Law(formula):
            return formula.mathml
        case Figures(pairs):
            shown = (element("div", element("dt", n), element("dd", v)) for n, v in pairs)
            return element("dl", *shown, class_="figures")


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None, code: frozenset[int]
) -> Markup:
    titles = element("tr", *(element("th", h) for h in head))
    lines = [
        element(
            "tr",
            *(element("td", element("code", c) if k in code else c) for k, c in enumerate(row)),
            class_="chosen" if number == chosen else "",
        )
        for number, row in enumerate(rows)
    ]
    return element("table", element("thead", titles), element("tbody", *lines))
