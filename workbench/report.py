"""The report of a discovery: one HTML file that needs nothing else, in light and dark."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from workbench.automatic import Discovery
from workbench.discovery.charts import bar_chart, loss_chart, scatter_chart
from workbench.discovery.export import Export
from workbench.discovery.formula import Formula

_WITHIN_95 = 1.96
_TRIVIAL = ("0", "1", "-1")

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
.pair section { margin: 0; } .pair { margin-bottom: 20px; }
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


def report_html(
    found: Discovery,
    about: Mapping[str, Any],
    exports: Sequence[Export],
    picture: str,
    *,
    title: str,
    question: str = "",
) -> str:
    """The whole page.

    Args:
        found: the discovery. about: its summary, see ``workbench.results.summary``.
        exports: of the formula. picture: the network as SVG.
        title, question: at the head.
    """
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="question">{escape(question)}</p>' if question else "",
        _formula_card(found.formula, about),
        _section("Findings", _list(about["findings"])) if about["findings"] else "",
        _section("The network", f'{picture}<p class="soft">{_caption(found)}</p>'),
        f'<div class="pair">{_section("Training", _losses(found))}'
        f"{_section('On held-out rows', _held_out(found))}</div>",
        _section("What the inputs are worth", _importance(found)),
        _section("Against peers, on the same split", _peers(about)),
        _section("Formulas from simple to accurate", _alternatives(found)),
        _section("Constants", _constants(found.formula)) if found.formula.constants else "",
        _section("Exports", _exports(exports)),
        _section("Provenance", _provenance(found, about)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(title: str, body: str, kind: str = "") -> str:
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{body}</section>'


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(s)}</li>" for s in sentences) + "</ul>"


def _table(head: Sequence[str], rows: Iterable[tuple[Sequence[str], str]]) -> str:
    """Cells are HTML; every row comes with the class of its line."""
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(
        f'<tr class="{kind}">' + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
        for row, kind in rows
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def number(value: float | None, digits: int = 4) -> str:
    """A number for people; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def _percent(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.1f} %"


def _formula_card(formula: Formula, about: Mapping[str, Any]) -> str:
    accuracy = _is_accuracy(about)
    shown = [
        (name, _percent(v)) if accuracy else (f"{name}, R²", number(v, 6))
        for name, v in about["accuracy"].items()
    ]
    if formula.task == "regression":
        shown.append(("held-out error (RMSE)", number(formula.scores.get("test_loss"))))
    shown.append(("complexity", str(formula.complexity)))
    items = "".join(f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in shown)
    return _section(
        "The formula",
        f'{formula.mathml}<details><summary class="soft">LaTeX</summary>'
        f"<pre><code>{escape(formula.latex)}</code></pre></details>"
        f'<dl class="figures">{items}</dl>'
        + (
            ""
            if about["complete"]
            else "<p>The search was ended early; this is what it had found.</p>"
        ),
        "formula",
    )


def _caption(found: Discovery) -> str:
    width = found.network.config.width
    return (
        f"Width {escape(str(list(width)))}, {len(found.network.edges())} living edges, "
        f"{found.network.parameter_count} parameters. Each box shows the function on its edge; wide "
        "and dark lines matter most. Inputs in grey were pruned."
    )


def _losses(found: Discovery) -> str:
    trained = min(found.shapes, key=lambda shape: shape.loss).fit if found.shapes else found.fit
    unit = "RMSE" if found.data.task == "regression" else "cross-entropy"
    records = trained.history
    chart = loss_chart([r.train_loss for r in records], [r.validation_loss for r in records], unit)
    return (
        f'{chart}<p class="soft">{escape(trained.solver)}. {trained.success_share:.0%} of the starts '
        f"came close to the best; {trained.seconds:.1f} s.</p>"
    )


def _held_out(found: Discovery) -> str:
    x, y = found.data.split("test")
    if found.data.task == "regression":
        values = found.formula(x.numpy())
        return scatter_chart(y[:, 0].numpy(), values, found.data.target) + (
            '<p class="soft">The formula on rows that no choice has seen.</p>'
        )
    classes = found.data.classes or ()
    guess = found.formula.predict(x.numpy())
    rows = []
    for code, label in enumerate(classes):
        members = guess[(y == code).numpy()]
        counts = [str(int((members == other).sum())) for other in classes]
        rows.append(([escape(str(label)), *counts], ""))
    return _table(["true \\ formula", *map(str, classes)], rows)


def _importance(found: Discovery) -> str:
    return (
        bar_chart(found.importance, "Importance of the inputs")
        + '<p class="soft">Change of the network\'s output, in standard deviations of the target (or '
        "of the logit), when the input is held at its mean; before pruning.</p>"
    )


def _is_accuracy(about: Mapping[str, Any]) -> bool:
    """Whether figures are shares of right answers; else they are R²."""
    judged = any(b["accuracy"] is not None for b in about["baselines"])
    return judged or about["task"] == "classification"


def _peers(about: Mapping[str, Any]) -> str:
    kind = "accuracy" if _is_accuracy(about) else "r2"
    show = _percent if kind == "accuracy" else number
    rows = [
        ([escape(b["name"]), str(b["parameters"]), show(b[kind]), number(b["seconds"], 2)], "")
        for b in about["baselines"]
    ]
    return _table(
        ["peer", "parameters", "accuracy" if kind == "accuracy" else "R²", "seconds"], rows
    )


def _alternatives(found: Discovery) -> str:
    figure = "test_accuracy" if found.data.task == "classification" else "test_r2"
    best = found.formula
    rows = []
    for formula in found.formulas.pareto().merged(type(found.formulas)([best])):
        cells = [
            str(formula.complexity),
            number(formula.scores.get("validation_loss")),
            number(formula.scores.get("test_loss")),
            number(formula.scores.get(figure), 6),
            f"<code>{escape(str(formula))}</code>",
        ]
        rows.append((cells, "chosen" if formula is best else ""))
    head = ["complexity", "validation", "held out", figure.removeprefix("test_"), "formula"]
    return _table(head, rows)


def _constants(formula: Formula) -> str:
    shown = [c for c in formula.constants if c.snapped not in _TRIVIAL]
    rows = []
    for constant in shown:
        sigma = constant.sigma
        interval = "exact" if constant.snapped else "–"
        if sigma is not None and math.isfinite(sigma):
            low, high = constant.value - _WITHIN_95 * sigma, constant.value + _WITHIN_95 * sigma
            interval = f"{low:.6g} … {high:.6g}"
        value = constant.snapped or f"{constant.value:.8g}"
        rows.append(([escape(value), interval, escape(constant.evidence or "fitted")], ""))
    hidden = len(formula.constants) - len(shown)
    rest = (
        f'<p class="soft">{hidden} more were 0 or ±1 to within their errors and were set to it.</p>'
        if hidden
        else ""
    )
    return (_table(["value", "95 % interval", "evidence"], rows) if rows else "") + rest


def _exports(exports: Sequence[Export]) -> str:
    found = []
    for item in exports:
        state = item.note or (
            f"executed; agrees to {item.error:.1e}" if item.error is not None else "not executed"
        )
        found.append(
            f"<details><summary><b>{escape(item.language)}</b> · {escape(item.filename)} · "
            f'<span class="soft">{escape(state)}</span></summary>'
            f"<pre><code>{escape(item.text)}</code></pre></details>"
        )
    return "".join(found)


def _provenance(found: Discovery, about: Mapping[str, Any]) -> str:
    rows = about["rows"]
    facts = [
        (
            "rows",
            f"{rows['train']} train, {rows['validation']} validation, {rows['test']} held out",
        ),
        ("data", f"sha256 {about['data']}"),
        ("seed", str(about["seed"])),
        ("seconds", number(about["seconds"], 3)),
        ("versions", ", ".join(f"{n} {v}" for n, v in about["versions"].items())),
    ]
    table = _table(["", ""], (([escape(n), escape(v)], "") for n, v in facts))
    return _list(about["notes"]) + table if about["notes"] else table
