"""A folder of results in a terminal: the law, how firm it is, and what files there are."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from workbench.common.schema import read
from workbench.errors import InputError
from workbench.formulas.card import TRIVIAL, in_words, ranges, remarks
from workbench.formulas.constant import Constant
from workbench.formulas.digits import interval_in_words
from workbench.formulas.formula import Formula
from workbench.headless.answer import group_lines
from workbench.report.loading import load
from workbench.report.results import FIRST


class _Told(msgspec.Struct):
    """What is shown of the figures in ``result.json``; the rest of the file is passed over."""

    complete: bool
    seconds: float
    seed: int
    figure: str = "r2"
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    accuracy: dict[str, float | None] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)
    findings: list[str] = msgspec.field(default_factory=list)
    file: str = ""


def lines(folder: str | Path) -> Iterator[str]:
    """What is printed of a folder of results.

    Raises:
        InputError: it is none, or its files are damaged; see ``report.loading.load``.
    """
    formula = load(folder).formula
    told = _told(Path(folder))
    yield str(formula)
    yield from formula.legend
    constants = [c for c in formula.constants if c.snapped not in TRIVIAL]
    if constants:
        yield "\nConstants:"
        yield from map(_constant_line, constants)
    if formula.grouping is not None:
        yield from group_lines(formula.grouping)
    else:
        yield ""
    yield f"Held-out rows{_count(told)}: {_scores(formula, told)}; complexity {formula.complexity}"
    if held := ranges(formula):
        yield f"Fitted for {', '.join(held)}"
    warnings = [note for note in told.notes if note.startswith("Warning")] if told else []
    findings = told.findings if told else []
    limits = [f"It stops at: {sentence}" for sentence in formula.limits]
    for sentence in (*remarks(formula), *limits, *warnings, *findings):
        yield f"• {sentence}"
    files = sorted(p.name for p in Path(folder).iterdir() if p.is_file() and p.name[0] != ".")
    yield f"\nFiles in {folder}: {', '.join(files)}"
    yield _state(told)


def _told(folder: Path) -> _Told | None:
    """The figures; None where there are none."""
    path = folder / FIRST[-1]
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    return read(content, _Told, repr(str(path)))


def _constant_line(constant: Constant) -> str:
    ends = constant.interval
    interval = "" if ends is None else f"  (95 %: {interval_in_words(*ends)})"
    return f"  {in_words(constant)}{interval}"


def _count(told: _Told | None) -> str:
    return f" ({told.rows['test']})" if told and "test" in told.rows else ""


def _scores(formula: Formula, told: _Told | None) -> str:
    kind = "R²" if formula.task == "regression" else "accuracy"
    loss = "RMSE" if formula.task == "regression" else "cross-entropy"
    own = formula.scores.get("test_r2" if kind == "R²" else "test_accuracy")
    figures = [(loss, formula.scores.get("test_loss"), ".4g"), (kind, own, ".6f")]
    if told is not None:
        shown = "accuracy" if told.figure == "accuracy" else "R²"
        figures.append((f"the network's {shown}", told.accuracy.get("network"), ".6f"))
    named = [f"{name} {value:{form}}" for name, value, form in figures if value is not None]
    return ", ".join(named) or "no figures"


def _state(told: _Told | None) -> str:
    if told is None:
        return f"There is no {FIRST[-1]}, which would say whether the run was complete."
    if not told.complete:
        return "Not complete: the run was ended early, or goes on."
    table = f", from {told.file!r}" if told.file else ""
    return f"Complete: {told.seconds:.1f} s, seed {told.seed}{table}"
