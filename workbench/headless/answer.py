"""What a search found, as lines in a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.formulas.card import groups_cells, groups_head, remarks
from workbench.formulas.formula import Formula
from workbench.formulas.groups import Groups
from workbench.formulas.parsing import quoted
from workbench.search.discovery import Discovery

_GROUPS = 40


def law_lines(formula: Formula) -> Iterator[str]:
    """The formula, its held-out error and the constants of its groups."""
    yield str(formula)
    error = formula.scores.get("test_loss")
    measure = "RMSE" if formula.task == "regression" else "cross-entropy"
    if error is not None:
        yield f"Held-out {measure} {error:.4g}, complexity {formula.complexity}."
    if formula.grouping is not None:
        yield from group_lines(formula.grouping)


def attempt_lines(found: Discovery) -> Iterator[str]:
    """What was tried on the way, and why it was taken or left."""
    if found.suggestions:
        yield "\nStructure that was found:"
    for suggestion in found.suggestions:
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in suggestion.evidence.items())
        yield f"  {suggestion.sentence}{f' ({numbers})' if numbers else ''}"
    if found.shapes:
        yield "\nShapes that were trained, with validation loss before and after pruning:"
    for shape in found.shapes:
        pruned = shape.elimination.path[shape.elimination.chosen].validation_loss
        yield f"  {shape.width!s:<24} {shape.fit.validation_loss:.4g}  {pruned:.4g}"
    if found.skipped:
        yield "\nSkipped, because it could not be computed:"
    for what, count in found.skipped.items():
        yield f"  {what}: {count}"


def lines(found: Discovery, about: Mapping[str, Any]) -> Iterator[str]:
    """What is printed of a discovery.

    Args:
        found: the discovery. about: its summary, see ``report.results.summary``.
    """
    if not found.complete:
        yield "Ended early: this is what had been found."
    yield "\nInputs by importance: " + _ranked(found.importance)
    yield "\nHeld-out figures on the same split:"
    kind = about["figure"]
    rows = [(b["name"], b["parameters"], b[kind]) for b in about["baselines"]]
    rows += [(name, "", value) for name, value in about["accuracy"].items()]
    for name, parameters, value in rows:
        shown = (
            "–" if value is None else (f"{value:.1%}" if kind == "accuracy" else f"R² {value:.6f}")
        )
        yield f"  {name:<32} {parameters!s:>8}  {shown}"
    yield "\nFormulas from simple to accurate:"
    yield from _formula_lines(found)
    if about["groups"]:
        yield f"\nDimensionless groups: {', '.join(about['groups'])}"
    yield ""
    yield from law_lines(found.formula)
    for sentence in remarks(found.formula):
        yield sentence
    for sentence in about["findings"]:
        yield f"• {sentence}"
    yield f"{about['seconds']:.1f} s, seed {about['seed']}"


def _formula_lines(found: Discovery) -> list[str]:
    lines = [f"  {'':1} {'size':>4}  {'validation':>10}  {'held out':>10}  formula"]
    for row in found.formulas.frame().to_dict("records"):
        mark = "→" if row["chosen"] else " "
        validation, test = (f"{row[k]:.4g}" for k in ("validation", "test"))
        lines.append(
            f"  {mark} {row['complexity']:>4}  {validation:>10}  {test:>10}  {row['formula']}"
        )
    return lines


def group_lines(groups: Groups) -> list[str]:
    """The constants of every group as a table."""
    rows = [[groups.by, *groups_head(groups)]]
    cells = groups_cells(groups)[:_GROUPS]
    rows += [[str(label), *own] for label, own in zip(groups.labels, cells, strict=False)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  " + "  ".join(text.ljust(n) for text, n in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    more = len(groups.labels) - _GROUPS
    return ["", *lines, *([f"  and {more} groups more"] if more > 0 else []), ""]


def _ranked(importance: dict[str, float]) -> str:
    ordered = sorted(importance.items(), key=lambda item: -item[1])[:8]
    return ", ".join(f"{quoted(name)} {value:.3g}" for name, value in ordered)
