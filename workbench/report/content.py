"""What a report tells: question, data, network, formula, its evidence and limits, and where it comes from."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.evidence.provenance import topology
from workbench.evidence.sample import law_values
from workbench.formulas.card import TRIVIAL, groups_cells, groups_head, in_words, ranges, remarks
from workbench.formulas.constant import Constant
from workbench.formulas.digits import full_digits, interval_in_words
from workbench.formulas.export import Export
from workbench.formulas.formula import Formula
from workbench.formulas.typesetting import rounded
from workbench.pictures.charts import (
    bar_chart,
    loss_chart,
    residual_chart,
    scatter_chart,
)
from workbench.pictures.groups import group_charts
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
from workbench.report.citation import bibtex, methods
from workbench.search.discovery import Discovery


def report(
    found: Discovery,
    about: Mapping[str, Any],
    exports: Sequence[Export],
    picture: str,
    *,
    title: str,
    question: str = "",
) -> Report:
    """The report of a discovery.

    Args:
        found: the discovery. about: its summary, see ``workbench.report.results.summary``.
        exports: of the formula. picture: the network as SVG.
        title, question: at the head.
    """
    formula = found.formula
    asked = question or f"Which formula gives {formula.target} from {', '.join(found.data.names)}?"
    sections = [
        Section("The formula", _formula(formula, about)),
        Section("Findings", [Bullets(about["findings"])] if about["findings"] else []),
        Section("Data", _data(found, about)),
        Section(
            "The network", [Picture("network", picture, "The network"), Text(_caption(found), True)]
        ),
        Section("Training", _training(found)),
        Section("On held-out rows", _held_out(found), beside=True),
        Section("Residuals", _residuals(found)),
        Section("What the inputs are worth", _importance(found)),
        Section("Against peers, on the same split", [_peers(about)]),
        Section("Formulas from simple to accurate", [_alternatives(found)]),
        Section("Constants", _constants(formula)),
        Section("What differs between groups", _groups(formula)),
        Section("Where it holds", _domain(formula)),
        Section("Exports", [_export(item) for item in exports]),
        Section("Provenance", _provenance(formula, about)),
        Section("Methods", [Text(methods(found, about))]),
        Section("To cite", [Code(bibtex(), "bibtex")]),
    ]
    return Report(title, asked, [section for section in sections if section.blocks])


def number(value: float | None, digits: int = 4) -> str:
    """A number for people; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def _percent(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.1f} %"


def _formula(formula: Formula, about: Mapping[str, Any]) -> list[Block]:
    accuracy = _is_accuracy(about)
    shown = [
        (name, _percent(v)) if accuracy else (f"{name}, R²", number(v, 6))
        for name, v in about["accuracy"].items()
    ]
    if formula.task == "regression":
        shown.append(("held-out error (RMSE)", number(formula.scores.get("test_loss"))))
    shown.append(("complexity", str(formula.complexity)))
    blocks: list[Block] = [
        Law(formula),
        Code(formula.display_latex, "latex", "LaTeX"),
        Figures(shown),
        *(Text(sentence, True) for sentence in formula.legend),
        *(Text(sentence) for sentence in remarks(formula)),
    ]
    if formula.as_fitted:
        raw = "; ".join(formula.in_text(rounded(e, full_digits)) for e in formula.as_fitted)
        loss = number(formula.scores.get("as_fitted_loss"))
        blocks.append(
            Text(f"As fitted, before numbers were snapped: {raw}; validation loss {loss}.", True)
        )
    if not about["complete"]:
        blocks.append(Text("The search was ended early; this is what it had found."))
    return blocks


def _data(found: Discovery, about: Mapping[str, Any]) -> list[Block]:
    rows, data = about["rows"], found.data
    origin = f" from {about['file']}" if about["file"] else ""
    blocks: list[Block] = [
        Text(
            f"{sum(rows.values())} rows{origin}: {rows['train']} for training, {rows['validation']} for "
            f"validation, {rows['test']} held out; sha256 {about['data']}."
        )
    ]
    table = [*zip(data.names, data.inputs.T, strict=True)]
    if data.task == "regression" and data.outputs == 1:
        table.append((data.target, data.targets[:, 0]))
    quantiles = [
        [
            name,
            data.units.get(name, ""),
            *(number(float(np.quantile(c.numpy(), q))) for q in (0, 0.5, 1)),
        ]
        for name, c in table
    ]
    blocks.append(Table(["column", "unit", "least", "median", "largest"], quantiles))
    if about["groups"]:
        blocks.append(Text(f"Dimensionless groups of its columns: {', '.join(about['groups'])}."))
    return [*blocks, Bullets(about["notes"])] if about["notes"] else blocks


def _caption(found: Discovery) -> str:
    width = found.network.config.width
    return (
        f"Width {list(width)}, {len(found.network.edges())} living edges, "
        f"{found.network.parameter_count} parameters. Each box shows the function on its edge; wide "
        f"and dark lines matter most. Inputs in grey were pruned. {_told_by(found)}"
    )


def _told_by(found: Discovery) -> str:
    """Whether the formula comes from the network that is shown."""
    own = found.formula.provenance.get("network")
    if found.data.by is not None:
        return "It sees all groups as one, and the formula does not: they are two."
    if own is None:
        return "The formula was found in the table itself, not in this network: they are two."
    if own != topology(found.network):
        return f"The formula was read off another network ({own}): they are two."
    return "The formula was read off a network of this shape, which was then trained to the end."


def _training(found: Discovery) -> list[Block]:
    trained = min(found.shapes, key=lambda shape: shape.loss).fit if found.shapes else found.fit
    unit = "RMSE" if found.data.task == "regression" else "cross-entropy"
    records = trained.history
    chart = loss_chart([r.train_loss for r in records], [r.validation_loss for r in records], unit)
    said = (
        f"{trained.solver}. {trained.success_share:.0%} of the starts that were trained to the end came "
        f"close to the best; {trained.seconds:.1f} s."
    )
    return [Picture("training", chart, "Loss by iteration"), Text(said, True)]


def _held_out(found: Discovery) -> list[Block]:
    x, y = found.data.split("test")
    if not len(x):
        return [Text("No rows were held out.")]
    if found.data.task == "regression" and found.data.outputs == 1:
        values = law_values(found.formula, found.data, "test")[:, 0]
        chart = scatter_chart(y[:, 0].numpy(), values, found.data.target)
        said = "The formula on rows that no choice has seen."
        return [Picture("held_out", chart, "Predicted against true"), Text(said, True)]
    if found.data.task == "regression":
        return [Text(f"RMSE {number(found.formula.scores.get('test_loss'))} over all outputs.")]
    classes = found.data.classes or ()
    guess = found.formula.predict(x.numpy())
    rows = []
    for code, label in enumerate(classes):
        members = guess[(y == code).numpy()]
        rows.append([str(label), *(str(int((members == other).sum())) for other in classes)])
    return [Table(["true \\ formula", *map(str, classes)], rows)]


def _residuals(found: Discovery) -> list[Block]:
    x, y = found.data.split("test")
    if not len(x) or found.data.task != "regression" or found.data.outputs != 1:
        return []
    values = law_values(found.formula, found.data, "test")[:, 0]
    chart = residual_chart(values, y[:, 0].numpy() - values, found.data.target)
    lack = found.formula.scores.get("lack_of_fit")
    said = "On held-out rows, true minus predicted against predicted. " + (
        "The formula meets the training rows to rounding."
        if lack is None
        else f"Agreement of neighbouring residuals on training rows: z = {lack:.1f}; noise stays below 4."
    )
    return [Picture("residuals", chart, "Residuals against predictions"), Text(said, True)]


def _importance(found: Discovery) -> list[Block]:
    said = (
        "Change of the network's output, in standard deviations of the target (or of the logit), when "
        "the input is held at its mean; before pruning."
    )
    chart = bar_chart(found.importance, "Importance of the inputs")
    return [Picture("importance", chart, "Importance of the inputs"), Text(said, True)]


def _is_accuracy(about: Mapping[str, Any]) -> bool:
    """Whether figures are shares of right answers; else they are R²."""
    return bool(about["figure"] == "accuracy")


def _peers(about: Mapping[str, Any]) -> Table:
    kind = "accuracy" if _is_accuracy(about) else "r2"
    show = _percent if kind == "accuracy" else number
    rows = [
        [b["name"], str(b["parameters"]), show(b[kind]), number(b["seconds"], 2)]
        for b in about["baselines"]
    ]
    return Table(
        ["peer", "parameters", "accuracy" if kind == "accuracy" else "R²", "seconds"], rows
    )


def _alternatives(found: Discovery) -> Table:
    figure = "test_accuracy" if found.data.task == "classification" else "test_r2"
    frame = found.formulas.frame()
    rows = []
    for place in frame.index:
        formula: Formula = found.formulas[place]
        rows.append(
            [
                str(formula.complexity),
                number(formula.scores.get("validation_loss")),
                number(formula.scores.get("test_loss")),
                number(formula.scores.get(figure), 6),
                _percent(formula.scores.get("selection_frequency")),
                str(formula) + (" (units do not fit)" if formula.unit_problems else ""),
            ]
        )
    head = ["complexity", "validation", "held out", figure.removeprefix("test_"), "won", "formula"]
    chosen = frame["chosen"].tolist()
    return Table(head, rows, chosen.index(True) if True in chosen else None, frozenset({5}))


def _constants(formula: Formula) -> list[Block]:
    shown = [c for c in formula.constants if c.snapped not in TRIVIAL]
    blocks: list[Block] = []
    if shown:
        rows = [[_value(c), _interval(c), c.unit, _evidence(c)] for c in shown]
        blocks.append(Table(["value", "95 % interval", "unit", "evidence"], rows))
    hidden = len(formula.constants) - len(shown)
    if hidden:
        said = f"{hidden} more were 0 or ±1 to within their errors and were set to it."
        blocks.append(Text(said, True))
    return blocks


def _groups(formula: Formula) -> list[Block]:
    groups = formula.grouping
    if groups is None:
        return []
    rows = [
        [str(label), *cells]
        for label, cells in zip(groups.labels, groups_cells(groups), strict=True)
    ]
    blocks: list[Block] = [Table([groups.by, *groups_head(groups)], rows)]
    for letter, chart in group_charts(formula).items():
        shows = f"{letter} by {groups.by}, with 95 % intervals"
        blocks.append(Picture(f"groups-{letter}", chart, shows))
    noise = f"All groups together leave a standard deviation of {number(groups.noise)}."
    return [*blocks, Text(noise, True)]


def _value(constant: Constant) -> str:
    return constant.snapped or in_words(constant).removesuffix(f" {constant.unit}")


def _interval(constant: Constant) -> str:
    if constant.proportion:
        return "only ratios"
    if constant.interval is None:
        return "exact" if constant.snapped else "not determined"
    return interval_in_words(*constant.interval)


def _evidence(constant: Constant) -> str:
    return in_words(constant) if constant.snapped else "fitted"


def _domain(formula: Formula) -> list[Block]:
    held = ranges(formula)
    if not held:
        return []
    stops = [f"It stops at {sentence}." for sentence in formula.limits]
    smooth = ["Samples show no pole, branch point or jump in these ranges or a quarter beyond."]
    smooth += [formula.explosion] if formula.explosion else []
    said = "Fitted on these ranges; beyond them it is an extrapolation. Every export has them as in_domain."
    return [Bullets(held), Bullets(stops or smooth), Text(said, True)]


def _export(item: Export) -> Code:
    state = item.note or (
        f"executed; agrees to {item.error:.1e}" if item.error is not None else "not executed"
    )
    return Code(item.text, item.language, f"{item.language} · {item.filename} · {state}")


def _provenance(formula: Formula, about: Mapping[str, Any]) -> list[Block]:
    facts = [(str(name), str(value)) for name, value in formula.provenance.items()]
    facts.append(("seconds", number(about["seconds"], 3)))
    facts.append(("versions", ", ".join(f"{n} {v}" for n, v in about["versions"].items())))
    return [Table(["", ""], facts)]
